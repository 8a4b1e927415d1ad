"""A learner's record: one small SQLite file on their own machine. Nothing in it is sent anywhere.

A check must never fail because of it: a damaged file is set aside under another name, and where nothing can be written
there is one warning.
"""

from __future__ import annotations

import os
import sqlite3
import warnings
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from recsys_lessons.paths import data_dir
from recsys_lessons.practice.exercise import Text, in_words

__all__ = ["Standing", "record_attempt", "record_hint", "records_path", "standings"]

_VERSION = 1
_WAIT = 10  # seconds for another notebook to finish writing
_TABLES = """
CREATE TABLE IF NOT EXISTS attempts (exercise TEXT NOT NULL, status TEXT NOT NULL, at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS hints (exercise TEXT NOT NULL, level INTEGER NOT NULL, at TEXT NOT NULL);
"""
_DAMAGED: Text = {
    "en": "your progress file was damaged; it is kept as {kept}, and a new one was begun.",
    "zh": "进度文件已损坏，原文件保留为 {kept}，并新建了一个。",
}
_UNWRITABLE: Text = {
    "en": "progress is not recorded: {path} cannot be written ({why}). Set RECSYS_LESSONS_HOME to a folder of yours.",
    "zh": "进度没有记录：{path} 无法写入({why})。请把 RECSYS_LESSONS_HOME 设为你有写权限的文件夹。",
}


@dataclass(frozen=True)
class Standing:
    """What is recorded of one exercise. `passed`: ever; `status`: the last; `hints`: the highest level seen."""

    status: str = "not attempted"
    passed: bool = False
    attempts: int = 0
    hints: int = 0


def records_path() -> Path:
    """The file: `RECSYS_LESSONS_PROGRESS` where it is set, else `progress.sqlite` in the data folder."""
    named = os.environ.get("RECSYS_LESSONS_PROGRESS", "").strip()
    return Path(named).expanduser().absolute() if named else data_dir() / "progress.sqlite"


def record_attempt(exercise: str, status: str) -> None:
    """Add one check. "not attempted" is no attempt and is left out."""
    if status != "not attempted":
        _write("INSERT INTO attempts (exercise, status, at) VALUES (?, ?, ?)", (exercise, status, _now()))


def record_hint(exercise: str, level: int) -> None:
    """Remember that a hint was seen."""
    _write("INSERT INTO hints (exercise, level, at) VALUES (?, ?, ?)", (exercise, level, _now()))


def standings() -> dict[str, Standing]:
    """Every exercise with something on record."""

    def read(connection: sqlite3.Connection) -> dict[str, Standing]:
        hints = dict(connection.execute("SELECT exercise, max(level) FROM hints GROUP BY exercise"))
        tries: dict[str, list[str]] = {}
        for exercise, status in connection.execute("SELECT exercise, status FROM attempts ORDER BY rowid"):
            tries.setdefault(exercise, []).append(status)
        return {
            name: Standing(
                tries[name][-1] if name in tries else "not attempted",
                "passed" in tries.get(name, []),
                len(tries.get(name, [])),
                hints.get(name, 0),
            )
            for name in [*tries, *(one for one in hints if one not in tries)]
        }

    return (_try(read) or {}) if records_path().exists() else {}


def _now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="seconds")


def _write(statement: str, values: tuple) -> None:
    def write(connection: sqlite3.Connection) -> None:
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(statement, values)

    _try(write)


def _try(work: Callable) -> object:
    """Open the file and do the work; once more after a damaged file was set aside. Trouble becomes a warning."""
    path = records_path()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with _open(path) as connection:
                return work(connection)
        except sqlite3.DatabaseError as error:
            if not _is_damage(error):
                raise
            _set_aside(path)
            with _open(path) as connection:
                return work(connection)
    except (OSError, sqlite3.Error) as error:
        # the warnings module shows one text once a process, which is how often it should be read
        warnings.warn(in_words(_UNWRITABLE).format(path=path, why=error), stacklevel=1)
        return None


@contextmanager
def _open(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path, timeout=_WAIT, isolation_level=None)) as connection:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version > _VERSION:
            raise OSError(f"it was made by a newer version of this course, {version}")
        if version < _VERSION:
            connection.executescript(f"BEGIN IMMEDIATE; {_TABLES} PRAGMA user_version = {_VERSION}; COMMIT;")
        yield connection


def _is_damage(error: sqlite3.DatabaseError) -> bool:
    """A file that is no database, a torn one, or one without our tables. A lock or a full disk is no damage."""
    if type(error) is sqlite3.DatabaseError:
        return True
    return "no such table" in str(error) or "no such column" in str(error) or "has no column" in str(error)


def _set_aside(path: Path) -> None:
    """Rename a damaged file, unless another process has done so and begun a new one."""
    from filelock import FileLock

    with FileLock(f"{path}.lock", timeout=_WAIT):
        try:
            with _open(path) as connection:
                connection.execute("SELECT exercise, status, at FROM attempts LIMIT 1")
                connection.execute("SELECT exercise, level, at FROM hints LIMIT 1")
                if connection.execute("PRAGMA quick_check(1)").fetchone()[0] == "ok":
                    return
        except sqlite3.DatabaseError as error:
            if not _is_damage(error):
                raise
        kept = path.with_name(f"{path.name}.damaged-{datetime.now():%Y%m%d-%H%M%S-%f}")
        os.replace(path, kept)
        Path(f"{path}-journal").unlink(missing_ok=True)  # of the damaged file; it would be applied to the new one
    warnings.warn(in_words(_DAMAGED).format(kept=kept), stacklevel=1)
