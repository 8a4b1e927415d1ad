import random

import numpy as np
import pytest
import torch

from recsys_lessons.devices import cpu_workers, pick_device, pick_precision, seed_everything


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


def test_auto_takes_what_was_measured_to_be_fast_and_answers_the_same_twice():
    assert pick_precision("auto", "cpu") is pick_precision("auto", "cpu")
    assert pick_precision("auto", "mps") is torch.float32


@pytest.mark.parametrize(("capability", "expected"), [((7, 5), torch.float32), ((8, 0), torch.bfloat16)])
def test_bf16_on_cuda_needs_the_ampere_generation(monkeypatch, capability, expected):
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: capability)
    # a name of its own for each case: the answer is kept by device
    assert pick_precision("auto", f"cuda:{capability[0]}") is expected


def test_workers_are_the_cores_that_torch_may_use_and_one_on_a_gpu(monkeypatch):
    assert cpu_workers("cuda") == cpu_workers("mps") == 1
    monkeypatch.setattr("os.sched_getaffinity", lambda pid: set(range(64)), raising=False)
    for threads, expected in ((1, 1), (3, 3), (64, 8)):
        monkeypatch.setattr(torch, "get_num_threads", lambda threads=threads: threads)
        assert cpu_workers("cpu") == expected
    monkeypatch.setattr("os.sched_getaffinity", lambda pid: {0, 1}, raising=False)
    assert cpu_workers("cpu") == 2


def test_a_seed_fixes_every_source_of_randomness():
    def draw():
        generator = seed_everything(3)
        return random.random(), np.random.random(), torch.rand(1).item(), generator.random()

    assert draw() == draw()
