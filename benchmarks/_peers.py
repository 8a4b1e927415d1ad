"""Models of other libraries, dressed as recommenders of this course, so that one protocol measures all."""

from __future__ import annotations

import sys

import numpy as np
from scipy import sparse
from sklearn.decomposition import TruncatedSVD

from recsys_lessons.recommenders.base import Recommender

SEED = 0


class ScikitSVD(Recommender):
    """scikit-learn's TruncatedSVD, scored by projection as ours is."""

    def __init__(self, rank: int):
        self.rank = rank

    def _fit(self, matrix: sparse.csr_matrix) -> None:
        self.svd_ = TruncatedSVD(self.rank, n_iter=7, random_state=SEED).fit(matrix)

    def _scores(self, histories: sparse.csr_matrix, rows: np.ndarray | None) -> np.ndarray:
        return self.svd_.inverse_transform(self.svd_.transform(histories))


class Implicit(Recommender):
    """A model of the `implicit` library, asked for the scores of training users."""

    def __init__(self, model):
        self.model = model

    def _fit(self, matrix: sparse.csr_matrix) -> None:
        self.model.fit(matrix, show_progress=False)

    def _scores(self, histories: sparse.csr_matrix, rows: np.ndarray | None) -> np.ndarray:
        if hasattr(self.model, "similarity"):
            return (histories @ self.model.similarity).toarray()
        return self.model.user_factors[rows] @ self.model.item_factors.T


class LensKit(Recommender):
    """A scorer of LensKit, asked person by person for the scores of the whole catalogue."""

    def __init__(self, scorer):
        self.scorer = scorer

    def _fit(self, matrix: sparse.csr_matrix) -> None:
        from lenskit.data import ItemList, from_interactions_df

        table = self.train_.interactions[["user_id", "item_id"]].drop_duplicates()
        data = from_interactions_df(table, user_col="user_id", item_col="item_id")
        self.scorer.train(data)
        self.items_ = ItemList(item_ids=self.train_.items["item_id"].to_numpy())

    def _scores(self, histories: sparse.csr_matrix, rows: np.ndarray | None) -> np.ndarray:
        from lenskit.data import ItemList, RecQuery

        users, ids = self.train_.users["user_id"].to_numpy(), self.train_.items["item_id"].to_numpy()
        result = np.zeros(histories.shape, dtype=np.float32)
        for line, row in enumerate(rows):
            known = ItemList(item_ids=ids[histories[line].indices])
            scored = self.scorer(RecQuery(user_id=users[row], user_items=known), self.items_)
            result[line] = np.nan_to_num(scored.scores(), nan=-1e9)  # no opinion ranks below every opinion
        return result


def implicit_models() -> dict[str, Recommender]:
    try:
        from implicit.als import AlternatingLeastSquares
        from implicit.nearest_neighbours import CosineRecommender, TFIDFRecommender
    except ImportError:
        print("implicit is not installed (pip install implicit); its rows are left out.", file=sys.stderr)
        return {}
    found: dict[str, Recommender] = {
        "implicit cosine, 20 neighbours": Implicit(CosineRecommender(K=20)),
        "implicit TF-IDF, 20 neighbours": Implicit(TFIDFRecommender(K=20)),
    }
    for rank in (32, 64):
        model = AlternatingLeastSquares(factors=rank, random_state=SEED, num_threads=1, use_gpu=False)
        found[f"implicit ALS, rank {rank}"] = Implicit(model)
    return found


def lenskit_models() -> dict[str, Recommender]:
    try:
        from lenskit.als import ImplicitMFScorer
        from lenskit.knn import EASEScorer, ItemKNNScorer
    except ImportError:
        print(
            "lenskit is not installed; its rows are left out. It wants an older pandas: give it an environment of its "
            "own (python -m venv, pip install -e . implicit lenskit).",
            file=sys.stderr,
        )
        return {}
    return {
        "LensKit item neighbours, 50": LensKit(ItemKNNScorer(max_nbrs=50, feedback="implicit")),
        "LensKit EASE, ridge 200": LensKit(EASEScorer(regularization=200)),
        "LensKit ALS, rank 32": LensKit(ImplicitMFScorer(embedding_size=32)),
    }
