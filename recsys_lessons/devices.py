"""Which device computes, in which precision, and where randomness starts."""

from __future__ import annotations

import os
import random
import time
from functools import cache

import numpy as np
import torch

__all__ = ["PRECISIONS", "cpu_workers", "pick_device", "pick_precision", "seed_everything"]

PRECISIONS = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


def pick_device(device: str | torch.device = "auto") -> torch.device:
    """The device asked for; "auto" takes CUDA, then Apple's MPS, then the CPU.

    Raises:
        ValueError: the device is unknown to torch, or this machine has none of that kind.
    """
    if str(device) == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        chosen = torch.device(device)
    except RuntimeError as error:
        raise ValueError(f"device is {device!r}; use 'auto', 'cpu', 'cuda', 'cuda:0' or 'mps'.") from error
    present = {
        "cpu": True,
        "cuda": torch.cuda.is_available() and (chosen.index or 0) < torch.cuda.device_count(),
        "mps": torch.backends.mps.is_available(),
    }
    if not present.get(chosen.type, False):
        raise ValueError(f"device is {str(device)!r}, which this machine does not have; use 'auto' or 'cpu'.")
    return chosen


def cpu_workers(device: str | torch.device = "cpu") -> int:
    """How many batches to compute at the same time: one for each core of a CPU, at most 8, and 1 on other devices.

    The cores are those that torch may use: OMP_NUM_THREADS, torch.set_num_threads and the process's own share of the
    machine are respected. Every worker holds a batch in memory, hence the limit; where there are more cores than
    workers, each worker computes with several.
    """
    if torch.device(device).type != "cpu":
        return 1
    mine = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(torch.get_num_threads(), mine, 8))


def pick_precision(precision: str = "auto", device: str | torch.device = "cpu") -> torch.dtype:
    """The number format to compute in.

    "auto" takes bf16 where it was found fast and fp32 elsewhere: on a CPU a product of matrices is timed in both; CUDA
    is fast from compute capability 8.0 (Ampere) on; MPS stays with fp32. Lessons ask for "fp32", so that two machines
    agree.

    Raises:
        ValueError: the precision is none of "auto", "fp32", "bf16", "fp16", or is fp16 on a CPU.
    """
    device = torch.device(device)
    if precision == "auto":
        return torch.bfloat16 if _bf16_is_fast(str(device)) else torch.float32
    if precision not in PRECISIONS:
        raise ValueError(f"precision is {precision!r}; use 'auto', {', '.join(map(repr, PRECISIONS))}.")
    if precision == "fp16" and device.type == "cpu":
        raise ValueError("precision is 'fp16' on a CPU, which computes it slowly; use 'auto', 'bf16' or 'fp32'.")
    return PRECISIONS[precision]


@cache
def _bf16_is_fast(device: str) -> bool:
    """True where a matrix product in bf16 beats fp32 by half. Processor flags promise; a tenth of a second measures."""
    if device.startswith("cuda"):
        return torch.cuda.get_device_capability(device) >= (8, 0)
    if not device.startswith("cpu"):
        return False  # MPS: nothing gained that we could measure, so nothing is risked
    best = dict.fromkeys((torch.float32, torch.bfloat16), float("inf"))
    factors = {dtype: (torch.ones(512, 384, dtype=dtype), torch.ones(384, 1536, dtype=dtype)) for dtype in best}
    for _ in range(8):  # in turn, so that whatever else the machine does slows both
        for dtype, (left, right) in factors.items():
            start = time.perf_counter()
            left @ right
            best[dtype] = min(best[dtype], time.perf_counter() - start)
    return best[torch.float32] > 1.5 * best[torch.bfloat16]


def seed_everything(seed: int) -> np.random.Generator:
    """Seed Python, NumPy's old interface and torch, and return the generator to pass on.

    The library itself draws only from generators that it is handed; this is for code that one did not write.
    """
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
    return np.random.default_rng(seed)
