"""Pictures of a catalogue's media: covers with their titles, frames of clips, waveforms and spectrograms."""

from __future__ import annotations

import os
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from recsys_lessons.plots import PALETTE, Picture

__all__ = ["Sheet", "contact_sheet"]

_INK, _PALE = "#333333", "#8a8a8a"
_PICTURES = ("cover", "poster")
_LINE = 192  # half-width letters beside each other on the page


class Sheet(Picture):
    """A page of photographs: as a JPEG it takes a quarter of a PNG's bytes in a notebook."""

    def _repr_png_(self) -> None:
        return None

    def _repr_jpeg_(self) -> bytes:
        buffer = BytesIO()
        self.savefig(buffer, format="jpeg", pil_kwargs={"quality": 85})
        return buffer.getvalue()


def contact_sheet(
    items: pd.DataFrame | Sequence[str | Path | None],
    n: int = 24,
    *,
    columns: int = 8,
    titles: str | Sequence[str] | None = "title",
    clips: int = 0,
    sounds: int = 0,
    title: str = "",
) -> Sheet:
    """Many items on one page: their pictures with titles, and below them strips of clips and sounds if asked.

    An item without a picture has an empty frame, so that what is missing is seen.

    Args:
        items: a table with a column cover or poster (and video, audio), of which the first n rows are shown; or paths.
        n, columns: how many pictures, and how many beside each other.
        titles: the column to write below each picture, or the titles themselves, or None.
        clips: of how many items that have one to show eight frames of the video in a row.
        sounds: of how many items that have one to show the waveform and the spectrogram.
        title: above everything.

    Raises:
        ValueError: nothing to show; a count that is not positive; no such column; clips or sounds without a column.
        MediaError: a file that cannot be read.
    """
    table = _table(items, titles)
    if n < 1 or columns < 1:
        raise ValueError(f"n is {n} and columns is {columns}; both must be 1 or more.")
    shown = table.iloc[:n]
    videos, audios = _strips(table, "video", clips), _strips(table, "audio", sounds)
    columns = min(columns, len(shown))
    rows = -(-len(shown) // columns)
    width, has_titles = 11.0, shown["title"].ne("").any()
    each = width / columns
    heights = [rows * (each + (0.36 if has_titles else 0.0)), 1.56 * len(videos), 1.05 * len(audios)]
    figure = Sheet(width, sum(heights) + (0.5 if title else 0.1))
    figure.get_layout_engine().set(w_pad=0.03, h_pad=0.03, hspace=0.02, wspace=0.0)
    present = [place for place, height in enumerate(heights) if height]
    parts = figure.subfigures(len(present), 1, height_ratios=[heights[place] for place in present], squeeze=False)[:, 0]
    for part, place in zip(parts, present, strict=True):
        (_draw_covers, _draw_clips, _draw_sounds)[place](part, (shown, videos, audios)[place], columns)
    if title:
        figure.suptitle(title, fontsize=14, color=_INK, **_font_for(title))
    return figure


def _table(items: Any, titles: str | Sequence[str] | None) -> pd.DataFrame:
    """Columns picture, title, and video, audio where there are any."""
    if not isinstance(items, pd.DataFrame):
        names = [""] * len(items) if titles is None or isinstance(titles, str) else list(titles)
        items = pd.DataFrame({"cover": list(items), "title": names})
        titles = "title"
    if items.empty:
        raise ValueError("there are no items to show; pass a table with rows, or paths.")
    found = [name for name in _PICTURES if name in items]
    if not found:
        raise ValueError(
            f"there is no column cover or poster among {', '.join(map(str, items))}; make the world with media=True, "
            "or pass a list of paths."
        )
    if isinstance(titles, str) and titles not in items:
        raise ValueError(f"there is no column {titles!r} for the titles; there are {', '.join(map(str, items))}.")
    if titles is None:
        words = [""] * len(items)
    else:
        words = items[titles].fillna("").astype(str).tolist() if isinstance(titles, str) else list(titles)
    if len(words) != len(items):
        raise ValueError(f"there are {len(words)} titles for {len(items)} items; pass one an item.")
    table = pd.DataFrame({"picture": items[found[0]].to_numpy(dtype=object), "title": words})
    return table.assign(**{name: items[name].to_numpy(dtype=object) for name in ("video", "audio") if name in items})


def _strips(table: pd.DataFrame, name: str, n: int) -> pd.DataFrame:
    """The first n items that have such a file."""
    if n and name not in table:
        raise ValueError(f"there is no column {name!r} in the items, so its strips cannot be drawn; ask for none.")
    return table[[isinstance(path, (str, os.PathLike)) for path in table[name]]].iloc[:n] if n else table.iloc[:0]


def _draw_covers(figure: Any, table: pd.DataFrame, columns: int) -> None:
    rows = -(-len(table) // columns)
    grid = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes, item in zip(grid, table.itertuples(index=False), strict=False):
        if isinstance(item.picture, (str, os.PathLike)):
            axes.imshow(_pixels(item.picture), interpolation="lanczos")
        else:
            axes.imshow(np.full((2, 2, 3), 242, dtype=np.uint8))
            axes.text(0.5, 0.5, "no picture", ha="center", va="center", fontsize=7.5, color=_PALE)
        words = _wrapped(item.title, max(8, min(40, _LINE // columns)))
        axes.set_xlabel(words, fontsize=6.8, color=_INK, labelpad=3, linespacing=1.15, **_font_for(words))
    for axes in grid:
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_visible(False)
    for axes in grid[len(table) :]:
        axes.set_visible(False)


def _draw_clips(figure: Any, table: pd.DataFrame, columns: int) -> None:
    for axes, item in zip(figure.subplots(len(table), 1, squeeze=False)[:, 0], table.itertuples(), strict=True):
        frames = _frames(item.video, 8)
        gap = np.full((len(frames[0]), max(2, frames[0].shape[1] // 40), 3), 255, dtype=np.uint8)
        axes.imshow(np.concatenate([part for frame in frames for part in (frame, gap)][:-1], axis=1))
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_visible(False)
        _name(axes, item.title)


def _draw_sounds(figure: Any, table: pd.DataFrame, columns: int) -> None:
    pairs = figure.subplots(len(table), 2, squeeze=False)
    for (left, right), item in zip(pairs, table.itertuples(), strict=True):
        wave, rate = _samples(item.audio)
        seconds = np.arange(len(wave)) / rate
        left.fill_between(seconds, -np.abs(wave), np.abs(wave), color=PALETTE[0], linewidth=0)
        left.set(xlim=(0, seconds[-1]), ylim=(-1, 1))
        right.imshow(_spectrogram(wave), origin="lower", aspect="auto", cmap="magma", vmin=-70, vmax=0)
        for axes in (left, right):
            axes.set(xticks=[], yticks=[])
            axes.spines[:].set_visible(False)
        _name(left, item.title)


def _name(axes: Any, title: str) -> None:
    axes.set_title(_wrapped(title, 80), fontsize=7.5, color=_INK, loc="left", pad=3, **_font_for(title))


def _pixels(path: str | Path) -> np.ndarray:
    """(h, w, 3), the middle square of the picture, at most 256 pixels wide."""
    from PIL import Image, ImageOps

    from recsys_lessons.errors import MediaError

    try:
        with Image.open(path) as picture:
            picture.draft("RGB", (512, 512))
            return np.asarray(ImageOps.fit(ImageOps.exif_transpose(picture).convert("RGB"), (256, 256)))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise MediaError(f"{path} cannot be shown: {error}. Replace the file, or leave the item out.") from error


def _frames(path: str | Path, n: int) -> list[np.ndarray]:
    """n frames, evenly spread over the clip."""
    import av

    from recsys_lessons.errors import MediaError

    try:
        with av.open(str(path)) as file:
            frames = [frame.to_ndarray(format="rgb24") for frame in file.decode(video=0)]
    except (av.FFmpegError, IndexError, OSError) as error:
        raise MediaError(f"{path} cannot be shown: {error}. Replace the file, or leave the item out.") from error
    return [frames[int((place + 0.5) * len(frames) / n)] for place in range(n)]


def _samples(path: str | Path) -> tuple[np.ndarray, int]:
    """(n,) from -1 to 1, mono, and how many a second."""
    import av

    from recsys_lessons.errors import MediaError

    try:
        with av.open(str(path)) as file:
            to_mono = av.AudioResampler(format="flt", layout="mono")
            blocks = [part for frame in file.decode(audio=0) for part in to_mono.resample(frame)]
            blocks += to_mono.resample(None)
            rate = blocks[0].sample_rate
    except (av.FFmpegError, IndexError, OSError) as error:
        raise MediaError(f"{path} cannot be shown: {error}. Replace the file, or leave the item out.") from error
    return np.concatenate([block.to_ndarray()[0] for block in blocks]), rate


def _spectrogram(wave: np.ndarray) -> np.ndarray:
    """(frequencies, moments) in decibels below the loudest: squared windows of 512 samples, every 128."""
    if len(wave) < 512:
        wave = np.pad(wave, (0, 512 - len(wave)))
    windows = np.lib.stride_tricks.sliding_window_view(wave, 512)[::128] * np.hanning(512)
    power = np.abs(np.fft.rfft(windows)) ** 2
    return 10 * np.log10(np.maximum(power / max(power.max(), 1e-12), 1e-9)).T[:160]


def _is_cjk(text: str) -> bool:
    return any("⺀" <= letter <= "鿿" or "豈" <= letter <= "﫿" or "＀" <= letter <= "￯" for letter in text)


def _font_for(text: str) -> dict[str, Any]:
    """What to pass to matplotlib so that the text has its glyphs: the course's Chinese font, where it is needed."""
    if not _is_cjk(text):
        return {}
    from matplotlib.font_manager import FontProperties

    from recsys_lessons.assets import asset_path

    return {"fontproperties": FontProperties(fname=str(asset_path("noto-sans-cjk-sc")))}


def _wrapped(text: str, line: int) -> str:
    """At most two lines; Chinese letters count double and may be parted anywhere."""
    words = list(text) if _is_cjk(text) else [word + " " for word in text.split()]
    lines = [""]
    for word in words:
        if lines[-1] and _wide((lines[-1] + word).rstrip()) > line:
            if len(lines) == 2:
                lines[-1] = lines[-1].rstrip() + "…"
                break
            lines.append("")
        lines[-1] += word
    return "\n".join(part.strip().replace("$", r"\$") for part in lines)


def _wide(text: str) -> int:
    return sum(2 if _is_cjk(letter) else 1 for letter in text)
