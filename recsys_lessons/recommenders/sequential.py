"""What comes next: a small causal transformer over the history (after SASRec, Kang and McAuley 2018)."""

from __future__ import annotations

import copy

import numpy as np
import torch
from scipy import sparse
from torch import Tensor, nn
from tqdm.auto import tqdm

from recsys_lessons.devices import pick_device
from recsys_lessons.encoders.base import center
from recsys_lessons.recommenders._next_item import NextItem, in_order, left_padded, windows
from recsys_lessons.recommenders._transformer import attention, causal_mask
from recsys_lessons.recommenders.base import Recommender, checked_features

__all__ = ["SequentialRecommender", "attention", "causal_mask"]

_ROWS = 256  # histories scored at once


class SequentialRecommender(Recommender):
    """Predict the next item from the latest ones in their order.

    At every place of every training history the network sees what came so far, and a softmax over the items of the
    training data says what came next. What differs from SASRec: the softmax is over all items where SASRec draws one
    wrong item (Klenitskiy and Vasilev 2023 show what that costs); places are counted backwards from the one that looks;
    and log popularity is added to the scores with a learned weight.

    With `item_features`, an item's vector is a learned linear map of its centred features, which stay as they are: an
    item that nobody has met has a vector too. Without, each item has a vector of its own: the id-based twin, to which
    an item that was not in training says nothing, neither as a candidate nor in a history.

    Args:
        item_features: (n_items, n_features) tensor or array, rows in the item table's order, or None.
        dim: size of an item's vector, a multiple of `heads`. layers, heads: of the transformer.
        max_length: the latest items that are looked at.
        dropout: share of numbers set to zero in training. lr: learning rate of AdamW. batch: sequences a step.
        epochs: passes over the data, at most.
        patience: everybody's latest item is kept out of the loss and judges each epoch; training ends when it has not
            improved for so many epochs, and the best one is kept. None trains on everything, `epochs` times.
        seed: of the first weights, dropout, and the order. The same seed gives the same model on one machine's CPU.
        device: "auto", "cpu", "cuda", "mps". progress: show a bar.

    Attributes:
        network_: the trained module. cold_: (n_items,) bool, no interaction in training.
        losses_: mean loss per step in each epoch; validation_: the same on the kept out items. best_epoch_: from 0.

    Raises:
        ValueError: an argument outside its range; on `fit`, features that do not suit the data, or nobody with two
            interactions.
    """

    uses_times = "order"

    def __init__(
        self,
        item_features: Tensor | np.ndarray | None = None,
        *,
        dim: int = 64,
        layers: int = 2,
        heads: int = 2,
        max_length: int = 50,
        dropout: float = 0.3,
        lr: float = 3e-3,
        batch: int = 32,
        epochs: int = 30,
        patience: int | None = 4,
        seed: int = 0,
        device: str = "auto",
        progress: bool = False,
    ):
        numbers = {"dim": dim, "layers": layers, "heads": heads, "max_length": max_length, "batch": batch}
        for name, value in (numbers | {"epochs": epochs, "patience": 1 if patience is None else patience}).items():
            if value < 1:
                raise ValueError(f"{name} is {value}; it must be 1 or more.")
        if dim % heads:
            raise ValueError(
                f"dim is {dim} and heads is {heads}; every head gets dim / heads numbers, so it must divide."
            )
        if not (0 <= dropout < 1 and lr > 0):
            raise ValueError(f"dropout is {dropout} and lr is {lr}; dropout lies in [0, 1), and lr above 0.")
        self.item_features = item_features
        self.dim = dim
        self.layers = layers
        self.heads = heads
        self.max_length = max_length
        self.dropout = dropout
        self.lr = lr
        self.batch = batch
        self.epochs = epochs
        self.patience = patience
        self.seed = seed
        self.device = device
        self.progress = progress

    def _fit(self, matrix: sparse.csr_matrix) -> None:
        self._device = pick_device(self.device)
        sequences = in_order(matrix)
        kept_out = [one for one in sequences if len(one) >= 3] if self.patience is not None else []
        train = [one[:-1] if kept_out and len(one) >= 3 else one for one in sequences]
        if max(map(len, train)) < 2:
            raise ValueError("nobody has two interactions in training; there is no next item to learn from.")
        counts = _counts(train, matrix.shape[1])
        kept_out = [one for one in kept_out if counts[one[-1]] > 0]  # the softmax has no place for the others
        self.cold_ = np.bincount(matrix.indices, minlength=matrix.shape[1]) == 0
        cuda = [self._device] if self._device.type == "cuda" else []
        with torch.random.fork_rng(devices=cuda):
            torch.manual_seed(self.seed)
            self.network_ = NextItem(
                counts,
                None if self.item_features is None else self._centred(self.item_features),
                dim=self.dim,
                layers=self.layers,
                heads=self.heads,
                max_length=self.max_length,
                dropout=self.dropout,
            ).to(self._device)
            self._train(train, kept_out, np.flatnonzero(counts.numpy() > 0))
        self.network_.set_counts(_counts(sequences, matrix.shape[1]).to(self._device))
        self.network_.eval()

    def _centred(self, features: Tensor | np.ndarray) -> Tensor:
        features = checked_features(features, len(self.cold_)).float()
        return center(features, reference=features[torch.from_numpy(~self.cold_)])

    def _train(self, train: list[np.ndarray], kept_out: list[np.ndarray], warm: np.ndarray) -> None:
        """Epoch by epoch; the loss is over the items of training alone, since nobody has turned the others down."""
        random = np.random.default_rng(self.seed)
        optimizer = torch.optim.AdamW(self.network_.parameters(), lr=self.lr, weight_decay=0.01)
        place = torch.full((len(self.cold_),), -1)
        place[warm] = torch.arange(len(warm))
        place, among = place.to(self._device), torch.from_numpy(warm).to(self._device)
        self.losses_, self.validation_, best = [], [], None
        for epoch in tqdm(range(self.epochs), desc="Next item", unit="epoch", disable=not self.progress, leave=False):
            self.network_.train()
            pieces = [piece for one in train for piece in windows(one, self.max_length, random)]
            order = random.permutation(len(pieces))
            total = steps = 0.0
            for start in range(0, len(order), self.batch):
                some = [pieces[piece] for piece in order[start : start + self.batch]]
                items, real = (part.to(self._device) for part in left_padded([piece[:-1] for piece in some]))
                targets = torch.from_numpy(np.concatenate([piece[1:] for piece in some])).to(self._device)
                loss = nn.functional.cross_entropy(self.network_(items, real, real, among), place[targets])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                total, steps = total + loss.item() * len(targets), steps + len(targets)
            self.losses_.append(total / steps)
            self.best_epoch_ = epoch
            if not kept_out:
                continue
            self.validation_.append(self._validate(kept_out, place, among))
            self.best_epoch_ = int(np.argmin(self.validation_))
            if self.best_epoch_ == epoch:
                best = copy.deepcopy(self.network_.state_dict())
            elif epoch - self.best_epoch_ >= self.patience:
                break
        if best is not None:
            self.network_.load_state_dict(best)

    @torch.no_grad()
    def _validate(self, kept_out: list[np.ndarray], place: Tensor, among: Tensor) -> float:
        """Mean loss on everybody's latest item."""
        self.network_.eval()
        losses = []
        for start in range(0, len(kept_out), _ROWS):
            some = kept_out[start : start + _ROWS]
            scores = self._latest([one[:-1] for one in some], among)
            targets = place[torch.tensor([one[-1] for one in some], device=self._device)]
            losses.append(nn.functional.cross_entropy(scores, targets, reduction="none"))
        return float(torch.cat(losses).mean())

    def _latest(self, sequences: list[np.ndarray], among: Tensor | None = None) -> Tensor:
        """Scores after the whole of each sequence: (n, len(among))."""
        items, real = (part.to(self._device) for part in left_padded([one[-self.max_length :] for one in sequences]))
        wanted = torch.zeros_like(real)
        wanted[:, -1] = True
        return self.network_(items, real, wanted, among)

    @torch.no_grad()
    def _scores(self, histories: sparse.csr_matrix, rows: np.ndarray | None) -> np.ndarray:
        sequences = in_order(histories)
        scores = np.empty(histories.shape, dtype=np.float32)
        popularity = (self.network_.popularity_weight * self.network_.log_counts).cpu().numpy()
        for start in range(0, len(sequences), _ROWS):
            scores[start : start + _ROWS] = self._latest(sequences[start : start + _ROWS]).cpu().numpy()
        scores[np.diff(histories.indptr) == 0] = popularity  # nothing is known of them but what most people like
        return scores


def _counts(sequences: list[np.ndarray], n_items: int) -> Tensor:
    return torch.from_numpy(np.bincount(np.concatenate(sequences), minlength=n_items)).float()
