"""EfficientNet-Lite0 renamed for timm: nothing is lost, and it computes what the reference package's names compute."""

from __future__ import annotations

import json

import pytest
import torch
import torch.nn.functional as F

from recsys_lessons._assets.efficientnet import ARCHITECTURE, convert, timm_name
from recsys_lessons.errors import AssetError

# Blocks of each stage, its kernel and its first stride: table 1 of Tan and Le (2019), which Lite0 keeps.
STAGES = [(1, 3, 1), (2, 3, 2), (2, 5, 2), (3, 3, 2), (3, 5, 1), (4, 5, 2), (1, 3, 1)]
CHANNELS = [16, 24, 40, 80, 112, 192, 320]


def original(seed: int = 0) -> dict[str, torch.Tensor]:
    """Random tensors under the reference package's names, in its shapes; no activation grows or dies."""
    generator = torch.Generator().manual_seed(seed)
    tensors: dict[str, torch.Tensor] = {}

    def conv(name, out, inside, kernel):
        scale = (2 / (inside * kernel * kernel)) ** 0.5
        tensors[f"{name}.weight"] = torch.randn(out, inside, kernel, kernel, generator=generator) * scale

    def norm(name, channels):
        tensors[f"{name}.weight"] = torch.rand(channels, generator=generator) + 0.5
        tensors[f"{name}.bias"] = torch.rand(channels, generator=generator) - 0.3
        tensors[f"{name}.running_mean"] = torch.rand(channels, generator=generator) - 0.5
        tensors[f"{name}.running_var"] = torch.rand(channels, generator=generator) + 0.5
        tensors[f"{name}.num_batches_tracked"] = torch.tensor(7)

    conv("_conv_stem", 32, 3, 3)
    norm("_bn0", 32)
    inside, number = 32, 0
    for (blocks, kernel, _), out in zip(STAGES, CHANNELS, strict=True):
        for _ in range(blocks):
            wide = inside * (6 if number else 1)
            if number:
                conv(f"_blocks.{number}._expand_conv", wide, inside, 1)
                norm(f"_blocks.{number}._bn0", wide)
            conv(f"_blocks.{number}._depthwise_conv", wide, 1, kernel)
            norm(f"_blocks.{number}._bn1", wide)
            conv(f"_blocks.{number}._project_conv", out, wide, 1)
            norm(f"_blocks.{number}._bn2", out)
            inside, number = out, number + 1
    conv("_conv_head", 1280, 320, 1)
    norm("_bn1", 1280)
    tensors["_fc.weight"] = torch.randn(1000, 1280, generator=generator)
    tensors["_fc.bias"] = torch.randn(1000, generator=generator)
    return tensors


@torch.no_grad()
def reference(weights: dict[str, torch.Tensor], x: torch.Tensor) -> torch.Tensor:
    """The network written out under the original names: TensorFlow's padding, ReLU6, no squeeze-and-excitation."""

    def conv(x, name, stride=1, groups=1):
        kernel = weights[f"{name}.weight"]
        size = kernel.shape[2]
        pad = max((-(-x.shape[2] // stride) - 1) * stride + size - x.shape[2], 0)
        x = F.pad(x, [pad // 2, pad - pad // 2] * 2)
        return F.conv2d(x, kernel, stride=stride, groups=groups)

    def norm(x, name):
        mean, var, weight, bias = (weights[f"{name}.{k}"] for k in ("running_mean", "running_var", "weight", "bias"))
        return F.batch_norm(x, mean, var, weight, bias, eps=1e-3)

    x = F.relu6(norm(conv(x, "_conv_stem", 2), "_bn0"))
    number = 0
    for blocks, _, stride in STAGES:
        for block in range(blocks):
            name, before = f"_blocks.{number}", x
            if number:
                x = F.relu6(norm(conv(x, f"{name}._expand_conv"), f"{name}._bn0"))
            x = conv(x, f"{name}._depthwise_conv", stride if block == 0 else 1, groups=x.shape[1])
            x = norm(conv(F.relu6(norm(x, f"{name}._bn1")), f"{name}._project_conv"), f"{name}._bn2")
            x = x + before if block else x
            number += 1
    return F.relu6(norm(conv(x, "_conv_head"), "_bn1")).mean(dim=(2, 3))


@pytest.fixture
def converted(tmp_path):
    torch.save(original(), tmp_path / "file.pth")
    folder = tmp_path / "made"
    folder.mkdir()
    convert(tmp_path / "file.pth", folder)
    return folder


@pytest.mark.parametrize("size", [160, 224])
def test_timm_takes_every_tensor_and_gives_the_reference_networks_features(converted, size):
    import timm
    from safetensors.torch import load_file

    network = timm.create_model(ARCHITECTURE, pretrained=False).eval()
    network.load_state_dict(load_file(converted / "model.safetensors"), strict=True)
    network.reset_classifier(0)
    x = torch.rand(2, 3, size, size, generator=torch.Generator().manual_seed(size)) * 2 - 1
    expected = reference(original(), x)
    with torch.no_grad():
        found = network(x)
    assert expected.std() > 0.05
    assert (found - expected).norm() < 1e-5 * expected.norm()


def test_the_folder_says_how_a_picture_is_prepared_and_under_which_licence(converted):
    import timm

    config = json.loads((converted / "config.json").read_text(encoding="utf-8"))
    theirs = timm.create_model(ARCHITECTURE, pretrained=False).pretrained_cfg
    for name in ("input_size", "interpolation", "crop_pct", "mean", "std"):
        expected = theirs[name]
        assert config["pretrained_cfg"][name] == (list(expected) if isinstance(expected, tuple) else expected)
    assert config["licence"] == "Apache-2.0" and config["num_features"] == 1280


@pytest.mark.parametrize("name", ["_blocks.16._bn0.weight", "_blocks.0._expand_conv.weight", "_other.weight", "weight"])
def test_another_networks_tensor_is_refused(name):
    with pytest.raises(AssetError, match=name):
        timm_name(name)


def test_a_file_that_would_run_code_or_is_none_is_refused(tmp_path):
    class Evil:
        def __reduce__(self):
            return (open, (str(tmp_path / "ran"), "w"))

    torch.save({"a": Evil()}, tmp_path / "evil.pth")
    (tmp_path / "noise.pth").write_bytes(b"no tensors here")
    (tmp_path / "empty.pth").write_bytes(b"")
    torch.save([1, 2], tmp_path / "list.pth")
    for name in ("evil", "noise", "empty", "list"):
        with pytest.raises(AssetError, match=f"{name}.pth"):
            convert(tmp_path / f"{name}.pth", tmp_path)
    assert not (tmp_path / "ran").exists()
