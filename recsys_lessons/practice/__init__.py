"""Practice: exercises with their checks and hints, and a record of progress.

In a notebook: `check("recall_at_k")`, `hint("recall_at_k")`, `progress()`. The command line checks a whole notebook in
a process of its own; see `grading.py`. How to add an exercise: see `exercises/__init__.py`.
"""

from __future__ import annotations

from recsys_lessons.practice.notebook import check, hint, progress

__all__ = ["check", "hint", "progress"]
