"""The world as one object, and the way to make one or read one."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from recsys_lessons.data.dataset import Dataset
from recsys_lessons.data.tinylens import _files, _media
from recsys_lessons.data.tinylens._effects import context_effects
from recsys_lessons.data.tinylens._events import make_events
from recsys_lessons.data.tinylens._items import make_catalogue
from recsys_lessons.data.tinylens._people import make_people
from recsys_lessons.data.tinylens._truth import Truth
from recsys_lessons.errors import DataFileError
from recsys_lessons.paths import cache_dir

__all__ = ["TinyLens", "load_tinylens", "make_tinylens"]

_LEAST = {"n_items": 40, "n_users": 2, "seed": 0, "n_days": 28}


@dataclass(frozen=True, repr=False)
class TinyLens:
    """A small world of short videos in which it is known why everybody watches what they watch.

    It is generated: a result on it tests a method, and is no evidence about people.

    Attributes:
        data: Dataset. items: item_id, title, title_zh, caption, caption_zh ("" where an item lacks one), creator, text
            ("title. caption"), text_zh; where the folder has media, cover, audio and video too: absolute paths, None
            where an item lacks one. users: user_id, about, about_zh (what somebody might say about themselves on
            the first day). interactions: user_id, item_id, timestamp (seconds, UTC), hour, weekday (0 is Monday),
            place, city (where the person is), company, purpose; sorted by time, no item twice for one user.
        knowledge: head, relation, tail: made_by, about, part_of, filmed_in, lives_in, in_region, stands_in; items are
            "item 7". Some facts are missing.
        truth: what generated all this; no model may see it (`Oracle` does, to be the ceiling).
        folder: where the files are. arguments: what it was made with.
    """

    data: Dataset
    knowledge: pd.DataFrame
    truth: Truth
    folder: Path
    arguments: dict

    def __repr__(self) -> str:
        items = self.data.items
        moved = int((self.truth.users["drift"] != "none").sum())
        kinds = (("cover", "covers"), ("audio", "sounds"), ("video", "clips"))
        media = [f"{items[name].notna().sum():,} {kind}" for name, kind in kinds if name in items]
        facts = f"  {'knowledge':<13}{len(self.knowledge):,} facts\n  {'moving':<13}the interests of {moved} users"
        facts += f"\n  {'media':<13}{', '.join(media)}" if media else ""
        return repr(self.data).replace("Dataset", "TinyLens", 1) + "\n" + facts


def make_tinylens(
    folder: str | Path | None = None,
    n_items: int = 600,
    n_users: int = 400,
    seed: int = 0,
    *,
    n_days: int = 180,
    media: bool = True,
    progress: bool = True,
) -> TinyLens:
    """Generate a world, write it, and read it back; the same arguments give the same tables on any machine.

    With media, each item also has a cover (JPEG), a sound (WAV) and a clip (MP4, two seconds, with the sound), less the
    few that it lacks. What each shows: the topic is in the cover's and the clip's shapes (and in the words), the style
    in the cover alone, the tempo in the sound and in the clip's motion, the mood in the sound alone.

    Args:
        folder: where to write: a folder that does not exist yet or is empty. One that holds the world of these same
            arguments is read. None: in the cache, under a name made of the arguments.
        n_items, n_users, seed: sizes, and which world of that size.
        n_days: from 2024-01-01; users watch about 50 videos in 180 days, and in proportion otherwise.
        media: write covers, sounds and clips too (about half a minute for 600 items, 60 MB), also into a world that was
            made without, and only those that are not there. False leaves the folder's media as they are, and their
            columns out, so that the world is the same whether somebody has asked for media before or not.
        progress: show a bar where it takes over a second.

    Raises:
        ValueError: a size that is too small. DataFileError: the folder holds something else, a damaged world, or one
            of other arguments, or it cannot be written.
    """
    arguments = {"n_items": n_items, "n_users": n_users, "seed": seed, "n_days": n_days}
    for name, least in _LEAST.items():
        if not isinstance(arguments[name], int) or arguments[name] < least:
            raise ValueError(f"{name} is {arguments[name]!r}; it must be a whole number, {least} or more.")
    if folder is None:
        name = f"v{_files.VERSION}-{n_items}-items-{n_users}-users-{n_days}-days-seed-{seed}"
        path = cache_dir() / "tinylens" / name
        if path.exists() and (
            _files.fault(path, arguments) or _media.recorded_version(path) not in (None, _media.VERSION)
        ):
            shutil.rmtree(path)  # it lies in the cache under this name, so it was ours
    else:
        path = Path(folder).expanduser().absolute()
    if path.exists() and not (path.is_dir() and not any(path.iterdir())):
        if problem := _files.fault(path, arguments):
            raise DataFileError(f"{path} cannot be used: {problem}. It must be new or empty; choose another folder.")
    else:
        _files.write_tables(path, arguments, _generate(n_items, n_users, seed, n_days, progress))
    if media:
        _media.write_media(path, _files.read_tables(path)["truth/items"], seed, progress)
    return load_tinylens(path, media=media)


def load_tinylens(folder: str | Path, *, media: bool = True) -> TinyLens:
    """Read a world that `make_tinylens` has written; `media=False` leaves the columns of its media out.

    Raises:
        DataFileError: the folder, or a table in it, is missing, damaged, or of another version.
    """
    path = Path(folder).expanduser().absolute()
    if problem := _files.fault(path):
        raise DataFileError(f"{path}: {problem}. Make the world again, in a new folder: make_tinylens('new-folder').")
    tables = _files.read_tables(path)
    items = _with_text(tables["items"])
    if media:
        items = items.assign(**_media.media_columns(path, items["item_id"]))
    data = Dataset(items, tables["users"], tables["interactions"])
    parts = ("items", "users", "tastes", "changes", "context_effects")
    truth = Truth(*(tables[f"truth/{name}"] for name in parts))
    return TinyLens(data, tables["knowledge"], truth, path, _files.read_manifest(path)["arguments"])


def _generate(n_items: int, n_users: int, seed: int, n_days: int, progress: bool) -> dict[str, pd.DataFrame]:
    catalogue = make_catalogue(n_items, seed)
    people = make_people(n_users, catalogue.truth, seed, n_days)
    effects = context_effects()
    truth = Truth(catalogue.truth, people.truth, people.tastes, people.changes, effects)
    return {
        "items": catalogue.items,
        "users": people.users,
        "interactions": make_events(truth, seed, n_days, progress),
        "knowledge": catalogue.knowledge,
        "truth/items": catalogue.truth,
        "truth/users": people.truth,
        "truth/tastes": people.tastes,
        "truth/changes": people.changes,
        "truth/context_effects": effects,
    }


def _with_text(items: pd.DataFrame) -> pd.DataFrame:
    has_caption = items["caption"] != ""
    text = items["title"].where(~has_caption, items["title"] + ". " + items["caption"])
    text_zh = items["title_zh"].where(~has_caption, items["title_zh"] + "。" + items["caption_zh"])
    return items.assign(text=text, text_zh=text_zh)
