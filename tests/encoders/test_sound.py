"""Sound out of files: every format, any header, damaged in every way, and memory that does not grow with length."""

from __future__ import annotations

import io
import os
import struct
import tracemalloc
from types import SimpleNamespace

import numpy as np
import pytest

from recsys_lessons.encoders import _sound
from recsys_lessons.encoders._sound import blocks
from recsys_lessons.errors import MediaError

av = pytest.importorskip("av")
RATE = 16_000


def sine(rate: int, seconds: float = 1.0) -> np.ndarray:
    return 0.5 * np.sin(2 * np.pi * 440 * np.arange(round(seconds * rate)) / rate)


def encoded(container: str, codec: str, samples: np.ndarray, rate: int, layout: str = "mono") -> bytes:
    """A file of that kind with these samples in every channel."""
    file = io.BytesIO()
    with av.open(file, "w", format=container) as output:
        stream = output.add_stream(codec, rate=rate, layout=layout)
        values = np.repeat((samples * 32767).astype("<i2")[:, None], stream.layout.nb_channels, axis=1)
        frame = av.AudioFrame.from_ndarray(values.reshape(1, -1), "s16", layout)
        frame.sample_rate = rate
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            output.mux(packet)
    return file.getvalue()


def wav(data: bytes, *, rate: int = 8000, channels: int = 1, bits: int = 16, kind: int = 1) -> bytes:
    """A WAV file whose header says what it is told, true or not."""
    step = channels * bits // 8
    head = struct.pack("<4sI8sIHHIIHH", b"RIFF", 36 + len(data), b"WAVEfmt ", 16, kind, channels, rate,
                       rate * step & 0xFFFFFFFF, step & 0xFFFF, bits)  # fmt: skip
    return head + b"data" + struct.pack("<I", len(data)) + data


def read(item) -> np.ndarray:
    return np.concatenate(list(blocks(item, RATE)))


FORMATS = [
    ("wav", "pcm_s16le", 44_100, 0.001),
    ("wav", "pcm_u8", 44_100, 0.01),
    ("wav", "pcm_f32le", 44_100, 0.001),
    ("flac", "flac", 44_100, 0.001),
    ("mp3", "libmp3lame", 44_100, 0.05),
    ("ogg", "libopus", 48_000, 0.05),
    ("mp4", "aac", 44_100, None),  # with an encoder's delay, so that the phase differs
    ("aiff", "pcm_s16be", 22_050, 0.001),
]


@pytest.mark.parametrize(("container", "codec", "rate", "tolerance"), FORMATS)
@pytest.mark.parametrize("layout", ["mono", "stereo"])
def test_every_format_gives_the_same_sound_resampled_and_mixed(container, codec, rate, tolerance, layout):
    samples = read(encoded(container, codec, sine(rate), rate, layout))
    assert samples.dtype == np.float32 and abs(len(samples) - RATE) < 0.1 * RATE
    middle = samples[2000:14_000]
    assert np.abs(middle).max() == pytest.approx(0.5, abs=0.05)  # two equal channels are not louder than one
    strongest = np.abs(np.fft.rfft(middle * np.hanning(len(middle)))).argmax() * RATE / len(middle)
    assert strongest == pytest.approx(440, abs=2)
    if tolerance:
        np.testing.assert_allclose(middle, sine(RATE)[2000:14_000], atol=tolerance)


@pytest.mark.parametrize("channels", [3, 6, 9, 32, 64])
def test_many_channels_are_mixed(channels):
    data = np.repeat((sine(8000) * 32767).astype("<i2")[:, None], channels, axis=1).tobytes()
    np.testing.assert_allclose(read(wav(data, channels=channels))[2000:14_000], sine(RATE)[2000:14_000], atol=0.01)


def test_a_video_gives_its_own_sound():
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as output:
        picture = output.add_stream("mpeg4", rate=10, width=32, height=32, pix_fmt="yuv420p")
        stream = output.add_stream("aac", rate=RATE, layout="mono")
        for _ in range(10):
            output.mux(picture.encode(av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8))))
        frame = av.AudioFrame.from_ndarray(sine(RATE)[None].astype(np.float32), "fltp", "mono")
        frame.sample_rate = RATE
        for packet in [*picture.encode(None), *stream.encode(frame), *stream.encode(None)]:
            output.mux(packet)
    assert np.abs(read(file.getvalue())[2000:14_000]).max() == pytest.approx(0.5, abs=0.05)


def test_samples_in_memory_count_like_the_file_that_holds_them():
    samples = (sine(8000) * 32767).astype("<i2")
    for same in (samples, samples / 32768, np.stack([samples, samples], axis=1)):
        np.testing.assert_allclose(read((same, 8000)), read(wav(samples.tobytes())), atol=1e-5)
    silence = np.full(8000, 128, np.uint8)
    assert not read((silence, 8000)).any() and not read(wav(silence.tobytes(), bits=8)).any()


def test_three_samples_are_a_sound():
    assert len(read(wav(b"\1\0\2\0\3\0", rate=RATE))) == 3
    assert len(read((np.ones(3), RATE))) == 3


def test_numbers_that_are_no_loudness_become_silence_or_the_loudest():
    bad = np.array([np.nan, np.inf, -np.inf, 1e30, 0.5] * 200, "<f4")
    for item in ((bad, RATE), wav(bad.tobytes(), rate=RATE, bits=32, kind=3), (bad.astype(np.float64) * 1e200, RATE)):
        assert np.isfinite(read(item)).all() and np.abs(read(item)).max() <= 1e4


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        ("/no/such/file.wav", "no such file"),
        (".", "no file"),
        ("http://example.invalid/a.wav", "no such file"),
        ("a\0b", "cannot be opened|no such file"),
        (b"", "empty"),
        (b"RIFF", "FFmpeg can read"),
        (b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nhttp://example.invalid/a.ts\n", "FFmpeg can read"),
        (b"ffconcat version 1.0\nfile /etc/hostname\n", "FFmpeg can read"),
        (wav(b""), "no sound|FFmpeg can read"),
        (wav(bytes(4000), rate=1), "1 samples a second"),
        (wav(bytes(4000), rate=2_000_000_000), "samples a second|FFmpeg can read"),
        (wav(bytes(4000), channels=65), "no sound|FFmpeg can read"),
        ((np.zeros(0), 8000), "at least one"),
        ((np.zeros((2, 2, 2)), 8000), r"\(2, 2, 2\)"),
        ((np.zeros((2, 8000)), 8000), "8000 channels"),
        ((np.array(["a"]), 8000), "type <U1"),
        ((np.zeros(9), 0), "0 samples a second"),
        ((np.zeros(9), float("nan")), "nan samples a second"),
    ],
)
def test_what_is_no_sound_is_refused_with_the_reason(item, reason):
    with pytest.raises(MediaError, match=reason):
        read(item)


def test_a_pipe_is_refused_and_not_waited_for(tmp_path):
    if not hasattr(os, "mkfifo"):
        pytest.skip("no named pipes here")
    os.mkfifo(tmp_path / "pipe.wav")
    with pytest.raises(MediaError, match="no file"):
        read(tmp_path / "pipe.wav")


@pytest.mark.parametrize(
    ("data", "searched"), [(bytes(9000), False), (bytes(4000) + b"\xfe\x7f\x01\x80" + bytes(4000), True)]
)
def test_only_samples_that_may_be_another_format_in_disguise_are_searched_for_it(data, searched, monkeypatch):
    asked, original = [], av.open
    monkeypatch.setattr(av, "open", lambda *args, **how: asked.append(how["options"]) or original(*args, **how))
    read(wav(data))
    assert ["max_probe_packets" not in options for options in asked] == [searched]


@pytest.mark.parametrize("odd", ["one sample a second", "no frame at all"])
def test_what_came_before_and_after_a_frame_that_cannot_be_taken_is_kept(odd, monkeypatch):
    def half_a_second():
        frame = av.AudioFrame.from_ndarray(sine(8000, 0.5)[None].astype(np.float32), "flt", "mono")
        frame.sample_rate = 8000
        return frame

    bad = half_a_second()
    if odd == "one sample a second":
        bad.sample_rate = 1
    else:
        bad = SimpleNamespace(format=bad.format, layout=bad.layout, sample_rate=8000)
    monkeypatch.setattr(_sound, "_frames", lambda _: [half_a_second(), bad, half_a_second()])
    found = read("a.wav")
    assert len(found) == RATE
    for part in (found[1000:7000], found[9000:15_000]):
        assert np.abs(part).max() == pytest.approx(0.5, abs=0.01)


def test_a_video_without_sound_says_so():
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as output:
        stream = output.add_stream("mpeg4", rate=10, width=32, height=32, pix_fmt="yuv420p")
        frame = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8))
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            output.mux(packet)
    with pytest.raises(MediaError, match="no sound stream .*video"):
        read(file.getvalue())


def test_a_file_that_breaks_off_gives_what_is_there():
    for container, codec in (("wav", "pcm_s16le"), ("mp3", "libmp3lame"), ("flac", "flac")):
        whole = encoded(container, codec, sine(44_100, 2.0), 44_100)
        half = read(whole[: len(whole) // 2])
        assert 0.6 * RATE < len(half) < 1.2 * RATE
        np.testing.assert_allclose(half[2000:9000], read(whole)[2000:9000], atol=1e-3)


def test_memory_does_not_grow_with_length(tmp_path):
    path = tmp_path / "long.wav"
    path.write_bytes(wav(bytes(2 * 8000 * 300)))  # five minutes, 19 MB as samples at 16 kHz
    tracemalloc.start()
    total = sum(len(block) for block in blocks(path, RATE))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert total == 300 * RATE and peak < 3e6


def damaged(rng: np.random.Generator, good: list[bytes]) -> bytes:
    """A file cut, with bytes changed anywhere or in its header, with a hole, joined to another, or no file at all."""
    data = bytearray(good[rng.integers(len(good))])
    where = rng.integers(len(data))
    match rng.integers(6):
        case 0:
            return bytes(data[:where])
        case 1:
            data[where : where + rng.integers(1, 2000)] = rng.bytes(rng.integers(1, 2000))
        case 2:
            return bytes(data[:where]) + good[rng.integers(len(good))]
        case 3:
            return rng.bytes(rng.integers(1, 5000))
        case kind:
            for at in rng.integers(600 if kind == 4 else len(data), size=rng.integers(1, 9)):
                data[at % len(data)] = rng.choice([0, 1, 127, 128, 255, rng.integers(256)])
    return bytes(data)


def test_random_bytes_and_damaged_files_give_samples_or_a_media_error():
    rng = np.random.default_rng(0)
    kinds = [*FORMATS, ("adts", "aac", 44_100, None), ("avi", "libmp3lame", 44_100, None)]
    good = [encoded(container, codec, sine(rate, 0.2), rate, "stereo") for container, codec, rate, _ in kinds]
    outcomes = {"samples": 0, "refused": 0}
    for _ in range(400):
        try:
            for block in blocks(damaged(rng, good), RATE):
                assert block.dtype == np.float32 and block.size and np.isfinite(block).all()
            outcomes["samples"] += 1
        except MediaError as error:
            assert str(error)
            outcomes["refused"] += 1
    assert min(outcomes.values()) > 40  # the fuzz is worth something only where both happen


def test_a_format_that_changes_in_the_middle_is_followed():
    joined = read(encoded("adts", "aac", sine(44_100), 44_100, "stereo") + encoded("adts", "aac", sine(22_050), 22_050))
    assert 2.0 < len(joined) / RATE < 2.2
    for part in (joined[2000:14_000], joined[20_000:32_000]):
        assert np.abs(np.fft.rfft(part * np.hanning(12_000))).argmax() * RATE / 12_000 == pytest.approx(440, abs=2)
