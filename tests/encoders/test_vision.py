"""Picture networks by name: what they compute, where weights come from, and what is said where there are none."""

from __future__ import annotations

import json
from urllib.error import URLError

import pytest
import torch
from torch import nn

from recsys_lessons.encoders import _networks
from recsys_lessons.encoders._fold import folded
from recsys_lessons.encoders.vision import load_vision
from recsys_lessons.errors import AssetError

NOISE = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0)) * 2 - 1


def close(found, expected, within=1e-4):
    assert (found - expected).norm() <= within * expected.norm()


@pytest.fixture(scope="module")
def timm_folder(tmp_path_factory):
    """A small random network as timm saves it, and the network itself."""
    import timm
    from timm.models import save_for_hf

    folder = tmp_path_factory.mktemp("timm")
    torch.manual_seed(3)
    network = timm.create_model("test_efficientnet", pretrained=False, num_classes=7).eval()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.running_mean, -0.2, 0.2)
            nn.init.uniform_(module.running_var, 0.5, 2)
    save_for_hf(network, folder, safe_serialization=True)
    return folder, network


@pytest.fixture
def offline(monkeypatch, tmp_path):
    """No download, and a place for weights that is the test's own."""

    def refuse(*_, **__):
        raise URLError("no network")

    monkeypatch.setattr(_networks, "urlopen", refuse)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    return tmp_path / "hub" / "checkpoints"


def test_a_folder_that_timm_wrote_gives_timms_own_features_and_preprocessing(timm_folder):
    folder, network = timm_folder
    vision = load_vision(folder, device="cpu", size=64)
    with torch.no_grad():
        expected = network.forward_head(network.forward_features(NOISE), pre_logits=True)
    close(vision.features(NOISE), expected)
    assert vision.dim == expected.shape[1] and load_vision(folder).size == network.pretrained_cfg["input_size"][-1]
    assert vision.mean == tuple(network.pretrained_cfg["mean"])
    assert not any(one.requires_grad for one in vision.network.parameters()) and not vision.network.training


def test_folding_the_batch_norms_removes_them_and_changes_nothing(timm_folder):
    network = nn.Sequential(nn.Conv2d(3, 8, 3, bias=False), nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 4, 3)).eval()
    nn.init.uniform_(network[1].running_mean)
    nn.init.uniform_(network[1].running_var, 0.5, 2)
    result = folded(network, 32)
    with torch.no_grad():
        close(result(NOISE), network(NOISE), 1e-5)
    assert not any(isinstance(one, nn.BatchNorm2d) for one in result.modules())
    assert isinstance(network[1], nn.BatchNorm2d)
    assert not any(isinstance(one, nn.BatchNorm2d) for one in load_vision(timm_folder[0]).network.modules())


def test_neighbours_by_name_that_do_not_follow_each_other_are_left_alone():
    class Crossed(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.norm = nn.Conv2d(3, 3, 1), nn.BatchNorm2d(3)
            nn.init.uniform_(self.norm.running_mean)

        def forward(self, x):
            return self.conv(torch.relu(self.norm(x)))

    network = Crossed().eval()
    assert folded(network, 32) is network


def test_bytes_and_shares_of_one_are_normalised_alike():
    vision = load_vision("random:efficientnet-lite0", size=32)
    pixels = torch.arange(3 * 32 * 32).reshape(1, 3, 32, 32).remainder(256).to(torch.uint8)
    expected = (pixels.double() / 255 - 0.5) / 0.5
    for item in (pixels, pixels.float() / 255):
        torch.testing.assert_close(vision.normalize(item).double(), expected, atol=1e-6, rtol=0)
    close(vision.features_of_pixels(pixels), vision.features(vision.normalize(pixels)))


def test_random_weights_depend_on_the_seed_alone_and_leave_torchs_own_state():
    torch.manual_seed(1)
    state = torch.random.get_rng_state()
    first = load_vision("random:efficientnet-lite0", size=64)
    assert torch.equal(torch.random.get_rng_state(), state)
    torch.manual_seed(2)
    again = load_vision("efficientnet-lite0", weights="random", size=64)
    other = load_vision("efficientnet-lite0", weights="random", size=64, seed=1)
    assert first.dim == 1280 and first.fingerprint == again.fingerprint != other.fingerprint
    assert torch.equal(first.features(NOISE), again.features(NOISE))
    assert not torch.allclose(first.features(NOISE), other.features(NOISE))


def test_torchvisions_weights_are_taken_from_its_own_cache_with_its_own_preprocessing(offline):
    from torchvision import models

    torch.manual_seed(0)
    network = models.resnet18(weights=None).eval()
    offline.mkdir(parents=True)
    torch.save(network.state_dict(), offline / models.ResNet18_Weights.DEFAULT.url.rsplit("/", 1)[-1])
    vision = load_vision("resnet18", device="cpu")
    network.fc = nn.Identity()
    with torch.no_grad():
        close(vision.features(NOISE), network(NOISE))
    assert (vision.dim, vision.size, vision.interpolation, vision.crop) == (512, 224, "bilinear", 224 / 256)
    assert vision.mean == (0.485, 0.456, 0.406)


def test_weights_that_cannot_be_had_say_where_to_put_them(offline):
    with pytest.raises(AssetError, match=r"'resnet18'.*Put that file at .*checkpoints.*efficientnet-lite0.*random"):
        load_vision("resnet18")
    offline.mkdir(parents=True)
    (offline / "resnet18-f37072fd.pth").write_bytes(b"half a download")
    with pytest.raises(AssetError, match=r"resnet18-f37072fd\.pth are damaged .*delete that file"):
        load_vision("resnet18")


@pytest.mark.parametrize(("name", "dim"), [("mobilenet_v3_small", 1024), ("shufflenet_v2_x0_5", 1024)])
def test_the_classifier_of_any_torchvision_network_is_taken_off(offline, name, dim):
    assert load_vision(f"random:{name}", size=64).dim == dim


def test_what_is_no_network_is_told(tmp_path):
    for name, message in (
        ("resnet5000", "no picture network 'resnet5000'"),
        ("fasterrcnn_resnet50_fpn", "no picture network"),
        (tmp_path, "config.json cannot be used"),
        ("random:squeezenet1_1", "no linear classifier"),
    ):
        with pytest.raises(ValueError, match=message):
            load_vision(name)
    for size in (0, 31, 100):
        with pytest.raises(ValueError, match=f"size is {size} px"):
            load_vision("random:efficientnet-lite0", size=size)
    with pytest.raises(ValueError, match="weights is 'none'"):
        load_vision(weights="none")


def test_a_damaged_folder_is_told_and_a_pickle_beside_it_is_not_read(timm_folder, tmp_path):
    config = (timm_folder[0] / "config.json").read_text(encoding="utf-8")
    (tmp_path / "config.json").write_text(config, encoding="utf-8")
    (tmp_path / "pytorch_model.bin").write_bytes(b"cos\nsystem\n(S'true'\ntR.")
    with pytest.raises(AssetError, match="only safetensors are read"):
        load_vision(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(b"noise")
    with pytest.raises(AssetError, match="cannot be read"):
        load_vision(tmp_path)
    (tmp_path / "model.safetensors").write_bytes((timm_folder[0] / "model.safetensors").read_bytes())
    other = {**json.loads(config), "architecture": "test_resnet"}
    (tmp_path / "config.json").write_text(json.dumps(other), encoding="utf-8")
    with pytest.raises(AssetError, match="does not fit"):
        load_vision(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps({**other, "architecture": "no_such"}), encoding="utf-8")
    with pytest.raises(ValueError, match="timm cannot make 'no_such'"):
        load_vision(tmp_path)


def test_every_device_gives_the_same_features_and_half_precision_nearly(device):
    exact = load_vision("random:efficientnet-lite0", size=64, device="cpu").features(NOISE)
    close(load_vision("random:efficientnet-lite0", size=64, device=device).features(NOISE), exact, 1e-3)
    half = load_vision("random:efficientnet-lite0", size=64, device=device, dtype=torch.bfloat16).features(NOISE)
    assert torch.cosine_similarity(half, exact).min() > 0.99
