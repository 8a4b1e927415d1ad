"""What fusing costs beside scoring, on tables of the sizes that real encoders give; called by multimodal.py."""

from __future__ import annotations

from time import perf_counter

import numpy as np
import pandas as pd
import torch

from recsys_lessons import AttentionFusion, ConcatFusion, GatedFusion, HadamardFusion, WeightedSumFusion
from recsys_lessons.encoders.base import Masked

DIMS = {"text": 384, "cover": 1280, "audio": 1280, "video": 2560}
N_ITEMS, N_USERS, REPEATS = 10_000, 1000, 3


def cost() -> pd.DataFrame:
    """Seconds to fit and to apply each fusion, numbers an item, and seconds to score every item for N_USERS people.

    The vectors are random: time does not depend on what they say. Every tenth item lacks each modality. The best of
    three repeats; the fusions take turns.
    """
    random = torch.Generator().manual_seed(0)
    modalities = {name: table(dim, random) for name, dim in DIMS.items()}
    targets = torch.randn(N_ITEMS, 32, generator=random)
    rows = torch.arange(N_ITEMS) % 5 > 0
    kinds = (ConcatFusion, WeightedSumFusion, HadamardFusion, GatedFusion, AttentionFusion)
    best: dict[str, dict[str, float]] = {}
    for _ in range(REPEATS):
        for kind in kinds:
            start = perf_counter()
            fusion = kind().fit(modalities, rows=rows, targets=targets)
            fitted = perf_counter()
            fused = fusion.transform(modalities).vectors
            done = perf_counter()
            keep(best, kind.__name__, {"fit s": fitted - start, "transform s": done - fitted}, fused)
        keep(best, "text alone, not fused", {"fit s": 0.0, "transform s": 0.0}, modalities["text"].vectors)
    return pd.DataFrame([{"fusion": name, **row} for name, row in best.items()]).round(3)


def table(dim: int, random: torch.Generator) -> Masked:
    vectors = torch.randn(N_ITEMS, dim, generator=random)
    mask = torch.rand(N_ITEMS, generator=random) > 0.1
    return Masked(torch.where(mask[:, None], vectors, torch.nan), mask)


def keep(best: dict, name: str, seconds: dict[str, float], fused: torch.Tensor) -> None:
    vectors = np.nan_to_num(fused.numpy())
    people = vectors[:N_USERS]
    start = perf_counter()
    people @ vectors.T
    seconds = {**seconds, "score 1,000 people s": perf_counter() - start}
    known = best.setdefault(name, {**seconds, "numbers an item": fused.shape[1]})
    known |= {part: min(known[part], value) for part, value in seconds.items()}
