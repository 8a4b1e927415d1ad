"""Devices to test on, and a tiny model that a child process finds on disk."""

from __future__ import annotations

import pytest
import torch


@pytest.fixture(params=["cpu", "cuda", "mps"])
def device(request) -> str:
    """Every kind of device, skipped where this machine has none."""
    present = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if not present[request.param]:
        pytest.skip(f"no {request.param} here")
    return request.param
