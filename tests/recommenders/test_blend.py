import numpy as np
import pytest
import torch

from recsys_lessons.data.splits import split_cold_items
from recsys_lessons.recommenders.blend import CountBlend, count_weight, standardise
from recsys_lessons.recommenders.content import ContentProfile
from recsys_lessons.recommenders.funk_svd import FunkSVD
from recsys_lessons.recommenders.popularity import Popularity
from recsys_lessons.recommenders.svd import SVDRecommender


@pytest.fixture
def features():
    random = np.random.default_rng(1)
    table = random.standard_normal((30, 6))
    table[:, 0] += 4 * (np.arange(30) % 2)
    return torch.tensor(table, dtype=torch.float32)


@pytest.fixture
def make(features):
    return lambda kappa=5.0: CountBlend(SVDRecommender(4), ContentProfile(features), kappa=kappa)


def test_the_weight_is_none_without_data_a_half_at_kappa_and_near_one_with_much():
    np.testing.assert_allclose(count_weight([0, 1, 5, 20, 5000], 5.0), [0, 1 / 6, 0.5, 0.8, 5000 / 5005])


def test_the_weight_is_that_of_the_data_in_a_normal_posterior_mean():
    """Prior N(0, 1 / kappa), four observations of variance 1: solved by the two precisions."""
    seen, kappa = np.array([1.0, 2.0, 4.0, 5.0]), 3.0
    precisions = np.array([kappa, len(seen)])
    posterior = (precisions * [0.0, seen.mean()]).sum() / precisions.sum()
    assert count_weight([4], kappa)[0] * seen.mean() == pytest.approx(posterior)


def test_standardised_rows_have_mean_0_and_deviation_1_and_flat_rows_say_nothing():
    scores = np.array([[1.0, 2.0, 6.0], [7.3, 7.3, 7.3], [0.0, 0.0, 0.0]])
    rows = standardise(scores)
    np.testing.assert_allclose(rows[0], (scores[0] - 3) / scores[0].std(), atol=1e-6)
    assert (rows[1:] == 0).all()


def test_an_item_nobody_touched_is_judged_by_content_and_a_famous_one_by_clicks(likes, features, make):
    blend = make(kappa=1e-3).fit(likes)
    clicks = standardise(SVDRecommender(4).fit(likes).scores())
    content = standardise(ContentProfile(features).fit(likes).scores())
    np.testing.assert_allclose(blend.scores()[:, 25:], content[:, 25:], atol=1e-5)
    np.testing.assert_allclose(blend.scores()[:, :25], clicks[:, :25], atol=1e-2)


def test_each_item_is_weighed_by_its_own_count(likes, features, make):
    blend = make(kappa=5.0).fit(likes)
    n = np.bincount(likes.item_rows(likes.interactions["item_id"]), minlength=30)
    for item in (0, 7, 24, 29):
        clicks = standardise(SVDRecommender(4).fit(likes).scores())[:, item]
        content = standardise(ContentProfile(features).fit(likes).scores())[:, item]
        expected = (n[item] * clicks + 5.0 * content) / (n[item] + 5.0)
        np.testing.assert_allclose(blend.scores()[:, item], expected, atol=1e-5)


def test_the_weight_counts_training_and_never_the_test(likes, make):
    train, test = split_cold_items(likes, 0.2, keep=2, seed=1)
    blend = make().fit(train)
    assert (blend.counts_[likes.item_rows(test.active_items())] == 2).all()


def test_kappa_may_be_moved_without_fitting_again(likes, make):
    blend = make(kappa=1.0).fit(likes)
    before = blend.scores(1000)
    blend.kappa = 50.0
    assert not np.allclose(before, blend.scores(1000))
    np.testing.assert_allclose(blend.scores(1000), make(kappa=50.0).fit(likes).scores(1000), atol=1e-6)


def test_a_stranger_with_a_users_history_gets_that_users_scores(likes, make):
    blend = make().fit(likes)
    history = likes.history(1003)["item_id"].tolist()
    np.testing.assert_allclose(blend.scores(history=history), blend.scores(1003), atol=1e-5)


@pytest.mark.parametrize("item", [500, 530, 587])
def test_the_causes_of_a_blended_score_add_up_to_it(likes, make, item):
    blend = make().fit(likes)
    causes = blend.explain(1000, item=item)
    score = blend.scores(1000)[0, likes.item_rows([item])[0]]
    assert causes["contribution"].sum() == pytest.approx(score, abs=1e-5)
    assert causes["title"].is_unique and "(the average item)" in set(causes["title"])


def test_a_part_without_an_opinion_is_left_out_of_score_and_explanation(likes, features):
    blend = CountBlend(Popularity(), ContentProfile(features)).fit(likes)
    nobody = blend.explain(history=[], item=500)
    weight = count_weight([blend.counts_[0]], blend.kappa)[0]
    popularity = standardise(Popularity().fit(likes).scores(1000))[0, 0]
    assert nobody["contribution"].sum() == pytest.approx(weight * popularity, abs=1e-5)


def test_by_users_a_stranger_gets_what_needs_no_history_and_each_like_moves_them_to_their_own(likes):
    blend = CountBlend(SVDRecommender(4), Popularity(), kappa=4.0, by="users").fit(likes)
    popular = standardise(Popularity().fit(likes).scores(history=[]))
    np.testing.assert_allclose(blend.scores(history=[]), popular, atol=1e-5)
    taste = standardise(SVDRecommender(4).fit(likes).scores(history=[500, 506]))
    np.testing.assert_allclose(blend.scores(history=[500, 506]), (2 * taste + 4 * popular) / 6, atol=1e-5)
    both = blend.scores(history=[[500, 506], [503]])
    np.testing.assert_allclose(both[1:], blend.scores(history=[503]), atol=1e-5)
    causes = blend.explain(history=[500, 506], item=512)
    assert causes["contribution"].sum() == pytest.approx(blend.scores(history=[500, 506])[0, 4], abs=1e-5)


def test_parts_and_kappas_that_make_no_blend_are_named(features):
    with pytest.raises(TypeError, match="cold is a Tensor"):
        CountBlend(Popularity(), features)
    with pytest.raises(TypeError, match="warm is a FunkSVD, a model of ratings"):
        CountBlend(FunkSVD(4), ContentProfile(features))
    for kappa in (0, -1, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="kappa is"):
            CountBlend(Popularity(), ContentProfile(features), kappa=kappa)
    with pytest.raises(ValueError, match="by is 'rows'"):
        CountBlend(Popularity(), ContentProfile(features), by="rows")
    with pytest.raises(ValueError, match="counts has -1"):
        count_weight([3, -1], 5.0)
