"""What comes next, as a network: item vectors, the causal transformer over them, and a score for every item."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from scipy import sparse
from torch import Tensor, nn

from recsys_lessons.recommenders._transformer import CausalTransformer

__all__ = ["NextItem", "in_order", "left_padded", "windows"]


class NextItem(nn.Module):
    """score(item) = hidden state of the latest place . vector of the item / sqrt(dim) + a log(1 + count of the item).

    The second part is what most people take next: with it, the vectors need not learn who is popular, which a map from
    text could not. `a` is learned.

    Args:
        counts: (n_items,) interactions in training.
        features: (n_items, n_features) float32, rows of length 1 or zero, not trained; or None: each item has a vector
            of its own.
        others: dim, layers, heads, max_length, dropout of the transformer.
    """

    def __init__(self, counts: Tensor, features: Tensor | None, *, dim: int, **others):
        super().__init__()
        self.dim = dim
        self.transformer = CausalTransformer(dim, **others)
        self.popularity_weight = nn.Parameter(torch.ones(()))
        self.set_counts(counts)
        if features is None:
            # Small, so that an item that was met once does not start with an opinion; none without any interaction.
            self.own = nn.Parameter(0.1 * torch.randn(len(counts), dim) * (counts > 0)[:, None])
        else:
            self.register_buffer("features", features * math.sqrt(features.shape[1]), persistent=False)
            self.from_features = nn.Linear(features.shape[1], dim, bias=False)
            nn.init.normal_(self.from_features.weight, std=1 / math.sqrt(features.shape[1]))

    def set_counts(self, counts: Tensor) -> None:
        self.register_buffer("log_counts", torch.log1p(counts), persistent=False)

    def vectors(self) -> Tensor:
        """(n_items, dim)."""
        return self.own if hasattr(self, "own") else self.from_features(self.features)

    def forward(self, items: Tensor, real: Tensor, wanted: Tensor, among: Tensor | None = None) -> Tensor:
        """Scores of the next item.

        Args:
            items: (n, length) rows of the item table. real: (n, length) bool, False at padding.
            wanted: (n, length) bool: the places to score at. among: rows of the items to score; None for all.

        Returns:
            (wanted.sum(), len(among)).
        """
        vectors = self.vectors()
        hidden = self.transformer(vectors[items], real)[wanted]
        log_counts = self.log_counts
        if among is not None:
            vectors, log_counts = vectors[among], log_counts[among]
        return hidden @ vectors.T / math.sqrt(self.dim) + self.popularity_weight * log_counts


def in_order(histories: sparse.csr_matrix) -> list[np.ndarray]:
    """The item rows of every history, oldest first; items of one moment in the item table's order."""
    found = []
    for start, stop in zip(histories.indptr[:-1], histories.indptr[1:], strict=True):
        items = histories.indices[start:stop].astype(np.int64)
        found.append(items[np.lexsort((items, histories.data[start:stop]))])
    return found


def left_padded(sequences: Sequence[np.ndarray]) -> tuple[Tensor, Tensor]:
    """(n, longest) item rows, each sequence ending at the right edge, and (n, longest) bool, False at padding."""
    length = max([1, *map(len, sequences)])
    items = torch.zeros(len(sequences), length, dtype=torch.int64)
    real = torch.zeros(len(sequences), length, dtype=torch.bool)
    for row, sequence in enumerate(sequences):
        if len(sequence):
            items[row, -len(sequence) :] = torch.from_numpy(sequence)
            real[row, -len(sequence) :] = True
    return items, real


def windows(sequence: np.ndarray, length: int, random: np.random.Generator) -> list[np.ndarray]:
    """A sequence in pieces of at most `length` steps to a next item, cut at places that differ between calls.

    Neighbours share one item, so that each item but the very first is the next item of exactly one step.
    """
    steps = len(sequence) - 1
    if steps < 1:
        return []
    pieces = math.ceil(steps / length)
    shift = int(random.integers(pieces * length - steps + 1))  # how much shorter the first piece is
    cuts = [0, *(piece * length - shift for piece in range(1, pieces)), steps]
    return [sequence[start : stop + 1] for start, stop in zip(cuts[:-1], cuts[1:], strict=True) if stop > start]
