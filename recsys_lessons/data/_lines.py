"""Text files in pieces of whole lines, and what their first bytes give away."""

from __future__ import annotations

import io
from collections.abc import Iterator

from recsys_lessons.data._errors import DataFileError

__all__ = ["blocks", "read_text"]

BLOCK_BYTES = 1 << 25  # large enough that parsing dominates, small beside the ratings themselves
MAX_TEXT_BYTES = 1 << 28  # movies: the largest release has 4 MB of them
_BOM = b"\xef\xbb\xbf"


def blocks(stream: io.BufferedIOBase, where: str) -> Iterator[tuple[int, bytes]]:
    """The file in pieces that end at the end of a line, each with the number of its first line, from 1.

    A byte-order mark is taken off. Only the last piece may end without a line end: as the file does.

    Args:
        stream: opened for bytes.
        where: how messages call the file.

    Raises:
        DataFileError: an empty file, a web page, UTF-16, or line ends that no line-based reader knows.
    """
    line, rest = 1, b""
    first = True
    while block := stream.read(BLOCK_BYTES):
        if first:
            block, first = _checked_head(block, where), False
        end = block.rfind(b"\n") + 1
        if not end:
            rest += block
            if len(rest) > 2 * BLOCK_BYTES:
                raise DataFileError(f"line {line} of {where} is longer than {len(rest):,} bytes; that is no such file.")
            continue
        piece = rest + block[:end]
        rest = block[end:]
        yield line, piece
        line += piece.count(b"\n")
    if first:
        raise DataFileError(f"{where} is empty. A download may have failed: fetch it again.")
    if rest:
        yield line, rest


def read_text(stream: io.BufferedIOBase, where: str, *, latin: bool) -> tuple[str, str | None]:
    """A whole file as text, and a note where its encoding is not the one that it should have.

    Args:
        stream: opened for bytes.
        where: how messages call the file.
        latin: Latin-1 is what the release is written in; otherwise it is UTF-8.

    Raises:
        DataFileError: as `blocks`, or a file far larger than any list of movies.
    """
    data = stream.read(MAX_TEXT_BYTES + 1)
    if len(data) > MAX_TEXT_BYTES:
        raise DataFileError(f"{where} is larger than {MAX_TEXT_BYTES:,} bytes, and the largest release has 4,000,000.")
    if not data:
        raise DataFileError(f"{where} is empty. A download may have failed: fetch it again.")
    data = _checked_head(data, where)
    try:
        return data.decode("utf-8"), None  # nothing but UTF-8 decodes so by accident
    except UnicodeDecodeError as error:
        text = data.decode("latin-1")
        if latin:
            return text, None
        line = data.count(b"\n", 0, error.start) + 1
        return text, f"{where} is not UTF-8 (byte 0x{data[error.start]:02x} in line {line}); it was read as Latin-1"


def _checked_head(block: bytes, where: str) -> bytes:
    if block.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise DataFileError(f"{where} is UTF-16 (its first bytes say so). Save it as UTF-8.")
    block = block.removeprefix(_BOM)
    start = block[:4096].lstrip()
    if not start:
        if len(block) < BLOCK_BYTES:
            raise DataFileError(f"{where} has blank lines only. A download may have failed: fetch it again.")
    if start.startswith(b"<"):
        raise DataFileError(
            f"{where} is a web page (it starts with {start[:30].decode('latin-1')!r}), perhaps an error message saved "
            "under a file's name. Download it again."
        )
    if block.startswith(b"PK\x03\x04"):
        raise DataFileError(f"{where} is a zip file under another name. Unpack it, or call it .zip and pass that.")
    if b"\r" in block and b"\n" not in block:
        raise DataFileError(f"the lines of {where} end in CR alone, as on old Macs. Save it with LF or CRLF.")
    return block
