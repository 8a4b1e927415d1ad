"""Where files that outlive a session are kept. These functions name places and create nothing."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

from recsys_lessons.errors import RecsysLessonsError

__all__ = ["bundled", "cache_dir", "data_dir", "home"]

_APP = "recsys-lessons"
_PACKAGE = Path(__file__).resolve().parent


def home() -> Path | None:
    """The folder named by `RECSYS_LESSONS_HOME`, or None where it is not set."""
    value = os.environ.get("RECSYS_LESSONS_HOME", "").strip()
    return Path(value).expanduser().absolute() if value else None


def cache_dir() -> Path:
    """What can be made again: assets and embeddings."""
    root = home()
    return root / "cache" if root else Path(platformdirs.user_cache_dir(_APP, appauthor=False))


def data_dir() -> Path:
    """What is not to be lost: a learner's progress, and releases that were downloaded."""
    root = home()
    return root / "data" if root else Path(platformdirs.user_data_dir(_APP, appauthor=False))


def bundled(name: str) -> Path:
    """A folder of the course that is not code, such as `questions`: the checkout's own, or the copy in an installation.

    Raises:
        RecsysLessonsError: there is neither.
    """
    checkout, installed = _PACKAGE.parent, _PACKAGE / f"_{name}"
    if (checkout / "pyproject.toml").is_file() and (checkout / name).is_dir():
        return checkout / name
    if installed.is_dir():
        return installed
    raise RecsysLessonsError(f"there are no {name} in {installed}; install recsys-lessons again.")
