"""Arrays and tensors as pictures: which shapes and values are clear, and what is said of the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from torch import Tensor

from recsys_lessons.errors import MediaError

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["picture_of_array", "sixteen_to_eight"]

_SHAPES = "pass (h, w), (h, w, 1), (h, w, 3) or (h, w, 4)"
_MODES = {1: "L", 3: "RGB", 4: "RGBA"}


def picture_of_array(item: np.ndarray | Tensor) -> Image:
    """A Pillow picture in L, RGB or RGBA.

    Args:
        item: an array (h, w) or (h, w, channels), or a tensor (h, w) or (channels, h, w), with 1, 3 or 4 channels;
            uint8, uint16, or float from 0 to 1.

    Raises:
        MediaError: another shape, another type, or floats outside 0 to 1.
    """
    from PIL import Image

    pixels = _eight_bits(_channels_last(item))
    if pixels.shape[2] == 1:
        return Image.fromarray(np.ascontiguousarray(pixels[:, :, 0]))
    return Image.fromarray(np.ascontiguousarray(pixels))


def _channels_last(item: np.ndarray | Tensor) -> np.ndarray:
    shape, is_tensor = tuple(item.shape), isinstance(item, Tensor)
    kind = "tensor" if is_tensor else "array"
    if is_tensor:
        item = item.detach().cpu()
        item = item.float() if item.is_floating_point() else item  # NumPy knows no bfloat16
        item = (item.permute(1, 2, 0) if item.ndim == 3 else item).numpy()
    array = item
    if array.ndim == 2:
        array = array[:, :, None]
    if array.ndim != 3 or array.shape[2] not in _MODES:
        hint = ""
        if len(shape) == 3 and not is_tensor and shape[0] in _MODES:
            hint = " Channels come last in an array: write array.transpose(1, 2, 0)."
        elif len(shape) == 3 and is_tensor and shape[2] in _MODES:
            hint = " Channels come first in a tensor: write tensor.permute(2, 0, 1)."
        shapes = "pass (h, w), (1, h, w), (3, h, w) or (4, h, w)" if is_tensor else _SHAPES
        raise MediaError(f"the {kind} has the shape {shape}; {shapes}.{hint}")
    if 0 in shape:
        raise MediaError(f"the {kind} has the shape {shape}, and so no pixel.")
    return array


def _eight_bits(array: np.ndarray) -> np.ndarray:
    if array.dtype == np.uint8:
        return array
    if array.dtype == np.uint16:
        return sixteen_to_eight(array)
    if array.dtype.kind != "f":
        raise MediaError(f"the array's type is {array.dtype}; pass uint8 from 0 to 255, or float from 0 to 1.")
    low, high = float(array.min()), float(array.max())
    if not (0 <= low and high <= 1):  # also where one of them is NaN
        fix = "divide by 255" if low >= 0 and high <= 255 else "undo its normalisation, or scale it to 0 to 1"
        raise MediaError(f"the array's floats go from {low:.4g} to {high:.4g}; they must lie within 0 and 1: {fix}.")
    return np.rint(array * 255).astype(np.uint8)


def sixteen_to_eight(array: np.ndarray) -> np.ndarray:
    """16 bits (0 to 65,535, in any integer type) or floats (0 to 1, else 0 to 255) to uint8.

    Pillow's own conversion cuts everything above 255 off, which turns a 16-bit picture white.

    Raises:
        MediaError: the values lie outside, so that nobody can know what is white.
    """
    low, high = float(array.min()), float(array.max())
    if array.dtype.kind == "f":
        top = 1 if high <= 1 else 255
    else:
        top = 65535
    if not (0 <= low and high <= top):
        raise MediaError(f"its values go from {low:.4g} to {high:.4g}, so that white is unknown; save it with 8 bits.")
    return np.rint(array.astype(np.float32) * (255.0 / top)).astype(np.uint8)
