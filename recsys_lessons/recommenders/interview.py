"""Three questions to somebody new: which films to ask about, and what the answers are worth."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import sparse

from recsys_lessons.data.dataset import Dataset
from recsys_lessons.recommenders.base import Recommender
from recsys_lessons.recommenders.linear_algebra import truncated_svd
from recsys_lessons.recommenders.ranking import tie_order

__all__ = ["WAYS", "Interview", "answers", "choose_interview_items"]

WAYS = ("informative", "popular", "random")


def choose_interview_items(
    train: Dataset,
    n: int = 3,
    how: str = "informative",
    *,
    like_from: float = 4.0,
    among: int = 200,
    shrink: float = 10.0,
    seed: int = 0,
) -> list:
    """The items to ask a newcomer about: did you like it, did you not, or do you not know it?

    A popular item gets an answer, and often the answer that everybody gives; a disputed one tells people apart, where
    they know it (Rashid et al. 2002 multiply popularity by entropy for that reason). "informative" asks for both at
    once, and for what the questions before have not told: the answers so far put the training users into groups, and
    the next question is the one that splits the groups so that those who answer alike like the same things (greedy, as
    GreedyExtend of Golbandi, Koren and Lempel 2010, here on likes instead of rating errors). A question's gain is the
    sum, over the parts that it splits the groups into, of |sum of (taste - mean taste of the group)|^2 / (size of the
    part + shrink): the variance between the parts, where a small part counts little. A taste is a user's row of likes
    in 16 directions of the SVD.

    Args:
        train: with a `rating` column, all ratings and not only the likes (`load_movielens(min_rating=None)`); without
            one, an interaction is a like and there are two answers.
        n: questions.
        how: "informative"; "popular", the items that most people know; "random", drawn from the candidates.
        like_from: a rating from here on is a like, below it a dislike.
        among: the candidates are this many items that most people know.
        shrink: people that a part must outweigh.
        seed: of "random"; the other two are the same for the same data.

    Returns:
        n item ids, in the order of asking.

    Raises:
        ValueError: another `how`, n below 1 or above the candidates, or nobody liked anything.
    """
    if how not in WAYS:
        raise ValueError(f"how is {how!r}; choose from {', '.join(map(repr, WAYS))}.")
    likes, dislikes = _likes_and_dislikes(train, like_from)
    known = np.asarray((likes + dislikes).sum(axis=0)).ravel()
    order = np.lexsort((tie_order(len(known)), -known))
    candidates = order[: min(among, int((known > 0).sum()))]
    if not 1 <= n <= len(candidates):
        raise ValueError(f"n is {n}; ask 1 to {len(candidates)} questions, as many as there are candidates.")
    if not likes.nnz:
        raise ValueError(
            f"no rating in training is {like_from:g} or more; lower like_from, or there is no taste to tell."
        )
    ids = train.items["item_id"].to_numpy()
    if how == "popular":
        return ids[candidates[:n]].tolist()
    if how == "random":
        return ids[np.random.default_rng(seed).choice(candidates, size=n, replace=False)].tolist()
    left, values, _ = truncated_svd(likes, min(16, *likes.shape))
    tastes = left * values
    given = np.stack([likes[:, candidates].toarray(), dislikes[:, candidates].toarray()]) > 0
    given = np.concatenate([given, ~given.any(axis=0, keepdims=True)])  # (3, n_users, n_candidates)
    groups = np.zeros(likes.shape[0], dtype=np.int64)
    chosen: list[int] = []
    for _ in range(n):
        gain = _gain(tastes, given, groups, shrink)
        gain[chosen] = -np.inf
        best = int(gain.argmax())
        chosen.append(best)
        groups = groups * 3 + given[:, :, best].argmax(axis=0)
    return ids[candidates[chosen]].tolist()


def _gain(tastes: np.ndarray, given: np.ndarray, groups: np.ndarray, shrink: float) -> np.ndarray:
    """(n_candidates,) how much of the tastes would be told by each candidate's answers beyond the groups there are."""
    total = np.zeros(given.shape[2])
    for group in np.unique(groups):
        inside = groups == group
        apart = tastes[inside] - tastes[inside].mean(axis=0)
        for answer in given[:, inside].astype(np.float64):
            total += ((answer.T @ apart) ** 2).sum(axis=1) / (answer.sum(axis=0) + shrink)
    return total


def _likes_and_dislikes(train: Dataset, like_from: float) -> tuple[sparse.csr_matrix, sparse.csr_matrix]:
    if "rating" not in train.interactions.columns:
        likes = train.matrix()
        return likes, sparse.csr_matrix(likes.shape, dtype=likes.dtype)
    ratings = train.matrix("rating")
    return _split(ratings, like_from)


def _split(ratings: sparse.csr_matrix, like_from: float) -> tuple[sparse.csr_matrix, sparse.csr_matrix]:
    """Ratings as two tables of 0 and 1. A stored rating of 0 is a dislike, not a gap."""
    likes, dislikes = ratings.copy(), ratings.copy()
    likes.data, dislikes.data = (ratings.data >= like_from) * 1.0, (ratings.data < like_from) * 1.0
    likes.eliminate_zeros()
    dislikes.eliminate_zeros()
    return likes, dislikes


def answers(data: Dataset, user_id, items: list, *, like_from: float = 4.0) -> pd.DataFrame:
    """What a user would say about each item, from the ratings they gave.

    Returns:
        DataFrame with `item_id`, `title` and `answer`: "like", "dislike" or "do not know".
    """
    data.user_rows([user_id])
    rows = data.items.iloc[data.item_rows(items)]
    given = data.interactions[data.interactions["user_id"] == user_id]
    if "rating" not in given.columns:
        given = given.assign(rating=like_from)
    rating = rows["item_id"].map(given.drop_duplicates("item_id", keep="last").set_index("item_id")["rating"])
    words = np.where(rating.isna(), "do not know", np.where(rating >= like_from, "like", "dislike"))
    return rows[["item_id", "title"]].reset_index(drop=True).assign(answer=words)


class Interview(Recommender):
    """Recommend what people like who give the same answers: a path of groups, each pulled towards the one before.

    After q answers the score of an item is (likes among those who answer alike + shrink * score after q - 1) / (their
    number + shrink), and before the first question its share of likes: popularity (a decision tree's nodes, with the
    shrinkage of Golbandi, Koren and Lempel 2011). Not knowing a film is an answer too.

    A history is {item_id: rating}; what is not in it is not known, and items beyond the questions are not looked at.

    Args:
        items: ids to ask about, in order, such as `choose_interview_items(train)`.
        like_from: a rating from here on is a like.
        shrink: people that a group must outweigh.
    """

    uses_ratings = True

    def __init__(self, items: list, *, like_from: float = 4.0, shrink: float = 10.0):
        if not len(items):
            raise ValueError("items is empty; ask at least one question, e.g. choose_interview_items(train).")
        if not shrink > 0:
            raise ValueError(f"shrink is {shrink}; it must be above 0, or a group of nobody has no score.")
        self.items, self.like_from, self.shrink = list(items), like_from, shrink

    def _fit(self, matrix: sparse.csr_matrix) -> None:
        self.columns_ = self.train_.item_rows(self.items)
        self.likes_ = _split(matrix, self.like_from)[0]
        self.answers_ = self._answers(matrix)

    def _answers(self, histories: sparse.csr_matrix) -> np.ndarray:
        """(n, questions) int: 0 likes, 1 dislikes, 2 does not know."""
        likes, dislikes = (one[:, self.columns_].toarray() > 0 for one in _split(histories, self.like_from))
        return np.where(likes, 0, np.where(dislikes, 1, 2))

    def _path(self, given: np.ndarray) -> np.ndarray:
        """(1 + questions, n_items) the scores before the first answer and after each."""
        scores = [np.asarray(self.likes_.mean(axis=0)).ravel()]
        for asked in range(1, len(self.columns_) + 1):
            alike = (self.answers_[:, :asked] == given[:asked]).all(axis=1)
            found = np.asarray(self.likes_[alike].sum(axis=0)).ravel()
            scores.append((found + self.shrink * scores[-1]) / (alike.sum() + self.shrink))
        return np.stack(scores)

    def _scores(self, histories: sparse.csr_matrix, rows: np.ndarray | None) -> np.ndarray:
        kinds, kind = np.unique(self._answers(histories), axis=0, return_inverse=True)
        if not len(kinds):
            return np.empty(histories.shape)
        return np.stack([self._path(given)[-1] for given in kinds])[kind.ravel()]

    def _explain(self, histories: sparse.csr_matrix, rows: np.ndarray | None, item_row: int) -> pd.DataFrame:
        """What everybody likes, and what each answer added."""
        steps = np.diff(self._path(self._answers(histories)[0])[:, item_row], prepend=0.0)
        titles = self.train_.items["title"].to_numpy()[self.columns_].tolist()
        table = pd.DataFrame(
            {"item_id": [None, *self.items], "title": ["(what everybody likes)", *titles]}, dtype=object
        )
        return table.assign(contribution=steps)
