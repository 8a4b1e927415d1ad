"""What crosses between processes arrives as it was sent, and nothing that arrives can do harm."""

from __future__ import annotations

import json
import math

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys_lessons.practice.toys import ToyEncoder
from recsys_lessons.practice.values import LIMIT, Opaque, TooLarge, as_code, decode, describe, encode

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.tuples(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


def sent(value):
    return decode(json.loads(json.dumps(encode(value))))


@settings(max_examples=60, deadline=None)
@given(plain)
def test_plain_values_arrive_equal_and_of_the_same_type(value):
    assert sent(value) == value and type(sent(value)) is type(value)


@pytest.mark.parametrize(
    "value", [{1, "a"}, frozenset({2}), ..., -0.0, math.inf, 2**80, np.float32(0.1), np.bool_(True)]
)
def test_rarer_values_arrive_too(value):
    assert repr(sent(value)) == repr(value)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64", "int64", "uint8", "bool", "complex64"])
@pytest.mark.parametrize("shape", [(), (0, 3), (2, 3)])
def test_tensors_arrive_with_shape_dtype_and_values(dtype, shape):
    tensor = torch.ones(shape).mul(1.5).to(getattr(torch, dtype))
    arrived = sent(tensor)
    assert arrived.dtype == tensor.dtype and arrived.shape == tensor.shape and torch.equal(arrived, tensor)


def test_a_tensor_with_a_gradient_or_a_strided_view_arrives_as_its_values():
    tensor = torch.arange(6.0).reshape(2, 3).requires_grad_().T
    assert torch.equal(sent(tensor), tensor.detach())


def test_arrays_of_numbers_and_texts_and_tables_arrive():
    for array in (
        np.arange(6).reshape(2, 3)[:, ::-1],
        np.array(["a", "bc"]),
        np.array(1.5),
        np.arange(3.0).astype(">f8"),
    ):
        arrived = sent(array)
        assert arrived.dtype.kind == array.dtype.kind and np.array_equal(arrived, array)
    table = pd.DataFrame({"title": ["甲", "b"], "score": [0.5, 1.0]}, index=[3, 4])
    pd.testing.assert_frame_equal(sent(table), table)


def test_what_has_no_encoding_arrives_as_its_name_and_text():
    class Odd:
        def __repr__(self):
            raise RuntimeError

    assert sent(object).text.startswith("<class") and sent(Odd()).type == "Odd"
    assert isinstance(sent([torch.ones(2).to_sparse()])[0], Opaque)


def test_too_much_is_refused_before_it_is_built():
    endless = []
    endless.append(endless)
    for value in ("x" * (LIMIT + 1), torch.zeros(LIMIT), endless):
        with pytest.raises(TooLarge):
            encode(value)


@pytest.mark.parametrize(
    "forged",
    [
        [1],
        1.5,
        {},
        {"t": "pickle", "v": "x"},
        {"t": "set", "v": [{"t": "list", "v": []}]},
        {"t": "tensor", "dtype": "float32", "shape": [10**9, 10**9], "v": ""},
        {"t": "tensor", "dtype": "object", "shape": [1], "v": "AAAAAAAAAAA="},
        {"t": "array", "dtype": "float32", "shape": [-1], "v": "AAAAAA=="},
        {"t": "array of objects", "kind": "V", "shape": [0], "v": []},
        {"t": "frame", "v": [[], []]},
        {"t": "int", "v": "not a number"},
    ],
)
def test_a_forged_encoding_is_a_value_error_and_nothing_else(forged):
    with pytest.raises(ValueError, match="not the encoding"):
        decode(forged)


def test_values_are_described_with_what_matters_and_cut():
    assert describe(torch.tensor([[1.0, 10 / 3]])) == "tensor (1, 2) float32: [[1.0, 3.33333]]"
    assert describe("a") == "'a' (str)" and describe(0.5) == "0.5" and describe(None) == "None"
    assert len(describe("x" * 10_000)) < 400 and len(describe(torch.zeros(10**6))) < 400
    assert as_code(torch.ones(1, dtype=torch.float16)) == "torch.tensor([1.0], dtype=torch.float16)"


def test_an_encoder_to_practise_on_arrives_and_can_be_called():
    arrived = sent(ToyEncoder("ab", 2, 1))
    assert isinstance(arrived, ToyEncoder) and repr(arrived) == repr(ToyEncoder("ab", 2, 1))


def test_arrays_in_lists_tuples_and_dicts_can_be_pasted_too():
    given = ([np.array([[1.5, np.nan]]), torch.tensor([torch.inf])], {"cover": (torch.tensor([True]),)})
    assert as_code(given) == (
        "([np.array([[1.5, np.nan]]), torch.tensor([torch.inf])], {'cover': (torch.tensor([True]),)})"
    )
    loop = []
    loop.append(loop)
    assert as_code(loop)
