"""Whether a picture, a sound or a video is whole: told by its size and first bytes, or by decoding all of it."""

from __future__ import annotations

import os
import struct
from itertools import islice
from pathlib import Path

__all__ = ["LEVELS", "fault", "picture_fault"]

LEVELS = ("header", "decode")
_HTML = (b"<!DOCTYPE", b"<!doctype", b"<html", b"<HTML", b"<?xml")


def fault(path: Path, kind: str, *, decode: bool = False) -> str:
    """What is wrong with a file, in a few words; "" where nothing is seen to be.

    Without `decode` only some bytes are read, which tell of 0 bytes, a web page, a WAV or AVI shorter than it says, and
    an MP4 that was cut or lacks its table of contents. Where they are of no known format, or a JPEG has no end, the
    start is decoded. With `decode`, the whole file is.

    Args:
        kind: "cover", "audio" or "video". An extension may name another format of the kind than the file is in.
    """
    try:
        size = path.stat().st_size
        if not size:
            return "0 bytes"
        with path.open("rb") as file:
            why = _by_header(file, size, kind)
        if (
            why == "?"
        ):  # rare, and perhaps only unusual: an MP3 that begins with silence, a JPEG with something behind it
            why = _by_decoding(path, kind, frames=1)
        return why or (_by_decoding(path, kind) if decode else "")
    except OSError as error:
        return f"cannot be read ({error.strerror or error})"


def picture_fault(source) -> str:
    """Decode a picture (a path or an open file) and say what is wrong with it, or ""."""
    from PIL import Image

    try:
        with Image.open(source) as picture:
            picture.load()
    except Image.UnidentifiedImageError:
        return "no picture format is known that begins so"
    except (OSError, SyntaxError, ValueError, struct.error, Image.DecompressionBombError) as error:
        return f"cannot be decoded ({error})"
    return ""


def _by_header(file, size: int, kind: str) -> str:
    head = file.read(16)
    if head.lstrip().startswith(_HTML):
        return "a web page, saved under this name"
    # "?" is for what only decoding can tell.
    if kind == "cover":
        if head.startswith(b"\xff\xd8\xff"):
            file.seek(max(0, size - 4096))
            return "" if b"\xff\xd9" in file.read() else "?"
        webp = head.startswith(b"RIFF") and head[8:12] == b"WEBP"
        return "" if webp or head.startswith((b"\x89PNG\r\n\x1a\n", b"BM", b"GIF8")) else "?"
    if head.startswith(b"RIFF") and head[8:12] in (b"WAVE", b"AVI "):
        if (head[8:12] == b"WAVE") != (kind == "audio"):
            return "?"
        said = struct.unpack("<I", head[4:8])[0]
        # A program that writes to a pipe does not know the length, and writes 0 or the largest number.
        cut = said not in (0, 0xFFFFFFFF) and said + 8 > size + 1
        return f"cut short: {size:,} bytes of {said + 8:,}" if cut else ""
    if head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"):
        return _boxes(file, size)
    if head.startswith((b"\x1a\x45\xdf\xa3", b"OggS")):
        return ""
    mpeg = len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0
    if kind == "audio" and (mpeg or head.startswith((b"fLaC", b"ID3", b"RF64"))):
        return ""
    return "?"


def _boxes(file, size: int) -> str:
    """Walk over the boxes of an MP4: one of them must be `moov`, its table of contents."""
    place, found = 0, False
    while place + 8 <= size:
        file.seek(place)
        head = file.read(16)
        length = struct.unpack(">I", head[:4])[0]
        found = found or head[4:8] == b"moov"
        if length == 1 and len(head) == 16:
            length = struct.unpack(">Q", head[8:])[0]
        elif length == 0:  # to the end of the file
            length = size - place
        if length < 8:
            break
        if place + length > size and head[4:8] in (b"mdat", b"moov"):
            return f"cut short: {size:,} bytes of {place + length:,} or more"
        place += length
    return "" if found else "cut short: its table of contents (moov) is missing"


def _by_decoding(path: Path, kind: str, frames: int | None = None) -> str:
    """Decode the file, or its first frames alone; a picture is decoded as a whole."""
    if kind == "cover":
        return picture_fault(path)
    import av

    try:
        with av.open(os.fspath(path)) as container:
            streams = container.streams.audio if kind == "audio" else container.streams.video
            if not streams:
                return f"holds no {kind}"
            found = sum(1 for _ in islice(container.decode(streams[0]), frames))
    except (OSError, ValueError, av.error.FFmpegError) as error:
        return f"cannot be decoded ({getattr(error, 'strerror', None) or error})"
    return "" if found else f"holds no {kind}"
