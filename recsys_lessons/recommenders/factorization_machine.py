"""Factorization machine: every pair of features has a weight, made of two short vectors (Rendle 2010)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import torch
from scipy import sparse
from torch import Tensor
from tqdm.auto import tqdm

from recsys_lessons.context import ContextFeatures
from recsys_lessons.encoders.base import center
from recsys_lessons.recommenders.base import Recommender, checked_features
from recsys_lessons.recommenders.linear_algebra import ridge_map

__all__ = ["FactorizationMachine", "fm_score", "pairwise"]

_SHARED = 0.005  # context and text belong to all events, which tell enough about them: they are pulled less


def pairwise(sums: Tensor, squares: Tensor) -> Tensor:
    """All pairs in linear time: sum_{i<j} <v_i, v_j> x_i x_j = 1/2 sum_f ((sum_i v_if x_i)^2 - sum_i v_if^2 x_i^2).

    Args:
        sums: (..., rank), sum_i v_i x_i. squares: (..., rank), sum_i v_i^2 x_i^2.

    Returns:
        (...).
    """
    return 0.5 * (sums**2 - squares).sum(dim=-1)


def fm_score(features: Tensor, bias: Tensor | float, weights: Tensor, factors: Tensor) -> Tensor:
    """The whole machine: bias + sum_i w_i x_i + sum_{i<j} <v_i, v_j> x_i x_j, in O(n_features rank) a row.

    Args:
        features: (n, n_features). bias: a number. weights: (n_features,). factors: (n_features, rank).

    Returns:
        (n,).
    """
    return bias + features @ weights + pairwise(features @ factors, features**2 @ factors**2)


class FactorizationMachine(Recommender):
    """Features of an event are its user (one of n), its item (one of n), and its context; every two of them interact.

    With a = v_user + sum_c x_c v_c, the vector of the person in this context, an item's score is

        s = w_item + <a, v_item> + (pairs of user and context, the same for all items).

    The machine's bias and its weights of users and contexts would be the same for all items too and are left at 0. It
    learns by softmax: the item that was chosen against `negatives` drawn at random from the catalogue, by Adam. Without
    fields it is matrix factorisation with an item bias: the twin that shows what the context adds.

    Somebody who was not in training gets the vector that a ridge regression, from the mean item vector of a history to
    v_user, predicts; without a history or without a context, that part of a is 0.

    Args:
        rank: length of a vector.
        fields: of the context, as in `ContextFeatures`; None takes all it finds, () none. Unknown values say nothing.
        item_features: (n_items, dim) tensor or array, or None. Then v_item and w_item are, besides a part of the item's
            own, linear in its features, so that items share what they learn, and cold items have a score.
        epochs: passes over the events. lr: of Adam. batch: events a step.
        reg: how strongly each event pulls its user's and its item's own vector towards zero.
        negatives: items drawn for each batch; the whole catalogue where it has no more.
        seed: of the first vectors, the order and the draws. progress: show a bar.

    Attributes:
        user_factors_: (n_users, rank). item_factors_: (n_items, rank). item_bias_: (n_items,). context_factors_:
            (n_columns, rank), one row per column of `features_.names`. A user or item without an event has only what
            its features give. features_: the fitted ContextFeatures, or None. losses_: mean loss of each epoch.

    Raises:
        ValueError: an argument outside its range; on `fit`, a field that the interactions lack, or a loss that is not
            finite (lower lr).
    """

    def __init__(
        self,
        rank: int = 16,
        fields: Sequence[str] | None = None,
        *,
        item_features: Tensor | np.ndarray | None = None,
        epochs: int = 15,
        lr: float = 0.02,
        reg: float = 0.1,
        batch: int = 512,
        negatives: int = 256,
        seed: int = 0,
        progress: bool = False,
    ):
        for name, value in {"rank": rank, "epochs": epochs, "batch": batch, "negatives": negatives}.items():
            if value < 1:
                raise ValueError(f"{name} is {value}; it must be 1 or more.")
        if not (lr > 0 and reg >= 0):
            raise ValueError(f"lr is {lr} and reg is {reg}; lr must be above 0, reg 0 or more.")
        self.rank = rank
        self.fields = None if fields is None else tuple(fields)
        self.item_features = item_features
        self.epochs = epochs
        self.lr = lr
        self.reg = reg
        self.batch = batch
        self.negatives = negatives
        self.seed = seed
        self.progress = progress

    @property
    def uses_context(self) -> bool:
        return self.fields is None or len(self.fields) > 0

    def _fit(self, matrix: sparse.csr_matrix) -> None:
        events = self.train_.interactions
        users = torch.from_numpy(self.train_.user_rows(events["user_id"]))
        items = torch.from_numpy(self.train_.item_rows(events["item_id"]))
        self.features_ = ContextFeatures(self.fields, unseen="ignore").fit(events) if self.uses_context else None
        contexts = self.features_.transform(events) if self.features_ else torch.zeros(len(events), 0)
        known = self._content(matrix)
        draw = torch.Generator().manual_seed(self.seed)
        sizes = {"user": matrix.shape[0], "item": matrix.shape[1], "context": contexts.shape[1], "text": known.shape[1]}
        tables = {name: torch.randn(n, self.rank, generator=draw) * 0.1 for name, n in sizes.items()}
        tables |= {"item bias": torch.zeros(matrix.shape[1], 1), "text bias": torch.zeros(known.shape[1], 1)}
        for table in tables.values():
            table.requires_grad_()
        self._learn(tables, users, items, contexts, known, draw)
        tables = {name: table.detach() for name, table in tables.items()}
        # What no event has moved is still the random start: it says nothing.
        for name, rows in (("user", users), ("item", items), ("item bias", items)):
            tables[name][torch.bincount(rows, minlength=len(tables[name])) == 0] = 0.0
        self.user_factors_ = tables["user"].numpy()
        self.item_bias_, self.item_factors_ = (t.numpy() for t in self._items(tables, known, torch.arange(len(known))))
        self.context_factors_ = tables["context"].numpy()
        met = np.diff(matrix.indptr) > 0
        self._fold_in_ = ridge_map(self._profiles(matrix)[met], self.user_factors_[met], np.ones(met.sum()), 1e-2)

    def _content(self, matrix: sparse.csr_matrix) -> Tensor:
        """Centred item features, (n_items, dim); of no column where there are none."""
        if self.item_features is None:
            return torch.zeros(matrix.shape[1], 0)
        features = checked_features(self.item_features, matrix.shape[1]).float()
        warm = torch.from_numpy(np.bincount(matrix.indices, minlength=matrix.shape[1]) > 0)
        return center(features, reference=features[warm])

    def _learn(self, tables: dict[str, Tensor], users, items, contexts: Tensor, known: Tensor, draw) -> None:
        optimiser = torch.optim.Adam(tables.values(), lr=self.lr)
        n_items = len(tables["item"])
        self.losses_ = []
        for _ in tqdm(range(self.epochs), desc="FM", unit="epoch", disable=not self.progress, leave=False):
            total = 0.0
            for chosen in torch.randperm(len(users), generator=draw).split(self.batch):
                others = torch.arange(n_items)
                if self.negatives < n_items:
                    others = torch.randperm(n_items, generator=draw)[: self.negatives]
                user = tables["user"][users[chosen]]
                person = user + contexts[chosen] @ tables["context"]
                bias, factors = self._items(tables, known, items[chosen])
                liked = bias + (person * factors).sum(dim=1)  # (n,): the one that each event chose
                bias, factors = self._items(tables, known, others)
                other = bias + person @ factors.T  # (n, negatives)
                other = other.masked_fill(others == items[chosen][:, None], -torch.inf)  # the chosen one counts once
                loss = (torch.logsumexp(torch.cat([liked[:, None], other], dim=1), dim=1) - liked).sum()
                # Each event pulls its own user and item towards zero, so that who has many events is pulled as often.
                pull = (user**2).sum() + (tables["item"][items[chosen]] ** 2).sum()
                pull = pull + _SHARED * len(chosen) * ((tables["context"] ** 2).sum() + (tables["text"] ** 2).sum())
                optimiser.zero_grad()
                ((loss + self.reg * pull) / len(chosen)).backward()
                optimiser.step()
                total += float(loss.detach())
            self.losses_.append(total / len(users))
            if not np.isfinite(self.losses_[-1]):
                raise ValueError(f"the loss is not finite at lr={self.lr}; lower lr.")

    @staticmethod
    def _items(tables: dict[str, Tensor], known: Tensor, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Biases (m,) and vectors (m, rank) of some items: a part of their own and one that their features give."""
        bias = tables["item bias"][rows] + known[rows] @ tables["text bias"]
        return bias[:, 0], tables["item"][rows] + known[rows] @ tables["text"]

    def _profiles(self, histories: sparse.csr_matrix) -> np.ndarray:
        """(n, rank): the mean item vector of each history; zero for an empty one."""
        length = np.maximum(np.diff(histories.indptr), 1)[:, None]
        return (histories @ self.item_factors_) / length

    def _parts(self, histories, rows, contexts) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Vectors of the people (n, rank), context values (n, n_columns), pairs of user and context (n,)."""
        people = self._profiles(histories) @ self._fold_in_ if rows is None else self.user_factors_[rows]
        if contexts is None or self.features_ is None:
            return people, np.zeros((len(people), len(self.context_factors_)), np.float32), np.zeros(len(people))
        values = self.features_.transform(contexts).numpy()
        sums = people + values @ self.context_factors_
        squares = people**2 + values**2 @ self.context_factors_**2
        return people, values, pairwise(torch.from_numpy(sums), torch.from_numpy(squares)).numpy()

    def _scores(self, histories: sparse.csr_matrix, rows: np.ndarray | None, contexts=None) -> np.ndarray:
        people, values, constant = self._parts(histories, rows, contexts)
        person = people + values @ self.context_factors_
        return person @ self.item_factors_.T + self.item_bias_ + constant[:, None]

    def _explain(self, histories, rows: np.ndarray | None, item_row: int, contexts=None) -> pd.DataFrame:
        people, values, constant = self._parts(histories, rows, contexts)
        item = self.item_factors_[item_row]
        parts = {"this item is chosen more or less": self.item_bias_[item_row], "taste: user x item": people[0] @ item}
        if contexts is not None and self.features_ is not None:
            each = values[0] * (self.context_factors_ @ item)
            for name, part in zip(self.features_.names, each, strict=True):
                field = name.split("=")[0].removesuffix(" sin").removesuffix(" cos")  # both hands of a clock together
                parts[f"context: {field} x item"] = parts.get(f"context: {field} x item", 0.0) + part
            parts["user x context, the same for all items"] = constant[0]
        return pd.DataFrame({"item_id": None, "title": list(parts), "contribution": [float(v) for v in parts.values()]})
