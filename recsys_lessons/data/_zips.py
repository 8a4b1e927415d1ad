"""Zip files that nobody vouches for: looked at before anything is read, and nothing is ever unpacked to disk."""

from __future__ import annotations

import io
import re
import stat
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from recsys_lessons.data._errors import DataFileError

__all__ = ["Bounded", "open_member", "zip_members"]

# The largest release, ml-32m, unpacks to about 1 GB at a ratio of 4. Ratings are digits, which never shrink by 100.
MAX_BYTES = 4_000_000_000  # of one file inside, declared or read
MAX_RATIO = 100  # unpacked bytes for one packed byte; looked at from MIN_BYTES on, since a tiny file may well shrink so
MIN_BYTES = 10_000_000
MAX_MEMBERS = 10_000
_AGAIN = "Download it again"
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError)


def zip_members(path: Path) -> dict[str, zipfile.ZipInfo]:
    """The files of a zip by name, once every name and size in it has been found harmless.

    Raises:
        DataFileError: no zip, cut short, encrypted, a name that leads out of the folder, a link, two files of one
            name, or sizes that no release has.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            found = archive.infolist()
    except OSError as error:
        raise DataFileError(f"{path} cannot be read ({error.strerror or error}). Ask its owner.") from error
    except _DAMAGE as error:
        with path.open("rb") as file:
            start = file.read(4)
        what = "starts as a zip, but is cut short or damaged" if start == b"PK\x03\x04" else "is no zip file"
        raise DataFileError(f"{path} {what} ({error}). {_AGAIN}.") from error
    if len(found) > MAX_MEMBERS:
        raise DataFileError(f"{path} holds {len(found):,} files, and a release a dozen or two; it was not read.")
    members: dict[str, zipfile.ZipInfo] = {}
    for info in found:
        _check(info, path)
        if info.filename in members:
            raise DataFileError(f"{path} holds {info.filename!r} twice, and which one counts is anybody's guess.")
        if not info.is_dir():
            members[info.filename] = info
    return members


def _check(info: zipfile.ZipInfo, path: Path) -> None:
    # zipfile itself replaces what it thinks is unsafe; the name as written is what tells of intent.
    name = info.orig_filename
    where = f"{path} holds {name!r}, "
    if name.startswith(("/", "\\")) or re.match(r"[A-Za-z]:", name):
        raise DataFileError(where + "an absolute path. No release does that; it was not read. " + _AGAIN + ".")
    if ".." in PurePosixPath(name.replace("\\", "/")).parts:
        raise DataFileError(where + "which leads out of its folder. No release does that; it was not read.")
    if stat.S_ISLNK(info.external_attr >> 16):
        raise DataFileError(where + "which is a link and not a file. No release does that; it was not read.")
    if info.flag_bits & 0x1:
        raise DataFileError(where + "which is encrypted. Unpack it yourself, and pass the folder.")
    ratio = info.file_size / max(1, info.compress_size)
    if info.file_size > MAX_BYTES or (info.file_size > MIN_BYTES and ratio > MAX_RATIO):
        raise DataFileError(
            f"{where}{info.file_size:,} bytes packed into {info.compress_size:,}; no release has that (limits: "
            f"{MAX_BYTES:,} bytes, {MAX_RATIO} to 1). It was not read. If you trust it, unpack it and pass the folder."
        )


def open_member(path: Path, info: zipfile.ZipInfo) -> io.BufferedReader:
    """A file inside a zip, to be read from start to end; closing it closes the zip."""
    archive = zipfile.ZipFile(path)
    try:
        inside = archive.open(info)
    except (NotImplementedError, RuntimeError, *_DAMAGE) as error:
        archive.close()
        raise DataFileError(
            f"{info.filename!r} in {path} cannot be read ({error}). {_AGAIN}, or unpack it and pass the folder."
        ) from error
    limit = min(MAX_BYTES, max(MIN_BYTES, MAX_RATIO * info.compress_size))
    return io.BufferedReader(Bounded(inside, f"{info.filename} in {path}", limit, archive), 1 << 20)


class Bounded(io.RawIOBase):
    """A stream that refuses to give more than `limit` bytes: a zip's own word on its sizes is not proof."""

    def __init__(self, stream: io.BufferedIOBase, name: str, limit: int, owner: zipfile.ZipFile | None = None):
        super().__init__()
        self._stream, self._name, self._left, self._owner = stream, name, limit, owner

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        try:
            block = self._stream.read(len(buffer))
        except _DAMAGE as error:
            raise DataFileError(f"{self._name} is cut short or damaged ({error}). {_AGAIN}.") from error
        self._left -= len(block)
        if self._left < 0:
            raise DataFileError(
                f"{self._name} unpacks to more than it may hold; reading stopped. No release does that."
            )
        buffer[: len(block)] = block
        return len(block)

    def close(self) -> None:
        if not self.closed:
            self._stream.close()
            if self._owner is not None:
                self._owner.close()
        super().close()
