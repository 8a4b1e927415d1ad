"""The toy encoder refuses what a real one makes you pay for."""

from __future__ import annotations

import copy

import numpy as np
import pytest

from recsys_lessons.practice.toys import ToyEncoder


def test_a_vector_tells_where_each_letter_first_stands():
    np.testing.assert_array_equal(ToyEncoder("ab")(["b: a", "aa", "c"]), [[4, 1], [1, 0], [0, 0]])


@pytest.mark.parametrize(
    ("calls", "error", "said"),
    [
        (["a"], TypeError, "takes a list of texts, and got 'a'"),
        ([[b"a"]], TypeError, "takes a list of texts"),
        ([[]], ValueError, "without a text"),
        ([["a", "b", "c"]], ValueError, "at most 2 texts in a call, and got 3"),
        ([["a"], ["a"]], ValueError, "'a' for the second time"),
        ([["a", "a"]], ValueError, "'a' for the second time"),
        ([["a"], ["b"], ["c"], ["d"]], ValueError, "called 4 times, where 3 would do"),
    ],
)
def test_what_a_real_encoder_makes_you_pay_for_is_refused(calls, error, said):
    encoder = ToyEncoder("ab", at_most=2, calls=3)
    for call in calls[:-1]:
        encoder(call)
    with pytest.raises(error, match=said):
        encoder(calls[-1])


def test_it_is_written_as_python_that_makes_one_like_it():
    for encoder in (ToyEncoder("ab"), ToyEncoder("ab", 2, 1)):
        assert eval(repr(encoder)) == encoder
    assert ToyEncoder("ab") != ToyEncoder("ab", 2, 1)


def test_a_call_does_not_make_it_another_encoder_but_a_copy_starts_afresh_only_before_it():
    encoder = ToyEncoder("a", calls=1)
    fresh = copy.deepcopy(encoder)
    encoder(["a"])
    assert encoder == fresh
    assert fresh(["a"]).shape == (1, 1)
