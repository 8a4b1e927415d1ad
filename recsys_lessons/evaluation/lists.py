"""Every test user's list, made once, and what of it was right."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from recsys_lessons.data.dataset import Dataset
from recsys_lessons.evaluation.arguments import check_scores
from recsys_lessons.metrics import auc
from recsys_lessons.recommenders.base import Recommender, top_k

__all__ = ["Lists", "Piece", "make_lists", "pieces"]

_CHUNK_BYTES = 1 << 26  # scores held at once; masks and sorting come to about four times as much on top


@dataclass(frozen=True)
class Piece:
    """Some users, scored.

    Attributes:
        rows: (n,) rows of the user table.
        scores: (n, n_items) float32, as the model gave them.
        ranked: (n, n_items) bool, the candidates that the user has not seen in training.
        relevant: (n, n_items) bool, what the user went on to like, as far as it is ranked.
        n_test: (n,) what the user went on to like in all.
    """

    rows: np.ndarray
    scores: np.ndarray
    ranked: np.ndarray
    relevant: np.ndarray
    n_test: np.ndarray


@dataclass(frozen=True)
class Lists:
    """What was proposed to each user who has something to find, and what of it was right.

    Attributes:
        rows: (n,) rows of the user table. history: (n,) interactions in training.
        items: (n, min(k, n_items)) rows of the item table, best first; -1 where the candidates ran out.
        hits: the same shape, bool. relevant: (n,) how many there are to find.
        auc: (n,) NaN where a user has no irrelevant candidate; None unless asked for.
        popularity: (n_items,) people per item in training. n_candidates: how many items could be proposed.
        left_out: what could not be found by anybody: `users` with nothing to find, and `interactions` of the test.
    """

    rows: np.ndarray
    history: np.ndarray
    items: np.ndarray
    hits: np.ndarray
    relevant: np.ndarray
    auc: np.ndarray | None
    popularity: np.ndarray
    n_candidates: int
    left_out: dict[str, int]


def pieces(
    model: Recommender, test: Dataset, candidates: list | None, rows: np.ndarray | None = None
) -> Iterator[Piece]:
    """Score the test users (those in `rows`, or all), as many at once as memory allows.

    Raises:
        ValueError: the model gives a score that is NaN, or an array of the wrong shape.
    """
    wanted = test.matrix()
    rows = np.flatnonzero(np.diff(wanted.indptr)) if rows is None else rows
    ids = test.users["user_id"].to_numpy()
    size = max(1, _CHUNK_BYTES // (4 * test.n_items))
    for start in range(0, len(rows), size):
        some = rows[start : start + size]
        scores = model.scores(ids[some].tolist())
        check_scores(model, test, some, scores)
        # `mask` writes -inf, which a table of yes and no takes as yes: "left out".
        ranked = np.zeros(scores.shape, dtype=bool)
        model.mask(ranked, model.matrix_[some], candidates)
        np.logical_not(ranked, out=ranked)
        relevant = np.zeros(scores.shape, dtype=bool)
        who, item = wanted[some].nonzero()
        relevant[who, item] = ranked[who, item]
        yield Piece(some, scores, ranked, relevant, np.diff(wanted.indptr)[some])


def make_lists(
    model: Recommender, test: Dataset, k: int, candidates: Iterable | None, *, with_auc: bool = False
) -> Lists:
    """Rank for every test user who has something to find.

    Raises:
        ValueError: no candidates, or nothing to find for anybody. KeyError: a candidate that the catalogue lacks.
    """
    candidates = None if candidates is None else list(candidates)
    if candidates is not None and not candidates:
        raise ValueError("candidates is empty; pass the item ids to rank, or None for the whole catalogue.")
    n_candidates = test.n_items if candidates is None else len(set(test.item_rows(candidates).tolist()))
    rows, items, hits, relevant, areas = [], [], [], [], []
    left_out = {"users": 0, "interactions": 0}
    for piece in pieces(model, test, candidates):
        count = piece.relevant.sum(axis=1)
        some = np.flatnonzero(count)
        left_out["users"] += len(count) - len(some)
        left_out["interactions"] += int((piece.n_test - count).sum())
        if with_auc:
            areas += [_auc(piece, row) for row in some]
        order = top_k(np.where(piece.ranked[some], piece.scores[some], -np.inf), k).astype(np.int32)
        rows.append(piece.rows[some])
        relevant.append(count[some])
        items.append(order)
        hits.append((order >= 0) & np.take_along_axis(piece.relevant[some], np.maximum(order, 0), axis=1))
    rows, relevant = np.concatenate(rows), np.concatenate(relevant)
    if not len(rows):
        raise ValueError(_nothing_to_find(candidates))
    return Lists(
        rows=rows,
        history=np.diff(model.matrix_.indptr)[rows],
        items=np.concatenate(items),
        hits=np.concatenate(hits),
        relevant=relevant,
        auc=np.array(areas) if with_auc else None,
        popularity=np.bincount(model.matrix_.indices, minlength=test.n_items),
        n_candidates=n_candidates,
        left_out=left_out,
    )


def _auc(piece: Piece, row: int) -> float:
    if (piece.relevant[row] == piece.ranked[row]).all():
        return float("nan")
    return auc(piece.scores[row], piece.relevant[row], piece.ranked[row])


def _nothing_to_find(candidates: list | None) -> str:
    if candidates is None:
        return "everything in the test was seen in training, and seen items are not ranked; was train passed as test?"
    return (
        f"no test user has a relevant item among the {len(candidates)} candidates that they have not seen in training; "
        "pass test.active_items(), or None for the whole catalogue."
    )
