"""Posters and plots of MovieLens's movies, asked of TMDB with the learner's own key, into a folder."""

from __future__ import annotations

from recsys_lessons.data._posters._build import SIZES, Summary, build_posters
from recsys_lessons.data._posters._tmdb import Key, PosterError

__all__ = ["SIZES", "Key", "PosterError", "Summary", "build_posters"]
