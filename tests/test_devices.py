import random

import numpy as np
import pytest
import torch

from recsys_lessons.devices import pick_device, pick_precision, seed_everything


def test_auto_finds_a_device_that_computes():
    assert torch.ones(2, device=pick_device()).sum().item() == 2


def test_an_unknown_device_is_named():
    with pytest.raises(ValueError, match="'gpu'"):
        pick_device("gpu")


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has CUDA")
def test_a_device_that_is_not_here_is_refused_before_anything_is_loaded():
    with pytest.raises(ValueError, match="'cuda'.*does not have"):
        pick_device("cuda")


def test_precisions():
    assert pick_precision("fp32", "cpu") is torch.float32
    assert pick_precision("auto", "cpu") in (torch.float32, torch.bfloat16)
    with pytest.raises(ValueError, match="'fp8'"):
        pick_precision("fp8", "cpu")
    with pytest.raises(ValueError, match="on a CPU"):
        pick_precision("fp16", "cpu")


def test_a_seed_fixes_every_source_of_randomness():
    def draw():
        generator = seed_everything(3)
        return random.random(), np.random.random(), torch.rand(1).item(), generator.random()

    assert draw() == draw()
