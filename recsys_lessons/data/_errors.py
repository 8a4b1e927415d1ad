"""What goes wrong with files of ratings, and how it is worded."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from recsys_lessons.errors import DataFileError

__all__ = ["DataFileError", "did_you_mean", "shown"]


def did_you_mean(name: str, known: Iterable[object]) -> str:
    """A closing remark such as " Did you mean 'user'?", or "" where nothing known is close to `name`."""
    by_plain = {_plain(one): one for one in known}
    close = difflib.get_close_matches(_plain(name), by_plain, n=1, cutoff=0.6)
    return f" Did you mean {by_plain[close[0]]!r}?" if close else ""


def shown(value: object, limit: int = 60) -> str:
    """The `repr` of a value, cut where it is long: what is shown may come out of a damaged file."""
    text = repr(value.item() if hasattr(value, "item") else value)
    return text if len(text) <= limit else text[: limit - 3] + "..."


def _plain(name: object) -> str:
    """The letters and digits alone, so that "userId", "User ID" and "user_id" are the same."""
    return "".join(letter for letter in str(name).casefold() if letter.isalnum())
