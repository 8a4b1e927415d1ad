"""Frames of videos that the test encodes itself: any rate, turned, cut off, without video, an hour, damaged."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from recsys_lessons.encoders._container import has_sound
from recsys_lessons.encoders._frames import sample_frames, scene_change
from recsys_lessons.encoders._video_file import VideoFile
from recsys_lessons.errors import MediaError

av = pytest.importorskip("av")
LEVELS = [20 + 6 * i for i in range(40)]  # the grey of frame i: which frame it is can be read off


def write(
    where, greys, *, times=None, rate=10, size=(96, 64), codec="libx264", gop=12, turned=0, sound=False, **options
):
    """A video of flat grey frames; `times` in units of 1 / rate where they are no steady clock."""
    from fractions import Fraction

    with av.open(where, "w", options=options) as file:
        stream = file.add_stream(codec, rate=rate)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        stream.codec_context.thread_count = 1
        stream.codec_context.gop_size = gop
        if turned:
            stream.set_display_rotation(turned)
        track = file.add_stream("aac", rate=8000, layout="mono") if sound else None
        for i, grey in enumerate(greys):
            picture = grey if isinstance(grey, np.ndarray) else np.full((size[1], size[0], 3), grey, np.uint8)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = (times[i] if times else i), Fraction(1, rate)
            file.mux(stream.encode(frame))
        file.mux(stream.encode())
        if track:
            hum = av.AudioFrame.from_ndarray(np.sin(np.arange(8000) / 9)[None].astype(np.float32), "fltp", "mono")
            hum.sample_rate, hum.pts = 8000, 0
            file.mux(track.encode(hum))
            file.mux(track.encode())
    return where


def greys(frames) -> list[int]:
    return [round(float(frame.mean())) for frame in frames]


def near(found, expected, within=3) -> bool:
    return len(found) == len(expected) and all(abs(a - b) <= within for a, b in zip(found, expected, strict=True))


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return write(str(tmp_path_factory.mktemp("clips") / "clip.mp4"), LEVELS)


def test_uniform_takes_the_middle_of_equal_parts(clip):
    frames = sample_frames(clip, 4)
    assert frames.shape == (4, 64, 96, 3) and frames.dtype == np.uint8
    assert near(greys(frames), [LEVELS[i] for i in (5, 15, 25, 35)])
    assert near(greys(sample_frames(clip, 1)), [LEVELS[20]])


def test_a_path_and_its_bytes_give_the_same(clip):
    from pathlib import Path

    expected = sample_frames(clip, 8)
    assert np.array_equal(sample_frames(Path(clip), 8), expected)
    assert np.array_equal(sample_frames(Path(clip).read_bytes(), 8), expected)


@pytest.mark.parametrize(
    ("codec", "ending"),
    [
        ("mpeg4", "avi"),
        ("mpeg4", "mp4"),
        ("libvpx-vp9", "webm"),
        ("libvpx", "webm"),
        ("libx264", "mkv"),
        ("libx264", "h264"),
        ("libx264", "ts"),
        ("libx264", "flv"),
        ("mpeg4", "m4v"),
        ("libvpx-vp9", "ivf"),
        ("mpeg4", "mov"),
        ("mpeg2video", "mpg"),
    ],
)
def test_other_codecs_and_containers(tmp_path, codec, ending):
    if codec not in av.codecs_available:
        pytest.skip(f"this PyAV was built without {codec}")
    video = write(str(tmp_path / f"clip.{ending}"), LEVELS, codec=codec)
    assert near(greys(sample_frames(video, 4)), [LEVELS[i] for i in (5, 15, 25, 35)], within=8)


def test_a_varying_rate_is_sampled_by_the_clock(tmp_path):
    # ten frames in the first second, then one that stands for nine: by number it would be a tenth, by time nine tenths
    times = [*range(10), 10, 99]
    video = write(str(tmp_path / "clip.mp4"), [*[40] * 10, 200, 90], times=times)
    found = greys(sample_frames(video, 10))
    assert near(found, [40] + [200] * 9)


def test_an_hour_costs_seeks_and_gives_the_exact_frames(tmp_path, monkeypatch):
    shades = [30 + i % 200 for i in range(3600)]  # an hour at one frame a second
    video = write(str(tmp_path / "hour.mp4"), shades, rate=1, size=(32, 32), gop=30)
    decoded = []
    original = VideoFile._decoded
    monkeypatch.setattr(VideoFile, "_decoded", lambda self: (decoded.append(1) or one for one in original(self)))
    assert near(greys(sample_frames(video, 8)), [shades[225 + 450 * i] for i in range(8)])
    assert len(decoded) <= 8 * 32


def test_keyframes_farther_apart_than_the_samples(tmp_path):
    shades = [30 + i for i in range(200)]
    video = write(str(tmp_path / "clip.mp4"), shades, rate=5, gop=1000, size=(32, 32))
    assert near(greys(sample_frames(video, 8)), [shades[int((i + 0.5) * 25)] for i in range(8)])


def arrow(height=64, width=96):
    """Red in the upper left quarter, black elsewhere."""
    picture = np.zeros((height, width, 3), np.uint8)
    picture[: height // 2, : width // 2, 0] = 255
    return picture


@pytest.mark.parametrize("turned", [90, 180, -90])
def test_a_turned_recording_is_shown_upright(tmp_path, turned):
    video = write(str(tmp_path / "clip.mp4"), [arrow()] * 3, turned=turned)
    frame = sample_frames(video, 1)[0]
    expected = np.rot90(arrow(), turned // 90)
    assert frame.shape == expected.shape
    assert np.abs(frame.astype(int) - expected).mean() < 12


def test_pixels_that_are_not_square_are_made_square(tmp_path):
    from fractions import Fraction

    path = str(tmp_path / "clip.mp4")
    with av.open(path, "w") as file:
        stream = file.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        stream.codec_context.sample_aspect_ratio = Fraction(2, 1)
        frame = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")
        file.mux(stream.encode(frame))
        file.mux(stream.encode())
    assert sample_frames(path, 1).shape == (1, 64, 128, 3)


def test_large_frames_are_reduced_and_small_ones_are_left(tmp_path):
    video = write(str(tmp_path / "clip.mp4"), [60] * 2, size=(640, 480))
    assert sample_frames(video, 1).shape == (1, 256, 341, 3)
    assert sample_frames(video, 1, side=96).shape == (1, 96, 128, 3)
    assert sample_frames(video, 1, side=4000).shape == (1, 480, 640, 3)


def test_one_frame_stands_for_the_whole_video(tmp_path):
    video = write(str(tmp_path / "clip.mp4"), [120])
    for at in ("uniform", "scenes"):
        frames = sample_frames(video, 8, at=at)
        assert len(frames) == 8 and near(greys(frames), [120] * 8)


def test_of_a_truncated_file_what_is_there_counts_as_the_whole(tmp_path):
    noise = np.random.default_rng(0).integers(0, 80, (40, 64, 96, 3))
    pictures = [np.clip(grey + noise[i] - 40, 0, 255).astype(np.uint8) for i, grey in enumerate(LEVELS)]
    whole = open(write(str(tmp_path / "clip.mp4"), pictures, movflags="faststart"), "rb").read()
    found = greys(sample_frames(whole[: len(whole) // 2], 4))
    assert len(set(found)) == 4 and found == sorted(found)  # four different ones, spread over the first half
    assert found[-1] < LEVELS[26] and found[0] < LEVELS[6]


def test_half_of_a_long_file_is_spread_over_what_is_there(tmp_path):
    noise = np.random.default_rng(0).integers(-9, 10, (200, 32, 48, 3))
    pictures = [np.clip(30 + i + noise[i], 0, 255).astype(np.uint8) for i in range(200)]
    path = write(str(tmp_path / "long.mp4"), pictures, rate=1, size=(48, 32), movflags="faststart")
    whole = open(path, "rb").read()
    found = greys(sample_frames(whole[: len(whole) // 2], 4))
    assert len(set(found)) == 4 and found == sorted(found) and found[-1] < 30 + 120


def test_truncated_before_the_first_frame_is_an_error(clip):
    content = open(clip, "rb").read()
    with pytest.raises(MediaError, match=r"1,000 bytes.*damaged"):
        sample_frames(content[:1000])


def test_a_sound_file_has_no_video(tmp_path):
    path = str(tmp_path / "sound.m4a")
    with av.open(path, "w") as file:
        track = file.add_stream("aac", rate=8000, layout="mono")
        hum = av.AudioFrame.from_ndarray(np.zeros((1, 4096), np.float32), "fltp", "mono")
        hum.sample_rate = 8000
        file.mux(track.encode(hum))
        file.mux(track.encode())
    assert has_sound(path)
    with pytest.raises(MediaError, match=r"sound\.m4a.*no video stream, only audio;"):
        sample_frames(path)


def test_the_cover_of_a_song_is_no_video(tmp_path):
    if "libmp3lame" not in av.codecs_available:
        pytest.skip("this PyAV was built without libmp3lame")
    path = str(tmp_path / "song.mp3")
    with av.open(path, "w") as file:
        track = file.add_stream("libmp3lame", rate=16000, layout="mono")
        cover = file.add_stream("mjpeg", rate=1)
        cover.width, cover.height, cover.pix_fmt = 64, 48, "yuvj420p"
        cover.disposition = av.stream.Disposition.attached_pic
        hum = av.AudioFrame.from_ndarray(np.zeros((1, 16000), np.float32), "fltp", "mono")
        hum.sample_rate = 16000
        packets = [*track.encode(hum), *track.encode()]
        picture = cover.encode(av.VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8), format="rgb24"))
        file.mux([*picture, *cover.encode(), *packets])
    with av.open(path) as file:
        assert len(file.streams.video) == 1
    with pytest.raises(MediaError, match=r"no video stream, only audio and a cover picture"):
        sample_frames(path)


def test_what_is_not_there_is_named(tmp_path):
    with pytest.raises(MediaError, match=r"nowhere\.mp4.*no such file"):
        sample_frames(tmp_path / "nowhere.mp4")
    with pytest.raises(MediaError, match="no file"):
        sample_frames(tmp_path)
    (tmp_path / "empty.mp4").touch()
    with pytest.raises(MediaError, match=r"empty\.mp4.*0 bytes"):
        sample_frames(tmp_path / "empty.mp4")
    with pytest.raises(MediaError, match="no such file|cannot be opened"):
        sample_frames("http://localhost:9/video.mp4")  # an address is a path that does not exist
    with pytest.raises(TypeError, match="int"):
        sample_frames(5)


@pytest.mark.parametrize(
    ("arguments", "words"), [({"n": 0}, "n is 0"), ({"at": "random"}, "'random'"), ({"side": 0}, "side is 0")]
)
def test_arguments_are_checked(clip, arguments, words):
    with pytest.raises(ValueError, match=words):
        sample_frames(clip, **arguments)


def test_what_only_ffmpeg_takes_for_a_video_is_refused(tmp_path, clip):
    (tmp_path / "list.m3u8").write_text(f"#EXTM3U\n#EXTINF:4,\n{clip}\n#EXT-X-ENDLIST\n")
    (tmp_path / "list.mp4").write_text(f"ffconcat version 1.0\nfile '{clip}'\n")
    (tmp_path / "notes.txt").write_text("FFmpeg plays this as a terminal would show it.\n" * 20)
    for name in ("list.m3u8", "list.mp4", "notes.txt"):
        with pytest.raises(MediaError, match="no sound or video file"):
            sample_frames(tmp_path / name)


def scene(colour, *, seed):
    """Coloured squares on grey: one look of a film, a little different from frame to frame."""
    place = np.random.default_rng(seed)
    picture = np.full((64, 96, 3), 110, np.uint8)
    for _ in range(12):
        y, x = place.integers(0, 48), place.integers(0, 80)
        picture[y : y + 16, x : x + 16] = colour
    return picture


def test_scenes_are_found_however_unequal_they_are(tmp_path):
    lengths, colours = (40, 6, 9, 5), ((250, 0, 0), (0, 0, 250), (0, 250, 0), (250, 250, 0))
    pictures = [scene(c, seed=k) for k, (n, c) in enumerate(zip(lengths, colours, strict=True)) for _ in range(n)]
    video = write(str(tmp_path / "clip.mp4"), pictures, gop=500)
    frames = sample_frames(video, 4, at="scenes")
    for frame, begins in zip(frames, (0, 40, 46, 55), strict=True):
        assert np.abs(frame.astype(int) - pictures[begins]).mean() < 20
    uniform = sample_frames(video, 4)
    assert np.array_equal(uniform[0], uniform[1]) or scene_change(uniform[0], uniform[1]) < 0.1
    assert np.array_equal(sample_frames(np.stack(pictures), 4, at="scenes")[1], pictures[40])


def test_scenes_of_a_long_video_are_found_by_its_keyframes(tmp_path, monkeypatch):
    pictures = [scene(c, seed=k) for k, c in enumerate(((250, 0, 0), (0, 0, 250), (0, 250, 0))) for _ in range(400)]
    video = write(str(tmp_path / "long.mp4"), pictures, rate=1, gop=20)
    decoded = []
    original = VideoFile._decoded
    monkeypatch.setattr(VideoFile, "_decoded", lambda self: (decoded.append(1) or one for one in original(self)))
    frames = sample_frames(video, 3, at="scenes")
    assert len(decoded) < 200
    for k, frame in enumerate(frames):
        assert np.abs(frame.astype(int) - pictures[400 * k]).mean() < 20


def test_a_change_of_colours_counts_and_a_small_movement_hardly():
    red, moved = scene((250, 0, 0), seed=0), np.roll(scene((250, 0, 0), seed=0), 2, axis=1)
    assert scene_change(red, red) == 0
    assert scene_change(red, moved) < 0.1 < scene_change(red, scene((0, 0, 250), seed=0))
    assert scene_change(np.zeros((4, 4, 3), np.uint8), np.full((9, 7, 3), 255, np.uint8)) == pytest.approx(1)
    assert scene_change(arrow(), arrow()[::-1]) == pytest.approx(0.5)  # the same colours in other quarters
    assert scene_change(np.zeros((1, 1, 3), np.uint8), np.zeros((1, 1, 3), np.uint8)) == 0


def test_frames_in_memory_are_a_video():
    frames = np.arange(20, dtype=np.uint8)[:, None, None, None] * np.ones((1, 5, 6, 3), np.uint8)
    assert greys(sample_frames(frames, 4)) == [2, 7, 12, 17]
    assert greys(sample_frames(frames[:1], 3)) == [0, 0, 0]
    with pytest.raises(MediaError, match=r"\(20, 5, 6\)"):
        sample_frames(frames[..., 0])
    with pytest.raises(MediaError, match="float64"):
        sample_frames(frames / 255)


def test_sound_beside_the_pictures_is_seen(tmp_path, clip):
    assert has_sound(write(str(tmp_path / "clip.mp4"), LEVELS, sound=True)) and not has_sound(clip)


DAMAGE = """
import random, sys
from pathlib import Path
from recsys_lessons.encoders._frames import sample_frames
from recsys_lessons.errors import MediaError

whole = [path.read_bytes() for path in sorted(Path(sys.argv[1]).iterdir())]
chance, read, refused = random.Random(int(sys.argv[2])), 0, 0
for turn in range(int(sys.argv[3])):
    content = bytearray(chance.choice(whole))
    kind = turn % 4
    if kind == 0:  # anywhere
        for _ in range(chance.randint(1, 40)):
            content[chance.randrange(len(content))] = chance.randrange(256)
    elif kind == 1:  # in the header or the index
        for _ in range(chance.randint(1, 12)):
            content[chance.choice([1, -1]) * chance.randint(1, 400)] = chance.randrange(256)
    elif kind == 2:
        del content[chance.randrange(len(content)) :]
    else:
        content = content[: chance.randint(0, 64)] + chance.randbytes(chance.randint(0, 4000))
    try:
        frames = sample_frames(bytes(content), 3, at=chance.choice(["uniform", "scenes"]))
        assert frames.shape[0] == 3 and frames.shape[3] == 3 and frames.dtype == "uint8"
        read += 1
    except MediaError:
        refused += 1
print(read, refused)
"""


def test_damaged_files_end_in_frames_or_in_a_media_error(tmp_path):
    for name, codec in {
        "a.mp4": "libx264",
        "b.webm": "libvpx",
        "c.avi": "mpeg4",
        "d.mkv": "libx264",
        "e.ts": "libx264",
    }.items():
        if codec in av.codecs_available:
            write(str(tmp_path / name), LEVELS[:20], codec=codec, size=(48, 32))
    # in a process of its own: a decoder that crashes must fail this test, and not end all tests
    turns = "160"
    command = [sys.executable, "-c", DAMAGE, str(tmp_path), "0", turns]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    read, refused = map(int, done.stdout.split())
    assert read + refused == int(turns) and read > 20 and refused > 20


def test_a_still_picture_before_frames_that_refer_to_each_other_does_not_lengthen_the_video(tmp_path):
    times = [0, 100, *range(180, 200)]
    video = write(str(tmp_path / "clip.mp4"), [*[40] * 2, *[200] * 20], times=times, rate=20, size=(64, 64))
    assert near(greys(sample_frames(video, 10)), [40] * 9 + [200])
