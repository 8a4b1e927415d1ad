"""Our VBPR beside cornac's on one split: the same likes, features, sizes and settings (He and McAuley 2016).

    python benchmarks/vbpr.py [--seeds 3] [--epochs 20]

The course's own release of MovieLens, with features drawn at random around each film's genres: they need no picture and
no model, and both sides get the same. (VBPR on real posters stands in results/multimodal_movies.json.)

Warm: each person's latest fifth of likes is the test, all items are ranked. Cold: a fifth of the items loses all
interactions, and only those are ranked. The models differ in their random numbers and in how negatives are drawn, so
that equality is not expected; the seeds show how far two runs of the same model are apart.

cornac wants an environment of its own (python -m venv, pip install -e . cornac): its pins are not the course's. Prints
a table and writes results/vbpr_cornac.json.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import OrderedDict
from importlib.util import find_spec

import numpy as np
import pandas as pd
import torch
from _report import write_result
from scipy import sparse
from sklearn.preprocessing import MultiLabelBinarizer

from recsys_lessons import VBPR, Dataset, load_movielens, split_cold_items, split_last
from recsys_lessons.evaluation import per_user
from recsys_lessons.fusion.parts import checked, scale_of, unit_rows
from recsys_lessons.recommenders.base import Recommender

RANK = 16
SETTINGS = {"lr": 0.005, "batch": 100, "reg": 0.01}


class CornacVBPR(Recommender):
    """cornac's VBPR, given the features as ours sees them: centred on the training items, rows of length 1."""

    def __init__(self, features: torch.Tensor, epochs: int, seed: int):
        self.features, self.epochs, self.seed = features, epochs, seed

    def _fit(self, matrix: sparse.csr_matrix) -> None:
        import cornac

        users, items = matrix.nonzero()
        # cornac numbers users and items as they come: all of ours, in our order; an item without likes comes last
        seen = list(dict.fromkeys(items.tolist()))
        order = seen + sorted(set(range(matrix.shape[1])) - set(seen))
        one = checked({"x": self.features})["x"]
        table = unit_rows(one, scale_of(one.vectors[np.unique(items)], None)).numpy()
        image = cornac.data.ImageModality(features=table[order], ids=[str(item) for item in order], normalized=False)
        triples = [(str(user), str(item), 1.0) for user, item in zip(users, items, strict=True)]
        # Built from the likes alone, as cornac's own splits do: negatives are drawn among the items known then.
        ids: OrderedDict[str, int] = OrderedDict()
        train = cornac.data.Dataset.build(triples, global_iid_map=ids, seed=self.seed)
        assert list(ids) == [str(item) for item in seen] and train.num_items == len(seen)
        ids.update((str(item), place) for place, item in enumerate(order) if place >= len(seen))
        assert train.iid_map is ids
        image.build(id_map=ids)
        train.add_modalities(item_image=image)
        self.model_ = cornac.models.VBPR(
            k=RANK,
            k2=RANK,
            n_epochs=self.epochs,
            batch_size=SETTINGS["batch"],
            learning_rate=SETTINGS["lr"],
            lambda_w=SETTINGS["reg"],
            lambda_b=SETTINGS["reg"],
            lambda_e=0.0,
            verbose=False,
            seed=self.seed,
        )
        self.model_.fit(train)
        self.model_.gamma_item[len(seen) :] = 0.0  # never trained: cornac leaves what it drew, which is noise
        self.order_, self.users_ = np.array(order), train.uid_map

    def _scores(self, histories: sparse.csr_matrix, rows: np.ndarray | None) -> np.ndarray:
        found = np.zeros(histories.shape, dtype=np.float32)
        for line, row in enumerate(rows):
            if str(row) in self.users_:
                found[line, self.order_] = self.model_.score(self.users_[str(row)])
        return found


def embedded() -> tuple[Dataset, torch.Tensor]:
    data = load_movielens()
    genres = MultiLabelBinarizer().fit_transform(data.items["genres"]).astype(np.float32)
    random = np.random.default_rng(0)
    mixed = genres @ random.standard_normal((genres.shape[1], 256)) + random.standard_normal((len(genres), 256))
    return data, torch.from_numpy(mixed.astype(np.float32))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3, help="runs of each model (3)")
    parser.add_argument("--epochs", type=int, default=20, help="of each run (20)")
    asked = parser.parse_args()
    if find_spec("cornac") is None:  # `make bench` goes on without it, as without LensKit
        print("vbpr is left out: cornac is not installed here. It wants an environment of its own: pip install cornac.")
        return
    data, features = embedded()
    rows = []
    for view, (train, test) in {"warm": split_last(data), "cold": split_cold_items(data)}.items():
        among = test.active_items() if view == "cold" else None
        for seed in range(asked.seeds):
            ours = VBPR(features, RANK, visual_rank=RANK, epochs=asked.epochs, seed=seed, **SETTINGS)
            for name, model in {"ours": ours, "cornac": CornacVBPR(features, asked.epochs, seed)}.items():
                start = time.perf_counter()
                model.fit(train)
                seconds = time.perf_counter() - start
                found = per_user(model, test, metrics=["ndcg", "auc"], candidates=among)
                rows.append((view, name, seed, found["ndcg@10"].mean(), found["auc"].mean(), seconds))
                print(*rows[-1], file=sys.stderr)
    runs = pd.DataFrame(rows, columns=["view", "model", "seed", "ndcg@10", "auc", "seconds"])
    table = runs.groupby(["view", "model"], sort=False).agg(
        **{"ndcg@10": ("ndcg@10", "mean"), "ndcg low": ("ndcg@10", "min"), "ndcg high": ("ndcg@10", "max")},
        **{
            "auc": ("auc", "mean"),
            "auc low": ("auc", "min"),
            "auc high": ("auc", "max"),
            "seconds": ("seconds", "min"),
        },
    )
    table = table.reset_index().round(4)
    table.insert(0, "row", table["view"] + ", " + table["model"])
    print(table.to_string(index=False))
    write_result(
        "vbpr_cornac",
        table,
        seeds=list(range(asked.seeds)),
        packages=("numpy", "torch", "cornac"),
        rank=RANK,
        epochs=asked.epochs,
        features="drawn around genres",
        about=f"{data.n_users} users, {data.n_items} items, {len(data.interactions)} likes; {SETTINGS}",
    )


if __name__ == "__main__":
    main()
