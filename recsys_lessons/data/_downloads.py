"""A MovieLens release by name, from GroupLens: fetched once, checked, and never half there."""

from __future__ import annotations

import errno
import hashlib
import http.client
import os
import re
import shutil
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from recsys_lessons.data._errors import DataFileError
from recsys_lessons.language import say
from recsys_lessons.paths import data_dir

__all__ = ["RELEASES", "fetch_release", "shelf", "stored"]

BASE = "https://files.grouplens.org/datasets/movielens"
# The MD5 that GroupLens publishes beside each zip. It finds damage; it is no proof against somebody who means harm.
# None for the two that GroupLens makes anew from time to time: their MD5 is asked for at the time.
RELEASES: dict[str, str | None] = {
    "ml-100k": "0e33842e24a9c977be4e0107933c0723",
    "ml-1m": "c4d9eecfca2ab87c1945afe126590906",
    "ml-10m": "ce571fd55effeba0271552578f2648bd",
    "ml-20m": "cd245b17a1ae2cc31bb14903e1204af3",
    "ml-25m": "6b51fb2759a8657d3bfcbfc42b592ada",
    "ml-32m": "d472be332d4daa821edc399621853b57",
    "ml-latest-small": None,
    "ml-latest": None,
}
DEADLINE = 15.0  # seconds without an answer, or without a byte
SLOWEST = 1000  # bytes a second, over PATIENCE seconds; below that a network counts as dead
PATIENCE = 60.0
MAX_BYTES = 2_000_000_000  # the largest release has 340 MB
_FETCHING = {"en": "Fetching {name}", "zh": "正在下载 {name}"}
_WAITING = {
    "en": "Another process is fetching {name}; waiting for it ...",
    "zh": "另一个进程正在下载 {name}，等待它完成……",
}


def shelf() -> Path:
    """Where downloaded releases lie."""
    return data_dir() / "movielens"


def stored(name: str) -> Path | None:
    """A release that is on this machine: its zip, or its folder; None where it is not."""
    places = (shelf() / f"{name}.zip", shelf() / name)
    return next((place for place in places if place.exists()), None)


def fetch_release(name: str, *, base: str | None = None, progress: bool = True) -> Path:
    """Fetch NAME.zip unless it is here, and return its path.

    What has arrived when a download breaks off is kept, and the next call goes on from there. To get a newer "latest"
    release, remove the file.

    Args:
        name: a key of `RELEASES`.
        base: the address of the folder with the zips.
        progress: show a bar.

    Raises:
        DataFileError: no network, no answer in time, another MD5 than published, or no room.
    """
    base = base or BASE
    with _locked(name):
        if found := stored(name):
            return found
        target = shelf() / f"{name}.zip"
        part = shelf() / f".{name}.zip.part"
        if RELEASES[name] is None:
            part.unlink(missing_ok=True)  # the rest may be of a newer release than the part
        expected = RELEASES[name] or _published_md5(name, base)
        for resumed in (part.exists(), False):
            _fetch(f"{base}/{name}.zip", part, name, progress)
            found = _md5(part)
            if found == expected:
                os.replace(part, target)
                return target
            part.unlink()
            if not resumed:
                break
    raise DataFileError(
        f"{name}.zip from {base} has MD5 {found}, and {expected} is published. It was cut short or changed on the way, "
        f"and was removed. Try again, or put a good copy into {shelf()}."
    )


@contextmanager
def _locked(name: str) -> Iterator[None]:
    from filelock import FileLock, Timeout

    try:
        shelf().mkdir(parents=True, exist_ok=True)
        lock = FileLock(shelf() / f".{name}.lock")
        try:
            lock.acquire(timeout=0.2)
        except Timeout:
            print(say(_WAITING, name=name), file=sys.stderr, flush=True)
            lock.acquire()
    except OSError as error:
        raise DataFileError(
            f"{shelf()} cannot be written ({error.strerror or error}). Set RECSYS_LESSONS_HOME to a folder of yours."
        ) from error
    try:
        yield
    finally:
        lock.release()


def _fetch(url: str, part: Path, name: str, progress: bool) -> None:
    """Bring `part` up to the whole file."""
    from tqdm.auto import tqdm

    have = part.stat().st_size if part.exists() else 0
    response = _open(url, {"Range": f"bytes={have}-"} if have else {}, name)
    with response:
        if response.status != 206 or not (response.headers.get("Content-Range") or "").startswith(f"bytes {have}-"):
            have = 0  # the server sends all of it, whatever was asked
        length = response.headers.get("Content-Length", "")
        total = have + int(length) if length.isdigit() else None
        if (total or 0) > MAX_BYTES:
            raise _failed(url, name, f"offers {total:,} bytes, and the largest release has 340 MB")
        if total and shutil.disk_usage(part.parent).free < total - have:
            raise DataFileError(f"no room for {name}.zip in {part.parent}: it has {total / 1e6:,.0f} MB. Free some.")
        label = say(_FETCHING, name=f"{name}.zip")
        with (
            part.open("ab" if have else "wb") as file,
            tqdm(total=total, initial=have, unit="B", unit_scale=True, desc=label, disable=not progress) as bar,
        ):
            try:
                for block in _steadily(response, url, name):
                    have += file.write(block)
                    bar.update(len(block))
                    if have > (total or MAX_BYTES):
                        raise _failed(url, name, "sends more bytes than it said")
            except OSError as error:
                if error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)):
                    raise DataFileError(f"no room for {name}.zip in {part.parent}. Free some; call again.") from error
                raise _failed(url, name, f"broke off ({error or type(error).__name__})") from error
            except http.client.HTTPException as error:
                raise _failed(url, name, f"broke off ({error!r})") from error
    if total and have < total:
        raise _failed(url, name, f"broke off after {have:,} of {total:,} bytes")


def _steadily(response: http.client.HTTPResponse, url: str, name: str) -> Iterator[bytes]:
    since, arrived = time.monotonic(), 0
    while block := response.read1(1 << 16):
        yield block
        arrived += len(block)
        elapsed = time.monotonic() - since
        if elapsed > PATIENCE:
            if arrived < SLOWEST * elapsed:
                raise _failed(url, name, f"sent {arrived:,} bytes in {elapsed:.0f} seconds")
            since, arrived = time.monotonic(), 0


def _published_md5(name: str, base: str) -> str:
    url = f"{base}/{name}.zip.md5"
    with _open(url, {}, name) as response:
        text = response.read(4096).decode("latin-1")
    found = re.search(r"\b[0-9a-fA-F]{32}\b", text)
    if not found:
        raise _failed(url, name, f"should hold an MD5, and starts with {text[:40]!r}")
    return found[0].lower()


def _md5(path: Path) -> str:
    state = hashlib.md5(usedforsecurity=False)
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            state.update(block)
    return state.hexdigest()


def _open(url: str, headers: dict[str, str], name: str) -> http.client.HTTPResponse:
    request = urllib.request.Request(url, headers={"User-Agent": "recsys-lessons", **headers})
    try:
        return _within(2 * DEADLINE, lambda: urllib.request.urlopen(request, timeout=DEADLINE))
    except urllib.error.HTTPError as error:
        if error.code == 416 and headers:  # the part is longer than the file: begin again
            return _open(url, {}, name)
        raise _failed(url, name, f"says {error.code} {error.reason}") from error
    except (OSError, http.client.HTTPException) as error:  # URLError is an OSError
        raise _failed(url, name, f"cannot be reached ({getattr(error, 'reason', error)})") from error


def _within(seconds: float, work: Callable):
    """The work's result; TimeoutError after so long. A socket's own deadline does not cover the search for its name."""
    answer: dict = {}

    def run() -> None:
        try:
            answer["value"] = work()
        except Exception as error:  # told by the caller
            answer["error"] = error

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if "error" in answer:
        raise answer["error"]
    if "value" not in answer:
        raise TimeoutError(f"no answer in {seconds:g} seconds")
    return answer["value"]


def _failed(url: str, name: str, why: str) -> DataFileError:
    return DataFileError(
        f"{url} {why}. Check the network and call again: what has arrived is kept where that is safe. Or fetch "
        f"{name}.zip on another machine and put it into {shelf()}."
    )
