"""A zip is looked at before it is read, and nothing in it is written to disk."""

import struct
import zipfile

import pytest

from recsys_lessons.data import _zips
from recsys_lessons.data._errors import DataFileError
from recsys_lessons.data.movielens import load_movielens
from tests.data.conftest import csv_release


@pytest.fixture
def pack(tmp_path):
    """pack([(name or ZipInfo, bytes), ...]): a zip with a release in it and these files besides."""

    def made(extra):
        path = tmp_path / "some.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for key, data in csv_release().items():
                archive.writestr(f"ml-25m/{key}", data)
            for name, data in extra:
                archive.writestr(name, data)
        return path

    return made


def link(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = 0o120777 << 16
    return info


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        ("../outside.csv", r"'../outside.csv', which leads out of its folder"),
        ("ml-25m/../../x", "leads out of its folder"),
        ("..\\outside.csv", "leads out of its folder"),
        ("/etc/passwd", "'/etc/passwd', an absolute path"),
        ("C:\\x.csv", "an absolute path"),
        (link("ml-25m/links.csv"), "which is a link"),
        ("ml-25m/ratings.csv", r"'ml-25m/ratings.csv' twice"),
    ],
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_what_no_release_does_is_refused_by_name(pack, extra, message):
    with pytest.raises(DataFileError, match=message):
        load_movielens(pack([(extra, b"/etc/passwd")]))


def test_nothing_is_unpacked(pack, tmp_path):
    path = pack([("ml-25m/README.txt", b"hello"), ("__MACOSX/ml-25m/._ratings.csv", b"\0")])
    assert load_movielens(path).n_items == 3
    assert list(tmp_path.iterdir()) == [path]


def test_a_bomb_is_refused_by_what_it_declares(pack):
    path = pack([("ml-25m/tags.csv", b"0" * 20_000_000)])
    with pytest.raises(DataFileError, match=r"'ml-25m/tags.csv', 20,000,000 bytes packed into .*100 to 1"):
        load_movielens(path)


def test_a_stream_that_gives_more_than_it_may_is_stopped(pack, monkeypatch):
    monkeypatch.setattr(_zips, "MIN_BYTES", 60)
    monkeypatch.setattr(_zips, "MAX_RATIO", 0.5)
    monkeypatch.setattr(_zips, "_check", lambda *_: None)
    with pytest.raises(DataFileError, match=r"movies.csv in .*some.zip unpacks to more than it may hold"):
        load_movielens(pack([]))


def test_an_encrypted_file_is_named(pack):
    path = pack([])
    data = bytearray(path.read_bytes())
    place = data.find(b"PK\x01\x02")
    data[place + 8] |= 1  # the flag in the directory
    path.write_bytes(data)
    with pytest.raises(DataFileError, match="which is encrypted. Unpack it yourself"):
        load_movielens(path)


def test_a_way_of_packing_that_python_lacks_is_named(pack):
    path = pack([])
    data = bytearray(path.read_bytes())
    for mark, offset in ((b"PK\x01\x02", 10), (b"PK\x03\x04", 8)):
        place = -1
        while (place := data.find(mark, place + 1)) >= 0:
            struct.pack_into("<H", data, place + offset, 99)
    path.write_bytes(data)
    with pytest.raises(DataFileError, match="cannot be read .*unpack it and pass the folder"):
        load_movielens(path)


@pytest.mark.parametrize("keep", [0.3, 0.95])
def test_a_zip_cut_short_is_told_from_a_file_that_is_none(pack, keep):
    path = pack([])
    data = path.read_bytes()
    path.write_bytes(data[: int(keep * len(data))])
    with pytest.raises(DataFileError, match="starts as a zip, but is cut short or damaged"):
        load_movielens(path)
    path.write_bytes(b"<html>not found</html>")
    with pytest.raises(DataFileError, match="is no zip file"):
        load_movielens(path)


def test_damage_inside_is_noticed(pack):
    path = pack([])
    data = bytearray(path.read_bytes())
    data[data.find(b"ratings.csv") + 40] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(DataFileError, match=r"ratings.csv in .*some.zip is cut short or damaged"):
        load_movielens(path)


def test_too_many_files_are_no_release(pack, monkeypatch):
    monkeypatch.setattr(_zips, "MAX_MEMBERS", 3)
    with pytest.raises(DataFileError, match="holds 4 files"):
        load_movielens(pack([("a", b""), ("b", b"")]))
