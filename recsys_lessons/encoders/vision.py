"""A pretrained picture network by name, from its weights to the features before its classifier.

Pictures, spectrograms and frames of a video all go through one of these.
"""

from __future__ import annotations

import hashlib
import threading
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from recsys_lessons.devices import pick_device
from recsys_lessons.encoders import _networks
from recsys_lessons.encoders._fold import folded

__all__ = ["Vision", "load_vision", "usual_batch"]


@dataclass(frozen=True, eq=False)
class Vision:
    """A network, and what a picture must look like before it.

    Attributes:
        name: what it was asked for by.
        network: (n, 3, size, size) normalised pictures to (n, dim) features; in evaluation mode, on its device, its
            batch norms folded into the convolutions.
        dim: length of a feature vector.
        size: side of a picture in pixels.
        mean, std: of each channel, red, green, blue, on a scale of 0 to 1: what the network was trained with.
        interpolation: "bicubic" or "bilinear", how pictures were resized in its training.
        crop: share of the shorter side that is kept, from the middle; None squeezes the whole picture into the square.
        fingerprint: 20 bytes that change with any weight.
        device, dtype: where and in which format it computes.
    """

    name: str
    network: nn.Module
    dim: int
    size: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    interpolation: str
    crop: float | None
    fingerprint: bytes
    device: torch.device
    dtype: torch.dtype
    _turn: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def normalize(self, pictures: Tensor) -> Tensor:
        """(..., 3, h, w) uint8, or float from 0 to 1, to float32 with the network's mean and deviation."""
        scale = 255.0 if pictures.dtype == torch.uint8 else 1.0
        mean = torch.tensor(self.mean, device=pictures.device).view(3, 1, 1)
        std = torch.tensor(self.std, device=pictures.device).view(3, 1, 1)
        return (pictures.float() - scale * mean) / (scale * std)

    @torch.inference_mode()
    def features(self, inputs: Tensor) -> Tensor:
        """Features of normalised pictures: (n, 3, h, w) float, on any device, to (n, dim) float32 on the CPU."""
        # Threads decode side by side; a device takes one batch at a time, and MPS must not be asked by two at once.
        with nullcontext() if self.device.type == "cpu" else self._turn:
            inputs = inputs.to(self.device, self.dtype, memory_format=torch.channels_last)
            return self.network(inputs).float().cpu()

    @torch.inference_mode()
    def features_of_pixels(self, pictures: Tensor) -> Tensor:
        """Features of pictures as they are stored: (n, 3, h, w) uint8 to (n, dim) float32 on the CPU.

        Bytes are a quarter of what floats are: they wait, and go to the device, and are normalised there.
        """
        return self.features(self.normalize(pictures if self.device.type == "mps" else pictures.to(self.device)))


def load_vision(
    model: str | Path = "efficientnet-lite0",
    *,
    size: int | None = None,
    weights: str = "pretrained",
    seed: int = 0,
    device: str | torch.device = "auto",
    dtype: torch.dtype = torch.float32,
) -> Vision:
    """Load a network without its classifier.

    Args:
        model: "efficientnet-lite0" (the course's asset), the name of a torchvision classifier such as "resnet50", or a
            folder as timm's `save_for_hf` and this course's converter write it: `config.json` with "architecture",
            a name that timm knows, and "pretrained_cfg" (input_size, mean, std, interpolation), beside the weights in
            `model.safetensors`. A pickle is never read. "random:NAME" is any of these with random weights.
        size: side of a picture, a multiple of 32; None: the network's own, 160 for efficientnet-lite0.
        weights: "pretrained", or "random": the same network as it is before training, for comparison.
        seed: of random weights.
        device: where it computes, "auto", "cpu", "cuda", "mps".
        dtype: the format it computes in.

    Raises:
        AssetError: the weights are not on this machine and cannot be fetched; the message says where to put them.
        ValueError: there is no such network, or the size does not suit it.
    """
    name = str(model)
    if name.startswith("random:"):
        model, weights = name.removeprefix("random:"), "random"
    if weights not in ("pretrained", "random"):
        raise ValueError(f"weights is {weights!r}; use 'pretrained' or 'random'.")
    if size is not None and (size < 32 or size % 32):
        raise ValueError(f"size is {size} px; it must be a multiple of 32, e.g. 160 or 224.")
    built = _networks.build(model, seed=seed if weights == "random" else None)
    size = size or built.size
    network = built.network.eval().requires_grad_(False)
    dim, fingerprint = _dim(network, size, name), _fingerprint(network)
    chosen = pick_device(device)
    return Vision(
        name=name,
        network=folded(network, size).to(chosen, dtype, memory_format=torch.channels_last),
        dim=dim,
        size=size,
        mean=built.mean,
        std=built.std,
        interpolation=built.interpolation,
        crop=built.crop,
        fingerprint=fingerprint,
        device=chosen,
        dtype=dtype,
    )


def usual_batch(device: torch.device, dtype: torch.dtype) -> int:
    """Pictures of about 160 x 160 that go through a network together: on a CPU, as many as its cache holds well.

    Measured with EfficientNet-Lite0 on one core: 16 in fp32 take a tenth to a fifth longer a picture than 8, and 4 no
    less; in bf16, which takes half the bytes, 16 are best.
    """
    return 64 if device.type != "cpu" else 8 if dtype is torch.float32 else 16


def _fingerprint(network: nn.Module) -> bytes:
    state: Any = hashlib.blake2b(f"{type(network).__name__}".encode(), digest_size=20)
    for name, tensor in network.state_dict().items():
        state.update(f"{name} {tuple(tensor.shape)} ".encode())
        state.update(tensor.detach().cpu().contiguous().view(-1).view(torch.uint8).numpy())
    return state.digest()


@torch.inference_mode()
def _dim(network: nn.Module, size: int, name: str) -> int:
    try:
        outputs = network(torch.zeros(1, 3, size, size))
    except (RuntimeError, AssertionError) as error:
        raise ValueError(f"{name} does not take pictures of {size} px: {error} Leave size out for its own.") from error
    if outputs.ndim != 2:
        raise ValueError(f"{name} gives {tuple(outputs.shape)} for one picture, and not one vector.")
    return outputs.shape[1]
