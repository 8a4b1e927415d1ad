"""A stub asks for an answer and holds none."""

from __future__ import annotations

import pytest

from tools.regions import ANSWER, RegionError, find_regions, make_stub


def function(*inner: str) -> str:
    return "\n".join(["def f(x):", "    ### BEGIN SOLUTION", *inner, "    ### END SOLUTION"])


@pytest.mark.parametrize(
    ("inner", "answer"),
    [
        (["    y = x", "    return y"], f"    return {ANSWER}"),
        (["    if x:", "        return 1", "    else:", "        return 2"], f"    return {ANSWER}"),
        (
            ["    if not x:", "        raise ValueError(x)", "    return (", "        x", "    )"],
            f"    return {ANSWER}",
        ),
        (["    for y in x:", "        return y"], f"    {ANSWER}"),
        (["    if x:", "        return 1"], f"    {ANSWER}"),
        (["    def g():", "        return 1"], f"    {ANSWER}"),
        (["    y = x"], f"    {ANSWER}"),
    ],
)
def test_a_region_becomes_one_line_that_returns_where_the_region_always_returned(inner, answer):
    assert make_stub(function(*inner)) == f"def f(x):\n{answer}"


def test_code_around_several_regions_stays():
    code = "a = 1\n### BEGIN SOLUTION\nb = 2\n\n### END SOLUTION\nc = 3\n" + function("    return 1") + "\nd = 4"
    assert make_stub(code) == f"a = 1\n{ANSWER}\nc = 3\ndef f(x):\n    return {ANSWER}\nd = 4"


def test_a_stub_gives_ellipsis_and_not_none():
    namespace: dict = {}
    exec(make_stub(function("    return x")), namespace)
    assert namespace["f"](1) is ...


def test_code_without_markers_is_left_as_it_is():
    assert make_stub("x = 1\n\ny = 2") == "x = 1\n\ny = 2" and find_regions("x = 1") == ()


@pytest.mark.parametrize(
    ("code", "row", "words"),
    [
        ("x = 1\n### BEGIN SOLUTION\ny = 2", 1, "without an"),
        ("x = 1\n### END SOLUTION", 1, "without a"),
        ("### BEGIN SOLUTION\nx = 1\n### BEGIN SOLUTION\n### END SOLUTION", 2, "inside a region"),
        ("### BEGIN SOLUTION\n\n### END SOLUTION", 0, "empty"),
        ("# BEGIN SOLUTION\nx = 1\n# END SOLUTION", 0, "no marker"),
        ("### Begin Solution\nx = 1\n### End Solution", 0, "no marker"),
        ("def f():\n    ### BEGIN SOLUTION\n    x = 1\ny = 2\n    ### END SOLUTION", 1, "leaves its block"),
        ("if x:\n    y = 1\n### BEGIN SOLUTION\nelse:\n    y = 2\n### END SOLUTION", 2, "whole statements"),
    ],
)
def test_markers_that_would_leak_or_lose_code_are_refused_with_their_row(code, row, words):
    with pytest.raises(RegionError, match=words) as caught:
        find_regions(code)
    assert caught.value.row == row
