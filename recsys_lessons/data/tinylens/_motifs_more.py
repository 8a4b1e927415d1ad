"""The other four families of shapes: music, comedy, technology, work."""

from __future__ import annotations

import numpy as np

from recsys_lessons.data.tinylens._shapes import Plane, both, cut, ring, union

__all__ = ["comedy", "music", "technology", "work"]

Part = tuple[str, np.ndarray]


def music(p: Plane, kind: str) -> list[Part]:
    """A pair of notes, and what they are played on."""
    x, y, s = (0.0, 0.0, 1.0) if kind == "ambient sounds" else (0.24, -0.16, 0.8)
    heads = union(p.oval(x - 0.5 * s, y + 0.5 * s, 0.27 * s, 0.2 * s), p.oval(x + 0.38 * s, y + 0.36 * s, 0.27 * s,
                  0.2 * s))  # fmt: skip
    stems = union(p.box(x - 0.29 * s, y - 0.06 * s, 0.055 * s, 0.58 * s), p.box(x + 0.59 * s, y - 0.2 * s, 0.055 * s,
                  0.58 * s))  # fmt: skip
    beam = p.polygon((x - 0.34 * s, y - 0.66 * s), (x + 0.64 * s, y - 0.84 * s), (x + 0.64 * s, y - 0.58 * s),
                     (x - 0.34 * s, y - 0.4 * s))  # fmt: skip
    notes: list[Part] = [("ink", stems), ("main", beam), ("main", heads)]
    if kind == "guitar":
        body = union(p.circle(-0.5, 0.56, 0.36), p.circle(-0.26, 0.22, 0.27))
        neck, head = p.line(-0.3, 0.28, 0.3, -0.7, 0.06), p.line(0.3, -0.7, 0.38, -0.84, 0.1)
        return [("second", body), ("ink", union(neck, head)), ("light", p.circle(-0.4, 0.42, 0.12)),
                ("ink", p.line(-0.68, 0.6, -0.52, 0.76, 0.04)), *_moved(notes)]  # fmt: skip
    if kind == "piano":
        keys = p.box(-0.02, 0.66, 0.94, 0.3, 0.04)
        gaps = union(*(p.box(-0.02 + 0.235 * place, 0.66, 0.012, 0.3) for place in (-3, -2, -1, 0, 1, 2, 3)))
        black = union(*(p.box(-0.02 + 0.235 * place, 0.54, 0.065, 0.18) for place in (-3, -2, 0, 1, 2)))
        return [("light", keys), ("ink", union(gaps, black)), ("second", p.box(-0.02, 0.36, 0.98, 0.06, 0.03)), *notes]
    if kind == "folk songs":
        side = both(p.box(-0.3, 0.56, 0.52, 0.3), p.oval(-0.3, 0.5, 0.56, 0.46))
        top = p.oval(-0.3, 0.28, 0.52, 0.16)
        laces = union(*(p.line(-0.72 + 0.28 * i, 0.4, -0.58 + 0.28 * i, 0.76, 0.022) for i in range(4)),
                      *(p.line(-0.58 + 0.28 * i, 0.76, -0.44 + 0.28 * i, 0.4, 0.022) for i in range(3)))  # fmt: skip
        sticks = union(p.line(-0.3, 0.2, -0.86, -0.34, 0.035), p.line(-0.1, 0.24, -0.5, -0.5, 0.035))
        return [("second", side), ("accent", both(laces, side)), ("light", top), ("ink", sticks), *notes]
    places = ((-0.86, -0.36), (0.02, 0.1), (0.9, -0.3), (-0.1, 0.86))
    drops = union(*(union(p.circle(x, y2, 0.075), p.polygon((x - 0.07, y2 - 0.03), (x, y2 - 0.2),
                    (x + 0.07, y2 - 0.03))) for x, y2 in places))  # fmt: skip
    ripples = union(*(ring(p.circle(0.02, 0.02, radius), 0.022) for radius in (0.74, 0.98)))
    return [("second", ripples), ("accent", drops), *notes]


def _moved(parts: list[Part]) -> list[Part]:
    return [(role if role == "ink" else "accent", shape) for role, shape in parts]


def comedy(p: Plane, kind: str) -> list[Part]:
    """A laughing face, and how it makes one laugh."""
    face, before, after = p.circle(0, 0.06, 0.74), [], []
    eyes = union(p.arc(-0.28, -0.04, 0.14, 0.05, top=True), p.arc(0.28, -0.04, 0.14, 0.05, top=True))
    mouth = both(p.circle(0, 0.2, 0.44), p.below(0.24))
    teeth = both(mouth, p.above(0.35))
    tongue = both(p.circle(0, 0.66, 0.24), mouth)
    if kind == "funny animals":
        before = [("main", union(p.oval(-0.5, -0.6, 0.2, 0.42), p.oval(0.5, -0.6, 0.2, 0.42))),
                  ("accent", union(p.oval(-0.5, -0.58, 0.1, 0.28), p.oval(0.5, -0.58, 0.1, 0.28)))]  # fmt: skip
        hair = union(*(p.line(side * 0.3, 0.16, side * 0.92, y, 0.022) for side in (-1, 1) for y in (0.02, 0.18, 0.34)))
        after = [("ink", hair), ("accent", p.oval(0, 0.12, 0.12, 0.09))]
    elif kind == "impressions":
        hat = union(p.box(0, -0.58, 0.86, 0.08, 0.06), p.box(0, -0.82, 0.46, 0.24, 0.05))
        moustache = union(p.oval(-0.2, 0.16, 0.24, 0.1), p.oval(0.2, 0.16, 0.24, 0.1))
        after = [("ink", hat), ("accent", p.box(0, -0.68, 0.46, 0.05)), ("ink", moustache)]
    elif kind == "stand-up":
        after = [("ink", p.line(0.62, 0.98, 0.44, 0.52, 0.08)), ("second", p.circle(0.38, 0.36, 0.2)),
                 ("accent", p.line(0.34, 0.54, 0.56, 0.46, 0.045))]  # fmt: skip
    else:
        second = p.circle(0.5, -0.36, 0.5)
        sad = union(p.circle(0.38, -0.46, 0.06), p.circle(0.68, -0.46, 0.06), p.arc(0.55, -0.08, 0.2, 0.045, top=True))
        before = [("second", second), ("ink", sad)]
        face = p.circle(-0.08, 0.14, 0.7)
    return [*before, ("main", face), ("ink", union(eyes, mouth)), ("light", teeth), ("accent", tongue), *after]


def technology(p: Plane, kind: str) -> list[Part]:
    """A chip with its pins, and what it drives."""
    pins = union(*(p.box(0, y, 0.98, 0.045, 0.03) for y in (-0.42, -0.14, 0.14, 0.42)),
                 *(p.box(x, 0, 0.045, 0.98, 0.03) for x in (-0.42, -0.14, 0.14, 0.42)))  # fmt: skip
    board: list[Part] = [("second", pins), ("main", p.box(0, 0, 0.74, 0.74, 0.1))]
    if kind == "phones":
        dots = union(*(p.box(x, y, 0.075, 0.075, 0.03) for x in (-0.14, 0.14) for y in (-0.28, -0.02)))
        return [*board, ("ink", p.box(0, 0, 0.36, 0.62, 0.1)), ("light", p.box(0, -0.03, 0.29, 0.48, 0.03)),
                ("accent", dots), ("second", p.box(0, 0.26, 0.2, 0.07, 0.05)),
                ("light", p.circle(0, 0.53, 0.04))]  # fmt: skip
    if kind == "coding":
        signs = union(p.line(-0.24, -0.2, -0.44, 0.02, 0.05), p.line(-0.44, 0.02, -0.24, 0.24, 0.05),
                      p.line(0.24, -0.2, 0.44, 0.02, 0.05), p.line(0.44, 0.02, 0.24, 0.24, 0.05))  # fmt: skip
        bar = p.box(0, -0.46, 0.6, 0.07, 0.03)
        return [*board, ("ink", p.box(0, 0, 0.62, 0.6, 0.05)), ("second", bar), ("light", signs),
                ("accent", p.line(0.09, -0.26, -0.09, 0.3, 0.05))]  # fmt: skip
    if kind == "robots":
        head = p.box(0, 0.06, 0.5, 0.4, 0.12)
        aerial = union(p.line(0, -0.3, 0, -0.52, 0.035), p.box(-0.56, 0.06, 0.07, 0.14, 0.03), p.box(0.56, 0.06, 0.07,
                       0.14, 0.03))  # fmt: skip
        eyes = union(p.circle(-0.2, 0.0, 0.13), p.circle(0.2, 0.0, 0.13))
        mouth = union(*(p.box(x, 0.28, 0.045, 0.06) for x in (-0.2, -0.07, 0.07, 0.2)))
        return [*board, ("ink", aerial), ("light", head), ("accent", p.circle(0, -0.56, 0.09)), ("ink", eyes),
                ("accent", union(p.circle(-0.2, 0.0, 0.055), p.circle(0.2, 0.0, 0.055))), ("ink", mouth)]  # fmt: skip
    roof = p.polygon((-0.52, -0.02), (0, -0.5), (0.52, -0.02))
    waves = union(*(both(ring(p.circle(0, 0.42, r), 0.045), p.half(0.8, 0.6, 0, 0.42), p.half(-0.8, 0.6, 0, 0.42))
                    for r in (0.2, 0.36)))  # fmt: skip
    return [*board, ("light", union(roof, p.box(0, 0.22, 0.38, 0.28))), ("ink", union(waves, p.circle(0, 0.42, 0.06))),
            ("accent", union(p.line(-0.56, 0.0, 0, -0.5, 0.05), p.line(0, -0.5, 0.56, 0.0, 0.05)))]  # fmt: skip


def work(p: Plane, kind: str) -> list[Part]:
    """A briefcase, and the day's business behind it."""
    case = [("ink", cut(p.box(0, 0.1, 0.3, 0.16, 0.08), p.box(0, 0.12, 0.2, 0.1, 0.04))),
            ("main", p.box(0, 0.54, 0.8, 0.4, 0.1)), ("second", p.box(0, 0.5, 0.8, 0.05)),
            ("accent", p.box(0, 0.52, 0.1, 0.1, 0.03))]  # fmt: skip
    if kind == "presentations":
        board = p.box(0, -0.42, 0.76, 0.5, 0.04)
        bars = [("accent", p.box(-0.42, -0.24, 0.1, 0.22)), ("main", p.box(-0.14, -0.34, 0.1, 0.32)),
                ("second", p.box(0.14, -0.44, 0.1, 0.42)), ("accent", p.box(0.42, -0.52, 0.1, 0.5))]  # fmt: skip
        bars = [(role, both(shape, p.above(-0.08))) for role, shape in bars]
        return [("ink", p.box(0, -0.42, 0.82, 0.55, 0.05)), ("light", board), *bars, *case]
    if kind == "job interviews":
        left = union(p.oval(-0.4, -0.5, 0.48, 0.3), p.polygon((-0.56, -0.3), (-0.26, -0.3), (-0.6, 0.02)))
        right = union(p.oval(0.46, -0.32, 0.44, 0.27), p.polygon((0.3, -0.12), (0.6, -0.12), (0.66, 0.12)))
        words = union(p.box(-0.4, -0.58, 0.28, 0.035, 0.03), p.box(-0.46, -0.44, 0.2, 0.035, 0.03))
        dots = union(*(p.circle(x, -0.32, 0.06) for x in (0.28, 0.46, 0.64)))
        return [("light", left), ("second", right), ("ink", words), ("light", dots), *case]
    if kind == "productivity":
        clock = [
            ("second", p.circle(-0.02, -0.36, 0.54)),
            ("light", p.circle(-0.02, -0.36, 0.44)),
            ("ink", union(p.line(-0.02, -0.36, -0.02, -0.68, 0.04), p.line(-0.02, -0.36, 0.22, -0.26, 0.04))),
        ]
        tick = union(p.line(0.48, -0.66, 0.62, -0.5, 0.06), p.line(0.62, -0.5, 0.9, -0.9, 0.06))
        return [*clock, ("accent", tick), *case]
    walls = p.box(0, -0.2, 0.72, 0.5)
    stripes: list[Part] = []
    for place in range(6):
        x = -0.75 + 0.3 * place
        piece = union(p.box(x, -0.66, 0.15, 0.18), both(p.circle(x, -0.48, 0.15), p.below(-0.5)))
        stripes.append(("accent" if place % 2 else "light", piece))
    return [("second", walls), ("ink", p.box(-0.3, -0.1, 0.2, 0.22)), *stripes, *case]
