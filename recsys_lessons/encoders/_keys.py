"""What an item is called in a message, whether it is there at all, and its key in the cache."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch

from recsys_lessons.encoders.base import digest
from recsys_lessons.errors import MediaError

__all__ = ["content_key", "describe", "is_missing"]

_BLOCK = 1 << 20
_WHOLE = 64 << 20  # larger files are known by size, time of change, first and last block: reading all is slow


def is_missing(item: Any) -> bool:
    """True for None, NaN, pandas' NA and NaT, and "": what a table holds where there is nothing."""
    if item is None or type(item).__name__ in ("NAType", "NaTType"):
        return True
    if isinstance(item, (float, np.floating)):
        return bool(item != item)
    return isinstance(item, str) and not item.strip()


def describe(item: Any) -> str:
    """A short name for a message: the path, or the kind and size of what is in memory."""
    if isinstance(item, (str, Path)):
        return str(item)
    if isinstance(item, (bytes, bytearray, memoryview)):
        return f"{len(item):,} bytes"
    shape = getattr(item, "shape", None)
    if shape is None and isinstance(item, (tuple, list)) and item:
        return (
            f"({', '.join(describe(part) if not isinstance(part, (int, float)) else str(part) for part in item[:3])})"
        )
    if shape is None and isinstance(getattr(item, "size", None), tuple):
        return f"a {getattr(item, 'mode', '')} picture of {item.size[0]} x {item.size[1]}"
    return f"a {type(item).__name__}" + (f" of shape {tuple(shape)}" if shape is not None else "")


def content_key(item: Any) -> bytes:
    """20 bytes that depend on what is in the item, and not on where it lies: a copied file has the same key.

    A file above 64 MB is known by its size, its time of change and its first and last megabyte.

    Raises:
        MediaError: the file cannot be read.
        TypeError: the item is of a kind that has no place here.
    """
    if isinstance(item, (str, Path)):
        return _file_key(Path(item))
    if isinstance(item, (bytes, bytearray, memoryview)):
        return digest(b"whole", hashlib.blake2b(item, digest_size=32).digest())
    return digest(*_parts(item))


def _file_key(path: Path) -> bytes:
    state = hashlib.blake2b(digest_size=32)
    try:
        if path.exists() and not path.is_file():  # a folder; or a pipe, whose end may never come
            raise MediaError("it is no file.")
        with path.open("rb") as file:
            facts = path.stat()
            if facts.st_size <= _WHOLE:
                while block := file.read(_BLOCK):
                    state.update(block)
                return digest(b"whole", state.digest())
            state.update(file.read(_BLOCK))
            file.seek(-_BLOCK, 2)
            state.update(file.read(_BLOCK))
            return digest(b"ends", f"{facts.st_size} {facts.st_mtime_ns}".encode(), state.digest())
    except MediaError:
        raise
    except FileNotFoundError as error:
        raise MediaError("there is no such file.") from error
    except (OSError, ValueError) as error:  # ValueError: a path with a zero byte in it
        raise MediaError(f"the file cannot be opened ({getattr(error, 'strerror', None) or error}).") from error


def _parts(item: Any) -> Iterator[bytes]:
    if isinstance(item, torch.Tensor):
        item = item.detach().cpu().numpy()
    if isinstance(item, np.ndarray) and item.dtype != object:
        yield from (b"array", item.dtype.str.encode(), str(item.shape).encode(), np.ascontiguousarray(item).tobytes())
    elif isinstance(item, (tuple, list)):
        yield f"{len(item)} parts".encode()
        for part in item:
            yield content_key(part)
    elif isinstance(item, (bool, int, float, np.number)):
        yield f"number {item}".encode()
    elif hasattr(item, "getpixel"):
        yield from _picture_parts(item)
    else:
        raise TypeError(
            f"an item is {describe(item)}; pass a path, the file's bytes, or what the encoder takes from memory."
        )


def _picture_parts(image: Any) -> Iterator[bytes]:
    """A Pillow picture: its pixels, and what its pixels mean."""
    try:
        pixels = image.tobytes()
        palette = image.getpalette() or []
        turned = image.getexif().get(0x0112, 1)
    except Exception as error:  # a lazily opened file is read only now, and Pillow's decoders raise what they like
        raise MediaError(f"the picture cannot be read ({error}).") from error
    facts = f"{image.mode} {image.size} {palette} {image.info.get('transparency')!r} {turned}"
    yield from (b"picture", facts.encode(), pixels)
