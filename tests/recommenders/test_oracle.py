"""The oracle: a ceiling with and without context, on a world that it knows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from recsys_lessons.data.splits import split_by_time
from recsys_lessons.data.tinylens import make_tinylens
from recsys_lessons.evaluation import per_event
from recsys_lessons.recommenders.oracle import Oracle
from recsys_lessons.recommenders.popularity import Popularity
from recsys_lessons.recommenders.svd import SVDRecommender


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return make_tinylens(
        tmp_path_factory.mktemp("tinylens") / "w", n_items=200, n_users=120, media=False, progress=False
    )


@pytest.fixture(scope="module")
def sides(world):
    return split_by_time(world.data, 0.2)


def ndcg(model, sides) -> float:
    train, test = sides
    return per_event(model.fit(train), test)["ndcg@10"].mean()


def test_knowing_the_context_beats_guessing_it_which_beats_learning_from_clicks(world, sides):
    knowing, guessing = ndcg(Oracle(world.truth), sides), ndcg(Oracle(world.truth, context=False), sides)
    svd, popular = ndcg(SVDRecommender(rank=16), sides), ndcg(Popularity(), sides)
    assert knowing > 1.3 * guessing
    assert guessing > 1.3 * svd
    assert svd > popular


def test_the_scores_are_the_logarithm_of_the_probability_up_to_a_constant_per_row(world, sides):
    model, events = Oracle(world.truth).fit(sides[0]), sides[1].interactions.head(4)
    context = events.drop(columns=["user_id", "item_id"])
    scores = model.scores(events["user_id"], context=context)
    logs = np.log(world.truth.probability(events["user_id"], context))
    assert scores.dtype == np.float32
    assert np.ptp(scores - logs, axis=1).max() < 1e-3


def test_without_context_it_is_the_mean_over_the_contexts_that_the_person_was_in(world, sides):
    model, user = Oracle(world.truth, context=False).fit(sides[0]), 8
    stamp = int(sides[1].interactions["timestamp"].iloc[0])
    past = sides[0].interactions.query("user_id == @user").assign(timestamp=stamp)
    expected = world.truth.probability([user] * len(past), past).mean(axis=0)
    np.testing.assert_allclose(np.exp(model.scores(user, context={"timestamp": stamp})[0]), expected, rtol=1e-4)


def test_without_context_the_date_matters_and_nothing_else_does(world, sides):
    model, change = Oracle(world.truth, context=False).fit(sides[0]), world.truth.changes.iloc[0]
    before, after = {"timestamp": change.timestamp - 1}, {"timestamp": change.until}
    user = change.user_id
    assert not np.allclose(model.scores(user, context=before), model.scores(user, context=after))
    cooking = model.scores(user, context=before | {"purpose": "cook", "city": "Harbin"})
    np.testing.assert_array_equal(cooking, model.scores(user, context=before))
    np.testing.assert_array_equal(model.scores(user), model.scores(user, context=after))


def test_a_sentence_worth_of_context_moves_the_list_to_the_city_and_the_topic(world, sides):
    model = Oracle(world.truth).fit(sides[0])
    items = world.truth.items.set_index("item_id")
    users = list(range(1, 41))
    in_beijing = {"city": "Beijing", "place": "travelling", "purpose": "work"}
    plain = items.loc[model.recommend(users)["item_id"]]
    there = items.loc[model.recommend(users, context=in_beijing)["item_id"]]
    assert (there["city"] == "Beijing").mean() > 2 * (plain["city"] == "Beijing").mean()
    assert (there["topic"] == "work").mean() > 1.3 * (plain["topic"] == "work").mean()


def test_an_explanation_names_taste_and_context_and_adds_up(world, sides):
    model, event = Oracle(world.truth).fit(sides[0]), sides[1].interactions.iloc[5]
    context = event.drop(["user_id", "item_id"]).to_dict()
    table = model.explain(event["user_id"], item=event["item_id"], context=context)
    column = int(world.data.item_rows([event["item_id"]])[0])
    assert table["contribution"].sum() == pytest.approx(
        model.scores(event["user_id"], context=context)[0, column], abs=1e-4
    )
    assert {"quality", "shown often"} <= set(table["cause"])


def test_strangers_other_worlds_and_unknown_values_are_refused(world, sides, likes):
    model = Oracle(world.truth).fit(sides[0])
    with pytest.raises(ValueError, match="pass users, not history"):
        model.recommend(history=[1, 2])
    with pytest.raises(ValueError, match="truth of the same world"):
        Oracle(world.truth).fit(likes)
    with pytest.raises(ValueError, match="company is 'aunts'"):
        model.scores(1, context={"company": "aunts"})
    with pytest.raises(ValueError, match="context=True"):
        Oracle(world.truth, context=False).fit(sides[0]).explain(1, item=1)


def test_somebody_without_training_events_is_answered_too(world, sides):
    train = sides[0].with_interactions(sides[0].interactions.query("user_id != 3"))
    scores = Oracle(world.truth, context=False).fit(train).scores(3)
    np.testing.assert_allclose(np.exp(scores), world.truth.probability([3], pd.DataFrame(index=[0])), rtol=1e-3)
