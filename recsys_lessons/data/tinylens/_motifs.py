"""What is in the picture: one family of shapes for each topic, varied by the subtopic.

A motif is a list of parts from back to front, each a role (which of a style's colours it takes: "main", "second",
"accent", "ink", "light") and a field of distances. No motif knows of a style.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from recsys_lessons.data.tinylens import _motifs_more
from recsys_lessons.data.tinylens._shapes import Plane, both, cut, ring, union

__all__ = ["ROLES", "motif"]

ROLES = ("main", "second", "accent", "ink", "light")
Part = tuple[str, np.ndarray]


def motif(plane: Plane, topic: str, subtopic: str) -> list[Part]:
    """The parts of one topic's motif, in units of the plane."""
    return _FAMILIES[topic](plane, subtopic)


def _food(p: Plane, kind: str) -> list[Part]:
    """A bowl, and what is in it."""
    inside: list[Part] = []
    if kind == "noodles":
        strands = union(*(p.wave(0.04 * row, 0.02 - 0.13 * row, 0.3, 0.09, 5, 0.035) for row in range(3)))
        inside = [("light", p.oval(0, 0.02, 0.76, 0.36)), ("second", strands), ("accent", p.circle(-0.38, -0.2, 0.17)),
                  ("ink", union(p.line(0.1, 0, 0.78, -0.95, 0.035), p.line(0.3, 0, 0.95, -0.86, 0.035)))]  # fmt: skip
    elif kind == "baking":
        puffs = union(p.circle(-0.4, -0.12, 0.36), p.circle(0.4, -0.12, 0.36), p.circle(0, -0.4, 0.42))
        inside = [("light", puffs), ("second", union(p.line(-0.3, -0.4, -0.22, -0.3, 0.04),
                  p.line(0.3, -0.3, 0.38, -0.38, 0.04), p.line(0.0, -0.32, 0.1, -0.32, 0.04))),
                  ("accent", p.circle(0.02, -0.82, 0.15))]  # fmt: skip
    elif kind == "street food":
        for x, lean, roles in ((-0.4, -0.3, ("accent", "light", "second")), (0.15, 0.1, ("second", "accent", "light")),
                               (0.55, 0.4, ("light", "second", "accent"))):  # fmt: skip
            inside.append(("ink", p.line(x, 0.1, x + lean, -1.0, 0.03)))
            for place, role in enumerate(roles):
                part = 0.3 + 0.25 * place
                inside.append((role, p.circle(x + lean * part, 0.1 - 1.1 * part, 0.135)))
    else:
        steam = union(*(p.line(x, -0.25, x + 0.1, -0.5, 0.045) for x in (-0.45, 0, 0.45)),
                      *(p.line(x + 0.1, -0.5, x, -0.78, 0.045) for x in (-0.45, 0, 0.45)))  # fmt: skip
        bubbles = union(*(p.circle(x, y, 0.11) for x, y in ((-0.5, -0.02), (-0.15, -0.1), (0.2, -0.02), (0.52, -0.08))))
        ears = union(ring(p.circle(-0.86, 0.2, 0.17), 0.06), ring(p.circle(0.86, 0.2, 0.17), 0.06))
        inside = [("light", steam), ("ink", ears), ("second", p.oval(0, 0.02, 0.8, 0.24)), ("accent", bubbles)]
    bowl = both(p.circle(0, 0.02, 0.86), p.below(0.08))
    pattern = both(p.wave(0, 0.42, 0.26, 0.08, 7, 0.04), bowl)
    return [*inside, ("ink", p.box(0, 0.86, 0.34, 0.1, 0.04)), ("main", bowl), ("accent", pattern),
            ("second", p.box(0, 0.1, 0.9, 0.08, 0.08))]  # fmt: skip


def _travel(p: Plane, kind: str) -> list[Part]:
    """Peaks and a sun, and what stands before them."""
    big = p.polygon((-1.0, 0.62), (-0.3, -0.62), (0.4, 0.62))
    small = p.polygon((-0.15, 0.62), (0.5, -0.3), (1.05, 0.62))
    snow = union(both(big, p.above(-0.3)), both(small, p.above(-0.05)))
    scene: list[Part] = [("accent", p.circle(0.55, -0.58, 0.26)), ("second", small), ("main", big), ("light", snow)]
    if kind == "mountains":
        pines = union(*(p.polygon((x - 0.14, 0.7), (x, 0.7 - high), (x + 0.14, 0.7)) for x, high in
                        ((-0.72, 0.42), (-0.45, 0.55), (0.4, 0.5), (0.68, 0.4))))  # fmt: skip
        return [*scene, ("ink", pines), ("ink", p.box(0, 0.68, 1.0, 0.05, 0.04))]
    if kind == "seaside":
        water = union(p.wave(0, 0.7, 0.3, 0.08, 7, 0.045), p.wave(0, 0.88, 0.3, 0.08, 6, 0.045))
        hull = p.polygon((-0.52, 0.38), (0.5, 0.38), (0.3, 0.62), (-0.34, 0.62))
        sails = union(p.polygon((0.02, -0.42), (0.5, 0.3), (0.02, 0.3)), p.polygon((-0.05, -0.2), (-0.05, 0.3),
                      (-0.42, 0.3)))  # fmt: skip
        return [*scene, ("light", sails), ("ink", hull), ("second", water)]
    if kind == "city walks":
        towers = union(p.box(-0.66, 0.3, 0.18, 0.44), p.box(-0.2, 0.14, 0.2, 0.6), p.box(0.68, 0.36, 0.2, 0.38))
        spire = union(p.box(0.26, 0.28, 0.12, 0.46), p.line(0.26, -0.2, 0.26, -0.52, 0.03), p.circle(0.26, -0.22, 0.12))
        lights = union(*(p.box(x, y, 0.045, 0.055) for x in (-0.73, -0.59, -0.28, -0.12, 0.61, 0.75)
                         for y in (0.12, 0.32, 0.52)))  # fmt: skip
        return [*scene, ("ink", union(towers, spire)), ("accent", lights)]
    body = p.box(-0.02, 0.46, 0.92, 0.24, 0.16)
    windows = union(*(p.box(x, 0.4, 0.1, 0.09, 0.03) for x in (-0.66, -0.36, -0.06, 0.24, 0.58)))
    rails = union(p.box(0, 0.86, 1.05, 0.035), *(p.box(x, 0.92, 0.05, 0.06) for x in (-0.8, -0.4, 0, 0.4, 0.8)))
    wheels = union(*(p.circle(x, 0.74, 0.09) for x in (-0.6, -0.36, 0.36, 0.6)))
    return [*scene, ("ink", rails), ("second", body), ("light", windows), ("ink", wheels),
            ("accent", p.box(-0.02, 0.6, 0.9, 0.03))]  # fmt: skip


def _family(p: Plane, kind: str) -> list[Part]:
    """A house with a heart, and those who live there."""
    walls, roof = p.box(0, 0.34, 0.58, 0.46), p.polygon((-0.86, -0.06), (0, -0.8), (0.86, -0.06))
    house: list[Part] = [("ink", p.box(0.44, -0.52, 0.1, 0.24)), ("main", walls), ("second", roof),
                         ("accent", p.heart(0, -0.36, 0.17))]  # fmt: skip
    if kind == "bedtime stories":
        moon = cut(p.circle(-0.72, -0.66, 0.24), p.circle(-0.6, -0.74, 0.22))
        stars = union(p.star(0.84, -0.66, 0.17), p.star(-0.28, -0.9, 0.13), p.star(0.9, -0.2, 0.1))
        lit = p.box(0, 0.3, 0.28, 0.22, 0.05)
        bars = union(p.box(0, 0.3, 0.03, 0.22), p.box(0, 0.3, 0.28, 0.03))
        return [*house, ("light", union(moon, stars)), ("light", lit), ("ink", bars)]
    if kind == "crafts":
        pencil, tip = p.line(-0.92, 0.78, -0.7, -0.2, 0.09), p.polygon((-0.77, -0.26), (-0.66, -0.5), (-0.6, -0.24))
        blocks = union(p.box(0.72, 0.62, 0.18, 0.18, 0.03))
        return [*house, ("light", p.box(0, 0.5, 0.2, 0.3, 0.04)), ("accent", pencil), ("ink", tip), ("second", blocks),
                ("light", p.star(0.72, 0.62, 0.16)), ("accent", p.circle(0.68, 0.28, 0.15))]  # fmt: skip
    if kind == "parenting":
        people: list[Part] = []
        for x, y, size, role in ((-0.34, 0.24, 1.0, "accent"), (0.36, 0.28, 0.92, "ink"), (0.02, 0.52, 0.6, "light")):
            shape = union(p.circle(x, y, 0.17 * size), both(p.oval(x, y + 0.62 * size, 0.24 * size, 0.42 * size),
                          p.above(0.84)))  # fmt: skip
            people.append((role, shape))
        return [*house, *people]
    ears = union(p.polygon((-0.33, 0.34), (-0.3, -0.02), (-0.06, 0.22)), p.polygon((0.06, 0.22), (0.3, -0.02),
                 (0.33, 0.34)))  # fmt: skip
    face = union(p.oval(0, 0.44, 0.36, 0.3), ears)
    details = union(p.circle(-0.14, 0.4, 0.05), p.circle(0.14, 0.4, 0.05), p.arc(-0.06, 0.54, 0.06, 0.018, top=False),
                    p.arc(0.06, 0.54, 0.06, 0.018, top=False))  # fmt: skip
    return [*house, ("light", face), ("ink", details), ("accent", p.circle(0, 0.5, 0.045))]


def _fitness(p: Plane, kind: str) -> list[Part]:
    """A dumbbell, and what one does besides."""
    high = 0.66 if kind == "strength training" else 0.42
    y = 0.1 if kind == "strength training" else 0.46
    bell: list[Part] = [("ink", p.box(0, y, 0.98, 0.06, 0.06)),
                        ("main", union(p.box(-0.56, y, 0.13, high, 0.08), p.box(0.56, y, 0.13, high, 0.08))),
                        ("second", union(p.box(-0.82, y, 0.1, 0.68 * high, 0.07),
                                         p.box(0.82, y, 0.1, 0.68 * high, 0.07)))]  # fmt: skip
    if kind == "strength training":
        return [*bell, ("accent", union(p.box(-0.34, y, 0.07, 0.3, 0.05), p.box(0.34, y, 0.07, 0.3, 0.05)))]
    if kind == "running":
        watch = [("accent", union(p.circle(0, -0.4, 0.46), p.box(0, -0.92, 0.09, 0.09, 0.02))),
                 ("light", p.circle(0, -0.4, 0.34)),
                 ("ink", union(p.line(0, -0.4, 0, -0.64, 0.035), p.line(0, -0.4, 0.18, -0.32, 0.035)))]  # fmt: skip
        speed = union(*(p.line(-0.98, y2, -0.62, y2, 0.03) for y2 in (-0.6, -0.4, -0.2)))
        return [*watch, ("second", speed), *bell]
    if kind == "yoga":
        body = union(p.circle(0, -0.74, 0.17), p.polygon((-0.2, -0.5), (0.2, -0.5), (0.14, 0.0), (-0.14, 0.0)),
                     p.line(-0.18, -0.46, -0.52, -0.1, 0.06), p.line(0.18, -0.46, 0.52, -0.1, 0.06),
                     p.oval(0, 0.02, 0.58, 0.14))  # fmt: skip
        return [("second", ring(p.circle(0, -0.42, 0.52), 0.03)), ("accent", body), *bell]
    water = union(p.wave(0, -0.2, 0.32, 0.1, 6, 0.05), p.wave(0, 0.0, 0.32, 0.1, 5, 0.05))
    swimmer = union(p.circle(0.34, -0.46, 0.16), p.line(-0.5, -0.3, 0.16, -0.4, 0.09), p.line(0.02, -0.42, -0.16, -0.78,
                    0.06), p.line(-0.16, -0.78, 0.22, -0.84, 0.06))  # fmt: skip
    return [("accent", swimmer), ("second", water), *bell]


_FAMILIES: dict[str, Callable[[Plane, str], list[Part]]] = {
    "food": _food,
    "travel": _travel,
    "family": _family,
    "fitness": _fitness,
    "music": _motifs_more.music,
    "comedy": _motifs_more.comedy,
    "technology": _motifs_more.technology,
    "work": _motifs_more.work,
}
