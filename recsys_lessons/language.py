"""Which language a person is spoken to in: English or Chinese."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["LANGUAGES", "language", "say"]

LANGUAGES = ("en", "zh")


def language() -> str:
    """`RECSYS_LESSONS_LANG` where it is set; else "zh" inside a folder named `zh`; else "en".

    A notebook's kernel starts in the notebook's own folder, so `notebooks/zh/00_start_here.ipynb` speaks Chinese with
    exactly the code of the English edition.

    Raises:
        ValueError: `RECSYS_LESSONS_LANG` is neither "en" nor "zh".
    """
    value = os.environ.get("RECSYS_LESSONS_LANG", "").strip().lower()
    if value:
        if value not in LANGUAGES:
            raise ValueError(f"RECSYS_LESSONS_LANG is {value!r}; set it to 'en' or 'zh', or unset it.")
        return value
    return "zh" if Path.cwd().name == "zh" else "en"


def say(texts: dict[str, str], **values: object) -> str:
    """The text of `{"en": ..., "zh": ...}` in the current language, with `{name}` fields filled in."""
    return texts[language()].format(**values)
