"""What each kind of media of TinyLens shows of the truth: linear probes on the real encoders' vectors.

For every attribute (topic, style, mood, tempo, city) and every modality (text, cover, audio, video), a logistic
regression on standardised vectors, 5 folds of one world's items; ten worlds, a 95 % interval over them. `chance` is the
accuracy of always naming the training folds' most frequent value. `made to show` is what the world was built to show.
The same networks with random weights stand beside. The penalty is chosen on a world that is not reported.

"subtopic alone" is the sceptic's probe, on nothing but the name of the subtopic: a creator keeps to a city and to a few
subtopics, so that whatever shows the subtopic says a little of the city, with no city in it.

TinyLens is generated: this tells what the encoders can see in it, and nothing about real videos.
"""

from __future__ import annotations

import argparse
import tempfile
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from _report import write_result
from scipy import stats
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from tqdm import tqdm

from recsys_lessons.data.tinylens._items import make_catalogue
from recsys_lessons.data.tinylens._media import media_columns, write_media
from recsys_lessons.encoders.audio import AudioEncoder
from recsys_lessons.encoders.image import ImageEncoder
from recsys_lessons.encoders.text import TextEncoder
from recsys_lessons.encoders.video import VideoEncoder

ATTRIBUTES = ("topic", "style", "mood", "tempo", "city")
SHOWN = {
    "text": {"topic", "city"},
    "cover": {"topic", "style"},
    "audio": {"mood", "tempo"},
    "video": {"topic", "tempo"},
    "subtopic alone": {"topic"},
}
SPARE = 100  # the world in which the penalty is chosen; none of those that are reported
PENALTIES = (0.001, 0.01, 0.1)
QUIET = {"cache": False, "progress": False, "precision": "auto"}


def vectors(n_items: int, seed: int, weights: str, folder: Path) -> tuple[pd.DataFrame, dict[str, np.ndarray]]:
    """The truth of one world's items and, by modality, their vectors; a row of NaN where an item lacks it."""
    catalogue = make_catalogue(n_items, seed)
    write_media(folder, catalogue.truth, seed, progress=False)
    paths = media_columns(folder, catalogue.items["item_id"])
    encoders = {
        "cover": ImageEncoder(weights=weights, **QUIET),
        "audio": AudioEncoder(weights=weights, **QUIET),
        "video": VideoEncoder(weights=weights, pooling="mean+std", **QUIET),
    }
    found = {name: encoder.encode(paths[name]).vectors.numpy() for name, encoder in encoders.items()}
    if weights == "pretrained":
        text = catalogue.items["title"] + ". " + catalogue.items["caption"]
        found["text"] = TextEncoder(**QUIET).encode(text).numpy()
        found["subtopic alone"] = pd.get_dummies(catalogue.truth["subtopic"]).to_numpy(dtype=float)
    return catalogue.truth, found


def probe(features: np.ndarray, values: pd.Series, penalty: float) -> tuple[float, float]:
    """Accuracy over 5 folds, and that of the most frequent value of the training folds."""
    present = ~np.isnan(features).any(axis=1)
    features, values = features[present].astype(np.float64), values.to_numpy()[present]
    right, usual = np.zeros(len(values), dtype=bool), np.zeros(len(values), dtype=bool)
    for train, test in StratifiedKFold(5, shuffle=True, random_state=0).split(features, values):
        mean, deviation = features[train].mean(axis=0), features[train].std(axis=0)
        scaled = (features - mean) / np.where(deviation > 1e-9, deviation, 1.0)
        # The penalised solution lies in the span of the training rows: the same model in fewer dimensions.
        left, size, axes = np.linalg.svd(scaled[train], full_matrices=False)
        model = LogisticRegression(C=penalty, max_iter=1000).fit(left * size, values[train])
        right[test] = model.predict(scaled[test] @ axes.T) == values[test]
        usual[test] = pd.Series(values[train]).mode()[0] == values[test]
    return float(right.mean()), float(usual.mean())


def world(n_items: int, seed: int, weights: str, penalties: tuple[float, ...]) -> list[dict]:
    """One row for each attribute, modality and penalty."""
    with tempfile.TemporaryDirectory() as folder:
        truth, found = vectors(n_items, seed, weights, Path(folder))
    rows = []
    for modality, features in found.items():
        for attribute in ATTRIBUTES:
            for penalty in penalties:
                accuracy, chance = probe(features, truth[attribute], penalty)
                rows.append({"seed": seed, "weights": weights, "modality": modality, "attribute": attribute,
                             "penalty": penalty, "accuracy": accuracy, "chance": chance})  # fmt: skip
    return rows


def summary(rows: list[dict]) -> pd.DataFrame:
    """Mean accuracy over the worlds with its interval, and that of the difference to chance, world by world."""
    lines = []
    for (weights, modality, attribute), group in pd.DataFrame(rows).groupby(
        ["weights", "modality", "attribute"], sort=False
    ):
        above = group["accuracy"] - group["chance"]
        value, half = mean_and_half(group["accuracy"])
        gain, gain_half = mean_and_half(above)
        lines.append(
            {"weights": weights, "attribute": attribute, "modality": modality, "worlds": len(group), "value": value,
             "low": value - half, "high": value + half, "chance": group["chance"].mean(), "above chance": gain,
             "above low": gain - gain_half, "above high": gain + gain_half,
             "made to show": attribute in SHOWN[modality]}
        )  # fmt: skip
    return pd.DataFrame(lines).round(4)


def mean_and_half(values: pd.Series) -> tuple[float, float]:
    half = stats.t.ppf(0.975, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values))
    return float(values.mean()), float(half)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__.split("\n")[0], formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    parser.add_argument("--items", type=int, default=300, help="of each world")
    parser.add_argument("--seeds", type=int, default=10, help="worlds that are reported")
    parser.add_argument("--random-seeds", type=int, default=5, help="of these, worlds for random weights")
    wanted = parser.parse_args()
    warnings.filterwarnings("ignore", message="The least populated class")  # a city may have fewer than five items
    tried = pd.DataFrame(world(wanted.items, SPARE, "pretrained", PENALTIES))
    shown = [row.attribute in SHOWN[row.modality] for row in tried.itertuples()]
    penalty = float(tried[shown].groupby("penalty")["accuracy"].mean().idxmax())
    worlds = {"pretrained": wanted.seeds, "random": wanted.random_seeds}
    tasks = [(seed, weights) for weights, count in worlds.items() for seed in range(count)]
    rows = []
    for seed, weights in tqdm(tasks, desc="worlds"):
        rows += world(wanted.items, seed, weights, (penalty,))
    table = summary(rows)
    print(table.to_string(index=False))
    packages = ("numpy", "scikit-learn", "torch", "timm", "av", "pillow")
    facts = {"n_items": wanted.items, "penalty": penalty, "world": "TinyLens, generated"}
    write_result("tinylens_probes", table, seeds=range(wanted.seeds), packages=packages, **facts)


if __name__ == "__main__":
    main()
