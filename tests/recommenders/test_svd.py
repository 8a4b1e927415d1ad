import numpy as np
import pytest
import torch

from recsys_lessons.recommenders.svd import SVDRecommender


@pytest.fixture
def features():
    """30 items whose 6 features know the group of taste (the parity of the row), and noise."""
    random = np.random.default_rng(1)
    table = random.standard_normal((30, 6)) + 3
    table[:, 0] += 4 * (np.arange(30) % 2)
    return torch.tensor(table, dtype=torch.float32)


def test_the_factors_are_the_leading_part_of_the_dense_decomposition(likes):
    model = SVDRecommender(rank=5).fit(likes)
    left, values, right = np.linalg.svd(likes.matrix().toarray(), full_matrices=False)
    np.testing.assert_allclose(model.singular_values_, values[:5], rtol=1e-5)
    best = left[:, :5] * values[:5] @ right[:5]
    np.testing.assert_allclose(model.scores(), best, atol=1e-4)
    mine = model.user_factors_ * model.singular_values_ @ model.item_factors_.T
    np.testing.assert_allclose(mine, best, atol=1e-4)


def test_folding_in_a_training_user_gives_their_own_scores(likes):
    model = SVDRecommender(rank=5).fit(likes)
    for user in (1000, 1023):
        history = likes.history(user)["item_id"].tolist()
        row = likes.user_rows([user])[0]
        expected = model.user_factors_[row] * model.singular_values_ @ model.item_factors_.T
        np.testing.assert_allclose(model.scores(history=history)[0], expected, atol=1e-5)


def test_the_seed_decides_nothing_that_is_seen(likes):
    first, second = (SVDRecommender(rank=5, seed=seed).fit(likes) for seed in (0, 1))
    np.testing.assert_allclose(first.item_factors_, second.item_factors_, atol=1e-6)


def test_without_features_a_cold_item_scores_zero_and_with_them_its_group_decides(likes, features):
    cold = np.arange(25, 30)
    assert (SVDRecommender(rank=4).fit(likes).scores()[:, cold] == 0).all()
    model = SVDRecommender(rank=4, item_features=features, ridge=1.0).fit(likes)
    assert model.cold_[cold].all() and not model.cold_[:25].all()
    even = likes.items["item_id"].to_numpy()[[0, 2, 4, 6]]
    scores = model.scores(history=even)[0]
    assert scores[[26, 28]].min() > scores[[25, 27, 29]].max()


def test_features_leave_the_scores_of_warm_items_as_they_are(likes, features):
    plain, mapped = SVDRecommender(rank=4).fit(likes), SVDRecommender(rank=4, item_features=features).fit(likes)
    warm = ~mapped.cold_
    np.testing.assert_allclose(plain.scores()[:, warm], mapped.scores()[:, warm], atol=1e-6)


def test_features_of_cold_items_do_not_change_the_map(likes, features):
    other = features.clone()
    other[25:] = 99.0
    first = SVDRecommender(rank=4, item_features=features).fit(likes)
    second = SVDRecommender(rank=4, item_features=other).fit(likes)
    cold_only = first.cold_ & (np.arange(30) >= 25)
    assert cold_only.sum() == 5
    np.testing.assert_allclose(first.map_, second.map_)


def test_a_cold_item_is_explained_as_exactly_as_a_warm_one(likes, features):
    model = SVDRecommender(rank=4, item_features=features).fit(likes)
    item = int(likes.items["item_id"].iloc[27])
    score = model.scores(1000)[0, 27]
    assert model.explain(1000, item=item)["contribution"].sum() == pytest.approx(score, abs=1e-6)


def test_arguments_that_do_not_fit_are_named(likes, features):
    with pytest.raises(ValueError, match="rank is 0"):
        SVDRecommender(rank=0)
    with pytest.raises(ValueError, match="ridge is 0"):
        SVDRecommender(ridge=0)
    with pytest.raises(ValueError, match="rank is 31.*40 users x 30 items has at most 30"):
        SVDRecommender(rank=31).fit(likes)
    with pytest.raises(ValueError, match=r"item_features is \(29, 6\)"):
        SVDRecommender(rank=4, item_features=features[:29]).fit(likes)
    features[3, 2] = float("nan")
    with pytest.raises(ValueError, match="not finite in row 3"):
        SVDRecommender(rank=4, item_features=features).fit(likes)
