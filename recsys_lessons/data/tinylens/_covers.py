"""Covers: the topic in shapes, the style in colours and strokes, and nothing of mood, tempo or city."""

from __future__ import annotations

from typing import Any

import numpy as np

from recsys_lessons.data.tinylens._canvas import BACKDROPS, Placed, Scene
from recsys_lessons.data.tinylens._draws import Draws
from recsys_lessons.data.tinylens._styles import painted

__all__ = ["COVER_SIDE", "cover_array", "item_draws"]

COVER_SIDE = 192
_ROOMS = {"cover": 0, "paint": 1, "sound": 2, "beat": 3, "clip": 4, "lack": 5}


def item_draws(seed: int, item_id: int, use: str) -> Draws:
    """A stream for one item and one use of it, apart from the streams that make the tables (rooms 1 to 3)."""
    return Draws(seed, 1000 + 8 * int(item_id) + _ROOMS[use])


def cover_array(item: Any, seed: int) -> np.ndarray:
    """(192, 192, 3) uint8, the same on any machine.

    The same item in another style is the same scene painted otherwise.

    Args:
        item: a row of the truth with item_id, topic, subtopic, style. seed: of the world.
    """
    scene = _scene(item, item_draws(seed, item.item_id, "cover"))
    return painted(scene, item.style, COVER_SIDE, item_draws(seed, item.item_id, "paint"))


def _scene(item: Any, draws: Draws) -> Scene:
    """One large motif near the middle, up to three small ones at the sides, a backdrop."""
    side = COVER_SIDE
    size = draws.uniform(0.27, 0.36) * side
    middle = [draws.uniform(0.45, 0.55) * side, draws.uniform(0.45, 0.55) * side]
    large = Placed(item.topic, item.subtopic, *middle, size, draws.uniform(-0.09, 0.09))
    corners = draws.some(((0.15, 0.17), (0.85, 0.17), (0.15, 0.83), (0.85, 0.83)), draws.below(4))
    small = [
        Placed(
            item.topic,
            item.subtopic,
            (x + draws.uniform(-0.04, 0.04)) * side,
            (y + draws.uniform(-0.04, 0.04)) * side,
            draws.uniform(0.07, 0.11) * side,
            draws.uniform(-0.25, 0.25),
        )
        for x, y in corners
    ]
    return Scene([*small, large], draws.one(BACKDROPS))
