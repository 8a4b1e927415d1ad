"""Errors that a person can act on: the command line prints them in one line and exits with 1."""

from __future__ import annotations

__all__ = ["AssetError", "DataFileError", "MediaError", "RecsysLessonsError"]


class RecsysLessonsError(Exception):
    """Something outside the program went wrong (a file, the network, a notebook); the message names the fix."""


class AssetError(RecsysLessonsError):
    """An asset could not be fetched, verified, converted or stored."""


class DataFileError(RecsysLessonsError, ValueError):
    """A file of ratings is missing, damaged or not what it should be; the message names file, place, value and fix."""


class MediaError(DataFileError):
    """A picture, sound or video that cannot be read; the message names row, file, what is wrong, and the fix."""
