"""A context before or after the model: filter what is learned, or reweigh the answer (Adomavicius and Tuzhilin
2011)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from scipy import sparse

from recsys_lessons.recommenders.base import Recommender

__all__ = ["PostFilter", "PreFilter"]


class PreFilter(Recommender):
    """Before the model: one model per value of a field, each learned from the events of that value alone.

    Any model of clicks becomes contextual so, and every one of them sees a part of the data only: the more values, the
    less. A value with fewer than `min_events`, an unknown one and a missing one are answered by a model of all events.
    The history that is scored is the whole one; only what is learned is filtered.

    Args:
        make: builds an unfitted model that takes no context, such as `lambda: SVDRecommender(8)`.
        field: the column of interactions, such as "purpose".
        min_events: a value with fewer has no model of its own.

    Attributes:
        models_: value to fitted model. all_: the model of all events.

    Raises:
        ValueError: on `fit`, a field that the interactions lack, or a model that uses a context itself.
    """

    uses_context = True

    def __init__(self, make: Callable[[], Recommender], field: str, *, min_events: int = 200):
        if min_events < 1:
            raise ValueError(f"min_events is {min_events}; it must be 1 or more.")
        self.make = make
        self.field = field
        self.min_events = min_events

    def _fit(self, matrix: sparse.csr_matrix) -> None:
        events = self.train_.interactions
        _check_fields(events, [self.field])
        self.all_ = _plain(self.make()).fit(self.train_)
        self.models_ = {
            value: self.make().fit(self.train_.with_interactions(some))
            for value, some in events.groupby(self.field)
            if len(some) >= self.min_events
        }

    def _scores(self, histories: sparse.csr_matrix, rows: np.ndarray | None, contexts=None) -> np.ndarray:
        values = _column(contexts, self.field, histories.shape[0])
        scores = np.empty(histories.shape, dtype=np.float32)
        models = [self.models_.get(value, self.all_) for value in values]
        for model in {id(one): one for one in models}.values():
            here = np.flatnonzero([one is model for one in models])
            scores[here] = model.raw_scores(histories[here], None if rows is None else rows[here])
        return scores

    def _explain(self, histories, rows: np.ndarray | None, item_row: int, contexts=None) -> pd.DataFrame:
        value = _column(contexts, self.field, 1)[0]
        return self.models_.get(value, self.all_)._explain(histories, rows, item_row)


class PostFilter(Recommender):
    """After the model: scores are multiplied by how much more often an item is chosen in this context than usual.

        s = (base score - the person's lowest) x product over the fields of lift(value, item)^strength
        lift(value, item) = P(value | item) / P(value),   P(value | item) = (n_value,item + m P(value)) / (n_item + m)

    The m made-up events keep an item with two events from being taken for a specialist. A field that is missing, or
    whose value training has not seen, multiplies by 1.

    Args:
        base: an unfitted model that takes no context.
        fields: one column of interactions or several; several are multiplied as if independent (naive Bayes).
        smoothing: m. strength: 1 believes the lift, less than 1 part of it, 0 is the context-free twin.

    Attributes:
        lift_: field to a DataFrame (values x items).

    Raises:
        ValueError: an argument outside its range; on `fit`, a field that the interactions lack, or a base that uses a
            context itself.
    """

    uses_context = True

    def __init__(
        self, base: Recommender, fields: str | Sequence[str], *, smoothing: float = 20.0, strength: float = 1.0
    ):
        if not (smoothing > 0 and strength >= 0):
            raise ValueError(f"smoothing is {smoothing} and strength is {strength}; use above 0, and 0 or more.")
        self.base = base
        self.fields = (fields,) if isinstance(fields, str) else tuple(fields)
        self.smoothing = smoothing
        self.strength = strength

    def _fit(self, matrix: sparse.csr_matrix) -> None:
        events = self.train_.interactions
        _check_fields(events, self.fields)
        _plain(self.base).fit(self.train_)
        items = self.train_.item_rows(events["item_id"])
        self.lift_ = {}
        for field in self.fields:
            counts = pd.crosstab(events[field].to_numpy(), items).reindex(columns=range(matrix.shape[1]), fill_value=0)
            usual = counts.sum(axis=1) / counts.to_numpy().sum()
            smoothed = (counts + self.smoothing * usual.to_numpy()[:, None]) / (counts.sum(axis=0) + self.smoothing)
            self.lift_[field] = smoothed.div(usual, axis=0)

    def _scores(self, histories: sparse.csr_matrix, rows: np.ndarray | None, contexts=None) -> np.ndarray:
        scores = self.base.raw_scores(histories, rows)
        scores = scores - scores.min(axis=1, keepdims=True)
        for field, lift in self.lift_.items():
            found = lift.index.get_indexer(_column(contexts, field, len(scores)))
            known = found >= 0
            scores[known] *= lift.to_numpy()[found[known]] ** self.strength
        return scores


def _column(contexts: pd.DataFrame | None, field: str, n: int) -> list:
    return [None] * n if contexts is None or field not in contexts.columns else contexts[field].tolist()


def _check_fields(events: pd.DataFrame, fields: Sequence[str]) -> None:
    missing = [field for field in fields if field not in events.columns]
    if missing or not fields:
        what = f"no column {missing[0]!r}" if missing else "no field was named"
        raise ValueError(f"interactions: {what}; there are {list(events.columns)}.")


def _plain(model: Recommender) -> Recommender:
    if model.uses_context:
        raise ValueError(f"{type(model).__name__} uses a context itself; filter around a model that takes none.")
    return model
