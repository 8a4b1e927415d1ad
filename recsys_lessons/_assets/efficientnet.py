"""EfficientNet-Lite0 from its reference package's file to a folder in timm's form (Tan and Le 2019; Apache-2.0).

The file is a dictionary of tensors under the reference package's names; timm calls the same network
`tf_efficientnet_lite0`. Tensors are renamed and nothing else: both then give the same features, bit for bit.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from recsys_lessons.errors import AssetError

__all__ = ["ARCHITECTURE", "convert", "timm_name"]

ARCHITECTURE = "tf_efficientnet_lite0"
_STAGES = (1, 2, 2, 3, 3, 4, 1)  # blocks in each of the seven stages; the reference package counts them through
_PLACES = [(stage, block) for stage, blocks in enumerate(_STAGES) for block in range(blocks)]
_OUTSIDE = {"_conv_stem": "conv_stem", "_bn0": "bn1", "_conv_head": "conv_head", "_bn1": "bn2", "_fc": "classifier"}
# The first block has no expansion, so that what timm numbers in the order of use starts with its depthwise filter.
_FIRST = {"_depthwise_conv": "conv_dw", "_bn1": "bn1", "_project_conv": "conv_pw", "_bn2": "bn2"}
_BLOCK = {
    "_expand_conv": "conv_pw",
    "_bn0": "bn1",
    "_depthwise_conv": "conv_dw",
    "_bn1": "bn2",
    "_project_conv": "conv_pwl",
    "_bn2": "bn3",
}


def timm_name(name: str) -> str:
    """timm's name of a tensor of the reference package, `_blocks.3._bn0.weight` to `blocks.2.0.bn1.weight`.

    Raises:
        AssetError: the network has no such tensor.
    """
    try:
        if inside := re.fullmatch(r"_blocks\.(\d+)\.(\w+)\.(\w+)", name):
            number, part, kind = int(inside[1]), inside[2], inside[3]
            stage, block = _PLACES[number]
            return f"blocks.{stage}.{block}.{(_BLOCK if number else _FIRST)[part]}.{kind}"
        part, kind = name.split(".")
        return f"{_OUTSIDE[part]}.{kind}"
    except (KeyError, IndexError, ValueError) as error:
        raise AssetError(f"{name!r} is no tensor of EfficientNet-Lite0.") from error


def convert(file: Path, folder: Path) -> None:
    """Write `model.safetensors` under timm's names and `config.json` with what a picture must look like.

    Raises:
        AssetError: the file holds something else than tensors, or another network's.
    """
    import torch
    from safetensors.torch import save_file

    try:
        tensors = torch.load(file, map_location="cpu", weights_only=True)  # never runs what a pickle may hold
    except Exception as error:  # over damaged bytes torch's careful reader raises nearly every kind
        raise AssetError(f"{file.name} cannot be read as a file of tensors: {error}") from error
    if not isinstance(tensors, dict) or not all(isinstance(one, torch.Tensor) for one in tensors.values()):
        raise AssetError(f"{file.name} holds a {type(tensors).__name__} and not a dictionary of tensors.")
    weights = {timm_name(name): tensor.contiguous() for name, tensor in tensors.items()}
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "config.json").write_text(json.dumps(_config(), indent=2), encoding="utf-8")


def _config() -> dict:
    return {
        "architecture": ARCHITECTURE,
        "num_classes": 1000,
        "num_features": 1280,
        "licence": "Apache-2.0",
        "pretrained_cfg": {
            "input_size": [3, 224, 224],
            "interpolation": "bicubic",
            "crop_pct": 0.875,
            "mean": [0.5, 0.5, 0.5],
            "std": [0.5, 0.5, 0.5],
            "license": "apache-2.0",
        },
    }
