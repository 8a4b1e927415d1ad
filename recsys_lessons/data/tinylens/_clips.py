"""Clips: the topic's shapes in neutral grey, moving; the tempo is in the motion, on the beats of the item's sound."""

from __future__ import annotations

from typing import Any

import numpy as np

from recsys_lessons.data.tinylens._covers import item_draws
from recsys_lessons.data.tinylens._motifs import motif
from recsys_lessons.data.tinylens._shapes import Plane, smooth
from recsys_lessons.data.tinylens._sounds import SECONDS, beats

__all__ = ["CLIP_SIDE", "FRAMES_PER_SECOND", "clip_arrays"]

CLIP_SIDE, FRAMES_PER_SECOND = 160, 12
_EXPOSURES = 4  # positions in the first half of a frame: what moves fast is blurred, as in a camera
_SPEED = {"slow": (14, 34), "medium": (70, 110), "fast": (170, 240)}  # pixels a second, sideways
_GREYS = {"main": 118, "second": 156, "accent": 196, "ink": 52, "light": 236}


def clip_arrays(item: Any, seed: int) -> np.ndarray:
    """(24, 160, 160, 3) uint8: two seconds, the same on any machine.

    The shape hops on each beat and runs from side to side, faster in a faster clip.

    Args:
        item: a row of the truth with item_id, topic, subtopic, tempo. seed: of the world.
    """
    draws = item_draws(seed, item.item_id, "clip")
    side, size = CLIP_SIDE, draws.uniform(0.25, 0.31) * CLIP_SIDE
    opacity, grey = _sprite(item, size, draws.uniform(-0.06, 0.06))
    floor, high = draws.uniform(0.56, 0.64) * side, draws.uniform(0.2, 0.26) * side
    room, speed, start = side - 2 * size - 8, draws.uniform(*_SPEED[item.tempo]), draws.uniform()
    places = np.arange(SECONDS * FRAMES_PER_SECOND)[:, None] + np.arange(_EXPOSURES) / (2 * _EXPOSURES)
    moments = places.ravel() / FRAMES_PER_SECOND
    there = start + moments * (speed / (2 * room))  # there and back is 1
    across = 4 + size + room * (1 - np.abs(2 * (there - np.floor(there)) - 1))
    down = floor - high * _hops(moments, beats(item, seed))
    ground = _ground(floor + size, draws.uniform(168, 206))
    frames = np.empty((len(moments) // _EXPOSURES, side, side), dtype=np.uint8)
    for place in range(len(frames)):
        light = np.zeros_like(ground)
        for moment in range(place * _EXPOSURES, (place + 1) * _EXPOSURES):
            lifted = (floor - float(down[moment])) / high
            light += _exposed(ground, opacity, grey, float(across[moment]), float(down[moment]), floor + size, lifted)
        frames[place] = (light / _EXPOSURES + 0.5).astype(np.uint8)
    return np.repeat(frames[..., None], 3, axis=3)


def _hops(moments: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Height from 0 to 1: on the floor at each beat, highest halfway between two."""
    gap = starts[1] - starts[0]
    part = (moments - starts[0]) / gap
    part = part - np.floor(part)
    return 4 * part * (1 - part)


def _sprite(item: Any, size: float, lean: float) -> tuple[np.ndarray, np.ndarray]:
    """The shape alone: opacity, and grey times opacity."""
    side = 2 * int(1.15 * size + 1)
    plane = Plane(side, side, 0, 0, side / 2, side / 2, size, lean)
    opacity, grey = np.zeros((side, side), dtype=np.float32), np.zeros((side, side), dtype=np.float32)
    for role, shape in motif(plane, item.topic, item.subtopic):
        part = np.clip(0.5 - shape * size, 0, 1)
        opacity += (1 - opacity) * part
        grey += (_GREYS[role] - grey) * part
    return opacity, grey


def _ground(floor: float, grey: float) -> np.ndarray:
    """A wall that is lighter above, and a floor."""
    rows = np.arange(CLIP_SIDE, dtype=np.float32)[:, None] / CLIP_SIDE
    wall = grey + 22 - 30 * rows
    below = np.clip(rows * CLIP_SIDE - floor, 0, 1)
    return np.repeat(wall * (1 - below) + (grey - 46) * below, CLIP_SIDE, axis=1)


def _exposed(ground, opacity, grey, x, y, floor, lifted) -> np.ndarray:
    picture = ground.copy()
    # The shadow: a flat oval on the floor, paler while the shape is in the air.
    half = len(opacity) // 2
    top, bottom = max(0, int(floor) - 6), min(CLIP_SIDE, int(floor) + 8)
    down = (np.arange(top, bottom, dtype=np.float32)[:, None] - floor) / 6
    across = (np.arange(CLIP_SIDE, dtype=np.float32)[None, :] - x) / (half * 0.8)
    picture[top:bottom] *= 1 - (0.42 - 0.25 * lifted) * smooth(1 - across * across - down * down)
    left, above = int(np.floor(x + 0.5)) - half, int(np.floor(y + 0.5)) - half
    rows, columns = slice(max(0, above), above + 2 * half), slice(max(0, left), left + 2 * half)
    area = picture[rows, columns]
    part = (slice(max(0, -above), max(0, -above) + area.shape[0]), slice(max(0, -left), max(0, -left) + area.shape[1]))
    area *= 1 - opacity[part]
    area += grey[part]
    return picture
