"""Shapes as distances: what a cover and a clip are drawn from, the same to the last bit on any machine.

A shape is a field: at each pixel, how far outside its edge the pixel lies (negative: inside). From it follow a filled
shape with a smooth edge, an outline, a shadow and a glow. Only +, -, *, /, square root, absolute value, least and
largest are used: each is exactly rounded everywhere, and sines or a drawing library's own pixels are not.
"""

from __future__ import annotations

import numpy as np

__all__ = ["Plane", "both", "cut", "ring", "smooth", "union"]


class Plane:
    """Coordinates of a window of pixels, in units of one motif: x to the right, y down, the motif within -1 and 1.

    Args:
        height, width: of the window. left, top: where the window lies in the picture. x, y: the motif's centre in the
            picture. size: pixels in one unit. lean: tangent of half the angle that the motif is turned by.
        wobble: (2, height, width) pixels that every point is moved by, or None.
    """

    def __init__(self, height, width, left, top, x, y, size, lean=0.0, wobble=None):
        across = (np.arange(width, dtype=np.float32) + (left + 0.5 - x))[None, :] / size
        down = (np.arange(height, dtype=np.float32) + (top + 0.5 - y))[:, None] / size
        cosine, sine = (1 - lean * lean) / (1 + lean * lean), 2 * lean / (1 + lean * lean)
        self.x, self.y = across * cosine + down * sine, down * cosine - across * sine
        if wobble is not None:
            self.x, self.y = self.x + wobble[0] / size, self.y + wobble[1] / size

    def circle(self, x: float, y: float, radius: float) -> np.ndarray:
        across, down = self.x - x, self.y - y
        return np.sqrt(across * across + down * down) - radius

    def oval(self, x: float, y: float, wide: float, high: float) -> np.ndarray:
        across, down = (self.x - x) / wide, (self.y - y) / high
        return (np.sqrt(across * across + down * down) - 1) * min(wide, high)

    def box(self, x: float, y: float, wide: float, high: float, round: float = 0.0) -> np.ndarray:
        """Half widths, and the radius of the corners."""
        across, down = np.abs(self.x - x) - (wide - round), np.abs(self.y - y) - (high - round)
        outside_x, outside_y = np.maximum(across, 0), np.maximum(down, 0)
        outside = np.sqrt(outside_x * outside_x + outside_y * outside_y)
        return outside + np.minimum(np.maximum(across, down), 0) - round

    def line(self, x1: float, y1: float, x2: float, y2: float, width: float) -> np.ndarray:
        """A stroke with round ends, `width` to each side."""
        across, down = self.x - x1, self.y - y1
        dx, dy = x2 - x1, y2 - y1
        along = np.clip((across * dx + down * dy) / (dx * dx + dy * dy), 0, 1)
        across, down = across - along * dx, down - along * dy
        return np.sqrt(across * across + down * down) - width

    def polygon(self, *corners: tuple[float, float]) -> np.ndarray:
        """Convex, corners clockwise on the screen."""
        sides = []
        for (x1, y1), (x2, y2) in zip(corners, (*corners[1:], corners[0]), strict=True):
            sides.append(self.half(y2 - y1, x1 - x2, x1, y1))
        return both(*sides)

    def half(self, normal_x: float, normal_y: float, x: float, y: float) -> np.ndarray:
        """The half plane behind the point (x, y), seen along the normal."""
        length = float(np.sqrt(normal_x * normal_x + normal_y * normal_y))
        return (self.x - x) * (normal_x / length) + (self.y - y) * (normal_y / length)

    def above(self, y: float) -> np.ndarray:
        return self.y - y

    def below(self, y: float) -> np.ndarray:
        return y - self.y

    def wave(self, x: float, y: float, length: float, height: float, n: int, width: float) -> np.ndarray:
        """n arcs beside each other, bulging down and up in turn: a water line, a noodle."""
        strokes = []
        for place in range(n):
            middle = x + (place - (n - 1) / 2) * length
            bend, side = (height, 1) if place % 2 == 0 else (-height, -1)
            radius = (length * length / 4 + height * height) / (2 * height)
            arc = ring(self.circle(middle, y + bend - side * radius, radius), width)
            strokes.append(both(arc, self.below(y) if side > 0 else self.above(y)))
        return union(*strokes)

    def arc(self, x: float, y: float, radius: float, width: float, *, top: bool) -> np.ndarray:
        return both(ring(self.circle(x, y, radius), width), self.above(y) if top else self.below(y))

    def heart(self, x: float, y: float, size: float) -> np.ndarray:
        lobes = union(self.circle(x - 0.5 * size, y, 0.56 * size), self.circle(x + 0.5 * size, y, 0.56 * size))
        tip = self.polygon((x - 0.93 * size, y + 0.34 * size), (x, y - 0.3 * size), (x + 0.93 * size, y + 0.34 * size),
                           (x, y + 1.3 * size))  # fmt: skip
        return union(lobes, tip)

    def star(self, x: float, y: float, size: float) -> np.ndarray:
        """Four points: two thin diamonds."""
        across, down = np.abs(self.x - x), np.abs(self.y - y)
        return np.minimum(across + 3.2 * down, 3.2 * across + down) / 3.35 - size / 3.35


def union(*shapes: np.ndarray) -> np.ndarray:
    result = shapes[0]
    for shape in shapes[1:]:
        result = np.minimum(result, shape)
    return result


def both(*shapes: np.ndarray) -> np.ndarray:
    result = shapes[0]
    for shape in shapes[1:]:
        result = np.maximum(result, shape)
    return result


def cut(shape: np.ndarray, *holes: np.ndarray) -> np.ndarray:
    return np.maximum(shape, -union(*holes))


def ring(shape: np.ndarray, width: float) -> np.ndarray:
    """The edge alone, `width` to each side."""
    return np.abs(shape) - width


def smooth(values: np.ndarray) -> np.ndarray:
    """From 0 to 1 without a kink, for values from 0 to 1; beyond them the same ends."""
    values = np.clip(values, 0, 1)
    return values * values * (3 - 2 * values)
