"""Sounds to vectors: spectrograms against a library, windows, pooling, masks, and what a damaged file may do."""

from __future__ import annotations

import io
import wave

import numpy as np
import pytest
import torch

from recsys_lessons.encoders import _sound, audio
from recsys_lessons.encoders.audio import AudioEncoder, log_mel, mel_filters, read_sound, sound_windows
from recsys_lessons.errors import MediaError

RATE = 16_000


def sine(frequency: float, seconds: float = 2.0, rate: int = RATE) -> np.ndarray:
    return (0.5 * np.sin(2 * np.pi * frequency * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


def wav(samples: np.ndarray, rate: int = RATE) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as output:
        output.setparams((1, 2, rate, 0, "NONE", ""))
        output.writeframes((samples * 32767).astype("<i2").tobytes())
    return file.getvalue()


@pytest.fixture(scope="module")
def encoder() -> AudioEncoder:
    """Random weights: what is tested here does not depend on what the network knows, and no file is needed."""
    return AudioEncoder(weights="random", cache=False, progress=False, device="cpu")


def like(encoder: AudioEncoder, **settings) -> AudioEncoder:
    """Another encoder with the same network, which is not built again."""
    other = AudioEncoder(weights="random", cache=False, progress=False, device="cpu", **settings)
    other.vision = encoder.vision
    return other


@pytest.mark.parametrize(("n_mels", "n_fft", "rate"), [(128, 1024, 16_000), (40, 512, 8000), (64, 2048, 44_100)])
def test_mel_filters_equal_the_librarys(n_mels, n_fft, rate):
    from transformers.audio_utils import mel_filter_bank

    theirs = mel_filter_bank(n_fft // 2 + 1, n_mels, 0.0, rate / 2, rate, norm=None, mel_scale="htk")
    np.testing.assert_allclose(mel_filters(n_mels, n_fft, rate).numpy(), theirs.T, atol=1e-6)


def test_no_band_is_without_a_frequency():
    assert mel_filters(128, 1024, RATE).sum(dim=1).min() > 0.3


@pytest.mark.parametrize("samples", [3, 400, 12_345])
def test_log_mel_equals_the_librarys(samples):
    from transformers.audio_utils import mel_filter_bank, spectrogram

    waveform = np.random.default_rng(0).normal(0, 0.1, samples).astype(np.float32)
    hann = np.hanning(401)[:-1]
    theirs = spectrogram(
        waveform * 2 / hann.sum(),
        hann,
        frame_length=400,
        hop_length=160,
        fft_length=1024,
        power=2.0,
        pad_mode="constant",
        mel_filters=mel_filter_bank(513, 128, 0.0, 8000.0, RATE, norm=None, mel_scale="htk"),
        log_mel="dB",
    )
    np.testing.assert_allclose(log_mel(waveform).numpy(), theirs, atol=1e-3)


def test_a_sine_at_full_scale_is_at_zero_decibels_in_its_own_band():
    edges = 700 * (10 ** (np.linspace(0, 2595 * np.log10(1 + 8000 / 700), 130) / 2595) - 1)
    for frequency in (300, 1000, 5000):
        bands = log_mel(2 * sine(frequency))[:, 100]
        band = int(bands.argmax())
        assert edges[band] < frequency < edges[band + 2]
        assert -1 < bands.max() < 6
    halved = log_mel(sine(1000))[:, 100].max() - log_mel(2 * sine(1000))[:, 100].max()
    assert halved == pytest.approx(-6.02, abs=0.01)


def test_silence_has_a_floor_and_is_black():
    mels = log_mel(torch.zeros(8000))
    assert torch.equal(mels, torch.full((128, 51), -100.0))
    assert not AudioEncoder.picture(mels).any()


def test_frames_are_counted_from_the_hop_and_batches_agree_with_single_sounds():
    both = torch.randn(2, 5000, generator=torch.Generator().manual_seed(0))
    assert log_mel(both, n_mels=40).shape == (2, 40, 1 + 5000 // 160)
    torch.testing.assert_close(log_mel(both)[1], log_mel(both[1]))
    assert log_mel(both[0], 8000, window=0.05, hop=0.02).shape == (128, 1 + 5000 // 160)


@pytest.mark.parametrize("waveform", [torch.zeros(0), torch.zeros(2, 2, 2)])
def test_a_waveform_of_another_shape_is_shown(waveform):
    with pytest.raises(ValueError, match=r"pass \(samples,\)"):
        log_mel(waveform)


def test_log_mel_can_be_differentiated_whoever_called_it_first():
    with torch.inference_mode():
        log_mel(torch.ones(999), 12_000)
    waveform = torch.randn(999).requires_grad_()
    log_mel(waveform, 12_000).sum().backward()
    assert torch.isfinite(waveform.grad).all()


def lengths(seconds: float, **settings) -> list[tuple[float, float]]:
    """(first, last) second of every window of a rising ramp, whose samples say where they come from."""
    ramp = np.arange(round(seconds * 1000)) / 1e5
    windows = list(sound_windows((ramp, 1000), 1000, **settings))
    assert {len(window) for window in windows} == {round(settings.get("window", 2.0) * 1000)}
    return [(round(float(one[0]) * 100, 2), round(float(one.max()) * 100 + 0.001, 2)) for one in windows]


def test_windows_cover_a_sound_and_the_last_one_ends_where_it_ends():
    assert lengths(4.0) == [(0, 2), (2, 4)]
    assert lengths(5.0) == [(0, 2), (2, 4), (3, 5)]
    assert lengths(4.1) == [(0, 2), (2, 4)]  # a twentieth of a window more is an encoder's padding
    assert lengths(1.0) == [(0, 1)]  # filled up with silence
    assert lengths(5.0, hop=1.0) == [(0, 2), (1, 3), (2, 4), (3, 5)]
    assert lengths(7.0, window=1.0, hop=3.0) == [(0, 1), (3, 4), (6, 7)]


def test_windows_are_read_one_by_one(monkeypatch):
    read = []

    def counted(item, rate):
        for start in range(60):
            read.append(start)
            yield np.zeros(rate, np.float32)

    monkeypatch.setattr(_sound, "blocks", counted)
    next(sound_windows("an hour.wav"))
    assert len(read) == 2


def test_read_sound_gives_the_waveform_or_its_beginning():
    assert len(read_sound(wav(sine(440, 3.0)))) == 3 * RATE
    torch.testing.assert_close(
        read_sound(wav(sine(440, 3.0)), seconds=0.5), torch.from_numpy(sine(440, 0.5)), atol=1e-4, rtol=0
    )


def test_vectors_keep_order_and_place_whatever_stands_beside_them(encoder):
    items = [wav(sine(f, s)) for f, s in ((220, 2.0), (440, 7.0), (880, 0.1), (1760, 2.0))]
    vectors, mask = encoder.encode(items)
    assert vectors.shape == (4, encoder.dim) and vectors.dtype == torch.float32 and mask.all()
    for row, item in enumerate(items):
        torch.testing.assert_close(encoder.encode([item]).vectors[0], vectors[row], atol=1e-4, rtol=1e-4)
    assert torch.cdist(vectors, vectors)[~torch.eye(4, dtype=torch.bool)].min() > 1e-3


def test_a_path_its_bytes_and_its_samples_give_one_vector(encoder, tmp_path):
    (tmp_path / "a.wav").write_bytes(wav(sine(440)))
    pair = ((sine(440) * 32767).astype(np.int16), RATE)
    vectors = encoder.encode([tmp_path / "a.wav", str(tmp_path / "a.wav"), wav(sine(440)), pair]).vectors
    torch.testing.assert_close(vectors, vectors[:1].expand(4, -1), atol=1e-5, rtol=1e-5)


def test_what_is_missing_is_masked_and_nan(encoder):
    vectors, mask = encoder.encode([None, wav(sine(440)), float("nan"), ""])
    assert mask.tolist() == [False, True, False, False]
    assert torch.isnan(vectors[~mask]).all() and torch.isfinite(vectors[mask]).all()


def test_silence_and_three_samples_are_sounds(encoder):
    vectors, mask = encoder.encode([wav(np.zeros(2 * RATE)), (np.ones(3), RATE)])
    assert mask.all() and torch.isfinite(vectors).all()


@pytest.mark.parametrize("pooling", ["mean", "max", "mean+std"])
def test_pooling_over_windows_is_what_it_says(encoder, pooling):
    sound = np.concatenate([sine(220), sine(880), sine(3000)])
    parts = encoder.encode([(part, RATE) for part in np.split(sound, 3)]).vectors
    pooled = like(encoder, pooling=pooling)
    expected = {
        "mean": parts.mean(dim=0),
        "max": parts.max(dim=0).values,
        "mean+std": torch.cat([parts.mean(dim=0), parts.std(dim=0, correction=0)]),
    }[pooling]
    vector = pooled.encode([(sound, RATE)]).vectors[0]
    assert len(vector) == pooled.dim
    torch.testing.assert_close(vector, expected, atol=1e-4, rtol=1e-3)


def test_normalize_gives_length_one(encoder):
    assert like(encoder, normalize=True).encode([wav(sine(440))]).vectors.norm() == pytest.approx(1, abs=1e-5)


def test_preprocess_shows_what_the_network_sees(encoder):
    inputs = encoder.preprocess(wav(sine(440, 5.0)))
    assert inputs.shape == (3, 3, 128, 224)
    torch.testing.assert_close(
        encoder.vision.features(inputs).mean(dim=0), encoder.encode([wav(sine(440, 5.0))]).vectors[0]
    )


def test_a_file_that_cannot_be_read_is_named_with_its_row(encoder, tmp_path):
    (tmp_path / "bad.mp3").write_bytes(b"no sound at all")
    items = [wav(sine(440)), None, tmp_path / "bad.mp3"]
    with pytest.raises(MediaError, match=r"row 2, .*bad\.mp3.*FFmpeg"):
        encoder.encode(items)
    lenient = like(encoder, on_error="missing")
    with pytest.warns(UserWarning, match=r"1 of 3 .*row 2, .*bad\.mp3"):
        vectors, mask = lenient.encode(items)
    assert mask.tolist() == [True, False, False] and torch.isnan(vectors[2]).all()


def test_damaged_bytes_end_in_a_vector_or_a_mask(encoder, recwarn):
    encoder = like(encoder, on_error="missing", n_mels=32, window=0.3)
    rng = np.random.default_rng(0)
    good = wav(sine(440, 0.3))
    items = [rng.bytes(500) for _ in range(10)] + [good[: rng.integers(len(good))] for _ in range(30)]
    vectors, mask = encoder.encode(items)
    assert torch.isfinite(vectors[mask]).all() and torch.isnan(vectors[~mask]).all() and 10 < mask.sum() < 40


@pytest.mark.parametrize("item", [3, np.zeros(9), (np.zeros(9), "8000"), object()])
def test_an_item_of_another_kind_is_named_with_its_row(encoder, item):
    with pytest.raises(TypeError, match=r"row 1 is .*pass a path"):
        encoder.encode([None, item])


def test_one_item_instead_of_a_list_is_refused(encoder):
    with pytest.raises(TypeError, match="list of sounds"):
        encoder.encode("a.wav")


@pytest.mark.parametrize(
    "settings",
    [{"pooling": "sum"}, {"rate": 10}, {"window": 0}, {"hop": 0}, {"n_mels": 0}, {"batch": 0}, {"on_error": "ignore"}],
)
def test_settings_that_mean_nothing_are_refused(settings):
    with pytest.raises(ValueError, match=next(iter(settings))):
        AudioEncoder(**settings)


def test_a_network_of_squares_alone_is_refused_with_the_way_out(encoder, monkeypatch):
    class Squares(type(encoder.vision)):
        def features(self, inputs):
            raise AssertionError("Wrong image height! Expected 224 but got 128!")

    monkeypatch.setattr(audio, "load_vision", lambda *_, **__: Squares(**vars(encoder.vision)))
    with pytest.raises(ValueError, match=r"vit_b_16 .*128 x 224 .*Expected 224.*ConvNet"):
        AudioEncoder("vit_b_16", weights="random", device="cpu").encode([wav(sine(440))])


def test_what_is_cached_depends_on_every_setting_that_changes_a_vector(encoder):
    settings = [
        {},
        {"window": 1.0},
        {"hop": 1.0},
        {"n_mels": 64},
        {"rate": 8000},
        {"pooling": "max"},
        {"normalize": True},
    ]
    files = {like(encoder, **one)._cache_file for one in settings}
    assert len(files) == len(settings)
    assert encoder._cache_file in files
    assert AudioEncoder(weights="random", device="cpu", seed=1)._cache_file not in files
