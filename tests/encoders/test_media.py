"""What pictures, sounds and videos share: masks, errors that name row and file, keys, streaming, the cache."""

from __future__ import annotations

import os
import threading
import warnings

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from recsys_lessons.encoders.media import content_key, describe, encode_media, is_missing, listed
from recsys_lessons.errors import MediaError


def decode(item):
    """Bytes to one input for each byte; b"bad..." cannot be read, and b"late..." fails after its first chunk."""
    data = item if isinstance(item, bytes) else item.read_bytes()
    if data.startswith(b"bad"):
        raise MediaError("it is bad.")
    for at in range(0, len(data), 3):
        yield torch.tensor(list(data[at : at + 3]), dtype=torch.float32)[:, None]
        if data.startswith(b"late"):
            raise MediaError("it ends too early.")


def encode(items, **changes):
    settings = {
        "decode": decode,
        "embed": lambda inputs: torch.cat([inputs, inputs**2], dim=1),
        "pool": lambda features: features.mean(0),
        "dim": 2,
        "batch": 4,
        "progress": False,
    }
    return encode_media(items, **{**settings, **changes})


def mean_of(data: bytes) -> list[float]:
    values = np.frombuffer(data, np.uint8).astype(float)
    return [values.mean(), (values**2).mean()]


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("batch", [1, 4, 100])
def test_items_of_any_length_share_batches_and_each_gets_its_own_vector(batch, workers):
    random = np.random.default_rng(0)
    items = [random.bytes(int(random.integers(1, 30))) for _ in range(50)]
    sizes = []

    def embed(inputs):
        sizes.append(len(inputs))
        return torch.cat([inputs, inputs**2], dim=1)

    vectors, mask = encode(items, batch=batch, workers=workers, embed=embed)
    np.testing.assert_allclose(vectors.numpy(), [mean_of(one) for one in items], rtol=1e-5)
    assert mask.all() and max(sizes) <= batch
    assert sum(sizes) == sum(map(len, items))


def test_missing_items_are_nan_and_masked_and_no_error():
    nothing = [None, float("nan"), np.float32("nan"), pd.NA, pd.NaT, "", "  "]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        vectors, mask = encode([b"a", *nothing, b"b"])
    assert mask.tolist() == [True, *[False] * len(nothing), True]
    assert torch.isnan(vectors).all(dim=1).tolist() == (~mask).tolist()
    assert all(map(is_missing, nothing)) and not any(map(is_missing, [b"", b"a", "a", 0, 0.0, np.zeros(3)]))


def test_no_item_at_all_gives_an_empty_matrix():
    vectors, mask = encode([])
    assert vectors.shape == (0, 2) and mask.shape == (0,)


def test_an_error_names_row_file_reason_and_mend(tmp_path):
    (tmp_path / "x.bin").write_bytes(b"bad one")
    for items, message in (
        ([b"a", None, str(tmp_path / "x.bin")], r'row 2, .*x\.bin: it is bad\. .*on_error="missing"'),
        ([b"a", tmp_path / "no.bin"], r"row 1, .*no\.bin: there is no such file"),
        ([b"a", tmp_path], r"row 1, .*: it is no file"),
        ([b"a", b""], r"row 1, 0 bytes: nothing in it"),
        ([b"a", b"late, and cut short"], r"row 1, 19 bytes: it ends too early"),
    ):
        with pytest.raises(MediaError, match=message):
            encode(items, workers=2)


def test_what_cannot_be_read_is_counted_in_one_warning_and_its_neighbours_are_untouched(tmp_path):
    items = [b"abc", b"bad", b"late, after a chunk", "/no/such.file", b"", b"bad", b"xyz", None]
    with pytest.warns(UserWarning) as caught:
        vectors, mask = encode(items, on_error="missing", batch=100)
    assert len(caught) == 1
    text = str(caught[0].message)
    assert "5 of 8 items" in text and "row 1, 3 bytes: it is bad." in text and "And 2 more." in text
    assert mask.tolist() == [True, False, False, False, False, False, True, False]
    np.testing.assert_allclose(vectors[[0, 6]].numpy(), [mean_of(b"abc"), mean_of(b"xyz")])


def test_numbers_that_are_not_finite_are_an_error_and_no_vector():
    def embed(inputs):
        return torch.where(inputs == ord("z"), float("inf"), inputs).repeat(1, 2)

    with pytest.raises(MediaError, match=r"row 1, 2 bytes: .*not finite"):
        encode([b"a", b"az"], embed=embed)
    with pytest.warns(UserWarning, match="not finite"):
        assert encode([b"a", b"az"], embed=embed, on_error="missing").mask.tolist() == [True, False]


def test_equal_content_is_computed_once_wherever_it_lies(tmp_path):
    for name in "ab":
        (tmp_path / name).write_bytes(b"same")
    seen = []
    vectors, mask = encode(
        [tmp_path / "a", b"same", tmp_path / "b", b"other"], decode=lambda item: seen.append(item) or decode(item)
    )
    assert len(seen) == 2 and mask.all() and (vectors[0] == vectors[1]).all() and (vectors[0] == vectors[2]).all()


def test_the_cache_gives_the_same_vectors_and_never_remembers_a_failure(tmp_path):
    cache, file = tmp_path / "c.sqlite", tmp_path / "late.bin"
    items = [b"abc", b"bad", str(file)]
    with pytest.warns(UserWarning, match="2 of 3"):
        first = encode(items, cache=cache, on_error="missing")
    file.write_bytes(b"here now")
    seen = []
    with pytest.warns(UserWarning, match="1 of 3"):
        second = encode(items, cache=cache, on_error="missing", decode=lambda item: seen.append(item) or decode(item))
    assert b"abc" not in seen and b"bad" in seen and file in seen
    assert (first.vectors[0] == second.vectors[0]).all() and second.mask.tolist() == [True, False, True]


def test_decoded_inputs_do_not_pile_up_however_long_an_item_or_a_list_is():
    alive, peak, lock = 0, 0, threading.Lock()

    def long(item):
        nonlocal alive, peak
        for _ in range(200):
            with lock:
                alive += 3
                peak = max(peak, alive)
            yield torch.full((3, 1), 2.0)

    def embed(inputs):
        nonlocal alive
        with lock:
            alive -= len(inputs)
        return inputs.repeat(1, 2)

    vectors, _ = encode([bytes([n]) for n in range(20)], decode=long, embed=embed, batch=8, workers=2)
    assert (vectors == 2).all() and peak <= 2 * (8 + 3)


def test_a_worker_decodes_while_another_computes():
    both = threading.Barrier(2, timeout=20)  # breaks unless two threads stand here at the same time

    def meeting(inputs):
        both.wait()
        return inputs.repeat(1, 2)

    encode([b"a", b"b"], embed=meeting, workers=2)


def test_keys_depend_on_content_type_and_shape_and_on_nothing_else(tmp_path):
    zeros = np.zeros((4, 6), np.uint8)
    picture = Image.fromarray(zeros)
    different = [b"a", b"b", zeros, zeros.reshape(6, 4), zeros.astype(np.int8), picture, picture.convert("RGB")]
    different += [(zeros, 16000), (zeros, 8000), [zeros, zeros], Image.new("P", (6, 4)), b""]
    assert len({content_key(item) for item in different}) == len(different)
    assert content_key(zeros) == content_key(zeros.copy()) == content_key(np.asfortranarray(zeros))
    assert content_key(zeros) == content_key(torch.from_numpy(zeros))
    (tmp_path / "f").write_bytes(b"a")
    assert content_key(tmp_path / "f") == content_key(b"a") == content_key(bytearray(b"a"))
    turned = picture.copy()
    turned.getexif()[0x0112] = 6
    assert content_key(turned) != content_key(picture)


def test_a_large_file_is_known_by_its_ends_size_and_time(tmp_path):
    path = tmp_path / "large"
    with path.open("wb") as file:
        file.truncate(65 << 20)
    before = content_key(path)
    assert content_key(path) == before
    os.utime(path, ns=(1, 1))
    changed = content_key(path)
    assert changed != before
    with path.open("r+b") as file:
        file.seek(-1, 2)
        file.write(b"x")
    os.utime(path, ns=(1, 1))
    assert content_key(path) not in (before, changed)


def test_an_item_of_another_kind_is_a_type_error_that_names_its_row():
    for on_error in ("raise", "missing"):
        with pytest.raises(TypeError, match="row 1: an item is a dict; pass a path"):
            encode([b"a", {}], on_error=on_error)
    with pytest.raises(ValueError, match="on_error is 'skip'"):
        encode([b"a"], on_error="skip")


@pytest.mark.parametrize("item", ["a.jpg", b"abc", Image.new("RGB", (2, 2))])
def test_one_item_instead_of_a_list_is_told(item):
    with pytest.raises(TypeError, match=r"Write encode\(\[picture\]\)"):
        listed(item, "picture")


def test_a_table_instead_of_a_column_is_told_and_a_column_is_a_list():
    table = pd.DataFrame({"cover": ["a.jpg", None]})
    with pytest.raises(TypeError, match=r"\['cover'\]; write table\['\.\.\.'\]"):
        listed(table, "picture")
    assert listed(table["cover"], "picture")[0] == "a.jpg"


def test_names_in_messages_are_short():
    assert describe(np.zeros((9, 9))) == "a ndarray of shape (9, 9)"
    assert describe(b"x" * 5000) == "5,000 bytes"
    assert describe((np.zeros(9), 16000)) == "(a ndarray of shape (9,), 16000)"
    assert len(describe(Image.new("L", (3, 4)))) < 40


def test_a_pooling_of_another_length_than_was_said_is_a_bug_and_told():
    with pytest.raises(ValueError, match=r"shape \(1,\), and \(2,\)"):
        encode([b"a"], pool=lambda features: features[0, :1])


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes are a thing of POSIX")
def test_a_pipe_or_a_folder_is_told_at_once_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.jpg")
    for path in (tmp_path / "pipe.jpg", tmp_path):
        with pytest.raises(MediaError, match="it is no file"):
            content_key(path)
