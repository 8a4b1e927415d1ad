"""Videos to vectors: some frames through a pretrained picture network, pooled over time; their sound beside them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from recsys_lessons.devices import pick_device, pick_precision
from recsys_lessons.encoders._frames import PLACES, sample_frames, scene_change, square_frames
from recsys_lessons.encoders._over_time import POOLINGS, AttentionPooling, pool_over_time, pooling_key
from recsys_lessons.encoders._video_sound import heard, joined
from recsys_lessons.encoders.audio import AudioEncoder
from recsys_lessons.encoders.base import Masked, digest
from recsys_lessons.encoders.media import check_on_error, describe, encode_media, is_missing, listed, media_workers
from recsys_lessons.encoders.vision import Vision, load_vision, usual_batch
from recsys_lessons.paths import cache_dir

__all__ = ["AttentionPooling", "VideoEncoder", "pool_over_time", "sample_frames", "scene_change"]

_VERSION = 1  # raised when the same video and settings give another vector, so that cached ones are not mixed in


class VideoEncoder:
    """A pretrained picture network that looks at frames of a video, and one vector for all of them.

    Frames of several videos go through the network together. None of them knows its neighbours: what moves shows only
    in how the frames differ, so that "mean+std" is for motion.

    Args:
        model: "efficientnet-lite0", a torchvision classifier by name, or a folder, see `load_vision`.
        frames: how many of each video.
        at: "uniform": in the middle of equal parts of the running time. "scenes": after the largest changes.
        pooling: over time: "mean", "max", "mean+std" (twice as long), or a fitted `AttentionPooling`.
        sound: True, or an `AudioEncoder`: the vector of the video's own sound stands behind that of its frames. See
            `encode` for videos without sound.
        size: side of the square that a frame becomes, a multiple of 32; None: the network's own.
        weights: "pretrained" or "random", with its `seed`, for comparison.
        normalize: scale every vector to length 1; frames and sound each.
        batch: frames that go through the network together. None: 8 on a CPU, 16 in bf16, and 64 elsewhere.
        workers: videos decoded and computed at the same time, by threads. None: one for each core, at most 8.
        device, precision: as for `TextEncoder`.
        on_error: "raise" stops at the first video that cannot be read. "missing" gives it a row of NaN, and one warning
            counts them and names the first.
        cache: keep vectors on disk, by the content of the videos.
        progress: show a bar.

    Attributes:
        dim: length of a vector. frame_dim: length of a frame's vector.

    Raises:
        AssetError: the weights are neither on this machine nor to be had; told when they are first needed.
        ValueError: an argument is not among those above, or there is no such network.
    """

    def __init__(
        self,
        model: str | Path = "efficientnet-lite0",
        *,
        frames: int = 8,
        at: str = "uniform",
        pooling: str | AttentionPooling = "mean",
        sound: bool | AudioEncoder = False,
        size: int | None = None,
        weights: str = "pretrained",
        seed: int = 0,
        normalize: bool = False,
        batch: int | None = None,
        workers: int | None = None,
        device: str = "auto",
        precision: str = "fp32",
        on_error: str = "raise",
        cache: bool = True,
        progress: bool = True,
    ):
        for name, value in {"frames": frames, "batch": batch, "workers": workers}.items():
            if value is not None and value < 1:
                raise ValueError(f"{name} is {value}; it must be 1 or more.")
        if at not in PLACES:
            raise ValueError(f"at is {at!r}; use {' or '.join(map(repr, PLACES))}.")
        if not isinstance(pooling, AttentionPooling) and pooling not in POOLINGS:
            raise ValueError(f"pooling is {pooling!r}; use {', '.join(map(repr, POOLINGS))}, or an AttentionPooling.")
        check_on_error(on_error)
        self.model, self.weights, self.seed = str(model), weights, seed
        self.frames, self.at, self.pooling = frames, at, pooling
        self.device = pick_device(device)
        self.dtype = pick_precision(precision, self.device)
        self.normalize = normalize
        self.batch = batch or usual_batch(self.device, self.dtype)
        self.workers, self.on_error, self.cache, self.progress = workers, on_error, cache, progress
        self.audio: AudioEncoder | None = None
        if isinstance(sound, AudioEncoder):
            self.audio = sound
        elif sound:
            shared = {"weights": weights, "seed": seed, "normalize": normalize, "batch": batch, "workers": workers}
            shared |= {"device": device, "precision": precision, "cache": cache, "progress": progress}
            self.audio = AudioEncoder(model, on_error=on_error, **shared)
        self._size = size

    def __repr__(self) -> str:
        kind = str(self.dtype).removeprefix("torch.")
        pooling = self.pooling if isinstance(self.pooling, str) else "attention"
        how = f"frames={self.frames}, at={self.at!r}, pooling={pooling!r}, sound={self.audio is not None}"
        return f"VideoEncoder({self.model!r}, {how}, device='{self.device}', {kind})"

    @cached_property
    def vision(self) -> Vision:
        """The network with its preprocessing, loaded when first needed."""
        return load_vision(
            self.model, size=self._size, weights=self.weights, seed=self.seed, device=self.device, dtype=self.dtype
        )

    @property
    def network(self) -> torch.nn.Module:
        """(n, 3, size, size) normalised frames to (n, frame_dim)."""
        return self.vision.network

    @property
    def frame_dim(self) -> int:
        return self.vision.dim

    @property
    def dim(self) -> int:
        return self._pooled_dim + (self.audio.dim if self.audio else 0)

    @property
    def _pooled_dim(self) -> int:
        return self.vision.dim * (2 if self.pooling == "mean+std" else 1)

    def encode(self, items: Iterable[Any]) -> Masked:
        """Encode videos.

        With sound, a vector needs both halves: a video without a sound stream has none and is missing here, as one that
        cannot be read (an error under on_error="raise"). `encode_parts` keeps its frames.

        Args:
            items: paths, the bytes of files, or frames in memory, (frames, h, w, 3) uint8. None, NaN and "" are
                missing, which is no error.

        Returns:
            vectors (n, dim) float32 on the CPU in the order of `items`, NaN where a video is missing, and mask (n,).

        Raises:
            MediaError: on_error is "raise" and a video cannot be read; the message names row, file, reason and fix.
            TypeError: one video instead of a list, or an item of another kind.
        """
        items = _checked(items)
        video = encode_media(items, **self._plan())
        if self.audio is None:
            return video
        return joined(items, video, self.audio.encode(self._heard(items)), self.on_error)

    def encode_parts(self, items: Iterable[Any]) -> dict[str, Masked]:
        """Frames and sound as two modalities, each with its own mask, which is what fusion takes.

        Returns:
            "video" and, where the encoder was made with sound, "audio", each `Masked`. A video without a sound stream
            lacks "audio", which is no error; so do frames in memory.
        """
        items = _checked(items)
        parts = {"video": encode_media(items, **self._plan())}
        if self.audio is not None:
            parts["audio"] = self.audio.encode(self._heard(items))
        return parts

    def encode_frames(self, items: Iterable[Any]) -> Masked:
        """A vector for every frame, before pooling: for `AttentionPooling.fit`, or to try several poolings at once.

        Returns:
            vectors (n, frames, frame_dim) float32, NaN where a video is missing, and mask (n,) of the videos.
        """
        shape = (self.frames, self.frame_dim)
        plan = self._plan() | {"pool": torch.flatten, "dim": shape[0] * shape[1], "cache": self._cache_file("frames")}
        found = encode_media(_checked(items), **plan)
        return Masked(found.vectors.unflatten(1, shape), found.mask)

    def preprocess(self, item: Any) -> Tensor:
        """What the network sees of one video: (frames, 3, size, size) float32, normalised.

        Raises:
            MediaError: it cannot be read.
        """
        return self.vision.normalize(self._squares(item))

    @torch.no_grad()
    def _pool(self, features: Tensor) -> Tensor:
        frames = features.unsqueeze(0)
        attends = isinstance(self.pooling, AttentionPooling)
        vector = self.pooling(frames)[0] if attends else pool_over_time(frames, self.pooling)[0]
        return torch.nn.functional.normalize(vector, dim=0) if self.normalize else vector

    def _plan(self) -> dict[str, Any]:
        """What `encode_media` needs to know."""
        return {
            "decode": self._decode,
            "embed": self.vision.features_of_pixels,
            "pool": self._pool,
            "dim": self._pooled_dim,
            "batch": self.batch,
            "inputs": self.frames,
            "workers": self.workers or media_workers(),
            "on_error": self.on_error,
            "cache": self._cache_file(f"{pooling_key(self.pooling, self.frame_dim)} {self.normalize}"),
            "progress": self.progress,
            "unit": "video",
        }

    def _decode(self, item: Any) -> Iterator[Tensor]:
        yield self._squares(item)

    def _squares(self, item: Any) -> Tensor:
        """(frames, 3, size, size) uint8."""
        vision = self.vision
        return square_frames(
            item, self.frames, at=self.at, size=vision.size, interpolation=vision.interpolation, crop=vision.crop
        )

    def _heard(self, items: list[Any]) -> list[Any]:
        """The items that have a sound stream; None for the others."""
        return heard(items, self.workers or media_workers())

    def _cache_file(self, how: str) -> Path | None:
        if not self.cache:
            return None
        vision = self.vision
        settings = (
            f"video {_VERSION} {self.frames} {self.at} {how} {vision.size} "
            f"{vision.interpolation} {vision.crop} {vision.mean} {vision.std} {self.dtype}"
        )
        return cache_dir() / "embeddings" / f"{digest(vision.fingerprint, settings.encode()).hex()}.sqlite"


def _checked(items: Iterable[Any]) -> list[Any]:
    """The items, each of a kind that is a video. Raises TypeError."""
    items = listed(items, "video")
    for row, item in enumerate(items):
        if not (is_missing(item) or isinstance(item, (str, Path, bytes, bytearray, memoryview, np.ndarray))):
            raise TypeError(
                f"row {row} is {describe(item)}; pass a path, the bytes of a file, frames as an array "
                "(frames, h, w, 3) of uint8, or None where there is no video."
            )
    return items
