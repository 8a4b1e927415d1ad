"""Pictures to vectors, through a pretrained picture network (EfficientNet: Tan and Le 2019; ResNet: He et al. 2016)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from recsys_lessons.devices import pick_device, pick_precision
from recsys_lessons.encoders.base import Masked, digest
from recsys_lessons.encoders.media import check_on_error, encode_media, listed, media_workers
from recsys_lessons.encoders.pictures import COARSE_GAP, quiet_pillow, read_picture
from recsys_lessons.encoders.vision import Vision, load_vision, usual_batch
from recsys_lessons.paths import cache_dir

__all__ = ["ImageEncoder"]

_VERSION = 1  # raised when the same picture and settings give another vector, so that cached ones are not mixed in


class ImageEncoder:
    """A pretrained picture network and the vectors it gives: its features before the classifier.

    Args:
        model: "efficientnet-lite0" (the course's asset, 1,280 numbers a picture), the name of a torchvision classifier
            such as "resnet50", or a folder with `config.json` and `model.safetensors` as `timm.models.save_for_hf`
            writes it. "random:NAME" is weights="random".
        size: side of the square that a picture becomes, a multiple of 32. None: the network's own; 160 for
            efficientnet-lite0, which was trained with 224: half the work.
        weights: "pretrained", or "random": the same network untrained, which a comparison needs.
        seed: of random weights.
        normalize: scale every vector to length 1, so that a dot product is a cosine.
        batch: pictures that go through the network together. None: on a CPU as many as its cache holds well, 8 of
            160 px or 4 of 224 px; 64 elsewhere.
        workers: batches decoded and computed at the same time, by threads. None: one for each core, at most 8.
        device: "auto", "cpu", "cuda", "cuda:1", "mps".
        precision: "fp32" (the default, so that machines agree), "bf16", "fp16", or "auto": bf16 where it is fast. In
            fp32 a picture gives the same vector to 1e-5 of its length, whatever stands beside it.
        on_error: "raise" stops at the first picture that cannot be read. "missing" gives it a row of NaN, and one
            warning counts them and names the first.
        cache: keep vectors on disk, by the content of the pictures.
        progress: show a bar.

    Attributes:
        dim: length of a vector.
        network: the `torch.nn.Module`, (n, 3, size, size) normalised pictures to (n, dim).

    Raises:
        AssetError: the weights are neither on this machine nor to be had; told when they are first needed.
        ValueError: an argument is not among those above, or there is no such network.
    """

    def __init__(
        self,
        model: str | Path = "efficientnet-lite0",
        *,
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
        for name, value in {"batch": batch, "workers": workers}.items():
            if value is not None and value < 1:
                raise ValueError(f"{name} is {value}; it must be 1 or more, or None.")
        check_on_error(on_error)
        self.model = str(model)
        self.weights = weights
        self.seed = seed
        self.device = pick_device(device)
        self.dtype = pick_precision(precision, self.device)
        self.normalize = normalize
        self._batch = batch
        self.workers = workers
        self.on_error = on_error
        self.cache = cache
        self.progress = progress
        self._size = size

    def __repr__(self) -> str:
        kind = str(self.dtype).removeprefix("torch.")
        return f"ImageEncoder({self.model!r}, dim={self.dim}, size={self.size}, device='{self.device}', {kind})"

    @cached_property
    def vision(self) -> Vision:
        """The network with its preprocessing, loaded when first needed."""
        return load_vision(
            self.model, size=self._size, weights=self.weights, seed=self.seed, device=self.device, dtype=self.dtype
        )

    @property
    def network(self) -> torch.nn.Module:
        return self.vision.network

    @property
    def dim(self) -> int:
        return self.vision.dim

    @property
    def size(self) -> int:
        """Side of the square that a picture becomes, in pixels."""
        return self.vision.size

    @property
    def batch(self) -> int:
        """Pictures that go through the network together."""
        usual = usual_batch(self.device, self.dtype)  # of pictures of 160 x 160
        return self._batch or (max(1, usual * 160**2 // self.size**2) if self.device.type == "cpu" else usual)

    def encode(self, items: Iterable[Any]) -> Masked:
        """Encode pictures.

        Args:
            items: any number of pictures: paths, files' bytes, Pillow pictures, arrays (h, w) or (h, w, 1, 3 or 4) and
                tensors (h, w) or (1, 3 or 4, h, w), uint8 or float from 0 to 1. None, NaN and "" are missing.

        Returns:
            vectors (n, dim) float32 on the CPU, NaN where a picture is missing, and mask (n,), True where it is there.

        Raises:
            MediaError: on_error is "raise" and a picture cannot be read; the message names row, file, reason and fix.
            TypeError: one picture instead of a list, or an item of another kind.
        """
        with quiet_pillow():
            return encode_media(
                _listed(items),
                decode=self._decode,
                embed=self.vision.features_of_pixels,
                pool=self._pool,
                dim=self.dim,
                batch=self.batch,
                workers=self.workers or media_workers(),
                on_error=self.on_error,
                cache=self._cache_file if self.cache else None,
                progress=self.progress,
                unit="picture",
            )

    def pixels(self, item: Any) -> Tensor:
        """One picture as it is shown to the network, before normalisation: (3, size, size) uint8.

        Raises:
            MediaError: it cannot be read.
        """
        vision = self.vision
        gap = {} if self.dtype is torch.float32 else {"gap": COARSE_GAP}
        return read_picture(item, vision.size, interpolation=vision.interpolation, crop=vision.crop, **gap)

    def preprocess(self, item: Any) -> Tensor:
        """One picture as the network takes it: (3, size, size) float32, normalised.

        Raises:
            MediaError: it cannot be read.
        """
        with quiet_pillow():
            return self.vision.normalize(self.pixels(item))

    def _decode(self, item: Any) -> Iterator[Tensor]:
        yield self.pixels(item)[None]

    def _pool(self, features: Tensor) -> Tensor:
        return torch.nn.functional.normalize(features[0], dim=0) if self.normalize else features[0]

    @property
    def _cache_file(self) -> Path:
        vision = self.vision
        settings = (
            f"image {_VERSION} {vision.size} {vision.interpolation} {vision.crop} {vision.mean} {vision.std} "
            f"{self.normalize} {self.dtype}"
        )
        return cache_dir() / "embeddings" / f"{digest(vision.fingerprint, settings.encode()).hex()}.sqlite"


def _listed(items: Iterable[Any]) -> list[Any]:
    # A picture in an array would be taken for a list of its rows, and each row for a grey picture.
    if isinstance(items, (np.ndarray, Tensor)) and items.ndim in (2, 3) and items.dtype != object:
        raise TypeError(
            f"encode takes a list of pictures and got one array of shape {tuple(items.shape)}. Write encode([picture]) "
            "for one picture, encode(list(pictures)) for a stack of grey ones."
        )
    return listed(items, "picture")
