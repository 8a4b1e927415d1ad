import numpy as np
import pytest
import torch

from recsys_lessons.context import ContextFeatures, shuffle_context
from recsys_lessons.recommenders.contextual import ContextualRecommender
from recsys_lessons.recommenders.svd import SVDRecommender
from tests.recommenders.contexts import evening_share, evening_world

EVENING, MORNING = {"hour": 20, "purpose": "eve"}, {"hour": 8, "purpose": "morn"}
TEXTS = np.stack([np.arange(20) % 2 == 0, np.arange(20) % 2 == 1, np.full(20, 3.0)], axis=1).astype(np.float32)


def read(contexts) -> torch.Tensor:
    """What a text encoder would do: evening near even items' texts, morning near odd ones, and a shared direction."""
    evening = torch.tensor((contexts["purpose"] == "eve").to_numpy(), dtype=torch.float32)
    return torch.stack([evening, 1 - evening, torch.full_like(evening, 2.0)], dim=1)


@pytest.fixture(scope="module")
def world():
    return evening_world()


@pytest.fixture(scope="module", params=["bias", "fold_in", "query", "bias in words"])
def model(request, world):
    encode = read if request.param in ("query", "bias in words") else None
    features = TEXTS if request.param == "query" else None
    how = request.param.split()[0]
    return ContextualRecommender(features, encode=encode, how=how, rank=10, weight=2.0).fit(world)


def test_the_list_follows_the_context(model):
    assert evening_share(model, EVENING) > 0.75 and evening_share(model, MORNING) < 0.25


def test_weight_zero_and_no_context_are_the_twin_without_context(model, world):
    plain = SVDRecommender(10).fit(world).scores()
    none = model.scores()
    np.testing.assert_allclose(
        none / none.std(axis=1, keepdims=True), plain / plain.std(axis=1, keepdims=True), rtol=1e-3, atol=1e-4
    )
    copy = ContextualRecommender(model.item_features, encode=model.encode, how=model.how, rank=10, weight=0.0).fit(
        world
    )
    np.testing.assert_allclose(copy.scores(context=EVENING), none, atol=1e-5)


def test_both_parts_have_a_deviation_of_one(model, world):
    assert model.scores().std(axis=1) == pytest.approx(np.ones(world.n_users), abs=1e-3)
    events = world.interactions
    asked = model.scores(events["user_id"].tolist(), context=events)
    part = asked - model.scores(events["user_id"].tolist())
    assert part.std() == pytest.approx(2.0, rel=0.05)  # the weight


def test_the_four_steps_are_the_list(model):
    row = model.matrix_[:1]
    contexts = model._contexts(EVENING, 1)
    vectors = model.encode_context(contexts)
    people = model.fuse(row, contexts)
    scores = model.score(people)
    assert vectors.ndim == 2 and people.shape == (1, model.item_vectors_.shape[1]) and scores.shape == (1, 20)
    expected = model.recommend(1000, context=EVENING, k=5)["item_id"].tolist()
    assert (500 + model.rank_items(scores, row, k=5)[0]).tolist() == expected


def test_contributions_add_up_to_taste_and_context(model, world):
    for user, context in ((1004, EVENING), (1004, None)):
        why = model.explain(user, item=506, context=context)
        score = model.scores(user, context=context)[0, world.item_rows([506])[0]]
        assert why["contribution"].sum() == pytest.approx(score, abs=1e-4)
        told = why["title"].str.startswith("context: ")
        assert told.any() == (context is not None) and why[~told]["item_id"].notna().all()
    alone = model.explain(history=[], item=506, context=EVENING)
    assert alone["title"].str.startswith("context: ").all()


def test_somebody_new_is_ranked_by_the_context(model):
    first = model.recommend(history=[], context=EVENING, k=5)["item_id"]
    assert (first % 2 == 0).all()


def test_a_shuffled_context_moves_nothing_systematically(world):
    placebo = ContextualRecommender(rank=10).fit(shuffle_context(world, 1))
    assert abs(evening_share(placebo, EVENING) - evening_share(placebo, MORNING)) < 0.5


def test_the_encoder_passed_in_is_left_as_it_was(world):
    features = ContextFeatures(["purpose"])
    model = ContextualRecommender(encode=features, rank=4).fit(world)
    assert not hasattr(features, "known_") and model.features_.names == ["purpose=eve", "purpose=morn"]
    with pytest.raises(ValueError, match="purpose 'noon' was not seen"):
        model.scores(1000, context={"purpose": "noon"})


def test_wrong_questions_are_answered(world):
    with pytest.raises(ValueError, match="how is 'sum'"):
        ContextualRecommender(how="sum")
    with pytest.raises(ValueError, match="how='query' compares sentences"):
        ContextualRecommender(TEXTS, how="query")
    with pytest.raises(ValueError, match="weight is -1"):
        ContextualRecommender(weight=-1)
    with pytest.raises(ValueError, match="one row of finite numbers"):
        ContextualRecommender(encode=lambda contexts: torch.full((len(contexts), 2), torch.nan), rank=4).fit(world)
    with pytest.raises(ValueError, match="2 contexts for 3 lists"):
        ContextualRecommender(rank=4).fit(world).scores([1000, 1001, 1002], context=[EVENING, MORNING])
    with pytest.raises(ValueError, match="none of the fields"):
        bare = world.with_interactions(world.interactions[["user_id", "item_id"]])
        ContextualRecommender(rank=4).fit(bare)
