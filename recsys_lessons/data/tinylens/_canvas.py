"""A picture being painted: layers over one another, backdrops, and textures out of uniform numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from recsys_lessons.data.tinylens._draws import Draws
from recsys_lessons.data.tinylens._motifs import motif
from recsys_lessons.data.tinylens._shapes import Plane, smooth

__all__ = ["BACKDROPS", "Canvas", "Placed", "Scene", "grain", "stripes", "clouds"]

BACKDROPS = ("disc", "rays", "horizon", "dots", "band", "arch")


class Placed(NamedTuple):
    """One motif in the picture: its centre and the length of its unit in pixels, and its lean (see `Plane`)."""

    topic: str
    subtopic: str
    x: float
    y: float
    size: float
    lean: float


class Scene(NamedTuple):
    """What is in the picture, before any style: motifs from back to front (the last is the largest), and a backdrop."""

    motifs: list[Placed]
    backdrop: str


class Canvas:
    """`pixels` (side, side, 3) float32 from 0 to 255; `x`, `y` from 0 to 1 at the middle of each pixel."""

    def __init__(self, side: int, colour: tuple):
        self.side = side
        self.pixels = np.empty((side, side, 3), dtype=np.float32)
        self.pixels[:] = colour
        steps = (np.arange(side, dtype=np.float32) + 0.5) / side
        self.x, self.y = steps[None, :], steps[:, None]

    def paint(self, opacity: np.ndarray, colour: tuple | np.ndarray, window: tuple | None = None) -> None:
        """Lay a colour over what is there; `opacity` from 0 to 1, of the window's shape."""
        area = self.pixels if window is None else self.pixels[window]
        area += (np.asarray(colour, dtype=np.float32) - area) * opacity[..., None]

    def add(self, light: np.ndarray, colour: tuple, window: tuple | None = None) -> None:
        """Let a coloured light fall on it."""
        area = self.pixels if window is None else self.pixels[window]
        area += np.asarray(colour, dtype=np.float32) * light[..., None]

    def fade(self, top: tuple, bottom: tuple) -> None:
        """Cover everything with a vertical gradient."""
        part = self.y[..., None]
        self.pixels[:] = np.asarray(top, dtype=np.float32) * (1 - part) + np.asarray(bottom, dtype=np.float32) * part

    def vignette(self, strength: float) -> None:
        across, down = self.x - 0.5, self.y - 0.5
        self.pixels *= (1 - strength * smooth((across * across + down * down) * 2.2))[..., None]

    def parts(self, placed: Placed, wobble: np.ndarray | None = None) -> Iterator[tuple[str, np.ndarray, tuple, Plane]]:
        """Role, distance in pixels, the window that it covers, and the plane it was drawn on."""
        reach = 1.3 * placed.size + 6
        left, right = max(0, int(placed.x - reach)), min(self.side, int(placed.x + reach) + 1)
        top, bottom = max(0, int(placed.y - reach)), min(self.side, int(placed.y + reach) + 1)
        window = (slice(top, bottom), slice(left, right))
        moved = None if wobble is None else wobble[:, top:bottom, left:right]
        size = bottom - top, right - left
        plane = Plane(*size, left, top, placed.x, placed.y, placed.size, placed.lean, moved)
        for role, shape in motif(plane, placed.topic, placed.subtopic):
            yield role, shape * placed.size, window, plane

    def backdrop(self, name: str, draws: Draws) -> np.ndarray:
        """(side, side) distance in pixels of what stands behind everything."""
        return _BACKDROPS[name](self, draws) * self.side

    def finished(self) -> np.ndarray:
        """(side, side, 3) uint8."""
        return (np.clip(self.pixels, 0, 255) + 0.5).astype(np.uint8)


def grain(draws: Draws, side: int) -> np.ndarray:
    """(side, side) from -1 to 1, each pixel for itself."""
    return draws.uniforms(side, side).astype(np.float32) * 2 - 1


def clouds(draws: Draws, side: int, cells: int) -> np.ndarray:
    """(side, side) from -1 to 1, smooth: random numbers on a coarse grid, and what lies between."""
    corners = draws.uniforms(cells + 2, cells + 2).astype(np.float32) * 2 - 1
    places = np.arange(side, dtype=np.float32) * (cells / side)
    low = places.astype(np.int64)
    part = smooth(places - low)
    rows = corners[low] * (1 - part[:, None]) + corners[low + 1] * part[:, None]
    return rows[:, low] * (1 - part) + rows[:, low + 1] * part


def stripes(canvas: Canvas, across: float, down: float) -> np.ndarray:
    """(side, side) from 0 to 1 and back: `across` and `down` say how many there are along each side."""
    place = canvas.x * across + canvas.y * down
    return np.abs(place - np.floor(place) - 0.5) * 2


def _disc(canvas: Canvas, draws: Draws) -> np.ndarray:
    across, down = canvas.x - draws.uniform(0.4, 0.6), canvas.y - draws.uniform(0.38, 0.56)
    return np.sqrt(across * across + down * down) - draws.uniform(0.32, 0.42)


def _rays(canvas: Canvas, draws: Draws) -> np.ndarray:
    """Every other one of the wedges between lines through one point."""
    across, down = canvas.x - draws.uniform(0.4, 0.6), canvas.y - draws.uniform(0.5, 0.7)
    sides, nearest = np.ones_like(across * down), np.full_like(across * down, 9)
    for dx, dy in ((1, 0), (3, 1), (2, 2), (1, 3), (0, 1), (-1, 3), (-2, 2), (-3, 1)):
        side = (across * dy - down * dx) / float(np.sqrt(dx * dx + dy * dy))
        sides, nearest = sides * np.where(side > 0, 1.0, -1.0).astype(np.float32), np.minimum(nearest, np.abs(side))
    return nearest * sides


def _horizon(canvas: Canvas, draws: Draws) -> np.ndarray:
    hill = (canvas.x - draws.uniform(0.2, 0.8)) * draws.uniform(0.3, 0.9)
    return draws.uniform(0.6, 0.72) + hill * hill - canvas.y


def _dots(canvas: Canvas, draws: Draws) -> np.ndarray:
    count = 4 + draws.below(3)
    across, down = canvas.x * count + draws.uniform(), canvas.y * count + draws.uniform()
    across = across + np.where(np.floor(down) % 2 == 0, 0.5, 0.0).astype(np.float32)
    across, down = across - np.floor(across) - 0.5, down - np.floor(down) - 0.5
    return (np.sqrt(across * across + down * down) - draws.uniform(0.14, 0.26)) / count


def _band(canvas: Canvas, draws: Draws) -> np.ndarray:
    slope = draws.uniform(-0.8, 0.8)
    place = canvas.y - 0.5 + (canvas.x - 0.5) * slope + draws.uniform(-0.08, 0.08)
    return np.abs(place) - draws.uniform(0.16, 0.26)


def _arch(canvas: Canvas, draws: Draws) -> np.ndarray:
    across, wide, top = canvas.x - draws.uniform(0.46, 0.54), draws.uniform(0.3, 0.4), draws.uniform(0.42, 0.5)
    down = np.minimum(canvas.y - top, 0)
    return np.sqrt(across * across + down * down) - wide


_BACKDROPS: dict[str, Callable[[Canvas, Draws], np.ndarray]] = {
    "disc": _disc,
    "rays": _rays,
    "horizon": _horizon,
    "dots": _dots,
    "band": _band,
    "arch": _arch,
}
