"""Sounds to vectors: a spectrogram is a picture, and a pretrained picture network reads it.

That a network trained on photographs is of use for spectrograms is after Palanisamy, Singhania and Yao, "Rethinking CNN
models for audio classification" (2020).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from recsys_lessons.devices import pick_device, pick_precision
from recsys_lessons.encoders._sound import read_sound, sound_windows
from recsys_lessons.encoders._spectrogram import FLOOR, log_mel, mel_filters
from recsys_lessons.encoders.base import Masked, digest
from recsys_lessons.encoders.media import check_on_error, describe, encode_media, is_missing, listed, media_workers
from recsys_lessons.encoders.vision import Vision, load_vision, usual_batch
from recsys_lessons.paths import cache_dir

__all__ = ["AudioEncoder", "log_mel", "mel_filters", "read_sound", "sound_windows"]

_POOLINGS = {
    "mean": lambda features: features.mean(dim=0),
    "max": lambda features: features.amax(dim=0),
    "mean+std": lambda features: torch.cat([features.mean(dim=0), features.std(dim=0, correction=0)]),
}


class AudioEncoder:
    """A pretrained picture network that listens: windows of sound, their spectrograms, one vector each, pooled.

    Two seconds at 16,000 samples a second are a spectrogram of 128 bands and 201 frames; -100 to 0 dB become 0 to 1 and
    go into all three colours of a picture of 128 x 224, black where there is silence or nothing.

    Args:
        model: "efficientnet-lite0", a torchvision ConvNet by name, or a folder, see `load_vision`.
        rate: samples a second to which everything is resampled. Half of it is the highest frequency that counts.
        window: seconds in a window. Longer shows slower rhythms and costs as much a second of sound.
        hop: seconds from one window to the next; None: `window`.
        n_mels: bands of a spectrogram.
        pooling: over the windows: "mean", "max", or "mean+std": the mean and, behind it, the standard deviation, which
            says how much the sound changes; it doubles `dim`.
        normalize: scale every vector to length 1.
        weights: "pretrained" or "random", with its `seed`, for comparison.
        batch: windows that go through the network together. None: 8 on a CPU, 16 in bf16, and 64 elsewhere.
        workers: threads that decode and compute. None: one for each core, at most 8.
        device, precision: as for `TextEncoder`.
        on_error: "raise", or "missing": a file that cannot be read gets a row of NaN, and one warning names it.
        cache: keep vectors on disk, by the content of the files.
        progress: show a bar.

    Attributes:
        dim: length of a vector.

    Raises:
        ValueError: an argument is not among those above; when first used, the network takes no picture of that size.
        AssetError: when first used, the weights are neither on disk nor to be had.
    """

    def __init__(
        self,
        model: str | Path = "efficientnet-lite0",
        *,
        rate: int = 16_000,
        window: float = 2.0,
        hop: float | None = None,
        n_mels: int = 128,
        pooling: str = "mean",
        normalize: bool = False,
        weights: str = "pretrained",
        seed: int = 0,
        batch: int | None = None,
        workers: int | None = None,
        device: str = "auto",
        precision: str = "fp32",
        on_error: str = "raise",
        cache: bool = True,
        progress: bool = True,
    ):
        check_on_error(on_error)
        if pooling not in _POOLINGS:
            raise ValueError(f"pooling is {pooling!r}; use {', '.join(map(repr, _POOLINGS))}.")
        if not (1_000 <= rate <= 192_000 and rate == int(rate)):
            raise ValueError(f"rate is {rate}; it must be a whole number from 1,000 to 192,000, e.g. 16000.")
        for name, value in {"window": window, "hop": hop}.items():
            if value is not None and not 0.05 <= value <= 60:
                raise ValueError(f"{name} is {value} seconds; it must be from 0.05 to 60, e.g. 2.0.")
        for name, value in {"n_mels": n_mels, "batch": batch, "workers": workers}.items():
            if value is not None and value < 1:
                raise ValueError(f"{name} is {value}; it must be 1 or more.")
        self.model, self.weights, self.seed = str(model), weights, seed
        self.rate, self.window, self.hop, self.n_mels = int(rate), window, hop, n_mels
        self.pooling, self.normalize = pooling, normalize
        self.device = pick_device(device)
        self.dtype = pick_precision(precision, self.device)
        self.batch = batch or usual_batch(self.device, self.dtype)
        self.workers, self.on_error, self.cache, self.progress = workers, on_error, cache, progress

    def __repr__(self) -> str:
        kind = str(self.dtype).removeprefix("torch.")
        return f"AudioEncoder({self.model!r}, dim={self.dim}, window={self.window}, device='{self.device}', {kind})"

    @cached_property
    def vision(self) -> Vision:
        """The picture network and its settings; loaded when first needed."""
        vision = load_vision(self.model, weights=self.weights, seed=self.seed, device=self.device, dtype=self.dtype)
        blank = self.picture(self._spectrogram(torch.zeros(round(self.window * self.rate))))
        try:
            vision.features(vision.normalize(blank[None]))
        except (RuntimeError, AssertionError) as error:
            high, wide = blank.shape[-2:]
            raise ValueError(
                f"{self.model} does not take a spectrogram of {high} x {wide} ({error}); use a ConvNet, or choose "
                "n_mels and window so that the picture has the network's size: 100 frames a second, both sides filled "
                "up to a multiple of 32."
            ) from error
        return vision

    @property
    def network(self) -> torch.nn.Module:
        """(n, 3, height, width) to (n, features)."""
        return self.vision.network

    @property
    def dim(self) -> int:
        return self.vision.dim * (2 if self.pooling == "mean+std" else 1)

    def encode(self, items: Iterable[str | Path | bytes | tuple | None]) -> Masked:
        """Encode sounds.

        Args:
            items: paths, the bytes of files, or (samples, rate) with samples (n,) or (n, channels); a video gives its
                sound. None, NaN and "" are missing, which is no error. What a damaged file still gives is taken.

        Returns:
            vectors (n, dim) float32 in the order of `items`, NaN where a sound is missing, and mask (n,).

        Raises:
            MediaError: a file cannot be read and `on_error` is "raise"; the message names row, file, reason and fix.
            TypeError: an item is nothing of the above.
        """
        items = _checked(items)
        return encode_media(
            items,
            decode=lambda item: (self._spectrogram(one)[None] for one in self._windows(item)),
            embed=lambda mels: self.vision.features(self.vision.normalize(self.picture(mels))),
            pool=self._pool,
            dim=self.dim,
            batch=self.batch,
            workers=self.workers or media_workers(),
            on_error=self.on_error,
            cache=self._cache_file if self.cache else None,
            progress=self.progress,
            unit="sound",
        )

    def preprocess(self, item: str | Path | bytes | tuple) -> Tensor:
        """What the network sees of one sound: (windows, 3, height, width) float32, normalised."""
        mels = torch.stack([self._spectrogram(one) for one in self._windows(item)])
        return self.vision.normalize(self.picture(mels))

    @staticmethod
    def picture(mels: Tensor) -> Tensor:
        """Spectrograms in decibels, (..., n_mels, frames), as pictures (..., 3, height, width) from 0 to 1.

        Height and width are filled up with silence to multiples of 32, the stride of most ConvNets.
        """
        grey = (1 - mels / FLOOR).clamp(0, 1)
        grey = torch.nn.functional.pad(grey, (0, -mels.shape[-1] % 32, 0, -mels.shape[-2] % 32))
        return grey.unsqueeze(-3).expand(*mels.shape[:-2], 3, *grey.shape[-2:])

    def _windows(self, item: str | Path | bytes | tuple) -> Iterator[Tensor]:
        return sound_windows(item, self.rate, window=self.window, hop=self.hop)

    def _spectrogram(self, waveform: Tensor) -> Tensor:
        return log_mel(waveform, self.rate, n_mels=self.n_mels)

    def _pool(self, features: Tensor) -> Tensor:
        vector = _POOLINGS[self.pooling](features)
        return torch.nn.functional.normalize(vector, dim=0) if self.normalize else vector

    @cached_property
    def _cache_file(self) -> Path:
        # The leading number changes with whatever the code makes of a sound.
        settings = f"1 {self.rate} {self.window} {self.hop} {self.n_mels} {self.pooling} {self.normalize} {self.dtype}"
        return (
            cache_dir() / "embeddings" / f"{digest(b'sound', self.vision.fingerprint, settings.encode()).hex()}.sqlite"
        )


def _checked(items: Iterable) -> list:
    """The items, each of a kind that is a sound. Raises TypeError."""
    items = listed(items, "sound")
    for row, item in enumerate(items):
        pair = isinstance(item, (tuple, list)) and len(item) == 2 and isinstance(item[1], (int, float, np.number))
        if not (pair or is_missing(item) or isinstance(item, (str, Path, bytes, bytearray, memoryview))):
            raise TypeError(
                f"row {row} is {describe(item)}; pass a path, the bytes of a file, (samples, rate), or None "
                "where there is no sound."
            )
    return [tuple(item) if isinstance(item, list) else item for item in items]
