"""The sound of videos: which of them have one, and frames and sound as one vector."""

from __future__ import annotations

import warnings
from contextlib import closing
from typing import Any

import numpy as np
import torch

from recsys_lessons.encoders._container import has_sound
from recsys_lessons.encoders._keys import describe, is_missing
from recsys_lessons.encoders.base import Masked, ahead
from recsys_lessons.errors import MediaError

__all__ = ["heard", "joined"]


def heard(items: list[Any], workers: int) -> list[Any]:
    """The items that have a sound stream; None for the others, which are missing, frames in memory, or unreadable."""
    with closing(ahead(_sounds, items, workers)) as found:
        return [item if sounds else None for item, sounds in found]


def _sounds(item: Any) -> bool:
    if is_missing(item) or isinstance(item, np.ndarray):
        return False
    try:
        return has_sound(item)
    except MediaError:  # which the frames have told of
        return False


def joined(items: list[Any], video: Masked, audio: Masked, on_error: str) -> Masked:
    """The vectors of the sounds behind those of the frames; a video without sound has neither.

    Raises:
        MediaError: `on_error` is "raise" and a video has no sound; otherwise one warning names the first.
    """
    silent = (video.mask & ~audio.mask).nonzero().flatten().tolist()
    if silent:
        named = ", ".join(f"row {row}, {describe(items[row])}" for row in silent[:3])
        more = f" and {len(silent) - 3} more" if len(silent) > 3 else ""
        text = f"{len(silent)} of {len(items)} videos have no sound ({named}{more})"
        if on_error == "raise":
            raise MediaError(
                f'{text}. Use encode_parts, which keeps their frames, or pass on_error="missing" to leave them out.'
            )
        warnings.warn(f"{text} and count as missing; encode_parts keeps their frames.", stacklevel=3)
    mask = video.mask & audio.mask
    vectors = torch.cat([video.vectors, audio.vectors], dim=1)
    vectors[~mask] = torch.nan
    return Masked(vectors, mask)
