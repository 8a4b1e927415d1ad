"""A 4-bit file whose counts are wrong is refused before anything is made of them."""

import struct

import pytest

from recsys_lessons._assets import e5
from recsys_lessons.errors import AssetError

GOOD = {
    "version": 1,
    "hidden": 32,
    "layers": 1,
    "heads": 2,
    "feed_forward": 64,
    "vocabulary": 60,
    "positions": 8,
    "types": 2,
    "epsilon": 1e-12,
    "block": 32,
    "pieces": 50,
    "bos": 0,
    "eos": 2,
    "pad": 1,
    "unk": 3,
}


def read(**changes):
    return e5._header(e5._Reader(b"E5S1" + struct.pack("<I7ifi5i", *(GOOD | changes).values()) + b"\0" * 100))


def test_a_header_as_documented_is_read():
    assert read()["feed_forward"] == 64


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("layers", 2**31 - 1),
        ("layers", 0),
        ("hidden", -1),
        ("vocabulary", 2**30),
        ("pieces", 61),
        ("bos", 50),
        ("unk", -1),
        ("epsilon", 1e-5),
        ("version", 2),
        ("block", 64),
    ],
)
def test_a_count_that_cannot_be_is_refused(name, value):
    with pytest.raises(AssetError, match="the 4-bit file (says|has)"):
        read(**{name: value})


def test_pieces_that_are_not_utf8_are_refused():
    data = struct.pack("<Q2If", 2, 0, 2, -1.0) + b"\xff\xfe"
    with pytest.raises(AssetError, match="not UTF-8"):
        e5.read_pieces(e5._Reader(data), 1)
