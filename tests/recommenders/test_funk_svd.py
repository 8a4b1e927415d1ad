import numpy as np
import pytest

from recsys_lessons.data.dataset import Dataset
from recsys_lessons.recommenders.funk_svd import FunkSVD


@pytest.fixture
def ratings(likes) -> Dataset:
    """The small world with ratings that have a structure of rank 1, biases, and no noise."""
    random = np.random.default_rng(3)
    table = likes.interactions.copy()
    user, item = table["user_id"].to_numpy() - 1000, (table["item_id"].to_numpy() - 500) // 3
    bias, love = random.normal(0, 0.4, 40), np.where(np.arange(40) % 2, 1.0, -1.0)
    table["rating"] = 3.5 + bias[user] + 0.8 * love[user] * np.where(item % 2, 1.0, -1.0)
    return likes.with_interactions(table)


def test_one_step_at_a_time_is_the_textbooks_loop(ratings):
    model = FunkSVD(rank=3, epochs=2, lr=0.02, reg=0.1, batch=1, seed=5).fit(ratings)
    matrix = ratings.matrix("rating")
    users, items = np.repeat(np.arange(40), np.diff(matrix.indptr)), matrix.indices
    random = np.random.default_rng(5)
    P, Q = (random.normal(0, 0.1, (n, 4)).astype(np.float32).astype(np.float64) for n in (40, 30))
    P[:, 0] = Q[:, 0] = 0
    mean = matrix.data.mean()
    for _ in range(2):
        for at in random.permutation(matrix.nnz):
            u, i, r = users[at], items[at], matrix.data[at]
            e = r - (mean + P[u, 0] + Q[i, 0] + P[u, 1:] @ Q[i, 1:])
            bu, bi, p, q = P[u, 0], Q[i, 0], P[u, 1:].copy(), Q[i, 1:].copy()
            P[u, 0], Q[i, 0] = bu + 0.02 * (e - 0.1 * bu), bi + 0.02 * (e - 0.1 * bi)
            P[u, 1:], Q[i, 1:] = p + 0.02 * (e * q - 0.1 * p), q + 0.02 * (e * p - 0.1 * q)
    met = np.unique(users)
    np.testing.assert_allclose(model.user_bias_[met], P[met, 0], atol=1e-4)
    np.testing.assert_allclose(model.user_factors_[met], P[met, 1:], atol=1e-4)
    np.testing.assert_allclose(model.item_factors_[np.unique(items)], Q[np.unique(items), 1:], atol=1e-4)


def test_it_learns_ratings_that_have_a_structure(ratings):
    model = FunkSVD(rank=2, epochs=300, lr=0.05, reg=0.001, batch=16).fit(ratings)
    matrix = ratings.matrix("rating")
    rows, columns = matrix.nonzero()
    assert np.abs(model.scores()[rows, columns] - matrix.data).mean() < 0.15 * np.std(matrix.data)
    assert model.losses_[-1] < 0.2 * model.losses_[0]


def test_a_user_or_an_item_without_ratings_scores_by_what_is_known(ratings):
    table = ratings.interactions[ratings.interactions["user_id"] != 1003]
    model = FunkSVD(rank=2, epochs=3).fit(ratings.with_interactions(table))
    np.testing.assert_allclose(model.scores(1003)[0], model.mean_ + model.item_bias_, rtol=1e-6)
    np.testing.assert_allclose(model.scores(1000)[0, 25:], model.mean_ + model.user_bias_[0], rtol=1e-6)


def test_folding_in_a_training_users_ratings_comes_close_to_what_was_learned(ratings):
    model = FunkSVD(rank=2, epochs=300, lr=0.05, reg=0.01, batch=16).fit(ratings)
    history = dict(ratings.history(1005)[["item_id", "rating"]].itertuples(index=False))
    learned, folded = model.scores(1005)[0, :25], model.scores(history=history)[0, :25]
    assert np.corrcoef(learned, folded)[0, 1] > 0.95
    seen = ratings.item_rows(history)
    np.testing.assert_allclose(folded[seen], list(history.values()), atol=0.5)
    np.testing.assert_allclose(model.scores(history={})[0], model.mean_ + model.item_bias_, rtol=1e-6)


def test_the_parts_of_a_prediction_add_up_to_it(ratings):
    model = FunkSVD(rank=2, epochs=5).fit(ratings)
    why = model.explain(1002, item=500)
    assert why["contribution"].sum() == pytest.approx(model.scores(1002)[0, 0], rel=1e-5)
    assert why.loc[why["title"] == "mean rating", "contribution"].item() == pytest.approx(model.mean_)


def test_seen_items_are_left_out_whatever_they_were_rated(ratings):
    table = ratings.interactions.assign(rating=0.0)
    table.loc[0, "rating"] = 1.0
    model = FunkSVD(rank=2, epochs=1).fit(ratings.with_interactions(table))
    assert not set(ratings.history(1004)["item_id"]) & set(model.recommend(1004, k=30)["item_id"])


def test_the_same_seed_gives_the_same_model_and_another_gives_another(ratings):
    first, second, other = (FunkSVD(rank=2, epochs=2, seed=s).fit(ratings).item_factors_ for s in (1, 1, 2))
    assert np.array_equal(first, second) and not np.array_equal(first, other)


def test_what_cannot_be_learned_from_is_named(ratings):
    with pytest.raises(ValueError, match="interactions has no column 'rating'"):
        FunkSVD().fit(ratings.with_interactions(ratings.interactions.drop(columns="rating")))
    with pytest.raises(ValueError, match="takes a history as {item_id: rating}"):
        FunkSVD(rank=2, epochs=1).fit(ratings).scores(history=[500])
    with pytest.raises(ValueError, match="a history holds a rating that is not finite"):
        FunkSVD(rank=2, epochs=1).fit(ratings).scores(history={500: float("nan")})
    with pytest.raises(ValueError, match="a rating that is not finite"):
        FunkSVD().fit(ratings.with_interactions(ratings.interactions.assign(rating=np.nan)))
    with pytest.raises(ValueError, match="without bound at lr=50"):
        FunkSVD(rank=2, epochs=30, lr=50.0).fit(ratings)
    for wrong, message in (({"rank": 0}, "rank is 0"), ({"epochs": 0}, "epochs is 0"), ({"lr": 0}, "lr is 0")):
        with pytest.raises(ValueError, match=message):
            FunkSVD(**wrong)
