"""Media of TinyLens: the same for a seed, each showing what it should and hiding the rest, and never half-written."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import wave

import av
import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from recsys_lessons.data.tinylens import _media, load_tinylens, make_tinylens
from recsys_lessons.data.tinylens._clips import clip_arrays
from recsys_lessons.data.tinylens._covers import cover_array
from recsys_lessons.data.tinylens._items import make_catalogue
from recsys_lessons.data.tinylens._motifs import ROLES, motif
from recsys_lessons.data.tinylens._shapes import Plane
from recsys_lessons.data.tinylens._sounds import RATE, _sine, beats, sound_array
from recsys_lessons.data.tinylens._vocabulary import MOODS, STYLES, TEMPOS, TOPICS
from recsys_lessons.encoders.audio import AudioEncoder
from recsys_lessons.encoders.image import ImageEncoder
from recsys_lessons.errors import DataFileError
from recsys_lessons.paths import cache_dir

SMALL = {"n_items": 40, "n_users": 3, "n_days": 28, "seed": 5, "progress": False}
MAKERS = {"cover": cover_array, "audio": sound_array, "video": clip_arrays}


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return make_tinylens(tmp_path_factory.mktemp("media") / "w", **SMALL)


@pytest.fixture(scope="module")
def item():
    return make_catalogue(40, 5).truth.iloc[3]


@pytest.fixture
def cheap(monkeypatch):
    """Files that cost nothing, for tests of where and when files are written."""
    for name in ("cover_array", "sound_array", "clip_arrays"):
        monkeypatch.setattr(_media, name, lambda item, seed: None)
    for name in ("jpeg", "wav", "mp4"):
        monkeypatch.setattr(_media, name, lambda *made: b"content")


def other(item, **changes):
    return pd.Series({**item, **changes})


def files(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_the_same_seed_gives_these_very_arrays_on_any_machine():
    # Changed on purpose? Then raise VERSION in _media.py, so that media made before are not taken for new ones.
    hashes = {name: hashlib.sha256() for name in MAKERS}
    for row in make_catalogue(40, 1).truth.iloc[:24].itertuples():
        for name, make in MAKERS.items():
            hashes[name].update(make(row, 1).tobytes())
    found = {name: one.hexdigest()[:16] for name, one in hashes.items()}
    assert (_media.VERSION, found) == (
        1,
        {"cover": "c9d76463857ce4f1", "audio": "a1ee7df71f63d98d", "video": "cc8699bc98c5153e"},
    )


def test_shapes_sizes_and_kinds_of_the_arrays_are_the_promised_ones(item):
    cover, sound, clip = cover_array(item, 5), sound_array(item, 5), clip_arrays(item, 5)
    assert (cover.shape, cover.dtype) == ((192, 192, 3), np.uint8)
    assert (sound.shape, sound.dtype) == ((32_000,), np.int16)
    assert (clip.shape, clip.dtype) == ((24, 160, 160, 3), np.uint8)
    assert 5_000 < np.abs(sound.astype(int)).max() < 32_767  # neither silent nor clipped
    assert sound[0] == sound[-1] == 0  # no click at the ends


def test_another_seed_or_item_gives_other_media(item):
    for make in MAKERS.values():
        made = make(item, 5)
        np.testing.assert_array_equal(make(item, 5), made)
        assert not np.array_equal(make(item, 6), made)
        assert not np.array_equal(make(other(item, item_id=39), 5), made)


@pytest.mark.parametrize(
    ("attribute", "values", "shown_in"),
    [
        ("topic", tuple(TOPICS), {"cover", "video"}),
        ("style", STYLES, {"cover"}),
        ("mood", MOODS, {"audio"}),
        ("tempo", TEMPOS, {"audio", "video"}),
        ("city", ("Beijing", "Xiamen"), set()),
        ("misleading", (True, False), set()),
        ("quality", (-1.0, 1.0), set()),
        ("exposure", (0.1, 1.0), set()),
    ],
)
def test_an_attribute_changes_the_media_that_show_it_and_not_a_bit_of_the_others(item, attribute, values, shown_in):
    for name, make in MAKERS.items():
        made = set()
        for value in values:
            subtopic = {"subtopic": TOPICS[value][0]} if attribute == "topic" else {}
            made.add(make(other(item, **{attribute: value}, **subtopic), 5).tobytes())
        assert len(made) == (len(values) if name in shown_in else 1), name


def test_every_subtopic_has_a_shape_of_its_own_that_stays_inside_its_frame():
    plane, seen = Plane(60, 60, 0, 0, 30, 30, 20.0), set()
    for topic, subtopics in TOPICS.items():
        for subtopic in subtopics:
            parts = motif(plane, topic, subtopic)
            assert {role for role, _ in parts} <= set(ROLES)
            assert len(parts) >= 4
            edge = np.min([shape for _, shape in parts], axis=0)
            assert edge[0].min() > 0 and edge[-1].min() > 0 and edge[:, 0].min() > 0 and edge[:, -1].min() > 0
            seen.add(np.stack([shape for _, shape in parts]).tobytes())
    assert len(seen) == 32


def test_the_sine_without_a_sine_is_one():
    turns = np.linspace(-3, 3, 5001)
    np.testing.assert_allclose(_sine(turns), np.sin(2 * np.pi * turns), atol=2e-4)


def test_faster_clips_have_more_beats_and_move_more(item):
    counts = [len(beats(other(item, tempo=tempo), 5)) for tempo in ("slow", "medium", "fast")]
    assert counts == sorted(counts) and counts[0] < counts[1] < counts[2]
    motion = [
        np.abs(np.diff(clip_arrays(other(item, tempo=tempo), 5).astype(int), axis=0)).mean()
        for tempo in ("slow", "medium", "fast")
    ]
    assert 0 < motion[0] < motion[1] < motion[2]


def test_clips_are_grey():
    clip = clip_arrays(make_catalogue(40, 5).truth.iloc[0], 5)
    assert (clip[..., 0] == clip[..., 1]).all() and (clip[..., 0] == clip[..., 2]).all()


def test_files_lie_as_in_microlens_and_the_items_name_them(world):
    items = world.data.items
    for name, (inside, ending) in _media.FOLDERS.items():
        for item_id, path in zip(items["item_id"], items[name], strict=True):
            expected = world.folder / inside / f"{item_id}.{ending}"
            assert path == (None if name in _media.lacking(item_id, 5) else str(expected))
            assert expected.exists() == (path is not None) and expected.is_absolute()
    assert items[list(_media.FOLDERS)].isna().to_numpy().sum() > 0
    assert all(path is None or isinstance(path, str) for path in items["cover"])


def test_a_few_in_a_hundred_lack_each_kind_and_nobody_lacks_all():
    lacks = [_media.lacking(item_id, 0) for item_id in range(1, 4001)]
    for name in _media.FOLDERS:
        assert 0.035 < np.mean([name in one for one in lacks]) < 0.065
    assert max(map(len, lacks)) == 2


def test_what_is_on_disk_is_what_was_drawn_and_played(world):
    row = world.truth.items[[not _media.lacking(i, 5) for i in world.truth.items["item_id"]]].iloc[0]
    paths = world.data.items.set_index("item_id").loc[row["item_id"]]
    cover = np.asarray(Image.open(paths["cover"]).convert("RGB")).astype(int)
    assert np.abs(cover - cover_array(row, 5)).mean() < 8
    with wave.open(paths["audio"]) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 16_000)
        np.testing.assert_array_equal(np.frombuffer(file.readframes(32_000), "<i2"), sound_array(row, 5))
    with av.open(paths["video"]) as file:
        assert file.duration == pytest.approx(2_000_000, rel=0.05)
        assert file.streams.video[0].codec_context.name == "h264" and file.streams.audio[0].rate == 16_000
        frames = np.stack([frame.to_ndarray(format="rgb24") for frame in file.decode(video=0)]).astype(int)
    assert np.abs(frames - clip_arrays(row, 5)).mean() < 6
    with av.open(paths["video"]) as file:
        heard = np.concatenate([frame.to_ndarray()[0] for frame in file.decode(audio=0)])
    loudness = [np.abs(one[: 31_000 // 500 * 500].reshape(-1, 500)).mean(axis=1)
                for one in (heard, sound_array(row, 5) / 32_768)]  # fmt: skip
    assert np.corrcoef(loudness[0][: len(loudness[1])], loudness[1])[0, 1] > 0.7  # the item's own sound


def test_the_same_seed_gives_the_same_files(world, tmp_path):
    for inside, _ in _media.FOLDERS.values():
        (tmp_path / inside).mkdir()
    for item in world.truth.items.iloc[:5].to_dict("records"):
        _media.write_item(tmp_path, item, 5)
    assert len(files(tmp_path)) > 10
    for name in files(tmp_path):
        assert (tmp_path / name).read_bytes() == (world.folder / name).read_bytes(), name


def test_without_media_there_are_the_same_tables_no_files_and_no_columns(world, tmp_path):
    plain = make_tinylens(tmp_path / "w", **SMALL, media=False)
    assert not set(_media.FOLDERS) & set(plain.data.items)
    assert not (plain.folder / _media.RECORD).exists() and not list(plain.folder.glob("TinyLens_*s/"))
    assert (plain.folder / "manifest.json").read_bytes() == (world.folder / "manifest.json").read_bytes()
    pd.testing.assert_frame_equal(plain.data.items, world.data.items.drop(columns=list(_media.FOLDERS)))


def test_a_world_asked_for_without_media_is_the_same_whether_they_are_there_or_not(world):
    plain = make_tinylens(world.folder, **SMALL, media=False)
    assert not set(_media.FOLDERS) & set(plain.data.items)
    pd.testing.assert_frame_equal(plain.data.items, load_tinylens(world.folder, media=False).data.items)


def test_media_are_added_to_a_world_that_was_made_without(world, tmp_path, cheap):
    make_tinylens(tmp_path / "w", **SMALL, media=False)
    assert files(make_tinylens(tmp_path / "w", **SMALL).folder) == files(world.folder)


def test_an_interrupted_run_goes_on_and_does_not_make_again_what_is_there(world, tmp_path, cheap, monkeypatch):
    folder, made = tmp_path / "w", []

    def interrupted(samples):
        made.append(1)
        if len(made) == 6:
            raise KeyboardInterrupt
        return b"sound"

    monkeypatch.setattr(_media, "wav", interrupted)
    with pytest.raises(KeyboardInterrupt):
        make_tinylens(folder, **SMALL)
    assert not (folder / _media.RECORD).exists()
    there = {name: (folder / name).stat().st_mtime_ns for name in files(folder)}
    assert any(name.endswith(".wav") for name in there) and not any(".making" in name for name in there)
    half = load_tinylens(folder).data.items  # a half-made world can be read: what is not there is None
    assert half["audio"].notna().sum() < world.data.items["audio"].notna().sum()
    rest, fresh = (folder / "TinyLens_audios" / f".making-{process}-9.wav" for process in (1, 2))
    rest.write_bytes(b"cut sh")
    os.utime(rest, (0, 0))
    fresh.write_bytes(b"of another process, which is at it now")
    made[:] = [0] * 10
    make_tinylens(folder, **SMALL)
    assert not rest.exists() and fresh.exists()
    fresh.unlink()
    assert files(folder) == files(world.folder)
    assert all((folder / name).stat().st_mtime_ns == moment for name, moment in there.items())


def test_finished_media_are_left_alone_broken_and_missing_ones_too(world, tmp_path, monkeypatch):
    folder = tmp_path / "w"
    shutil.copytree(world.folder, folder)
    first, second = [path for path in load_tinylens(folder).data.items["cover"] if path][:2]
    with open(first, "wb") as file:
        file.write(b"broken")
    os.unlink(second)
    monkeypatch.setattr(_media, "write_item", lambda *_: pytest.fail("made again"))
    again = make_tinylens(folder, **SMALL)
    assert first in set(again.data.items["cover"]) and second not in set(again.data.items["cover"])
    with open(first, "rb") as file:
        assert file.read() == b"broken"


def test_media_of_another_version_are_made_again_in_the_cache_and_left_alone_in_a_folder_of_ones_own(
    private_home, tmp_path, cheap
):
    for folder, changed in ((None, True), (tmp_path / "w", False)):
        world = make_tinylens(folder, **SMALL)
        cover, record = world.data.items["cover"].dropna().iloc[0], world.folder / _media.RECORD
        record.write_text(json.dumps({"version": 0}), encoding="utf-8")
        with open(cover, "wb") as file:
            file.write(b"older")
        make_tinylens(folder, **SMALL)
        with open(cover, "rb") as file:
            assert file.read() == (b"content" if changed else b"older")
        assert json.loads(record.read_text(encoding="utf-8"))["version"] == (_media.VERSION if changed else 0)


def test_a_full_disk_is_told_with_what_to_do(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(_media, "_put", full)
    with pytest.raises(DataFileError, match="No space left on device.*goes on where it stopped.*media=False"):
        make_tinylens(tmp_path / "w", **SMALL)


def test_a_pyav_without_the_encoder_is_told_with_what_to_do(item, monkeypatch):
    monkeypatch.setattr(av, "codecs_available", {"aac"})
    with pytest.raises(DataFileError, match="no encoder libx264.*pip install.*media=False"):
        _media.mp4(clip_arrays(item, 5), sound_array(item, 5))


def test_the_record_and_the_world_itself_count_the_files(world):
    counts = [world.data.items[name].notna().sum() for name in _media.FOLDERS]
    assert "{} covers, {} sounds, {} clips".format(*counts) in repr(world)
    record = json.loads((world.folder / _media.RECORD).read_text(encoding="utf-8"))
    assert record == {
        "version": 1,
        "files": {name: int(world.data.items[name].notna().sum()) for name in _media.FOLDERS},
    }


def test_the_real_encoders_read_each_attribute_where_it_is_shown_and_nowhere_else():
    """120 items, a linear probe in 4 folds; `benchmarks/probes.py` measures the same on larger worlds, with clips."""
    if not any((cache_dir() / "assets").glob("efficientnet-lite0-*")):
        pytest.skip("efficientnet-lite0 is not on this machine; fetch it with: recsys-lessons assets pull")
    truth = make_catalogue(120, 0).truth
    quiet = {"cache": False, "progress": False}
    rows = list(truth.itertuples())
    found = {
        "cover": ImageEncoder(**quiet).encode([cover_array(row, 0) for row in rows]).vectors.numpy(),
        "audio": AudioEncoder(**quiet).encode([(sound_array(row, 0), RATE) for row in rows]).vectors.numpy(),
    }
    model = make_pipeline(StandardScaler(), PCA(60, random_state=0), LogisticRegression(C=0.01, max_iter=1000))
    accuracy = {
        (name, attribute): cross_val_score(model, vectors, truth[attribute], cv=4).mean()
        for name, vectors in found.items()
        for attribute in ("topic", "style", "mood", "tempo")
    }
    chance = {attribute: truth[attribute].value_counts(normalize=True).max() for attribute in truth}
    shown = {("cover", "topic"): 0.5, ("cover", "style"): 0.85, ("audio", "mood"): 0.9, ("audio", "tempo"): 0.6}
    for pair, value in accuracy.items():
        if pair in shown:
            assert value > shown[pair], pair
        else:
            assert value < chance[pair[1]] + 0.12, pair
