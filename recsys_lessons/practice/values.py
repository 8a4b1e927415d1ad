"""Values on the way between two processes, and on the way to a reader's eye.

A learner's notebook runs in a process of its own and sends back what its function returned. It comes as typed JSON,
never as a pickle, because reading a pickle runs code. What has no encoding arrives as `Opaque`: its type's name and its
repr.

numpy, torch and pandas are imported where a value needs them, so that a start without them stays quick.
"""

from __future__ import annotations

import base64
import math
import re
import sys
from dataclasses import dataclass

__all__ = ["LIMIT", "Opaque", "TooLarge", "as_code", "decode", "describe", "encode", "is_a", "is_dense"]

LIMIT = 16_000_000
"""Bytes that one value may take."""

_DEPTH = 20
_NUMBERS = (
    *("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
    *("float16", "float32", "float64", "complex64", "complex128"),
)
_NAMED = re.compile(r"\b(inf|nan)\b")
_TOYS = ("ToyEncoder", "ToyModels", "ToyVision")
_GROUPS = {"list": list, "tuple": tuple, "set": set, "frozenset": frozenset}


class TooLarge(ValueError):
    """A value over `LIMIT`, or nested too deeply."""


@dataclass(frozen=True)
class Opaque:
    """A value that could not be sent: what its type is called, and its repr, cut."""

    type: str
    text: str

    def __repr__(self) -> str:
        return self.text


def is_a(value: object, library: str, name: str) -> bool:
    """isinstance without importing the library: a value of its type exists only where somebody has imported it."""
    kind = getattr(sys.modules.get(library), name, None)
    return isinstance(kind, type) and isinstance(value, kind)


def is_dense(tensor) -> bool:
    """True for a torch tensor whose numbers can be looked at: neither sparse nor quantised, nor on the meta device."""
    return str(tensor.layout) == "torch.strided" and not tensor.is_meta and not tensor.is_quantized


def encode(value: object, *, limit: int = LIMIT) -> object:
    """What `json.dumps` can write and `decode` turns back into an equal value of the same type.

    Raises:
        TooLarge: it would take more than `limit` bytes.
    """
    return _encode(value, [limit], 0)


def _encode(value: object, left: list[int], depth: int) -> object:
    _spend(left, 16)
    if depth > _DEPTH:
        raise TooLarge(f"the value is nested more than {_DEPTH} deep.")
    if value is None or value is True or value is False:
        return value
    if value is ...:
        return {"t": "ellipsis"}
    if is_a(value, "numpy", "ndarray") or is_a(value, "numpy", "generic"):
        return _encode_array(value, left, depth)
    if is_a(value, "torch", "Tensor"):
        return _encode_tensor(value, left)
    if is_a(value, "pandas", "DataFrame"):
        columns = [value.iloc[:, at].to_numpy() for at in range(value.shape[1])]
        parts = [list(value.columns), value.index.to_numpy(), columns]
        return {"t": "frame", "v": [_encode(part, left, depth + 1) for part in parts]}
    if isinstance(value, int):
        text = hex(value)
        _spend(left, len(text))
        return int(value) if abs(value) < 2**53 else {"t": "int", "v": text}
    if isinstance(value, float):
        return {"t": "float", "v": float.__repr__(value)}
    if isinstance(value, str):
        _spend(left, len(value))
        return str.__str__(value)
    if isinstance(value, bytes):
        _spend(left, len(value))
        return {"t": "bytes", "v": _to_base64(value)}
    if isinstance(value, dict):
        pairs = [[_encode(key, left, depth + 1), _encode(one, left, depth + 1)] for key, one in value.items()]
        return {"t": "dict", "v": pairs}
    toy = type(value).__name__
    if toy in _TOYS and is_a(value, "recsys_lessons.practice.toys", toy):
        return {"t": "toy", "name": toy, "v": [_encode(one, left, depth + 1) for one in value.arguments]}
    for name, kind in _GROUPS.items():
        if isinstance(value, kind):
            return {"t": name, "v": [_encode(one, left, depth + 1) for one in value]}
    return _opaque(value)


def _encode_array(value, left: list[int], depth: int) -> object:
    import numpy as np

    array = np.asarray(value)
    if array.dtype.kind in "OUT":  # texts and mixed columns travel element by element
        _spend(left, 8 * array.size)
        kind = "scalar" if isinstance(value, np.generic) else "array"
        items = [_encode(one, left, depth + 1) for one in array.ravel().tolist()]
        return {"t": f"{kind} of objects", "kind": array.dtype.kind, "shape": list(array.shape), "v": items}
    if array.dtype.name not in _NUMBERS:
        return _opaque(value)
    _spend(left, array.nbytes * 4 // 3)
    kind = "scalar" if isinstance(value, np.generic) else "array"
    data = array.astype(array.dtype.newbyteorder("<")).tobytes()
    return {"t": kind, "dtype": array.dtype.name, "shape": list(array.shape), "v": _to_base64(data)}


def _encode_tensor(value, left: list[int]) -> object:
    import torch

    name = str(value.dtype).removeprefix("torch.")
    if value.layout is not torch.strided or value.is_meta or name not in (*_NUMBERS, "bfloat16"):
        return _opaque(value)
    _spend(left, value.numel() * value.element_size() * 4 // 3)
    plain = value.detach().cpu().resolve_conj().resolve_neg().contiguous()
    data = (plain.view(torch.int16) if name == "bfloat16" else plain).numpy().tobytes()
    return {"t": "tensor", "dtype": name, "shape": list(value.shape), "v": _to_base64(data)}


def _opaque(value: object) -> dict:
    return {"t": "opaque", "type": type(value).__name__, "v": _cut(_repr(value), 300)}


def _spend(left: list[int], size: int) -> None:
    left[0] -= size
    if left[0] < 0:
        raise TooLarge(f"the value takes more than {LIMIT / 1e6:.0f} MB.")


def _to_base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def decode(data: object) -> object:
    """The value of an encoding that may come from anybody.

    Raises:
        ValueError: it is no encoding.
    """
    try:
        return _decode(data)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError) as error:
        raise ValueError(f"not the encoding of a value: {type(error).__name__}: {error}") from error


def _decode(data: object) -> object:
    if data is None or isinstance(data, (bool, int, str)):
        return data
    if not isinstance(data, dict):
        raise ValueError(f"a bare {type(data).__name__}")
    tag, content = data["t"], data.get("v")
    if tag == "ellipsis":
        return ...
    if tag in _GROUPS:
        return _GROUPS[tag](_decode(one) for one in content)
    if tag == "dict":
        return {_decode(key): _decode(one) for key, one in content}
    if tag == "int":
        return int(content, 16)
    if tag == "float":
        return float(content)
    if tag == "bytes":
        return base64.b64decode(content, validate=True)
    if tag == "opaque":
        return Opaque(str(data["type"]), str(content))
    if tag == "toy":  # built from its plain arguments: still nothing of a learner's runs in the parent
        from recsys_lessons.practice import toys

        if data["name"] not in _TOYS:
            raise ValueError(f"unknown toy {data['name']!r}")
        return getattr(toys, data["name"])(*(_decode(one) for one in content))
    if tag in ("scalar", "array", "tensor"):
        return _decode_numbers(tag, data)
    if tag in ("scalar of objects", "array of objects"):
        import numpy as np

        flat = np.empty(len(content), dtype=object)
        flat[:] = [_decode(one) for one in content]
        array = flat.reshape(_shape(data)).astype({"O": object, "U": str, "T": str}[data["kind"]])
        return array[()] if tag.startswith("scalar") else array
    if tag == "frame":
        import pandas as pd

        names, index, columns = (_decode(part) for part in content)
        return pd.DataFrame(dict(enumerate(columns)), index=index).set_axis(names, axis=1)
    raise ValueError(f"unknown tag {tag!r}")


def _decode_numbers(tag: str, data: dict) -> object:
    import numpy as np

    name, raw = data["dtype"], base64.b64decode(data["v"], validate=True)
    if name not in (*_NUMBERS, "bfloat16"):
        raise ValueError(f"unknown dtype {name!r}")
    stored = np.dtype("int16" if name == "bfloat16" else name).newbyteorder("<")
    if math.prod(_shape(data)) * stored.itemsize != len(raw):
        raise ValueError("the bytes do not fill the shape")
    array = np.frombuffer(raw, dtype=stored).astype(stored.newbyteorder("="), copy=True).reshape(_shape(data))
    if tag != "tensor":
        return array[()] if tag == "scalar" else array
    import torch

    tensor = torch.from_numpy(np.ascontiguousarray(array)).reshape(_shape(data))
    return tensor.view(torch.bfloat16) if name == "bfloat16" else tensor


def _shape(data: dict) -> tuple[int, ...]:
    shape = tuple(data["shape"])
    if not all(type(size) is int and 0 <= size < 2**40 for size in shape):
        raise ValueError(f"shape {shape}")
    return shape


def describe(value: object, most: int = 300) -> str:
    """A returned value for a reader: with shape and dtype where it has them, with its type where that may surprise."""
    if is_a(value, "torch", "Tensor") and is_dense(value):
        dtype = str(value.dtype).removeprefix("torch.")
        return _cut(f"tensor {tuple(value.shape)} {dtype}: {_repr(_short(_listed(value)))}", most)
    if is_a(value, "numpy", "ndarray"):
        return _cut(f"array {value.shape} {value.dtype}: {_repr(_short(_listed(value)))}", most)
    if value is None or type(value) in (bool, int, float):
        return _cut(_repr(value), most)
    name = value.type if isinstance(value, Opaque) else type(value).__name__
    return f"{_cut(_repr(value), most)} ({name})"


def as_code(value: object, most: int = 600, deep: int = 5) -> str:
    """An argument as Python that can be pasted into a cell; `deep` is how far into lists, tuples and dicts."""
    if is_a(value, "torch", "Tensor"):
        usual = str(value.dtype) in ("torch.float32", "torch.int64", "torch.bool")
        listed = _NAMED.sub(r"torch.\1", _repr(_listed(value)))
        return _cut(f"torch.tensor({listed}{'' if usual else f', dtype={value.dtype}'})", most)
    if is_a(value, "numpy", "ndarray"):
        usual = value.dtype.name in ("float64", "int64", "bool")
        listed = _NAMED.sub(r"np.\1", _repr(_listed(value))) if value.dtype.kind == "f" else _repr(_listed(value))
        return _cut(f"np.array({listed}{'' if usual else f', dtype=np.{value.dtype.name}'})", most)
    if type(value) in (list, tuple) and deep:  # their own repr shows arrays in a form that cannot be pasted
        inside = ", ".join(as_code(one, most, deep - 1) for one in value)
        return _cut(f"[{inside}]" if type(value) is list else f"({inside}{',' * (len(value) == 1)})", most)
    if type(value) is dict and deep:
        inside = ", ".join(f"{_repr(key)}: {as_code(one, most, deep - 1)}" for key, one in value.items())
        return _cut(f"{{{inside}}}", most)
    return _cut(_repr(value), most)


def _listed(value) -> object:
    """Nested lists of the numbers; of a large one only the first."""
    if math.prod(value.shape) > 1000:
        return value.reshape(-1)[:200].tolist()
    return value.tolist()


def _short(listed: object) -> object:
    """Floats cut to six digits: 3.3333332538604736 tells a reader less than 3.33333."""
    if isinstance(listed, list):
        return [_short(one) for one in listed]
    return float(f"{listed:.6g}") if isinstance(listed, float) else listed


def _repr(value: object) -> str:
    try:
        return repr(value)
    except Exception as error:  # a learner's own class may have a broken __repr__
        return f"<{type(value).__name__}, whose __repr__ raised {type(error).__name__}>"


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most]} ... ({len(text)} characters)"
