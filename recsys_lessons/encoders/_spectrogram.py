"""From samples to a log-mel spectrogram: the ear's scale of frequencies, and decibels."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

__all__ = ["FLOOR", "log_mel", "mel_filters"]

FLOOR = -100.0  # decibels below a sine at full scale; 16-bit samples have their own noise at about -96


def mel_filters(n_mels: int, n_fft: int, rate: int) -> Tensor:
    """Triangles that sum a spectrum into bands of equal width for the ear (Stevens, Volkmann and Newman 1937).

    The mel scale in the formula of the HTK toolkit, mel(f) = 2595 log10(1 + f / 700): 1.6 mel a hertz at the
    bottom, and ever fewer above. Band i rises from edge i to edge i + 1 and falls to edge i + 2, where the n_mels + 2
    edges are equally far apart in mel, from 0 to rate / 2 hertz. The top of each triangle is 1.

    Args:
        n_mels: bands.
        n_fft: samples in a Fourier transform, which gives n_fft / 2 + 1 frequencies from 0 to rate / 2.
        rate: samples a second.

    Returns:
        (n_mels, n_fft // 2 + 1) float32.
    """
    top = 2595 * math.log10(1 + rate / 2 / 700)
    edges = 700 * (10 ** (torch.linspace(0, top, n_mels + 2, dtype=torch.float64) / 2595) - 1)  # in hertz
    frequency = torch.linspace(0, rate / 2, n_fft // 2 + 1, dtype=torch.float64)
    low, middle, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    rising, falling = (frequency - low) / (middle - low), (high - frequency) / (high - middle)
    return torch.minimum(rising, falling).clamp(min=0).float()


def log_mel(
    waveform: Tensor | np.ndarray, rate: int = 16_000, *, n_mels: int = 128, window: float = 0.025, hop: float = 0.010
) -> Tensor:
    """How loud each band of frequencies is at each moment, in decibels.

    S[m, t] = 10 log10 max(1e-10, sum_f M[m, f] |X[f, t]|^2), where X is the short-time Fourier transform with a Hann
    window, scaled so that a sine at full scale has 0 dB at its frequency, and M are `mel_filters`; a wide band sums its
    neighbours too, at most 6 dB. Silence is at the floor, -100 dB, and not at minus infinity. Frame t is centred on
    sample t x hop; beyond both ends there is silence.

    Args:
        waveform: (samples,) or (n, samples), full scale is -1 to 1, at least one sample.
        rate: samples a second.
        n_mels: bands.
        window: seconds that a frame looks at: longer tells frequencies better, shorter tells moments better.
        hop: seconds from one frame to the next.

    Returns:
        (n_mels, frames) or (n, n_mels, frames) float32, frames = 1 + samples // (rate x hop); the lowest band first.

    Raises:
        ValueError: there is no sample, or a window or hop without one.
    """
    waveform = torch.as_tensor(waveform, dtype=torch.float32)
    length, step = round(window * rate), round(hop * rate)
    if not waveform.numel() or waveform.ndim > 2 or min(length, step) < 1:
        raise ValueError(
            f"waveform is {tuple(waveform.shape)}, window {window} s and hop {hop} s at {rate} samples a second; pass "
            "(samples,) or (n, samples) with at least one sample, and at least one sample in window and hop."
        )
    n_fft = 2 ** math.ceil(math.log2(2 * length))  # twice the window: fine enough that the lowest bands get a frequency
    hann = torch.hann_window(length, device=waveform.device)
    spectrum = torch.stft(
        waveform * (2 / hann.sum()), n_fft, step, length, hann, pad_mode="constant", return_complex=True
    )
    power = torch.view_as_real(spectrum).square().sum(dim=-1)
    bands = _filters(n_mels, n_fft, rate).to(power.device) @ power
    return 10 * torch.log10(bands.clamp(min=10 ** (FLOOR / 10)))


@lru_cache(maxsize=16)
@torch.inference_mode(False)  # the first caller's mode must not decide whether later ones may differentiate
def _filters(n_mels: int, n_fft: int, rate: int) -> Tensor:
    return mel_filters(n_mels, n_fft, rate)
