"""Videos to vectors: pooling over time, several videos in one batch, what is missing, what cannot be read, sound."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch

from recsys_lessons.encoders.audio import AudioEncoder
from recsys_lessons.encoders.video import AttentionPooling, VideoEncoder, pool_over_time, sample_frames
from recsys_lessons.errors import MediaError
from tests.encoders.test_frames import LEVELS, arrow, write

av = pytest.importorskip("av")
pytestmark = pytest.mark.usefixtures("private_home")
SMALL = {"frames": 4, "size": 32, "weights": "random", "progress": False, "cache": False}


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    """Four files: grey getting lighter with sound, a moving corner, one frame, a damaged one."""
    folder = tmp_path_factory.mktemp("clips")
    moving = [np.roll(arrow(), 2 * i, axis=1) for i in range(20)]
    paths = [write(str(folder / "grey.mp4"), LEVELS[:20], sound=True), write(str(folder / "moving.mp4"), moving)]
    paths.append(write(str(folder / "one.mp4"), [arrow()]))
    (folder / "damaged.mp4").write_bytes(b"\0\0\0\x18ftypmp42" + bytes(300))
    return [*paths, str(folder / "damaged.mp4")]


@pytest.fixture(scope="module")
def encoder():
    return VideoEncoder(**SMALL)


def like(encoder: VideoEncoder, **settings) -> VideoEncoder:
    """Another encoder with the same network, which is not built again."""
    other = VideoEncoder(**SMALL | settings)
    other.vision = encoder.vision
    if other.audio:
        other.audio.vision = encoder.vision
    return other


def test_a_vector_is_the_mean_of_what_the_network_says_of_each_frame(encoder, clips):
    found = encoder.encode(clips[:3])
    assert found.vectors.shape == (3, encoder.dim) and found.vectors.dtype == torch.float32 and found.mask.all()
    for vector, clip in zip(found.vectors, clips, strict=False):
        inputs = encoder.preprocess(clip)
        assert inputs.shape == (4, 3, 32, 32)
        with torch.no_grad():
            alone = torch.cat([encoder.network(frame[None]) for frame in inputs])
        torch.testing.assert_close(vector, alone.mean(dim=0), atol=1e-4, rtol=1e-3)


def test_frames_of_several_videos_share_batches(encoder, clips, monkeypatch):
    encoder = like(encoder, batch=12, workers=1)
    sizes = []
    original = type(encoder.vision).features_of_pixels
    monkeypatch.setattr(
        type(encoder.vision), "features_of_pixels", lambda self, x: sizes.append(len(x)) or original(self, x)
    )
    encoder.encode([*clips[:3], *(np.full((1, 8, 8, 3), i, np.uint8) for i in range(3))])
    assert sizes == [12, 12]


def test_poolings_are_of_the_same_frames(encoder, clips):
    frames = like(encoder).encode_frames(clips[:3])
    assert frames.vectors.shape == (3, 4, 1280) and frames.mask.all()
    for pooling in ("mean", "max", "mean+std"):
        encoder = like(encoder, pooling=pooling)
        found = encoder.encode(clips[:3]).vectors
        assert found.shape[1] == encoder.dim
        torch.testing.assert_close(found, pool_over_time(frames.vectors, pooling), atol=1e-5, rtol=1e-4)


def test_motion_shows_in_the_deviation_and_a_still_has_none(encoder, clips):
    deviation = like(encoder, pooling="mean+std").encode(clips[:3]).vectors[:, 1280:]
    assert deviation[2].abs().max() < 1e-6 < deviation[1].abs().max()


def test_what_is_missing_is_masked_and_no_error(encoder, clips):
    found = encoder.encode([None, clips[0], float("nan"), ""])
    assert found.mask.tolist() == [False, True, False, False]
    assert found.vectors[~found.mask].isnan().all() and found.vectors[1].isfinite().all()
    assert encoder.encode([]).vectors.shape == (0, encoder.dim)


def test_an_unreadable_video_is_named_or_left_out(encoder, clips):
    with pytest.raises(MediaError, match=r"row 1, .*damaged\.mp4: it is no sound or video file.*on_error"):
        like(encoder).encode([clips[0], clips[3]])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = like(encoder, on_error="missing").encode([clips[0], clips[3], "nowhere.mp4"])
    assert found.mask.tolist() == [True, False, False]
    (warning,) = [one for one in caught if issubclass(one.category, UserWarning)]
    assert (
        "2 of 3" in str(warning.message) and "row 1" in str(warning.message) and "nowhere.mp4" in str(warning.message)
    )
    assert warning.filename == __file__


@pytest.mark.parametrize("item", [5, [1, 2], np.zeros(3)], ids=["number", "list", "array"])
def test_what_is_no_video_is_named(encoder, clips, item):
    with pytest.raises((TypeError, MediaError), match="row 1"):
        encoder.encode([clips[0], item])


def test_one_video_is_not_taken_for_a_list(encoder, clips):
    with pytest.raises(TypeError, match=r"encode\(\[video\]\)"):
        encoder.encode(clips[0])


def test_the_cache_knows_pooling_number_and_place_of_frames(encoder, clips, monkeypatch):
    first = like(encoder, cache=True).encode(clips[:2]).vectors
    attention = AttentionPooling(1280)
    attention.query.data[:] = 1.0
    others = [{"pooling": "max"}, {"frames": 3}, {"at": "scenes"}, {"normalize": True}, {"pooling": attention}]
    for other in others:
        plain = like(encoder, **other).encode(clips[:2]).vectors
        torch.testing.assert_close(like(encoder, **other, cache=True).encode(clips[:2]).vectors, plain)
    again = like(encoder, cache=True)
    monkeypatch.setattr(again, "_squares", lambda item: pytest.fail("decoded again"))
    assert torch.equal(again.encode(clips[:2]).vectors, first)


def test_sound_stands_behind_the_frames(encoder, clips):
    frames = encoder.encode(clips[:1]).vectors
    encoder = VideoEncoder(**SMALL, sound=True)  # which builds a second network, with the same weights
    sound = AudioEncoder(weights="random", cache=False, progress=False).encode(clips[:1]).vectors
    found = encoder.encode([clips[0], None])
    assert encoder.dim == frames.shape[1] + sound.shape[1] and found.mask.tolist() == [True, False]
    torch.testing.assert_close(found.vectors[:1], torch.cat([frames, sound], dim=1), atol=1e-4, rtol=1e-3)


def test_a_silent_video_is_never_half_a_vector(encoder, clips):
    with pytest.raises(MediaError, match=r"1 of 2 videos have no sound \(row 1, .*moving\.mp4\).*encode_parts"):
        like(encoder, sound=True).encode(clips[:2])
    encoder = like(encoder, sound=True, on_error="missing")
    with pytest.warns(UserWarning, match="1 of 2 videos have no sound") as caught:
        found = encoder.encode(clips[:2])
    assert found.mask.tolist() == [True, False] and found.vectors[1].isnan().all()
    assert caught[0].filename == __file__


def test_parts_keep_the_frames_of_a_silent_video(encoder, clips):
    memory = np.zeros((2, 8, 8, 3), np.uint8)
    parts = like(encoder, sound=True).encode_parts([clips[0], clips[1], None, memory])
    assert parts["video"].mask.tolist() == [True, True, False, True]
    assert parts["audio"].mask.tolist() == [True, False, False, False]
    assert list(like(encoder).encode_parts(clips[:1])) == ["video"]


def test_frames_are_what_sample_frames_gives(encoder, clips):
    frames = sample_frames(clips[1], 4)
    in_memory = encoder.encode([frames]).vectors
    torch.testing.assert_close(in_memory, encoder.encode(clips[1:2]).vectors, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [({"frames": 0}, "frames is 0"), ({"at": "start"}, "at is 'start'"), ({"pooling": "sum"}, "pooling is 'sum'")],
)
def test_arguments_are_checked(encoder, arguments, words):
    with pytest.raises(ValueError, match=words):
        VideoEncoder(**SMALL | arguments)
    with pytest.raises(ValueError, match="takes 3 numbers a frame"):
        like(encoder, pooling=AttentionPooling(3)).encode([])


FRAMES = torch.tensor([[[1.0, 4], [3, 0], [9, 9]], [[2, 2], [0, 0], [0, 0]]])
SEEN = torch.tensor([[True, True, False], [True, False, False]])


def test_pooling_by_hand():
    assert pool_over_time(FRAMES, "mean", SEEN).tolist() == [[2, 2], [2, 2]]
    assert pool_over_time(FRAMES, "max", SEEN).tolist() == [[3, 4], [2, 2]]
    assert pool_over_time(FRAMES, "mean+std", SEEN).tolist() == [[2, 2, 1, 2], [2, 2, 0, 0]]
    torch.testing.assert_close(pool_over_time(FRAMES), FRAMES.mean(dim=1))


@pytest.mark.parametrize("pooling", ["mean", "max", "mean+std"])
def test_a_video_without_a_frame_is_not_zero(pooling):
    assert pool_over_time(FRAMES, pooling, torch.zeros(2, 3)).isnan().all()


def test_what_is_masked_may_be_anything():
    spoilt = FRAMES.masked_fill(~SEEN.unsqueeze(-1), torch.nan)
    for pooling in ("mean", "max", "mean+std"):
        torch.testing.assert_close(pool_over_time(spoilt, pooling, SEEN), pool_over_time(FRAMES, pooling, SEEN))
    attention = AttentionPooling(2)
    torch.testing.assert_close(attention(spoilt, SEEN), pool_over_time(FRAMES, "mean", SEEN))


def needle(n, dim=16, seed=0):
    """(n, 6, dim) frames of which one, marked in its first numbers, tells the target in its last; and where it is."""
    draw = torch.Generator().manual_seed(seed)
    frames = torch.randn(n, 6, dim, generator=draw) * 2 + 5
    target, place = torch.randn(n, generator=draw), torch.randint(6, (n,), generator=draw)
    frames[torch.arange(n), place, : dim // 2] += 4
    frames[torch.arange(n), place, dim // 2 :] += 3 * target[:, None]
    return frames, target, place


@pytest.mark.parametrize("dim", [16, 400], ids=["few numbers", "more numbers than videos"])
def test_attention_learns_which_frame_tells(dim):
    frames, target, place = needle(400, dim)
    untrained = AttentionPooling(dim)
    torch.testing.assert_close(untrained(frames), frames.mean(dim=1))
    learned = AttentionPooling(dim).fit(frames[:200], target[:200])
    with torch.no_grad():
        held_out = learned.weights(frames[200:])
    assert held_out[torch.arange(200), place[200:]].mean() > 0.5  # one of six by chance
    assert learned.loss_ < 0.5
    again = AttentionPooling(dim).fit(frames[:200], target[:200])
    assert torch.equal(learned.query, again.query)


def test_attention_leaves_out_missing_videos_and_masked_frames():
    frames, target, _ = needle(60)
    mask = torch.ones(60, 6, dtype=torch.bool)
    mask[:, 5] = False
    spoilt = frames.clone()
    spoilt[:, 5] = 1e6
    expected = AttentionPooling(16).fit(frames, target, mask, steps=20)
    assert torch.equal(AttentionPooling(16).fit(spoilt, target, mask, steps=20).query, expected.query)
    more = torch.cat([spoilt, torch.full((3, 6, 16), torch.nan)])
    longer = torch.cat([mask, mask[:3]])
    found = AttentionPooling(16).fit(more, torch.cat([target, target[:3]]), longer, steps=20)
    assert torch.equal(found.query, expected.query)
    with pytest.raises(ValueError, match="targets are"):
        AttentionPooling(16).fit(frames, target[:5])
    with pytest.raises(ValueError, match="only 0 of 60"):
        AttentionPooling(16).fit(frames, target, torch.zeros(60, 6))
