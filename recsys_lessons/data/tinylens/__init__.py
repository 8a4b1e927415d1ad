"""A small world with known truth: short videos, people, contexts, and why everybody watches what they watch.

`make_tinylens` generates one in seconds and writes it in the layout of MicroLens; `load_tinylens` reads it back.
"""

from __future__ import annotations

from recsys_lessons.data.tinylens._world import TinyLens, load_tinylens, make_tinylens

__all__ = ["TinyLens", "load_tinylens", "make_tinylens"]
