"""A world on disk, in the layout that MicroLens (Ni et al. 2023) is published in, and back.

    TinyLens_pairs.csv     user,item,timestamp (milliseconds), sorted by time, as in MicroLens-50k_pairs.csv
    TinyLens_pairs.tsv     user, tab, the user's items from old to new, as in MicroLens-50k_pairs.tsv
    TinyLens_titles.csv    item,title, as in MicroLens-50k_titles.csv
    TinyLens_covers/, TinyLens_videos/, TinyLens_audios/    1.jpg, 1.mp4, 1.wav, ...: see `_media`
    media.json             says that the media are complete: see `_media`
    captions.csv           item,caption,creator
    translations.csv       item,title_zh,caption_zh
    users.csv              user,about,about_zh
    context.csv            user,item,timestamp,hour,weekday,place,city,company,purpose
    knowledge.csv          head,relation,tail
    truth/                 items.csv, users.csv, tastes.csv, changes.csv, context_effects.csv
    manifest.json          the arguments, the version, and size and hash of each of these tables; written last

Only the tables are in the manifest: what else lies in the folder is neither checked nor touched.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from pathlib import Path

import pandas as pd

from recsys_lessons.errors import DataFileError

__all__ = ["MANIFEST", "VERSION", "fault", "read_manifest", "read_tables", "write_tables"]

VERSION = 2  # of the world and of its files: another number, another world for the same seed
MANIFEST = "manifest.json"
_NAME = "TinyLens"
_PAIRS, _TITLES = f"{_NAME}_pairs.csv", f"{_NAME}_titles.csv"
_CONTEXT = ["hour", "weekday", "place", "city", "company", "purpose"]
_FLOATS = ("quality", "exposure", "sensitivity", "activity", "before", "after", "weight")
_TRUTH = ("items", "users", "tastes", "changes", "context_effects")


def write_tables(folder: Path, arguments: dict, tables: dict[str, pd.DataFrame]) -> None:
    """Make the folder aside, and move it to its place in one step.

    Args:
        folder: must not exist, or be empty. arguments: for the manifest.
        tables: items, users, interactions, knowledge, and "truth/items", ...

    Raises:
        DataFileError: the disk refuses.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=f".making-{folder.name}.", dir=folder.parent))
    except OSError as error:
        raise DataFileError(
            f"{folder} cannot be written ({error.strerror or error}); choose another folder."
        ) from error
    try:
        made.chmod(0o755)
        files = {name: _write(made / name, table) for name, table in _as_files(tables).items()}
        files[f"{_NAME}_pairs.tsv"] = _write_sequences(made / f"{_NAME}_pairs.tsv", tables["interactions"])
        manifest = {"name": _NAME, "version": VERSION, "arguments": arguments, "files": files}
        (made / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
        if folder.exists():
            folder.rmdir()
        os.replace(made, folder)
    except OSError as error:
        if fault(folder, arguments):  # otherwise another process was faster, and made the same
            raise DataFileError(
                f"{folder} cannot be written ({error.strerror or error}); free the disk or choose another folder."
            ) from error
    finally:
        shutil.rmtree(made, ignore_errors=True)


def read_manifest(folder: Path) -> dict:
    """What the folder says of itself; {} where it says nothing."""
    try:
        found = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) and found.get("name") == _NAME else {}


def fault(folder: Path, arguments: dict | None = None) -> str:
    """What is wrong with the folder, or "". `arguments`: those that it should have been made with."""
    if not folder.is_dir():
        return "there is no such folder"
    manifest = read_manifest(folder)
    if not isinstance(manifest.get("files"), dict) or not isinstance(manifest.get("arguments"), dict):
        return f"{MANIFEST} is missing or damaged, so that this is no finished TinyLens"
    if manifest.get("version") != VERSION:
        return f"it is of version {manifest.get('version')}, and this program reads version {VERSION}"
    if arguments is not None and manifest["arguments"] != arguments:
        return f"it was made with {_shown(manifest['arguments'])}, not with {_shown(arguments)}"
    for name, facts in manifest["files"].items():
        try:
            if _facts((folder / name).read_bytes()) != facts:
                return f"{name} has changed since it was made"
        except OSError:
            return f"{name} is missing"
    return ""


def read_tables(folder: Path) -> dict[str, pd.DataFrame]:
    """The tables as they were given to `write_tables`; `fault` has found nothing."""
    pairs, context = _read(folder / _PAIRS), _read(folder / "context.csv")
    captions, translations = _read(folder / "captions.csv"), _read(folder / "translations.csv")
    titles = _read(folder / _TITLES)
    items = pd.DataFrame(
        {
            "item_id": titles["item"],
            "title": titles["title"],
            "title_zh": translations["title_zh"],
            "caption": captions["caption"],
            "caption_zh": translations["caption_zh"],
            "creator": captions["creator"],
        }
    )
    interactions = pd.DataFrame(
        {"user_id": pairs["user"], "item_id": pairs["item"], "timestamp": pairs["timestamp"] // 1000}
    )
    tables = {
        "items": items,
        "users": _read(folder / "users.csv").rename(columns={"user": "user_id"}),
        "interactions": pd.concat([interactions, context[_CONTEXT]], axis=1),
        "knowledge": _read(folder / "knowledge.csv"),
    }
    return tables | {f"truth/{name}": _read(folder / "truth" / f"{name}.csv") for name in _TRUTH}


def _as_files(tables: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    items = tables["items"].rename(columns={"item_id": "item"})
    events = tables["interactions"].rename(columns={"user_id": "user", "item_id": "item"})
    events = events.assign(timestamp=events["timestamp"] * 1000)
    files = {
        _PAIRS: events[["user", "item", "timestamp"]],
        _TITLES: items[["item", "title"]],
        "captions.csv": items[["item", "caption", "creator"]],
        "translations.csv": items[["item", "title_zh", "caption_zh"]],
        "users.csv": tables["users"].rename(columns={"user_id": "user"}),
        "context.csv": events[["user", "item", "timestamp", *_CONTEXT]],
        "knowledge.csv": tables["knowledge"],
    }
    return files | {f"{name}.csv": table for name, table in tables.items() if name.startswith("truth/")}


def _write(path: Path, table: pd.DataFrame) -> dict:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(table.to_csv(index=False, lineterminator="\n").encode())
    return _facts(path.read_bytes())


def _write_sequences(path: Path, interactions: pd.DataFrame) -> dict:
    groups = interactions.groupby("user_id")["item_id"]
    path.write_bytes("".join(f"{user}\t{' '.join(map(str, items))}\n" for user, items in groups).encode())
    return _facts(path.read_bytes())


def _read(path: Path) -> pd.DataFrame:
    # An empty caption is an empty string. Python's own float reads back exactly what was written, in every pandas.
    exact = dict.fromkeys(_FLOATS, float)
    return pd.read_csv(path, keep_default_na=False, na_values=[], converters=exact, encoding="utf-8")


def _facts(content: bytes) -> dict:
    return {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def _shown(arguments: dict) -> str:
    return ", ".join(f"{name}={value}" for name, value in arguments.items())
