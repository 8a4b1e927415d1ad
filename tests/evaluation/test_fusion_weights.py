import numpy as np
import pandas as pd
import pytest
import torch

from recsys_lessons.data.dataset import Dataset
from recsys_lessons.data.splits import split_cold_items
from recsys_lessons.encoders.base import Masked
from recsys_lessons.evaluation import per_user
from recsys_lessons.evaluation._fusion_fold import Fold
from recsys_lessons.evaluation.fusion_weights import choose_weights
from recsys_lessons.fusion.parts import checked
from recsys_lessons.recommenders.multimodal import MultimodalRecommender


@pytest.fixture
def world():
    """60 people, 120 items of 4 topics; the text tells one half of the topic, the cover the other, audio is noise."""
    random = np.random.default_rng(0)
    topic = random.integers(4, size=120)
    rows = []
    for user in range(60):
        fits = np.where(topic == user % 4, 8.0, 1.0)
        liked = random.choice(120, size=20, replace=False, p=fits / fits.sum())
        rows += [(1000 + user, 500 + int(item), 60 * place) for place, item in enumerate(liked)]
    items = pd.DataFrame({"item_id": 500 + np.arange(120), "title": [f"Film {i}" for i in range(120)]})
    table = pd.DataFrame(rows, columns=["user_id", "item_id", "timestamp"])
    data = Dataset(items, pd.DataFrame({"user_id": 1000 + np.arange(60)}), table)
    noise = torch.from_numpy(random.standard_normal((3, 120, 8)).astype(np.float32))
    noise[0, :, 0] += torch.from_numpy(3.0 * (topic % 2)).float()
    noise[1, :, 0] += torch.from_numpy(3.0 * (topic // 2)).float()
    mask = torch.from_numpy(random.random(120) > 0.15)
    cover = Masked(noise[1].masked_fill(~mask[:, None], torch.nan), mask)
    return data, {"text": noise[0], "cover": cover, "audio": noise[2]}


@pytest.mark.parametrize("whiten", [None, 1.0])
@pytest.mark.parametrize("how", ["map", "profile"])
@pytest.mark.parametrize("weights", [(1.0, 0.5, 0.1), (0.0, 1.0, 0.0)])  # the second leaves some items without anything
@pytest.mark.filterwarnings("ignore:.* have neither interactions")
def test_a_setting_is_tried_as_the_model_itself_would_score(world, how, whiten, weights):
    data, tables = world
    train, test = split_cold_items(data, seed=3)
    weights = dict(zip(tables, weights, strict=True))
    fold = Fold(checked(tables), train, test, how=how, rank=6, k=10, whiten=whiten)
    model = MultimodalRecommender(tables, how=how, weights=weights, whiten=whiten, rank=6, ridge=5.0).fit(train)
    real = per_user(model, test, metrics=["ndcg"], candidates=test.active_items())["ndcg@10"].mean()
    cold = test.item_rows(test.active_items())
    people = np.flatnonzero(test.matrix()[:, cold].getnnz(axis=1))
    found, expected = fold.scores(weights, 5.0), model.scores()[people][:, cold]
    if how == "profile":  # up to the length of a person's profile
        found = found / np.linalg.norm(found, axis=1, keepdims=True)
        expected = expected / np.linalg.norm(expected, axis=1, keepdims=True)
    if all(weights.values()):
        np.testing.assert_allclose(found, expected, atol=2e-3 * np.abs(expected).max())
        assert fold.ndcg(weights, 5.0) == pytest.approx(real, abs=0.01)
    else:
        empty = ~tables["cover"].mask[cold].numpy()
        assert empty.any() and (found[:, empty] == 0).all() and (expected[:, empty] == 0).all()


@pytest.mark.parametrize("how", ["map", "profile"])
def test_both_that_know_something_are_kept_and_noise_is_given_little(world, how):
    data, tables = world
    choice = choose_weights(tables, data, how=how, rank=6, repeats=4, whitens=(None, 1.0), progress=False)
    assert min(choice.weights["text"], choice.weights["cover"]) >= 0.25 and max(choice.weights.values()) <= 2
    assert choice.weights["audio"] <= 0.25
    assert (choice.ridge is None) == (how == "profile")
    best = choice.table.iloc[0]
    assert best["behind"] == 0 and best["value"] == choice.table["value"].max()
    alone = choice.table[(choice.table["cover"] == 0) & (choice.table["audio"] == 0)]
    assert best["value"] > alone["value"].max() + 0.03
    assert choice.fusion().weights == choice.weights and choice.fusion().whiten == choice.whiten


def test_the_seed_decides_and_the_test_is_out_of_reach(world):
    data, tables = world
    train, test = split_cold_items(data, seed=5)
    hidden = torch.from_numpy(data.item_rows(test.active_items()))
    other = tables | {"text": tables["text"].clone()}
    other["text"][hidden] = 77.0
    first, again = (choose_weights(one, train, repeats=2, how="profile", progress=False) for one in (tables, other))
    pd.testing.assert_frame_equal(first.table, again.table)
    third = choose_weights(tables, train, repeats=2, how="profile", seed=1, progress=False)
    assert not first.table["value"].equals(third.table["value"])


def test_a_large_catalogue_is_sampled(world):
    data, tables = world
    choice = choose_weights(tables, data, how="profile", repeats=2, max_items=60, progress=False)
    whole = choose_weights(tables, data, how="profile", repeats=2, progress=False)
    assert choice.table["value"].max() != whole.table["value"].max()


def test_what_does_not_fit_is_named(world):
    data, tables = world
    gone = {"text": Masked(tables["text"], torch.zeros(120, dtype=torch.bool))}
    cases = [
        ({"how": "sum"}, "how is 'sum'"),
        ({"repeats": 0}, "repeats is 0"),
        ({"values": ()}, r"values \[\]"),
        ({"ridges": (0.0,)}, r"ridges \[0.0\]"),
        ({"whitens": ()}, "whitens is empty"),
        ({"whitens": (-1.0,)}, "whiten is -1.0"),
    ]
    for options, words in cases:
        with pytest.raises(ValueError, match=words):
            choose_weights(tables, data, progress=False, **options)
    with pytest.raises(ValueError, match="9 rows, and there are 120"):
        choose_weights({"text": tables["text"][:9]}, data, progress=False)
    with pytest.raises(ValueError, match="no modality is present"):
        choose_weights(gone, data, progress=False, rank=6)
