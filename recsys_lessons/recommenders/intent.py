"""A sentence becomes a ranking: what it asks for by its vector, what it forbids by rules, and the person's taste."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pandas as pd
import torch
from scipy import sparse
from torch import Tensor
from torch.nn.functional import normalize

from recsys_lessons.encoders.base import center
from recsys_lessons.recommenders.base import Recommender, checked_features
from recsys_lessons.recommenders.constraints import Constraints, parse_constraints
from recsys_lessons.recommenders.ranking import standardise

__all__ = ["QueryRecommender", "standardise"]

_CHINESE = re.compile("[㐀-䶿一-鿿]")


class QueryRecommender(Recommender):
    """Rank for `context={"query": "a comedy from the nineties, not scary"}`, in any language that the encoder knows.

    Four steps. The sentence is parsed for genres and years (`parse_constraints`); what is left of it is encoded as a
    query; its cosine with every item, standardised over the items, is mixed with a taste model's scores, standardised
    in the same way:

        score = weight * sentence + (1 - weight) * taste;     -inf for an item that a limit excludes

    Queries and items are centred apart. A sentence encoder gives every text a large shared part, and the shared part of
    short wishes is not that of titles, nor is that of Chinese that of English: with `reference`, a query loses the mean
    of those reference sentences that are written in its script. Without, it loses the items' mean.

    Args:
        item_features: (n_items, dim), the items encoded as passages, rows in the item table's order.
        encode: sentences to (n, dim): a TextEncoder (asked with role="query"), or any function of a list of strings.
        weight: the sentence's share where there is a taste model, 0 to 1; choose it on validation data.
        constraints: keep the limits that the sentence states. False encodes the sentence as it is.
        taste: a recommender of likes without context, fitted with this one; None ranks by the sentence alone.
        centred: take means away; False compares raw vectors.
        reference: typical sentences, such as earlier queries, in each language that is asked in. Not the test's.

    Attributes:
        features_: (n_items, dim), each of length 1.

    Raises:
        ValueError: on construction or `fit`, for an argument that does not suit; on asking, without a sentence and
            without a taste model. TypeError: a query that is no string, or an encoder that cannot be called.
    """

    uses_context = True

    def __init__(
        self,
        item_features: Tensor | np.ndarray,
        encode: Any,
        *,
        weight: float = 0.5,
        constraints: bool = True,
        taste: Recommender | None = None,
        centred: bool = True,
        reference: Iterable[str] | None = None,
    ):
        if not 0 <= weight <= 1:
            raise ValueError(f"weight is {weight}; the sentence's share lies between 0 and 1.")
        if taste is not None and (taste.uses_context or taste.uses_ratings or taste.uses_times):
            raise ValueError(
                f"taste is a {type(taste).__name__}, which wants more than a history of likes; "
                "take SVDRecommender, EASE, ItemNeighbours or the like."
            )
        if isinstance(encode, str) or not (callable(encode) or hasattr(encode, "encode")):
            raise TypeError(f"encode is a {type(encode).__name__}; pass a TextEncoder, or a function of sentences.")
        self.item_features = item_features
        self.encode = encode
        self.weight = weight
        self.constraints = constraints
        self.taste = taste
        self.centred = centred
        self.reference = reference

    def _fit(self, matrix: sparse.csr_matrix) -> None:
        raw = checked_features(self.item_features, matrix.shape[1]).float()
        # What an item is called is known before anybody asks, so its text takes part in the mean.
        self.features_ = (center(raw, reference=raw) if self.centred else normalize(raw, dim=1)).numpy()
        self.means_ = {"": raw.mean(dim=0)}
        sentences = [] if self.reference is None else list(self.reference)
        for script in sorted({_script(one) for one in sentences}):
            self.means_[script] = self._encoded([one for one in sentences if _script(one) == script]).mean(dim=0)
        if self.taste is not None:
            self.taste.fit(self.train_)

    def understood(self, sentence: str) -> Constraints:
        """What the rules read in a sentence; no limits where `constraints` is False."""
        if not isinstance(sentence, str):
            raise TypeError(f"a query is a string; this is a {type(sentence).__name__}: {sentence!r}.")
        return parse_constraints(sentence) if self.constraints else Constraints(sentence, (), sentence)

    def match(self, sentences: Iterable[str]) -> np.ndarray:
        """Cosine of each sentence, as it is, with each item: (n, n_items) float32. Zero for a blank sentence."""
        sentences = list(sentences)
        found = np.zeros((len(sentences), len(self.features_)), dtype=np.float32)
        said = [row for row, one in enumerate(sentences) if re.search(r"\w", one)]
        if said:
            vectors = self._encoded([sentences[row] for row in said])
            if self.centred:
                means = [self.means_.get(_script(sentences[row]), self.means_[""]) for row in said]
                vectors = vectors - torch.stack(means)
            found[said] = normalize(vectors, dim=1).numpy() @ self.features_.T
        return found

    def _encoded(self, sentences: list[str]) -> Tensor:
        ask: Callable = self.encode
        made = ask.encode(sentences, role="query") if hasattr(ask, "encode") else ask(sentences)
        vectors = torch.as_tensor(made).float()
        dim = self.means_[""].shape[0] if hasattr(self, "means_") else vectors.shape[-1]
        if vectors.shape != (len(sentences), dim):
            raise ValueError(
                f"encode gave {tuple(vectors.shape)} for {len(sentences)} sentences, and items have {dim} numbers; "
                "encode sentences and items with the same model."
            )
        return vectors

    def _scores(
        self, histories: sparse.csr_matrix, rows: np.ndarray | None, contexts: pd.DataFrame | None = None
    ) -> np.ndarray:
        wishes = self._wishes(contexts, histories.shape[0])
        sentence, taste = self._parts(histories, rows, wishes)
        scores = sentence + taste
        known: dict[str, np.ndarray] = {}
        for row, wish in enumerate(wishes):
            if wish is not None and wish.limits:
                if wish.sentence not in known:
                    known[wish.sentence] = ~wish.allowed(self.train_.items)
                scores[row, known[wish.sentence]] = -np.inf
        return scores

    def _wishes(self, contexts: pd.DataFrame | None, n: int) -> list[Constraints | None]:
        """What each row asks for; None for a row without a sentence."""
        column = [None] * n if contexts is None or "query" not in contexts.columns else contexts["query"].tolist()
        missing = [one is None or one is pd.NA or (isinstance(one, float) and one != one) for one in column]
        if self.taste is None and any(missing):
            raise ValueError(
                f"row {missing.index(True)} has no query, and there is no taste model to rank by; pass "
                'context={"query": "a comedy"}, or taste=SVDRecommender().'
            )
        read = {one: self.understood(one) for one, none in zip(column, missing, strict=True) if not none}
        return [None if none else read[one] for one, none in zip(column, missing, strict=True)]

    def _parts(
        self, histories: sparse.csr_matrix, rows: np.ndarray | None, wishes: list[Constraints | None]
    ) -> tuple[np.ndarray, np.ndarray]:
        """What the sentence and what taste add to each score: two arrays (n, n_items)."""
        rests = list(dict.fromkeys("" if wish is None else wish.rest for wish in wishes))
        found = dict(zip(rests, standardise(self.match(rests)), strict=True))
        sentence = np.stack([found["" if wish is None else wish.rest] for wish in wishes])
        if self.taste is None:
            return sentence, np.zeros_like(sentence)
        share = np.array([0.0 if wish is None else self.weight for wish in wishes])[:, None]
        return share * sentence, (1 - share) * standardise(self.taste.raw_scores(histories, rows))

    def _explain(
        self,
        histories: sparse.csr_matrix,
        rows: np.ndarray | None,
        item_row: int,
        contexts: pd.DataFrame | None = None,
    ) -> pd.DataFrame:
        """Three kinds of cause: the sentence, taste, and every limit that excludes the item (-inf).

        `attrs["limits"]` counts what each limit excludes of the catalogue; `attrs["contradiction"]` says why nothing
        can meet them, or is None.
        """
        wishes = self._wishes(contexts, 1)
        sentence, taste = self._parts(histories, rows, wishes)
        causes = []
        if wishes[0] is not None:
            causes.append((f"the sentence: {wishes[0].rest!r}", float(sentence[0, item_row])))
        if self.taste is not None:
            causes.append((f"taste: {type(self.taste).__name__}", float(taste[0, item_row])))
        items = self.train_.items
        limits = () if wishes[0] is None else wishes[0].limits
        here = items.iloc[[item_row]]
        causes += [(f"excluded by {one.words!r}: {one}", -np.inf) for one in limits if not one.keeps(here)[0]]
        reason = None if wishes[0] is None else wishes[0].contradiction
        if reason is not None and len(causes) <= 1 + (self.taste is not None):
            causes.append((f"excluded by a contradiction: {reason}", -np.inf))
        table = pd.DataFrame(causes, columns=["cause", "contribution"])
        table.insert(0, "title", items["title"].iloc[item_row])
        table.insert(0, "item_id", items["item_id"].iloc[item_row])
        if wishes[0] is not None:
            table.attrs = {"limits": wishes[0].excluded(items).to_dict("records"), "contradiction": reason}
        return table


def _script(sentence: str) -> str:
    return "zh" if _CHINESE.search(sentence) else "other"
