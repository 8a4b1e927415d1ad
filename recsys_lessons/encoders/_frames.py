"""Which pictures of a video to look at: by the clock or at scene changes, upright, reduced, from files of any length.

Frames are chosen by time and not by number: where the rate varies (telephones, screen recordings, slide shows) every
tenth frame is no tenth of a second. A frame counts for as long as it is shown.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from recsys_lessons.encoders._container import reason
from recsys_lessons.encoders._keys import describe
from recsys_lessons.encoders._video_file import VideoFile
from recsys_lessons.encoders.pictures import to_square
from recsys_lessons.errors import MediaError

__all__ = ["PLACES", "sample_frames", "scene_change", "square_frames"]

PLACES = ("uniform", "scenes")
_CANDIDATES = 16  # moments compared for each frame wanted, when scenes are looked for
_SIDE = 256  # pixels of their shorter side, at most
_THUMBNAIL = 32  # pixels of their shorter side


def sample_frames(item, n: int = 8, *, at: str = "uniform", side: int = _SIDE) -> np.ndarray:
    """The n pictures of a video that stand for it, in the order of time.

    "uniform" cuts the running time into n equal parts and takes what is shown in the middle of each. In a long video
    every part costs a seek and the frames from one keyframe on, so that an hour costs little more than a minute.
    "scenes" compares 16 n moments and takes the first picture and those after the n - 1 largest changes, see
    `scene_change`; a scene shorter than a 16 n-th of the video may be missed.

    A picture shown for long is taken more than once, and a video of one picture gives it n times: averages over the
    result are averages over time. Of a truncated file, what can be decoded counts as the whole.

    Args:
        item: a path, the bytes of a file, or the frames themselves, (frames, h, w, 3) uint8, equally spaced in time.
        n: how many.
        at: "uniform" or "scenes".
        side: larger pictures are reduced to this shorter side, in pixels.

    Returns:
        (n, h, w, 3) uint8, red, green, blue, turned the way a player would show them.

    Raises:
        MediaError: no such file, no video in it, or no frame that can be decoded.
        ValueError: n or side is below 1, or `at` is another word.
        TypeError: the item is none of the three.
    """
    try:
        return frames_of(item, n, at=at, side=side)
    except MediaError as error:
        raise MediaError(f"{describe(item)}: {error}") from error.__cause__


def frames_of(item, n: int, *, at: str, side: int) -> np.ndarray:
    """`sample_frames` whose MediaError says what is wrong, and leaves it to the caller to say where."""
    if n < 1 or side < 1:
        raise ValueError(f"n is {n} and side is {side}; both must be 1 or more, e.g. 8 and 256.")
    if at not in PLACES:
        raise ValueError(f"at is {at!r}; use {' or '.join(map(repr, PLACES))}.")
    if isinstance(item, np.ndarray):
        return _of_array(item, n, at)
    if not isinstance(item, (str, Path, bytes, bytearray, memoryview)):
        raise TypeError(
            f"the video is a {type(item).__name__}; pass a path, the bytes of a file, or an array (frames, h, w, 3)."
        )
    try:
        with VideoFile(item) as video:
            return _of_file(video, n, at, side)
    except MediaError:
        raise
    except Exception as error:  # noqa: BLE001 - damage shows as any of FFmpeg's errors, or as one of Python's
        raise MediaError(f"it cannot be read as a video ({reason(error)}); is it damaged?") from error


def _of_file(video: VideoFile, n: int, at: str, side: int) -> np.ndarray:
    if at == "scenes" and n > 1:
        times, thumbnails = video.at(_CANDIDATES * n, side=_THUMBNAIL, exact=False)
        return video.at_times([times[i] for i in _scenes(thumbnails, n)], side=side)
    return np.stack(video.at(n, side=side)[1])


def square_frames(item, n: int, *, at: str, size: int, interpolation: str, crop: float | None) -> Tensor:
    """The sampled frames as a picture network takes them, (n, 3, size, size) uint8; see `to_square`.

    Raises:
        MediaError: as `sample_frames`, without the name of the file.
    """
    from PIL import Image

    wanted = size if crop is None else round(size / crop)
    squares: list[Tensor] = []
    before: np.ndarray | None = None
    for frame in frames_of(item, n, at=at, side=max(_SIDE, wanted)):
        if before is None or not np.array_equal(frame, before):  # a frame that is shown for long is worked on once
            squares.append(to_square(Image.fromarray(frame), size, interpolation=interpolation, crop=crop))
        else:
            squares.append(squares[-1])
        before = frame
    return torch.stack(squares)


def scene_change(before: np.ndarray, after: np.ndarray) -> float:
    """How much the colours differ between two pictures, 0 (same) to 1 (no colour in common).

    Each picture is cut into four quarters, and each quarter becomes a histogram of 4 x 4 x 4 colours; half the sum of
    absolute differences is the share of pixels that changed their colour. Counting colours forgives small movements,
    which a difference pixel by pixel takes for a change; the quarters notice when two scenes share their colours.

    Args:
        before, after: (h, w, 3) uint8 each; the sizes may differ.
    """
    return float(np.abs(_histograms(before) - _histograms(after)).sum() / 2)


def _histograms(picture: np.ndarray) -> np.ndarray:
    """(4 quarters, 64 colours), summing to 1 where no quarter is empty."""
    colours = picture.astype(np.int64) // 64 @ np.array([16, 4, 1])
    halves = [np.array_split(row, 2, axis=1) for row in np.array_split(colours, 2, axis=0)]
    quarters = [quarter for row in halves for quarter in row]
    counts = np.stack([np.bincount(quarter.ravel(), minlength=64) for quarter in quarters])
    return counts / colours.size


def _scenes(pictures: list[np.ndarray], n: int) -> list[int]:
    """Rows of the first picture and of those after the largest changes, in order, n in all.

    Two are at least a 4 n-th of the running time apart: a pan or a fade is many changes in a row, and one scene. Where
    fewer places differ, the rest is spread evenly.
    """
    changes = np.array([scene_change(a, b) for a, b in zip(pictures, pictures[1:], strict=False)])
    apart = max(1, len(pictures) // (4 * n))
    chosen = [0]
    for place in np.argsort(-changes, kind="stable"):
        if len(chosen) < n and changes[place] > 0 and all(abs(place + 1 - other) >= apart for other in chosen):
            chosen.append(int(place) + 1)
    for place in np.linspace(0, len(pictures) - 1, n).astype(int).tolist():
        if len(chosen) < n:
            chosen.append(place)
    return sorted(chosen)


def _of_array(frames: np.ndarray, n: int, at: str) -> np.ndarray:
    if frames.ndim != 4 or frames.shape[3] != 3 or frames.dtype != np.uint8 or 0 in frames.shape:
        raise MediaError(
            f"it is an array {frames.shape} of {frames.dtype}; pass (frames, h, w, 3) of uint8, at least one frame."
        )
    if at == "scenes" and n > 1:
        places = ((np.arange(_CANDIDATES * n) + 0.5) / (_CANDIDATES * n) * len(frames)).astype(int)
        return frames[places[_scenes([frames[i] for i in places], n)]]
    return frames[((np.arange(n) + 0.5) / n * len(frames)).astype(int)]
