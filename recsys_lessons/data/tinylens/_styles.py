"""Six ways to paint the same scene: what a cover shows of the style, and nothing else does."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from recsys_lessons.data.tinylens._canvas import Canvas, Scene, clouds, grain, stripes
from recsys_lessons.data.tinylens._draws import Draws
from recsys_lessons.data.tinylens._palettes import PALETTES
from recsys_lessons.data.tinylens._shapes import union

__all__ = ["painted"]


def painted(scene: Scene, style: str, side: int, draws: Draws) -> np.ndarray:
    """(side, side, 3) uint8."""
    palette = draws.one(PALETTES[style])
    tints = 1 + 0.1 * (draws.uniforms(3).astype(np.float32) - 0.5)
    colours = {name: np.asarray(colour, dtype=np.float32) * tints for name, colour in palette.items()}
    canvas = Canvas(side, colours["ground"])
    _PAINTERS[style](canvas, scene, colours, draws)
    return canvas.finished()


def _fill(distance: np.ndarray, soft: float = 1.0) -> np.ndarray:
    """Opacity of a shape: 1 inside, 0 outside, and an edge as wide as `soft` pixels."""
    return np.clip(0.5 - distance / soft, 0, 1)


def _hand_drawn(canvas: Canvas, scene: Scene, colours: dict, draws: Draws) -> None:
    """Coloured pencil on paper: hatching, wobbling outlines that miss the colour a little."""
    side = canvas.side
    wobble = np.stack([clouds(draws, side, 14), clouds(draws, side, 14)]) * 1.5
    paper, tooth = clouds(draws, side, 60), grain(draws, side)
    canvas.pixels *= (1 + 0.025 * paper + 0.02 * tooth)[..., None]
    slope = draws.one((-1.0, 1.0)) * draws.uniform(0.7, 1.2)
    hatch = stripes(canvas, 42.0, 42.0 * slope) + 0.35 * paper + 0.3 * tooth
    wax = np.clip(0.55 + 0.5 * hatch, 0.4, 1)
    canvas.paint(
        _fill(canvas.backdrop(scene.backdrop, draws) + wobble[0] * 2) * np.clip(wax - 0.2, 0, 1), colours["wash"]
    )
    miss = draws.uniform(-1.2, 1.2), draws.uniform(-1.2, 1.2)
    for placed in scene.motifs:
        shifted = placed._replace(x=placed.x + miss[0], y=placed.y + miss[1])
        for role, distance, window, _ in canvas.parts(shifted, wobble):
            canvas.paint(_fill(distance, 1.5) * (0.25 + 0.75 * wax[window]), colours[role], window)
        for role, distance, window, _ in canvas.parts(placed, wobble[::-1]):
            if role != "ink":
                pressure = 0.7 + 0.3 * paper[window]
                canvas.paint(_fill(np.abs(distance) - 0.7, 1.3) * pressure, colours["ink"], window)


def _neon(canvas: Canvas, scene: Scene, colours: dict, draws: Draws) -> None:
    """Tubes of light at night."""
    canvas.fade(colours["ground"], colours["wash"])
    lines = np.minimum(stripes(canvas, 12.0, 0.0), stripes(canvas, 0.0, 12.0))
    canvas.add(np.clip(0.12 - lines, 0, 1) * 2.2 * canvas.y, colours["second"])
    behind = canvas.backdrop(scene.backdrop, draws)
    canvas.add(0.5 / (1 + behind * behind / 5), colours[draws.one(("main", "second", "accent"))])
    for placed in scene.motifs:
        thin = placed.size / 60  # a small sign has thin tubes
        for role, distance, window, _ in canvas.parts(placed):
            canvas.paint(0.82 * _fill(distance), 0.75 * colours["ground"] + 0.25 * colours[role], window)
            edge = np.abs(distance)
            glow = 1 / (1 + edge * edge / (5 * thin * thin)) - 0.05 * thin
            canvas.add(min(1.0, 0.35 + 0.5 * thin) * np.clip(glow, 0, 1), colours[role], window)
            canvas.paint(min(1.0, 0.8 * thin) * _fill(edge - 0.5 * thin), 0.3 * colours[role] + 178, window)


def _documentary(canvas: Canvas, scene: Scene, colours: dict, draws: Draws) -> None:
    """A film still: daylight from above, shadows, things out of focus behind, black bars."""
    side = canvas.side
    canvas.fade(colours["wash"], colours["ground"])
    for _ in range(7):  # lights out of focus
        across, down = canvas.x - draws.uniform(), canvas.y - draws.uniform(0, 0.8)
        disc = (np.sqrt(across * across + down * down) - draws.uniform(0.04, 0.13)) * side
        canvas.paint(_fill(disc, 5) * draws.uniform(0.05, 0.16), (255, 250, 238))
    canvas.paint(0.22 * _fill(canvas.backdrop(scene.backdrop, draws), 14), colours["ink"])
    for placed in scene.motifs:
        parts = list(canvas.parts(placed))
        low = placed._replace(x=placed.x + 0.1 * placed.size, y=placed.y + 0.14 * placed.size)
        shadows = list(canvas.parts(low))
        shade = union(*(distance for _, distance, _, _ in shadows))
        canvas.paint(0.5 * _fill(shade, 12), (14, 16, 18), shadows[0][2])
        for role, distance, window, plane in parts:
            depth = np.clip(-distance / (0.16 * placed.size), 0, 1)  # rounder towards the middle
            light = (0.9 + 0.36 * depth - 0.18 * plane.y - 0.08 * plane.x)[..., None]
            canvas.paint(_fill(distance), np.clip(colours[role] * light, 0, 255), window)
    canvas.vignette(0.32)
    canvas.pixels += (6 * grain(draws, side))[..., None]
    bar = np.maximum(0.105 - canvas.y, canvas.y - 0.895) + 0 * canvas.x
    canvas.pixels[bar > 0] = 8


def _pastel(canvas: Canvas, scene: Scene, colours: dict, draws: Draws) -> None:
    """Soft stickers on a soft ground."""
    side = canvas.side
    canvas.paint(0.9 * _fill(canvas.backdrop(scene.backdrop, draws), 2), colours["wash"])
    for _ in range(9):  # confetti
        across, down = canvas.x - draws.uniform(), canvas.y - draws.uniform()
        spot = (np.sqrt(across * across + down * down) - draws.uniform(0.012, 0.035)) * side
        canvas.paint(0.75 * _fill(spot, 2), colours[draws.one(("main", "second", "accent"))])
    for placed in scene.motifs:
        parts = list(canvas.parts(placed))
        outline = union(*(distance for _, distance, _, _ in parts))
        canvas.paint(0.16 * _fill(outline - 7, 9), colours["ink"], parts[0][2])
        canvas.paint(_fill(outline - 0.075 * placed.size, 1.5), (255, 253, 250), parts[0][2])
        for role, distance, window, _ in parts:
            gloss = np.clip(1 + distance / (0.3 * placed.size), 0, 1)[..., None]
            canvas.paint(
                _fill(distance, 1.8), colours[role] * gloss + (255 + colours[role]) * 0.5 * (1 - gloss), window
            )


def _vintage_film(canvas: Canvas, scene: Scene, colours: dict, draws: Draws) -> None:
    """An old print: two tones, faded, scratched, with the holes of the film at its sides."""
    side = canvas.side
    canvas.paint(0.8 * _fill(canvas.backdrop(scene.backdrop, draws), 3), colours["wash"])
    for placed in scene.motifs:
        for role, distance, window, plane in canvas.parts(placed):
            canvas.paint(0.25 * _fill(distance, 7), colours["light"], window)  # light that bled into the film
            canvas.paint(_fill(distance, 2.2), colours[role] * (0.95 - 0.12 * plane.y)[..., None], window)
    canvas.pixels += (9 * clouds(draws, side, 5) + 11 * grain(draws, side))[..., None]
    for _ in range(2 + draws.below(3)):
        scratch = (np.abs(canvas.x - draws.uniform(0.12, 0.88)) * side + 0 * canvas.y) - draws.uniform(0.0, 0.5)
        broken = np.clip(clouds(draws, side, 6)[:, :1] * 2 + 0.5, 0, 1)
        canvas.paint(0.5 * _fill(scratch) * broken, colours[draws.one(("light", "light", "ink"))])
    for _ in range(10):  # dust
        across, down = canvas.x - draws.uniform(), canvas.y - draws.uniform()
        canvas.paint(
            0.6 * _fill((np.sqrt(across * across + down * down)) * side - draws.uniform(0.3, 1.3)), colours["light"]
        )
    canvas.vignette(0.75)
    edge = np.abs(canvas.x - 0.5) + 0 * canvas.y
    canvas.paint(_fill((0.435 - edge) * side), (24, 17, 13))
    down = canvas.y * 9 + draws.uniform()
    hole = np.maximum(np.abs(edge - 0.468) - 0.016, (np.abs(down - np.floor(down) - 0.5) - 0.24) / 9) * side
    canvas.paint(0.9 * _fill(hole, 1.5), (222, 208, 180))


def _minimalist(canvas: Canvas, scene: Scene, colours: dict, draws: Draws) -> None:
    """One thing, three flat colours, and much room."""
    placed = scene.motifs[-1]
    middle = 0.5 * canvas.side
    placed = placed._replace(
        size=0.68 * placed.size, x=middle + 1.6 * (placed.x - middle), y=middle + 1.6 * (placed.y - middle)
    )
    for role, distance, window, _ in canvas.parts(placed):
        canvas.paint(_fill(distance), colours[role], window)
    line = np.maximum(np.abs(canvas.y - 0.92) * canvas.side - 0.6, (np.abs(canvas.x - 0.5) - 0.06) * canvas.side)
    canvas.paint(_fill(line), colours["ink"])


_PAINTERS: dict[str, Callable[[Canvas, Scene, dict, Draws], None]] = {
    "hand-drawn": _hand_drawn,
    "neon": _neon,
    "documentary": _documentary,
    "pastel": _pastel,
    "vintage film": _vintage_film,
    "minimalist": _minimalist,
}
