import numpy as np
import pytest
import torch

from recsys_lessons.encoders.base import Masked
from recsys_lessons.recommenders.vbpr import VBPR, _negatives


@pytest.fixture
def features():
    random = torch.Generator().manual_seed(0)
    table = 0.3 * torch.randn(30, 6, generator=random) + 3
    table[:, 0] += (torch.arange(30) % 2) * 4.0
    return table


def make(features, **options):
    return VBPR(features, 4, visual_rank=4, **({"epochs": 40, "lr": 0.03, "batch": 32} | options))


def test_it_learns_whose_taste_is_odd_and_carries_it_to_items_nobody_has_touched(likes, features):
    model = make(features).fit(likes)
    assert model.losses_[-1] < 0.5 < model.losses_[0]
    odd_liked = (likes.matrix()[:, 1::2].sum(axis=1) / likes.matrix().sum(axis=1)).A1 > 0.5
    scores = model.scores()
    prefers_odd = scores[:, [25, 27, 29]].mean(axis=1) > scores[:, [26, 28]].mean(axis=1)
    assert (prefers_odd == odd_liked).mean() > 0.9
    assert (model.item_bias_[25:] == 0).all() and (model.item_factors_[25:] == 0).all()


def test_the_score_and_the_loss_are_those_of_the_paper(likes, features):
    model = make(features, epochs=2, reg=0.1, reg_features=0.2).fit(likes)
    by_hand = (
        model.item_bias_
        + model.item_appeal_
        + model.user_factors_ @ model.item_factors_.T
        + model.user_tastes_ @ model.item_looks_.T
    )
    np.testing.assert_allclose(model.scores(), by_hand, atol=1e-6)
    one = {name: torch.full(size, 0.5) for name, size in {"bias": (3, 1), "factors": (3, 1), "E": (1, 1)}.items()}
    one |= {"user": torch.tensor([[2.0]]), "taste": torch.tensor([[3.0]]), "e": torch.tensor([[1.0]])}
    one["bias"][0], one["factors"][1] = 0.7, 0.1
    u, i, j = torch.tensor([0]), torch.tensor([0]), torch.tensor([1])
    loss, penalty = model._loss(one, torch.tensor([[1.0], [0.25], [0.0]]), u, i, j)
    apart = (0.7 - 0.5) + 2.0 * (0.5 - 0.1) + 3.0 * 0.75 * 0.5 + 0.75 * 1.0
    assert float(loss) == pytest.approx(np.log1p(np.exp(-apart)), rel=1e-5)
    squares = 2.0**2 + 3.0**2 + 0.5**2 + 0.1**2 + 0.7**2 + 0.5**2
    assert float(penalty) == pytest.approx(0.5 * (0.1 * squares + 0.2 * (0.5**2 + 1.0**2)), rel=1e-5)


def test_negatives_are_items_of_training_that_the_person_does_not_like(likes):
    matrix = likes.matrix()
    users = np.repeat(np.arange(40), np.diff(matrix.indptr))
    pairs = set(zip(users.tolist(), matrix.indices.tolist(), strict=True))
    warm = np.arange(25)
    drawn = np.concatenate([_negatives(np.random.default_rng(seed), users, warm, pairs) for seed in range(20)])
    assert set(drawn.tolist()) == set(range(25))
    assert not any(pair in pairs for pair in zip(np.tile(users, 20).tolist(), drawn.tolist(), strict=True))


def test_features_of_new_items_change_nothing_but_their_own_scores(likes, features):
    other = features.clone()
    other[25:] = -50.0
    first, second = (make(table, epochs=3).fit(likes).scores() for table in (features, other))
    np.testing.assert_allclose(first[:, :25], second[:, :25], atol=1e-6)


def test_an_item_without_features_stands_at_the_mean(likes, features):
    mask = torch.ones(30, dtype=torch.bool)
    mask[[3, 29]] = False
    model = make(Masked(features.masked_fill(~mask[:, None], torch.nan), mask), epochs=3).fit(likes)
    assert np.isfinite(model.scores()).all()
    assert (model.item_looks_[29] == 0).all() and (model.scores()[:, 29] == 0).all()


def test_the_seed_decides_and_nothing_else(likes, features):
    first, again, other = (make(features, epochs=2, seed=seed).fit(likes).scores() for seed in (3, 3, 4))
    np.testing.assert_array_equal(first, again)
    assert not np.allclose(first, other)


def test_a_stranger_is_fitted_to_a_history_and_the_causes_add_up(likes, features):
    model = make(features).fit(likes)
    row = int(np.argmax(np.diff(likes.matrix().indptr)))
    user = 1000 + row
    history = likes.history(user)["item_id"].tolist()
    known, folded = model.scores(user)[0], model.scores(history=history)[0]
    assert np.corrcoef(known, folded)[0, 1] > 0.6
    np.testing.assert_allclose(folded, model.scores(history=[[500], history])[1], atol=1e-4)
    np.testing.assert_allclose(model.scores(history=[])[0], model.item_bias_ + model.item_appeal_)
    for asked in ({"user": user}, {"history": history}):
        causes = model.explain(**asked, item=506)
        score = (known if "user" in asked else folded)[2]
        assert causes["contribution"].sum() == pytest.approx(score, abs=1e-5)


def test_arguments_that_cannot_be_are_named(likes, features):
    for options, words in (
        ({"rank": 0}, "rank is 0"),
        ({"lr": 0.0}, "lr is 0.0"),
        ({"reg": -1.0}, "reg -1.0"),
    ):
        with pytest.raises(ValueError, match=words):
            VBPR(features, **options)
    with pytest.raises(ValueError, match=r"item_features is \(9, 6\)"):
        VBPR(features[:9]).fit(likes)
    with pytest.raises(ValueError, match="no item that was liked"):
        VBPR(Masked(features, torch.arange(30) >= 25)).fit(likes)
