"""A sentence finds a picture: frozen encoders and a shared space learned from pairs (CLIP, Radford et al. 2021)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, normalize

from recsys_lessons.encoders.base import Masked
from recsys_lessons.fusion.parts import checked, item_rows, scale_of, unit_rows

__all__ = ["Alignment", "contrastive_loss"]


def contrastive_loss(text: Tensor, pictures: Tensor, temperature: float) -> Tensor:
    """Mean of -log softmax(T P' / temperature) on the diagonal, by rows and by columns: symmetric InfoNCE.

    Row i is a question: which of these n pictures belongs to text i? Column i asks for the text of picture i. With
    vectors that are all alike the loss is log n.

    Args:
        text, pictures: (n, dim), row i of one belongs to row i of the other; each row of length 1.
        temperature: above 0; small ones make the nearest wrong answers decide.
    """
    logits = text @ pictures.T / temperature
    right = torch.arange(len(logits))
    return (cross_entropy(logits, right) + cross_entropy(logits.T, right)) / 2


class Alignment:
    """Two linear maps into one space, in which an item's text and its picture are close and those of others are not.

    t_i = A u_i / |A u_i| from the text and p_i = B v_i / |B v_i| from the picture, both centred on `rows` with rows of
    length 1. The encoders stay frozen; A and B minimise `contrastive_loss` over batches. Training pairs are the items
    that have both. Two things of one topic in a batch count as wrong answers of each other, which bounds what can be
    reached where many items look or read alike.

    Args:
        dim: of the shared space. temperature: see `contrastive_loss`; CLIP learns it, here it stays.
        epochs, batch, lr: of Adam. decay: pull of the maps towards zero, at each step by lr x decay. It is large: with
            thousands of numbers an item and few thousand pairs, two maps soon learn the training pairs by heart.
        seed: of the first maps and the order.

    Attributes:
        losses_: each epoch's mean loss.

    Raises:
        ValueError: an argument outside its range; on `fit`, tables that do not fit, or fewer than 2 pairs in `rows`.
    """

    def __init__(
        self,
        dim: int = 64,
        *,
        temperature: float = 0.2,
        epochs: int = 30,
        batch: int = 256,
        lr: float = 3e-3,
        decay: float = 30.0,
        seed: int = 0,
    ):
        if min(dim, epochs) < 1 or batch < 2:
            raise ValueError(f"dim is {dim}, epochs {epochs}, batch {batch}; at least 1, 1 and 2 are needed.")
        if not (temperature > 0 and lr > 0 and 0 <= lr * decay < 1):
            raise ValueError(
                f"temperature is {temperature}, lr {lr}, decay {decay}; temperature and lr must be above 0, and "
                "lr x decay, which every step takes off the maps, from 0 to below 1."
            )
        self.dim = dim
        self.temperature = temperature
        self.epochs = epochs
        self.batch = batch
        self.lr = lr
        self.decay = decay
        self.seed = seed

    def fit(
        self, text: Tensor | Masked, pictures: Tensor | Masked, *, rows: Sequence[int] | np.ndarray | Tensor
    ) -> Alignment:
        """Learn from the pairs in `rows` (row numbers or a mask), and return self. Test items among them are a leak."""
        both = checked({"text": text, "pictures": pictures})
        rows = item_rows(rows, len(both["text"].mask))
        rows = rows[both["text"].mask[rows] & both["pictures"].mask[rows]]
        if len(rows) < 2:
            raise ValueError(f"rows holds {len(rows)} items with both text and picture; a contrast needs at least 2.")
        self.scales_ = {name: scale_of(one.vectors[rows], None) for name, one in both.items()}
        left, right = (unit_rows(one, self.scales_[name])[rows] for name, one in both.items())
        random = torch.Generator().manual_seed(self.seed)
        # Rows of length 1 and entries of size 1 / sqrt(dim): what comes out has length about 1 too.
        self.maps_ = {
            name: nn.Parameter(torch.randn(len(scale.mean), self.dim, generator=random) / self.dim**0.5)
            for name, scale in self.scales_.items()
        }
        optimiser = torch.optim.AdamW(self.maps_.values(), lr=self.lr, weight_decay=self.decay)
        self.losses_ = []
        for _ in range(self.epochs):
            total = 0.0
            for pairs in torch.randperm(len(rows), generator=random).split(self.batch):
                if len(pairs) < 2:
                    continue  # nothing to tell apart
                t, p = (
                    normalize(x[pairs] @ way, dim=1) for x, way in zip((left, right), self.maps_.values(), strict=True)
                )
                loss = contrastive_loss(t, p, self.temperature)
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
                total += loss.item() * len(pairs)
            self.losses_.append(total / len(rows))
        self.maps_ = {name: way.detach() for name, way in self.maps_.items()}
        return self

    def transform_text(self, text: Tensor | Masked) -> Masked:
        """(n, dim) in the shared space, rows of length 1; any text of the same encoder, also a query."""
        return self._transform("text", text)

    def transform_pictures(self, pictures: Tensor | Masked) -> Masked:
        """(n, dim) in the shared space, rows of length 1."""
        return self._transform("pictures", pictures)

    def _transform(self, name: str, given: Tensor | Masked) -> Masked:
        if not hasattr(self, "maps_"):
            raise RuntimeError("Alignment is not fitted yet; call fit(text, pictures, rows=...) first.")
        one = checked({name: given}, {name: len(self.scales_[name].mean)})[name]
        vectors = normalize(unit_rows(one, self.scales_[name]) @ self.maps_[name], dim=1)
        return Masked(vectors.masked_fill(~one.mask[:, None], torch.nan), one.mask)

    def recall_at_k(
        self,
        text: Tensor | Masked,
        pictures: Tensor | Masked,
        *,
        rows: Sequence[int] | np.ndarray | Tensor,
        k: int = 10,
    ) -> dict[str, float]:
        """How often an item's text finds its own picture among the first k of the pictures in `rows`.

        Returns:
            "recall", "chance" (k / n: what guessing would reach), "n" (the items in `rows` that have both). A tie
            counts against the alignment, so that equal pictures are not found.
        """
        if k < 1:
            raise ValueError(f"k is {k}; ask for 1 or more.")
        t, p = self.transform_text(text), self.transform_pictures(pictures)
        rows = item_rows(rows, len(t.mask))
        rows = rows[t.mask[rows] & p.mask[rows]]
        if not len(rows):
            raise ValueError("no item in rows has both text and picture; there is nothing to find.")
        near = t.vectors[rows] @ p.vectors[rows].T
        place = (near >= near.diagonal()[:, None] - 1e-6).sum(dim=1)  # cosines; less is rounding
        return {"recall": float((place <= k).float().mean()), "chance": min(1.0, k / len(rows)), "n": len(rows)}
