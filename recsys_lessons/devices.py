"""Which device computes, in which precision, and where randomness starts."""

from __future__ import annotations

import random
import time
from functools import cache

import numpy as np
import torch

__all__ = ["PRECISIONS", "pick_device", "pick_precision", "seed_everything"]

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


def pick_precision(precision: str = "auto", device: str | torch.device = "cpu") -> torch.dtype:
    """The number format to compute in.

    "auto" takes bf16 where it was found fast and fp32 elsewhere. Lessons ask for "fp32", so that two machines agree.

    Raises:
        ValueError: the precision is none of "auto", "fp32", "bf16", "fp16", or is fp16 on a CPU.
    """
    device = torch.device(device)
    if precision == "auto":
        return torch.bfloat16 if _bf16_is_fast(device.type) else torch.float32
    if precision not in PRECISIONS:
        raise ValueError(f"precision is {precision!r}; use 'auto', {', '.join(map(repr, PRECISIONS))}.")
    if precision == "fp16" and device.type == "cpu":
        raise ValueError("precision is 'fp16' on a CPU, which computes it slowly; use 'auto', 'bf16' or 'fp32'.")
    return PRECISIONS[precision]


@cache
def _bf16_is_fast(kind: str) -> bool:
    """True where a matrix product in bf16 beats fp32 by half. Processor flags promise; a few milliseconds measure."""
    if kind == "cuda":
        return torch.cuda.get_device_capability() >= (8, 0)
    if kind != "cpu":
        return False  # MPS: nothing gained that we could measure, so nothing is risked

    def seconds(dtype: torch.dtype) -> float:
        left, right = torch.ones(512, 384, dtype=dtype), torch.ones(384, 1536, dtype=dtype)
        best = float("inf")
        for _ in range(5):
            start = time.perf_counter()
            left @ right
            best = min(best, time.perf_counter() - start)
        return best

    return seconds(torch.float32) > 1.5 * seconds(torch.bfloat16)


def seed_everything(seed: int) -> np.random.Generator:
    """Seed Python, NumPy's old interface and torch, and return the generator to pass on.

    The library itself draws only from generators that it is handed; this is for code that one did not write.
    """
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
    return np.random.default_rng(seed)
