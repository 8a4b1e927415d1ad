"""From a network's name or folder to the network itself, its classifier taken off, and its picture settings."""

from __future__ import annotations

import json
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

import torch
from torch import nn

from recsys_lessons.assets import asset_path
from recsys_lessons.errors import AssetError
from recsys_lessons.hub import DEADLINE

__all__ = ["Built", "build"]

_LITE = "efficientnet-lite0"
_LITE_SIZE = 160


@dataclass(frozen=True, eq=False)
class Built:
    """A network without its classifier, and how its pictures are prepared; the words are those of `Vision`."""

    network: nn.Module
    size: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    interpolation: str
    crop: float | None


def build(model: str | Path, seed: int | None) -> Built:
    """The network, pretrained, or with random weights where a seed is given."""
    name, folder = str(model), Path(model).expanduser()
    if name == _LITE:
        if seed is not None:  # random weights need no file, so that the comparison also runs without the asset
            return _from_config({"architecture": "tf_efficientnet_lite0"}, None, seed, name, _LITE_SIZE)
        folder = asset_path(name)
        return _from_config(_read(folder), folder, None, name, _LITE_SIZE)
    if folder.is_dir():
        return _from_config(_read(folder), folder, seed, name, None)
    return _from_torchvision(name, seed)


def _read(folder: Path) -> dict:
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        if not isinstance(config.get("architecture"), str):
            raise ValueError('it has no "architecture"')
    except (OSError, ValueError, AttributeError) as error:
        raise ValueError(
            f"{folder} is no folder of a picture network: config.json cannot be used ({error}). Write one with "
            "timm.models.save_for_hf(model, folder)."
        ) from error
    return config


def _from_config(config: dict, folder: Path | None, seed: int | None, name: str, size: int | None) -> Built:
    import timm

    try:
        classes = int(config.get("num_classes", 1000))
        with _seeded(seed):
            network = timm.create_model(config["architecture"], pretrained=False, num_classes=classes)
    except (RuntimeError, ValueError, TypeError) as error:
        raise ValueError(f"{name}: timm cannot make {config['architecture']!r}: {error}") from error
    if seed is None:
        network.load_state_dict(_safe_weights(folder, network))
    network.reset_classifier(0)
    facts = {**network.pretrained_cfg, **(config.get("pretrained_cfg") or {})}
    return Built(
        network,
        size or int(facts["input_size"][-1]),
        tuple(facts["mean"]),
        tuple(facts["std"]),
        str(facts["interpolation"]),
        None,
    )


def _safe_weights(folder: Path, network: nn.Module) -> dict[str, torch.Tensor]:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    path = folder / "model.safetensors"
    try:
        weights = load_file(path)
    except FileNotFoundError as error:
        raise AssetError(f"there is no {path}; only safetensors are read, since a pickle can run code.") from error
    except (OSError, SafetensorError) as error:
        raise AssetError(f"{path} cannot be read ({error}); write it again.") from error
    wanted = network.state_dict()
    odd = sorted(set(weights) ^ set(wanted)) or [one for one in wanted if wanted[one].shape != weights[one].shape]
    if odd:
        raise AssetError(f"{path} does not fit config.json's architecture: {', '.join(odd[:3])} differ.")
    return weights


def _from_torchvision(name: str, seed: int | None) -> Built:
    from torchvision import models

    if name not in models.list_models(module=models):
        raise ValueError(
            f"there is no picture network {name!r}: it is no folder, and none of torchvision's classifiers. Take "
            f"{_LITE!r}, 'resnet18', 'resnet50', 'vit_b_16', or another of "
            "torchvision.models.list_models(module=torchvision.models)."
        )
    weights = models.get_model_weights(name).DEFAULT
    options = {"aux_logits": True} if name in ("googlenet", "inception_v3") else {}
    with _seeded(seed or 0):  # every network starts from random numbers; none of them is drawn from the caller's
        network = models.get_model(name, weights=None, **options, **({"init_weights": True} if options else {}))
    if seed is None:
        network.load_state_dict(_torchvision_weights(name, weights))
    _take_classifier(network, name)
    facts = weights.transforms()
    return Built(
        network,
        int(facts.crop_size[0]),
        tuple(facts.mean),
        tuple(facts.std),
        facts.interpolation.value,
        facts.crop_size[0] / facts.resize_size[0],
    )


def _torchvision_weights(name: str, weights) -> dict[str, torch.Tensor]:
    place = Path(torch.hub.get_dir()) / "checkpoints" / weights.url.rsplit("/", 1)[-1]
    try:
        if not place.is_file():
            urlopen(weights.url, timeout=DEADLINE).close()  # torch's own download would wait for minutes
        return weights.get_state_dict(progress=True, check_hash=True, weights_only=True, map_location="cpu")
    except OSError as error:  # no network is one too
        raise AssetError(
            f"the weights of {name!r} are not on this machine and could not be fetched from {weights.url} "
            f"({error}). Put that file at {place}, or use '{_LITE}', or weights='random'."
        ) from error
    except Exception as error:  # over damaged bytes torch's careful reader raises nearly every kind
        raise AssetError(
            f"the weights of {name!r} in {place} are damaged ({type(error).__name__}: {error}); delete that file, and "
            "it is fetched again."
        ) from error


def _take_classifier(network: nn.Module, name: str) -> None:
    """Replace the last linear layer by nothing: what comes out is what the classifier was given."""
    linear = [
        path for path, part in network.named_modules() if isinstance(part, nn.Linear) and "aux" not in path.lower()
    ]
    if not linear:
        raise ValueError(f"{name} has no linear classifier before which features could be taken; use another network.")
    owner, _, last = linear[-1].rpartition(".")
    setattr(network.get_submodule(owner), last, nn.Identity())


@contextmanager
def _seeded(seed: int | None):
    """Draw initial weights from `seed`, and leave torch's random state as it was."""
    with torch.random.fork_rng(devices=[]) if seed is not None else nullcontext():
        if seed is not None:
            torch.manual_seed(seed)
        yield
