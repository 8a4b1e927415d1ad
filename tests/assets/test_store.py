"""What can go wrong with a disk, a cache and pip's settings, on an asset of a few bytes; no network, no real cache."""

import hashlib
import json
import shutil
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from recsys_lessons import assets, hub
from recsys_lessons._assets import fetch
from recsys_lessons.errors import AssetError

CONTENT = b"the one file that is wanted" * 100


@pytest.fixture
def source(tmp_path):
    folder = tmp_path / "source"
    folder.mkdir()
    (folder / "data.bin").write_bytes(CONTENT)
    return folder


@pytest.fixture
def register(private_home, monkeypatch):
    """Registers a small asset; its converter copies the file, or does what it is told."""
    converters = {}
    monkeypatch.setattr(assets.Asset, "convert", property(lambda self: converters[self.name]))

    def add(name="tiny", convert=lambda file, folder: shutil.copy(file, folder / "copy.bin"), **changes):
        fields = {
            "name": name,
            "wheel": "tiny_asset==1.0",
            "member": "tiny_asset/data.bin",
            "member_sha256": hashlib.sha256(CONTENT).hexdigest(),
            "member_bytes": len(CONTENT),
            "wheel_bytes": 5000,
            "result_bytes": 5000,
            "result": "copy.bin",
        }
        asset = replace(assets.REGISTRY["movielens-small"], **(fields | changes))
        converters[name] = convert
        monkeypatch.setitem(assets.REGISTRY, name, asset)
        return asset

    return add


def get(name, source):
    return assets.asset_path(name, source=source, progress=False)


@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_bytes(CONTENT[:-1])])
def test_an_asset_that_lost_a_file_or_a_part_of_it_is_made_again(register, source, damage):
    register()
    path = get("tiny", source)
    damage(path)
    assert assets.statuses(["tiny"])[0].state == "damaged"
    assert get("tiny", source).read_bytes() == CONTENT and assets.verify(["tiny"])[0].state == "ready"


def test_what_only_a_hash_can_see_is_told_with_the_way_out(register, source):
    register()
    get("tiny", source).write_bytes(CONTENT[:-1] + b"?")
    status = assets.verify(["tiny"])[0]
    assert status.state == "damaged" and "assets clear tiny, then pull" in status.detail


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("Error while serializing: I/O error: No space left on device (os error 28)"),  # safetensors' words
        OSError(28, "No space left on device"),
        OSError(122, "Disk quota exceeded"),
    ],
)
def test_a_full_disk_is_told_whoever_says_so(register, source, private_home, error):
    def convert(file, folder):
        raise error

    register(convert=convert)
    with pytest.raises(AssetError, match="no room.*RECSYS_LESSONS_HOME"):
        get("tiny", source)
    assert list((private_home / "cache" / "assets").glob(".making-*")) == []


def test_a_full_disk_does_not_send_anybody_to_the_hub(register, source, monkeypatch):
    asked = []
    monkeypatch.setattr(hub, "download_model", lambda *args, **kwargs: asked.append(args))
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: shutil._ntuple_diskusage(10, 9, 1))
    register(hub="somebody/something")
    monkeypatch.delenv("RECSYS_LESSONS_WHEELS", raising=False)
    with pytest.raises(AssetError, match="no room"):
        get("tiny", None)
    assert asked == []


def test_a_converter_that_fails_is_named_with_its_reason(register, source, private_home):
    def convert(file, folder):
        (folder / "half").write_bytes(b"half")
        raise KeyError("genres")

    register(convert=convert)
    with pytest.raises(AssetError, match="'tiny' could not be made.*KeyError: 'genres'"):
        get("tiny", source)
    assert assets.statuses(["tiny"])[0].state == "missing"
    assert list((private_home / "cache" / "assets").glob(".making-*")) == []


def test_what_is_converted_is_a_verified_copy_and_not_the_file_in_somebodys_folder(register, source, private_home):
    seen = []

    def convert(file, folder):
        seen.append(Path(file))
        shutil.copy(file, folder / "copy.bin")

    register(convert=convert)
    get("tiny", source)
    assert seen[0].is_relative_to(private_home) and (source / "data.bin").exists()


def test_the_manifest_says_where_from_and_by_which_converter(register, source):
    register(converter_version=7)
    facts = json.loads((get("tiny", source).parent / "manifest.json").read_text())
    assert (facts["name"], facts["wheel"], facts["source"]) == ("tiny", "tiny_asset==1.0", "folder")
    assert facts["converter_version"] == 7
    assert facts["files"] == {"copy.bin": {"bytes": len(CONTENT), "sha256": hashlib.sha256(CONTENT).hexdigest()}}


def test_a_stand_in_from_the_hub_is_remembered_as_one(register, monkeypatch):
    def download(name, *, local_dir, safe_only):
        assert (name, safe_only) == ("somebody/something", True)
        (local_dir / "copy.bin").write_bytes(b"full precision")

    monkeypatch.setattr(hub, "download_model", download)
    register(hub="somebody/something")
    with pytest.warns(UserWarning, match="full precision"):
        get("tiny", "hub")
    status = assets.statuses(["tiny"])[0]
    assert status.state == "ready" and "somebody/something" in status.detail


def test_clearing_one_asset_spares_another_whose_name_starts_alike(register, source):
    register("tiny")
    register("tiny-two")
    get("tiny", source)
    kept = get("tiny-two", source)
    assets.clear(["tiny"])
    assert kept.exists() and assets.statuses(["tiny"])[0].state == "missing"


def test_clearing_removes_older_conversions_too(register, source):
    register(converter_version=1)
    old = get("tiny", source)
    register(converter_version=2)
    assets.clear(["tiny"])
    assert not old.exists()


def test_clearing_nothing_makes_no_cache(register, private_home):
    register()
    assert assets.clear() == 0 and not private_home.exists()


def test_a_folder_that_cannot_be_removed_is_named(register, source, monkeypatch):
    register()
    folder = get("tiny", source).parent

    def refuse(path, *args, **kwargs):
        raise PermissionError(13, "The process cannot access the file")

    monkeypatch.setattr(shutil, "rmtree", refuse)
    with pytest.raises(AssetError, match=f"{folder.name} could not be removed.*notebooks"):
        assets.clear(["tiny"])


def test_progress_speaks_the_readers_language(register, source, monkeypatch, capsys):
    register()
    monkeypatch.setenv("RECSYS_LESSONS_LANG", "zh")
    assets.asset_path("tiny", source=source)
    assert "转换 tiny" in capsys.readouterr().err


@pytest.mark.parametrize("setting", ["constraint = {folder}/constraints.txt", "require-virtualenv = true"])
def test_settings_of_pip_that_have_nothing_to_do_with_it_do_not_stop_a_pull(register, tmp_path, monkeypatch, setting):
    wheel = tmp_path / "wheels" / "tiny_asset-1.0-py3-none-any.whl"
    wheel.parent.mkdir()
    with zipfile.ZipFile(wheel, "w") as archive:
        info = "tiny_asset-1.0.dist-info"
        archive.writestr("tiny_asset/data.bin", CONTENT)
        archive.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: tiny-asset\nVersion: 1.0\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    (tmp_path / "constraints.txt").write_text("tiny-asset==0.9\n")
    (tmp_path / "pip.conf").write_text("[global]\n" + setting.format(folder=tmp_path) + "\n")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
    if "virtualenv" in setting:  # it bites outside a virtual environment only, as with conda
        outside = getattr(sys, "_base_executable", sys.executable)
        if subprocess.run([outside, "-m", "pip", "--version"], capture_output=True).returncode:
            pytest.skip(f"the Python outside this environment, {outside}, has no pip")
        monkeypatch.setattr(fetch.sys, "executable", outside)
    register(wheel_sha256=fetch.sha256_of(wheel))
    assert get("tiny", wheel.parent).read_bytes() == CONTENT
