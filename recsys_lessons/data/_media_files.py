"""Pictures, sounds and videos in a folder: which file belongs to which item, told by its name."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from recsys_lessons.data._errors import DataFileError
from recsys_lessons.data._media_checks import LEVELS, fault

__all__ = ["KINDS", "Found", "few", "find_media", "ids_of_files"]

# The modality of an extension, in the order of preference where one item has several.
KINDS = {
    "cover": (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif"),
    "audio": (".wav", ".flac", ".mp3", ".ogg", ".m4a"),
    "video": (".mp4", ".webm", ".mkv", ".mov", ".avi"),
}
_KIND_OF = {extension: kind for kind, extensions in KINDS.items() for extension in extensions}
# A folder so named holds what is meant, and not, say, single frames of the videos.
_HINTS = {
    "cover": ("cover", "poster", "image", "picture", "封面", "海报", "图"),
    "audio": ("audio", "sound", "music", "音"),
    "video": ("video", "clip", "视频"),
}
_SHOWN = 3


@dataclass(frozen=True)
class Found:
    """Media of a catalogue.

    Attributes:
        paths: kind to one absolute path or None for each item, in the items' order; only kinds that some item has.
        notes: what is missing, broken, stray, double, hidden or a link, each counted, with the first few names.
    """

    paths: dict[str, list[str | None]]
    notes: tuple[str, ...]


def few(names: Iterable[str]) -> str:
    """The first few of some names, for a message."""
    names = list(names)
    return ", ".join(names[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "")


def find_media(folder: Path, item_ids: list, *, check: bool | str = True, progress: bool = True) -> Found:
    """The files below `folder` whose name without its extension is an item's id.

    Whole numbers may have leading zeros in a file's name. Names are compared as Unicode composes them, since macOS
    takes accented letters apart. A file that is broken counts as missing, and its item as one without it.

    Args:
        item_ids: integers or strings. check, progress: see `load_microlens`.

    Raises:
        DataFileError: a folder that may not be read. ValueError: an unknown `check`.
    """
    if not isinstance(check, bool) and check not in LEVELS:
        raise ValueError(f"check_media is {check!r}; it is True, False or {LEVELS[-1]!r}.")
    rows = {_key(str(item)): row for row, item in enumerate(item_ids)}
    numbers = not item_ids or not isinstance(item_ids[0], str)
    from tqdm.auto import tqdm

    files, links, hidden, dangling = [], [], [], []
    for path in _walk(folder):
        name = path.relative_to(folder).as_posix()
        if path.suffix.lower() not in _KIND_OF and not path.name.startswith("._"):
            continue
        if _hidden(path.relative_to(folder)):
            hidden.append(name)
        elif path.is_file():
            files.append(path)
            links += [name] if path.is_symlink() else []
        elif path.is_symlink():
            dangling.append(name)
    chosen: dict[str, dict[int, Path]] = {kind: {} for kind in KINDS}
    stray, double, broken = [], [], []
    ordered = sorted(files, key=lambda path: _preference(path, folder))
    for path in tqdm(ordered, desc="media files", unit="file", disable=not progress, delay=1.0, leave=False):
        kind, row = _KIND_OF[path.suffix.lower()], rows.get(_key(path.stem))
        name = path.relative_to(folder).as_posix()
        if row is None and numbers and path.stem.isdecimal() and path.stem.isascii():
            row = rows.get(str(int(path.stem)))
        if row is None:
            stray.append(name)
        elif row in chosen[kind]:
            double.append(f"{name} (instead: {chosen[kind][row].relative_to(folder).as_posix()})")
        elif check is not False and (why := fault(path, kind, decode=check == "decode")):
            broken.append(f"{name}: {why}")
        else:
            chosen[kind][row] = path
    paths = {
        kind: [str(found[row].absolute()) if row in found else None for row in range(len(item_ids))]
        for kind, found in chosen.items()
        if found
    }
    notes = [_coverage(kind, paths, len(item_ids)) for kind in KINDS] if files else []
    for names, words in (
        (broken, "broken and count as missing"),
        (dangling, "links that lead nowhere, and count as missing"),
        (stray, "of no item"),
        (double, "of an item that has another of the kind, and not used"),
        (links, "links to files elsewhere, and are followed"),
        (hidden, "hidden and passed over"),
    ):
        if names:
            notes.append(f"media files that are {words}: {len(names):,} ({few(names)})")
    return Found(paths, tuple(notes))


def ids_of_files(folder: Path, as_numbers: bool) -> list:
    """The ids that files below `folder` are named after, sorted: what is for sale where nothing lists it.

    Hidden files are passed over; with `as_numbers`, so is a name that is no whole number.
    """
    found = {
        _key(path.stem)
        for path in _walk(folder)
        if path.suffix.lower() in _KIND_OF and path.is_file() and not _hidden(path.relative_to(folder))
    }
    if as_numbers:
        return sorted({int(name) for name in found if name.isdecimal() and name.isascii() and len(name) < 19})
    return sorted(found)


def _hidden(inside: Path) -> bool:
    return any(part.startswith(".") or part == "__MACOSX" for part in inside.parts)


def _coverage(kind: str, paths: dict, n_items: int) -> str:
    have = sum(path is not None for path in paths.get(kind, ()))
    return f"{kind}: {have:,} of {n_items:,} items have one" if have else f"{kind}: no item has one"


def _walk(folder: Path) -> Iterator[Path]:
    """Every file below, in one order on every machine; a folder that is reached twice through a link is read once."""

    def refuse(error: OSError) -> None:
        raise DataFileError(f"{error.filename} cannot be read ({error.strerror}). Ask its owner.") from error

    seen = set()
    for place, folders, names in os.walk(folder, followlinks=True, onerror=refuse):
        folders.sort()
        real = os.path.realpath(place)
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        yield from (Path(place, name) for name in sorted(names))


def _preference(path: Path, folder: Path) -> tuple:
    kind = _KIND_OF[path.suffix.lower()]
    inside = path.relative_to(folder)
    where = inside.parent.as_posix().casefold()
    hinted = any(hint in where for hint in _HINTS[kind])
    extensions = KINDS[kind]
    return (not hinted, len(inside.parts), extensions.index(path.suffix.lower()), inside.as_posix())


def _key(name: str) -> str:
    return unicodedata.normalize("NFC", name)
