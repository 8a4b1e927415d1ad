"""Any picture to red, green and blue: files, bytes, Pillow pictures, arrays and tensors, and what each may hide.

Upright (EXIF), transparent parts on white, grey and palette and CMYK as colours, 16 bits scaled to 8. Large ones are
decoded reduced. Colour profiles are not applied; of an animation the first frame counts.
"""

from __future__ import annotations

from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from recsys_lessons.encoders._arrays import picture_of_array, sixteen_to_eight
from recsys_lessons.errors import MediaError

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["COARSE_GAP", "MAX_PIXELS", "open_picture", "quiet_pillow", "read_picture", "to_square"]

MAX_PIXELS = 1 << 27
"""A file that declares more pixels (134 million, half a gigabyte) is refused before it is decoded."""

# Kinds that are told by their first bytes and decoded in this process. Others that Pillow knows start programs (EPS),
# or have no mark of their own, so that noise passes for a picture (TGA).
_FORMATS = ("JPEG", "MPO", "PNG", "GIF", "WEBP", "BMP", "TIFF", "PPM", "AVIF", "ICO", "JPEG2000")
_KNOWN = "JPEG, PNG, WebP, GIF, BMP, TIFF, AVIF, ICO or JPEG 2000"
_GAP = 3  # a picture may be reduced by plain averages to this multiple of the size that is wanted, and no further
COARSE_GAP = 1.8  # where the network rounds more than that: its bf16 costs a picture more than this does
_AVERAGED = ("L", "LA", "RGB", "RGBA", "CMYK", "YCbCr")  # modes whose pixels may be averaged as they are


def read_picture(
    item: Any, size: int, *, interpolation: str = "bicubic", crop: float | None = None, gap: float = _GAP
) -> Tensor:
    """Any picture as a (3, size, size) uint8 tensor; see `open_picture` and `to_square` for the arguments."""
    wanted = size if crop is None else round(size / crop)
    return to_square(open_picture(item, wanted, gap=gap), size, interpolation=interpolation, crop=crop, gap=gap)


def to_square(
    image: Image, size: int, *, interpolation: str = "bicubic", crop: float | None = None, gap: float = _GAP
) -> Tensor:
    """An RGB picture as a (3, size, size) uint8 tensor, smoothed while it shrinks.

    Args:
        image: of any shape.
        size: pixels on a side.
        interpolation: "bicubic", "bilinear", "nearest", "lanczos" or "box".
        crop: share of the shorter side that is kept, from the middle, as in ImageNet's evaluation (e.g. 0.875). None
            keeps the whole picture and squeezes it: a cover's title often stands at its edge.
    """
    from PIL.Image import Resampling

    box = None
    if crop is not None:
        # What torchvision and timm do: the shorter side to size / crop, then the middle; here in one step.
        short = round(size / crop)
        scale = short / min(image.size)
        full = [short if side == min(image.size) else int(scale * side) for side in image.size]
        left, top = (round((side - size) / 2.0) for side in full)
        x, y = image.size[0] / full[0], image.size[1] / full[1]
        box = (left * x, top * y, min(image.size[0], (left + size) * x), min(image.size[1], (top + size) * y))
    resample = getattr(Resampling, interpolation.upper())
    # Pillow's two steps (plain averages, then the filter) have no meaning for "nearest".
    steps = None if interpolation == "nearest" else float(gap)
    square = image.resize((size, size), resample, box=box, reducing_gap=steps)
    return torch.from_numpy(np.array(square)).permute(2, 0, 1)


def open_picture(item: Any, size: int | None = None, *, gap: float = _GAP) -> Image:
    """Any picture as a Pillow picture in RGB, upright.

    Args:
        item: a path, a file's bytes, a Pillow picture; an array (h, w), (h, w, 1), (h, w, 3) or (h, w, 4), uint8 or
            float from 0 to 1; or a tensor (h, w), (1, h, w), (3, h, w) or (4, h, w) of the same values.
        size: the shorter side that is needed; larger pictures may come reduced, to `gap` times that or more. None: in
            full.

    Raises:
        MediaError: it cannot be read; the message says why.
        TypeError: it is none of these.
    """
    least = round(gap * size) if size else None
    if isinstance(item, (str, Path)):
        try:
            with open(item, "rb") as stream:
                return _decoded(stream, least)
        except FileNotFoundError as error:
            raise MediaError("there is no such file.") from error
        except (OSError, ValueError) as error:
            if isinstance(error, MediaError):  # which is a ValueError too
                raise
            raise MediaError(f"the file cannot be opened ({getattr(error, 'strerror', None) or error}).") from error
    if isinstance(item, (bytes, bytearray, memoryview)):
        return _decoded(BytesIO(item), least)
    if isinstance(item, (np.ndarray, Tensor)):
        return _rgb(picture_of_array(item), least)
    if hasattr(item, "getpixel"):
        with _told():
            item.load()
            return _rgb(item, least)
    raise TypeError(
        f"a picture is a {type(item).__name__}; pass a path, bytes, a Pillow picture, an array or a tensor."
    )


def _decoded(stream: Any, least: int | None) -> Image:
    from PIL import Image

    start = stream.read(16)
    stream.seek(0)
    if not start:
        raise MediaError("the file is empty.")
    Image.init()
    try:
        with _told(), Image.open(stream, formats=[one for one in _FORMATS if one in Image.OPEN]) as image:
            _check_pixels(image.size)
            if least:
                image.draft(None, (least, least))  # JPEG alone: decoded at a half, a quarter, an eighth
            image.load()
            return _rgb(image, least)
    except Image.UnidentifiedImageError as error:
        raise MediaError(f"it is no picture that can be read ({_KNOWN}); it starts with {start!r}.") from error


def _check_pixels(size: tuple[int, int]) -> None:
    if size[0] * size[1] > MAX_PIXELS:
        raise MediaError(
            f"it declares {size[0]} x {size[1]} pixels, and more than {MAX_PIXELS:,} are not decoded; reduce it first."
        )


@contextmanager
def _told():
    """Whatever Pillow's decoders raise becomes a MediaError: over damaged data they raise nearly every kind."""
    from PIL import Image

    try:
        yield
    except (MediaError, Image.UnidentifiedImageError):
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise MediaError(f"it declares too many pixels, and is not decoded ({error}); reduce it first.") from error
    except MemoryError as error:
        raise MediaError("there is not enough memory to decode it; reduce it first.") from error
    except Exception as error:
        if "truncated" in str(error).lower():
            raise MediaError(f"the file is truncated: only a part of the picture is there ({error}).") from error
        raise MediaError(f"the picture is damaged ({type(error).__name__}: {error}).") from error


def _rgb(image: Image, least: int | None) -> Image:
    """Upright, reduced, on white, 8 bits, in this order where the mode allows it."""
    from PIL import Image as Pillow

    turned = _orientation(image)
    factor = min(image.size) // least if least else 1
    if min(image.size) < 1:
        raise MediaError(f"it has {image.size[0]} x {image.size[1]} pixels; at least 1 x 1 is needed.")
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        image = Pillow.fromarray(sixteen_to_eight(np.asarray(image)))
    transparent = image.has_transparency_data
    if image.mode not in _AVERAGED or (transparent and image.mode not in ("LA", "RGBA")):
        image = image.convert("RGBA" if transparent else "RGB")
    if factor > 1:
        image = image.reduce(factor)
    if transparent:
        image = image.convert("RGBA")
        image = Pillow.alpha_composite(Pillow.new("RGBA", image.size, "white"), image)
    image = image.convert("RGB")
    return image if turned is None else image.transpose(turned)


def _orientation(image: Image) -> int | None:
    """How the picture must be turned to stand upright, as its EXIF says; None where it stands."""
    from PIL.Image import Transpose

    try:
        value = image.getexif().get(0x0112, 1)
    except Exception:  # damaged EXIF around a good picture
        return None
    return {
        2: Transpose.FLIP_LEFT_RIGHT,
        3: Transpose.ROTATE_180,
        4: Transpose.FLIP_TOP_BOTTOM,
        5: Transpose.TRANSPOSE,
        6: Transpose.ROTATE_270,
        7: Transpose.TRANSVERSE,
        8: Transpose.ROTATE_90,
    }.get(value if isinstance(value, int) else 1)


@contextmanager
def quiet_pillow():
    """Pillow warns of large pictures and odd metadata; what matters of it is an error here or was decided above.

    For the thread that starts the others: Python's filters belong to the whole process.
    """
    import warnings

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"PIL\.")
        yield
