"""New items with and without exploration, replayed on TinyLens's truth; called by cold_start.py.

A fifth of a world's items is new and arrives in four batches. Every round is a person in a context, as the world's own
events have them; one new item is shown, and is liked with probability sigmoid(utility - 4), the truth's utility of that
item for that person, then and there. Regret is measured against the oracle, which shows the item of the highest
probability. What a policy is told of each item that has arrived:

- "words": 34 numbers of person and item, from centred e5 embeddings cut by PCA; profiles come from old items alone;
- "identities": which item it is, and nothing else;
- "words and identities": what words do not show, such as quality, can then be learned by showing the item.

It tests the method: people of a generated world do not tire, and tell nobody.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from _cold import interval
from _cold_about import SIZE
from tqdm import tqdm

from recsys_lessons import ContentProfile, TextEncoder, split_cold_items
from recsys_lessons.data.tinylens import make_tinylens
from recsys_lessons.recommenders.bandits import EpsilonGreedy, Greedy, LinUCB, RandomChoice, ThompsonSampling, replay

ROUNDS, BATCHES, DIM = 3000, 4, 16
CHOOSING = (100, 101, 102)  # worlds in which settings are chosen; none of them is reported
CHECKPOINTS = np.arange(150, ROUNDS + 1, 150)
RIDGES = (1.0, 10.0)
KINDS = ("words", "identities", "words and identities")
GRIDS: dict[str, tuple[Callable, list[dict]]] = {
    "greedy": (Greedy, [{}]),
    "epsilon-greedy": (EpsilonGreedy, [{"epsilon": one} for one in (0.01, 0.03, 0.1)]),
    "LinUCB": (LinUCB, [{"alpha": one} for one in (0.1, 0.3, 1.0)]),
    "Thompson sampling": (ThompsonSampling, [{"scale": one} for one in (0.03, 0.1, 0.3)]),
}


@dataclass(frozen=True)
class Scene:
    """expected, available: (ROUNDS, n_new). items: (n_new, DIM), people: (ROUNDS, DIM), match: (ROUNDS, n_new)."""

    expected: np.ndarray
    available: np.ndarray
    items: np.ndarray
    people: np.ndarray
    match: np.ndarray

    def features(self, kind: str) -> Callable[[int], np.ndarray]:
        same = np.hstack([np.ones((len(self.items), 1)), self.items])
        own = np.eye(len(self.items))
        if kind == "identities":
            return lambda t: own

        def of(t: int) -> np.ndarray:
            words = [same, self.match[t][:, None], self.items * self.people[t]]
            return np.hstack([*words, own] if kind == "words and identities" else words)

        return of


class Match(Greedy):
    """What a content profile shows, and goes on showing: it learns nothing from what it showed."""

    def values(self, features: np.ndarray) -> np.ndarray:
        return features[:, 1 + DIM]

    def update(self, x: np.ndarray, reward: float) -> None:
        pass


def scene(seed: int, encoder: TextEncoder) -> Scene:
    world = make_tinylens(seed=seed, media=False, progress=False, **SIZE)
    data = world.data
    old, new = split_cold_items(data, seed=seed)
    columns = data.item_rows(new.active_items())
    half = data.interactions["timestamp"].median()
    past = old.with_interactions(old.interactions[old.interactions["timestamp"] < half])
    profile = ContentProfile(encoder.encode(data.items["text"])).fit(past)
    random = np.random.default_rng(seed)
    later = np.flatnonzero(data.interactions["timestamp"] >= half)
    events = data.interactions.iloc[np.sort(random.choice(later, size=ROUNDS, replace=False))]
    users = events["user_id"].tolist()
    utility = world.truth.utility(users, events)[:, columns].astype(np.float64)
    warm = np.asarray(past.matrix().sum(axis=0)).ravel() > 0
    _, _, axes = np.linalg.svd(profile.features_[warm], full_matrices=False)
    words = profile.features_ @ axes[:DIM].T
    words /= words[warm].std(axis=0)
    people = (past.matrix() @ words)[data.user_rows(users)]
    people /= np.maximum(np.linalg.norm(people, axis=1, keepdims=True), 1e-9) / np.sqrt(DIM)
    match = profile.scores(users)[:, columns]
    batch = random.integers(BATCHES, size=len(columns))
    batch[:BATCHES] = 0
    available = batch[None] <= np.arange(ROUNDS)[:, None] * BATCHES // ROUNDS
    return Scene(1 / (1 + np.exp(4 - utility)), available, words[columns], people, match / match.std())


def run(one: Scene, make: Callable, setting: dict, kind: str, seed: int) -> np.ndarray:
    """(ROUNDS,) cumulative regret."""
    features = one.features(kind)
    policy = make(features(0).shape[1], seed=seed, **setting)
    table = replay(policy, features, one.expected, available=one.available, seed=seed)
    return table["cumulative"].to_numpy()


def exploration(n_seeds: int) -> pd.DataFrame:
    """The table of results/exploration.json."""
    encoder = TextEncoder(progress=False)
    scenes = [scene(seed, encoder) for seed in tqdm(CHOOSING, desc="worlds to choose in")]
    chosen: dict[str, tuple] = {
        "content profile, learns nothing": (Match, {}, "words"),
        "random": (RandomChoice, {}, "words"),
    }
    for kind, (name, (make, grid)) in tqdm(list(itertools.product(KINDS, GRIDS.items())), desc="choosing"):
        settings = [setting | {"ridge": ridge} for setting in grid for ridge in RIDGES]
        regret = [np.mean([run(one, make, x, kind, 0)[-1] for one in scenes]) for x in settings]
        chosen[f"{name}, {kind}"] = (make, settings[int(np.argmin(regret))], kind)
    curves: dict[str, list[np.ndarray]] = {name: [] for name in chosen}
    for seed in tqdm(range(n_seeds), desc="worlds to report"):
        one = scene(seed, encoder)
        for name, (make, setting, kind) in chosen.items():
            curves[name].append(run(one, make, setting, kind, seed))
    return pd.DataFrame([_row(name, curves, chosen[name][1]) for name in chosen] + [_oracle()])


def _row(name: str, curves: dict[str, list[np.ndarray]], setting: dict) -> dict:
    mine = np.array(curves[name])
    kind = name.partition(", ")[2]
    rival = f"greedy, {kind}" if kind in KINDS else "random"
    total = interval(mine[:, -1])
    gain = interval(mine[:, -1] - np.array(curves[rival])[:, -1])
    apart = interval(mine[:, -1] - np.array(curves["random"])[:, -1])
    points = np.array([interval(mine[:, t - 1]) for t in CHECKPOINTS])
    row = {"policy": name, "regret": total[0], "low": total[1], "high": total[2]}
    row |= {"against": rival, "difference": gain[0], "difference low": gain[1], "difference high": gain[2]}
    row |= {"against random": apart[0], "against random low": apart[1], "against random high": apart[2]}
    row |= {"regret a round, last quarter": (mine[:, -1] - mine[:, -ROUNDS // 4 - 1]).mean() / (ROUNDS // 4)}
    row = {key: round(value, 3) if isinstance(value, float) else value for key, value in row.items()}
    row |= {"worlds won": int((mine[:, -1] < np.array(curves[rival])[:, -1]).sum())}
    row["chosen"] = ", ".join(f"{key} {value:g}" for key, value in setting.items())
    row["rounds"] = CHECKPOINTS.tolist()
    return row | {key: points[:, i].round(2).tolist() for i, key in enumerate(("curve", "curve low", "curve high"))}


def _oracle() -> dict:
    zeros = [0.0] * len(CHECKPOINTS)
    row = {"policy": "oracle", "regret": 0.0, "low": 0.0, "high": 0.0, "rounds": CHECKPOINTS.tolist()}
    return row | {"curve": zeros, "curve low": zeros, "curve high": zeros}
