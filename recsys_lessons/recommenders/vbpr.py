"""VBPR: factors and features learned together from pairs, liked before not liked (He and McAuley 2016)."""

from __future__ import annotations

import numpy as np
import pandas as pd
import torch
from scipy import sparse
from torch import Tensor
from torch.nn.functional import logsigmoid
from tqdm.auto import tqdm

from recsys_lessons.encoders.base import Masked
from recsys_lessons.fusion.parts import checked, scale_of, unit_rows
from recsys_lessons.recommenders.base import Recommender

__all__ = ["VBPR"]

_NEGATIVES = 200  # items that a stranger's history is set against


class VBPR(Recommender):
    """Score s_ui = b_i + g_u g_i + t_u (E f_i) + e f_i, trained to put what a person liked above what they did not.

    b_i is the item's bias, g_u and g_i are factors learned from clicks as in matrix factorisation, f_i the item's
    features; E takes features to `visual_rank` numbers that a person's taste t_u is about, and e says which features
    please everybody. For each like (u, i) an item j that u did not like is drawn, and -log sigmoid(s_ui - s_uj), with
    squared penalties on what was used, goes down one step of Adam: Bayesian personalised ranking (Rendle et al. 2009).
    A person's own bias would cancel in the difference.

    A new item has b_i = 0 and g_i = 0 and is scored by its features alone. Negatives are drawn among the items that
    somebody liked in training: drawn among new ones too, the model would learn that what is new is disliked. Somebody
    who was not in training gets g and t fitted to their history, with everything else as it is.

    Args:
        item_features: (n_items, dim) tensor or `Masked`, in the item table's order; centred on the items liked in
            training, with rows of length 1. An item without features stands at the mean.
        rank: length of g. visual_rank: length of t. epochs: passes over the likes. batch: likes a step. lr: of Adam.
        reg: penalty on factors and biases. reg_features: on E and e, whole at every step, so of another size.
        seed: of the first factors, the order and the negatives. progress: show a bar.

    Attributes:
        item_bias_ (n_items,), user_factors_ (n_users, rank), item_factors_ (n_items, rank), user_tastes_ (n_users,
        visual_rank), item_looks_ (n_items, visual_rank) which is E f, item_appeal_ (n_items,) which is e f.
        losses_: mean of -log sigmoid during each epoch; log 2 = 0.69 is chance.

    Raises:
        ValueError: an argument outside its range, or features that do not fit the data.
    """

    def __init__(
        self,
        item_features: Tensor | Masked,
        rank: int = 16,
        *,
        visual_rank: int = 16,
        epochs: int = 30,
        batch: int = 256,
        lr: float = 5e-3,
        reg: float = 0.01,
        reg_features: float = 0.0,
        seed: int = 0,
        progress: bool = False,
    ):
        for name, value in {"rank": rank, "visual_rank": visual_rank, "epochs": epochs, "batch": batch}.items():
            if value < 1:
                raise ValueError(f"{name} is {value}; it must be 1 or more.")
        if not (lr > 0 and reg >= 0 and reg_features >= 0):
            raise ValueError(
                f"lr is {lr}, reg {reg}, reg_features {reg_features}; lr must be above 0, the others 0 up."
            )
        self.item_features = item_features
        self.rank = rank
        self.visual_rank = visual_rank
        self.epochs = epochs
        self.batch = batch
        self.lr = lr
        self.reg = reg
        self.reg_features = reg_features
        self.seed = seed
        self.progress = progress

    def _fit(self, matrix: sparse.csr_matrix) -> None:
        warm = np.flatnonzero(matrix.getnnz(axis=0))
        features = self._features(matrix.shape[1], torch.from_numpy(warm))
        random = np.random.default_rng(self.seed)
        sizes = {
            "bias": (matrix.shape[1], 1),
            "factors": (matrix.shape[1], self.rank),
            "user": (matrix.shape[0], self.rank),
            "taste": (matrix.shape[0], self.visual_rank),
            "E": (features.shape[1], self.visual_rank),
            "e": (features.shape[1], 1),
        }
        start = {name: _glorot(random, size) * (name != "bias") for name, size in sizes.items()}
        table = {name: torch.from_numpy(one).float().requires_grad_() for name, one in start.items()}
        optimiser = torch.optim.Adam(table.values(), lr=self.lr)
        users = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
        likes = set(zip(users.tolist(), matrix.indices.tolist(), strict=True))
        self.losses_ = []
        for _ in tqdm(range(self.epochs), desc="VBPR", unit="epoch", disable=not self.progress, leave=False):
            negatives = _negatives(random, users, warm, likes)
            total = 0.0
            for some in np.array_split(random.permutation(len(users)), max(1, len(users) // self.batch)):
                u, i, j = (torch.from_numpy(one[some].astype(np.int64)) for one in (users, matrix.indices, negatives))
                loss, penalty = self._loss(table, features, u, i, j)
                optimiser.zero_grad()
                (loss + penalty).backward()
                optimiser.step()
                total += loss.item()
            self.losses_.append(total / len(users))
        done = {name: one.detach() for name, one in table.items()}
        cold = np.setdiff1d(np.arange(matrix.shape[1]), warm)
        done["bias"][cold] = done["factors"][cold] = 0.0
        self.item_bias_, self.item_factors_ = done["bias"][:, 0].numpy(), done["factors"].numpy()
        self.user_factors_, self.user_tastes_ = done["user"].numpy(), done["taste"].numpy()
        self.item_looks_, self.item_appeal_ = (features @ done["E"]).numpy(), (features @ done["e"])[:, 0].numpy()
        self._warm = warm

    def _features(self, n_items: int, warm: Tensor) -> Tensor:
        one = checked({"item_features": self.item_features})["item_features"]
        if len(one.mask) != n_items:
            raise ValueError(
                f"item_features is {tuple(one.vectors.shape)}, and there are {n_items} items; pass one row per item."
            )
        known = warm[one.mask[warm]]
        if not len(known):
            raise ValueError("no item that was liked in training has features; there is nothing to learn from.")
        return unit_rows(one, scale_of(one.vectors[known], None))

    def _loss(
        self, table: dict[str, Tensor], features: Tensor, u: Tensor, i: Tensor, j: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Sums over a batch: -log sigmoid(s_ui - s_uj), and the penalties."""
        apart = features[i] - features[j]
        user, taste = table["user"][u], table["taste"][u]
        difference = (
            (table["bias"][i] - table["bias"][j])[:, 0]
            + (user * (table["factors"][i] - table["factors"][j])).sum(dim=1)
            + (taste * (apart @ table["E"])).sum(dim=1)
            + (apart @ table["e"])[:, 0]
        )
        used = (user, taste, *(table[name][rows] for name in ("factors", "bias") for rows in (i, j)))
        penalty = self.reg * sum(one.pow(2).sum() for one in used)
        penalty = penalty + self.reg_features * (table["E"].pow(2).sum() + table["e"].pow(2).sum())
        return -logsigmoid(difference).sum(), penalty / 2

    def _scores(self, histories: sparse.csr_matrix, rows: np.ndarray | None) -> np.ndarray:
        factors, tastes = self._people(histories, rows)
        return self.item_bias_ + self.item_appeal_ + factors @ self.item_factors_.T + tastes @ self.item_looks_.T

    def _people(self, histories: sparse.csr_matrix, rows: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
        """g (n, rank) and t (n, visual_rank): as learned, or fitted to a history with all else as it is."""
        if rows is not None:
            return self.user_factors_[rows], self.user_tastes_[rows]
        items = torch.from_numpy(np.hstack([self.item_factors_, self.item_looks_]))
        base = torch.from_numpy(self.item_bias_ + self.item_appeal_)
        found = np.zeros((histories.shape[0], items.shape[1]), dtype=np.float32)
        for row in range(len(found)):
            liked = histories.indices[histories.indptr[row] : histories.indptr[row + 1]]
            others = np.setdiff1d(self._warm, liked)
            if len(liked) and len(others):
                random = np.random.default_rng(self.seed)
                others = random.choice(others, size=min(_NEGATIVES, len(others)), replace=False)
                found[row] = self._fold_in(items, base, torch.from_numpy(liked).long(), torch.from_numpy(others))
        return found[:, : self.rank], found[:, self.rank :]

    def _fold_in(self, items: Tensor, base: Tensor, liked: Tensor, others: Tensor) -> np.ndarray:
        """The person's vector that minimises the mean of the training loss over all pairs; convex, so one answer."""
        person = torch.zeros(items.shape[1], requires_grad=True)
        optimiser = torch.optim.LBFGS([person], max_iter=100, line_search_fn="strong_wolfe")

        def loss() -> Tensor:
            optimiser.zero_grad()
            scores = base + items @ person
            value = -logsigmoid(scores[liked][:, None] - scores[others]).mean() + self.reg / 2 * person.pow(2).sum()
            value.backward()
            return value

        optimiser.step(loss)
        return person.detach().numpy()

    def _explain(self, histories: sparse.csr_matrix, rows: np.ndarray | None, item_row: int) -> pd.DataFrame:
        factors, tastes = self._people(histories, rows)
        parts = {
            "liked by many (item bias)": self.item_bias_[item_row],
            "features that many like": self.item_appeal_[item_row],
            "this person's taste in items (clicks)": factors[0] @ self.item_factors_[item_row],
            "this person's taste in features": tastes[0] @ self.item_looks_[item_row],
        }
        return pd.DataFrame({"item_id": None, "title": list(parts), "contribution": [float(v) for v in parts.values()]})


def _glorot(random: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
    """Uniform with variance 2 / (rows + columns) (Glorot and Bengio 2010)."""
    bound = (6 / sum(size)) ** 0.5
    return random.uniform(-bound, bound, size)


def _negatives(random: np.random.Generator, users: np.ndarray, warm: np.ndarray, likes: set) -> np.ndarray:
    """(n,) an item for each like, drawn evenly among `warm`, that the user does not like; a few stay where all are."""
    found = random.choice(warm, size=len(users))
    for _ in range(20):
        wrong = np.array([pair in likes for pair in zip(users.tolist(), found.tolist(), strict=True)])
        if not wrong.any():
            break
        found[wrong] = random.choice(warm, size=int(wrong.sum()))
    return found
