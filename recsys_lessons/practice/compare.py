"""Whether an answer is right: its kind first (type, shape, dtype), then its values, with a tolerance."""

from __future__ import annotations

import math
from typing import Any

from recsys_lessons.practice.values import is_a, is_dense

__all__ = ["VALUES", "Text", "difference"]

Text = dict[str, str]
"""One text in both languages: {"en": ..., "zh": ...}."""

VALUES: Text = {"en": "the values are right", "zh": "数值正确"}
_NUMBER: Text = {"en": "it returns one number", "zh": "返回一个数"}
_TENSOR: Text = {"en": "it returns a (dense) torch tensor", "zh": "返回(稠密的) torch 张量"}
_ARRAY: Text = {"en": "it returns a numpy array", "zh": "返回 numpy 数组"}
_TYPE: Text = {"en": "it returns a value of the right type", "zh": "返回值的类型正确"}
_SHAPE: Text = {"en": "the result has the right shape", "zh": "结果的形状正确"}
_DTYPE: Text = {"en": "the result has the right dtype", "zh": "结果的 dtype 正确"}

_TOLERANCE = {"float16": 5e-3, "bfloat16": 3e-2, "float32": 1e-4}


def difference(got: Any, expected: Any) -> Text | None:
    """What is wrong with `got`: None for nothing, `VALUES` where only the values are, else the kind that is missing.

    The type of `expected` decides: a Python float accepts any real number but no bool; tensors and arrays must agree in
    shape and dtype; lists, tuples, dicts and sets are compared part by part.
    """
    if is_a(expected, "torch", "Tensor"):
        return _arrays(got, expected, _TENSOR) if is_a(got, "torch", "Tensor") and is_dense(got) else _TENSOR
    if is_a(expected, "numpy", "ndarray"):
        return _arrays(got, expected, _ARRAY) if is_a(got, "numpy", "ndarray") else _ARRAY
    if is_a(expected, "pandas", "DataFrame"):
        if not is_a(got, "pandas", "DataFrame"):
            return _TYPE
        return None if got.shape == expected.shape and got.equals(expected) else VALUES
    if isinstance(expected, bool):
        return _TYPE if not isinstance(got, bool) and not is_a(got, "numpy", "bool_") else _unless(got == expected)
    if isinstance(expected, (int, float)):
        return _numbers(got, expected)
    if isinstance(expected, (list, tuple)):
        return _sequences(got, expected)
    if isinstance(expected, dict):
        if not isinstance(got, dict):
            return _TYPE
        if set(got) != set(expected):
            return VALUES
        return _worst(difference(got[key], value) for key, value in expected.items())
    return _TYPE if type(got) is not type(expected) else _unless(got == expected)


def _unless(same: object) -> Text | None:
    return None if same else VALUES


def _worst(found: Any) -> Text | None:
    wrong = [one for one in found if one is not None]
    return next((one for one in wrong if one is not VALUES), wrong[0] if wrong else None)


def _numbers(got: Any, expected: float) -> Text | None:
    plain = isinstance(got, (int, float)) and not isinstance(got, bool)
    if not plain and not is_a(got, "numpy", "floating") and not is_a(got, "numpy", "integer"):
        return _NUMBER
    if isinstance(expected, int):
        return _unless(got == expected)
    try:
        return _unless(math.isclose(float(got), expected, rel_tol=1e-6, abs_tol=1e-9))
    except OverflowError:  # an integer that no float holds
        return VALUES


def _sequences(got: Any, expected: list | tuple) -> Text | None:
    if not isinstance(got, type(expected)):
        return _TYPE
    if len(got) != len(expected):
        return _SHAPE
    return _worst(difference(one, other) for one, other in zip(got, expected, strict=True))


def _arrays(got: Any, expected: Any, kind: Text) -> Text | None:
    if tuple(got.shape) != tuple(expected.shape):
        return _SHAPE
    if got.dtype != expected.dtype:
        return _DTYPE
    if kind is _TENSOR:
        import torch

        got, name = got.detach().cpu(), str(expected.dtype).removeprefix("torch.")
        if not (expected.is_floating_point() or expected.is_complex()):
            return _unless(torch.equal(got, expected))
        near = _TOLERANCE.get(name, 1e-6)
        wide = torch.complex128 if expected.is_complex() else torch.float64
        return _unless(torch.allclose(got.to(wide), expected.to(wide), rtol=near, atol=near, equal_nan=True))
    import numpy as np

    if expected.dtype.kind not in "fc":
        return _unless(np.array_equal(got, expected))
    near = _TOLERANCE.get(expected.dtype.name, 1e-6)
    return _unless(np.allclose(got, expected, rtol=near, atol=near, equal_nan=True))
