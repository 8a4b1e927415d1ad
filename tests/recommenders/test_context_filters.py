import numpy as np
import pytest

from recsys_lessons.recommenders.context_filters import PostFilter, PreFilter
from recsys_lessons.recommenders.contextual import ContextualRecommender
from recsys_lessons.recommenders.popularity import Popularity
from recsys_lessons.recommenders.svd import SVDRecommender
from tests.recommenders.contexts import evening_share, evening_world

EVENING, MORNING = {"purpose": "eve"}, {"purpose": "morn"}


@pytest.fixture(scope="module")
def world():
    return evening_world()


@pytest.fixture(scope="module", params=["before", "after"])
def model(request, world):
    if request.param == "before":
        return PreFilter(lambda: SVDRecommender(4), "purpose", min_events=50).fit(world)
    return PostFilter(SVDRecommender(4), "purpose", smoothing=1.0).fit(world)


def test_the_list_follows_the_context(model):
    assert evening_share(model, EVENING) > 0.75 and evening_share(model, MORNING) < 0.25


def test_several_contexts_are_answered_row_by_row(model):
    both = model.scores([1000, 1000], context=[EVENING, MORNING])
    np.testing.assert_allclose(both[0], model.scores(1000, context=EVENING)[0], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(both[1], model.scores(1000, context=MORNING)[0], rtol=1e-5, atol=1e-6)


def test_an_unknown_or_missing_context_leaves_the_plain_order(model, world):
    plain = SVDRecommender(4).fit(world).scores(1000)[0]
    for context in (None, {"purpose": "noon"}, {"place": "home"}):
        assert np.array_equal(np.argsort(model.scores(1000, context=context)[0]), np.argsort(plain))


def test_before_learns_from_the_events_of_that_value_alone(world):
    model = PreFilter(Popularity, "purpose", min_events=50).fit(world)
    evening = world.interactions[world.interactions["purpose"] == "eve"]
    counts = evening["item_id"].value_counts().reindex(world.items["item_id"], fill_value=0)
    assert model.scores(1000, context=EVENING)[0].tolist() == counts.tolist()
    why = model.explain(1000, item=500, context=EVENING)
    assert why["contribution"].tolist() == [counts[500]]


def test_a_rare_value_is_answered_by_the_model_of_all(world):
    model = PreFilter(Popularity, "purpose", min_events=10_000).fit(world)
    assert not model.models_
    np.testing.assert_array_equal(model.scores(1000, context=EVENING), Popularity().fit(world).scores(1000))


def test_after_multiplies_by_the_smoothed_lift(world):
    model = PostFilter(Popularity(), "purpose", smoothing=10.0, strength=0.5).fit(world)
    table = world.interactions
    p = (table["purpose"] == "eve").mean()
    of_item = table[table["item_id"] == 500]
    lift = ((of_item["purpose"] == "eve").sum() + 10 * p) / (len(of_item) + 10) / p
    plain = Popularity().fit(world).scores(1000)[0]
    score = model.scores(1000, context=EVENING)[0, 0]
    assert score == pytest.approx((plain[0] - plain.min()) * lift**0.5, rel=1e-5)


def test_wrong_filters_are_refused(world):
    contextual = ContextualRecommender(rank=4)
    for make in (lambda: PreFilter(lambda: contextual, "purpose"), lambda: PostFilter(contextual, "purpose")):
        with pytest.raises(ValueError, match="uses a context itself"):
            make().fit(world)
    for make in (lambda: PreFilter(Popularity, "city"), lambda: PostFilter(Popularity(), ["purpose", "city"])):
        with pytest.raises(ValueError, match="no column 'city'"):
            make().fit(world)
    with pytest.raises(ValueError, match="min_events is 0"):
        PreFilter(Popularity, "purpose", min_events=0)
    with pytest.raises(ValueError, match="smoothing is 0"):
        PostFilter(Popularity(), "purpose", smoothing=0)
    with pytest.raises(ValueError, match="no field was named"):
        PostFilter(Popularity(), []).fit(world)
