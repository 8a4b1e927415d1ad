from itertools import combinations

import numpy as np
import pytest
import torch

from recsys_lessons.recommenders.factorization_machine import FactorizationMachine, fm_score
from tests.recommenders.contexts import evening_share, evening_world

EVENING, MORNING = {"hour": 20, "purpose": "eve"}, {"hour": 8, "purpose": "morn"}


@pytest.fixture(scope="module")
def world():
    return evening_world()


@pytest.fixture(scope="module")
def model(world):
    return FactorizationMachine(rank=4, epochs=20).fit(world)


def by_definition(features, bias, weights, factors):
    """Pair by pair, in quadratic time."""
    total = bias + features @ weights
    for i, j in combinations(range(len(factors)), 2):
        total = total + (factors[i] @ factors[j]) * features[:, i] * features[:, j]
    return total


def test_the_linear_time_score_is_the_sum_over_all_pairs():
    draw = torch.Generator().manual_seed(0)
    features, weights = torch.randn(5, 9, generator=draw), torch.randn(9, generator=draw)
    factors = torch.randn(9, 3, generator=draw)
    expected = by_definition(features, 0.7, weights, factors)
    torch.testing.assert_close(fm_score(features, 0.7, weights, factors), expected)


def test_a_models_score_is_that_of_the_machine_over_user_item_and_context(model, world):
    context = model.features_.transform(EVENING)[0]
    user, item = 7, 3
    one_hot = torch.zeros(1, world.n_users + world.n_items + len(context))
    one_hot[0, user] = one_hot[0, world.n_users + item] = 1.0
    one_hot[0, world.n_users + world.n_items :] = context
    factors = np.vstack([model.user_factors_, model.item_factors_, model.context_factors_])
    weights = np.concatenate([np.zeros(world.n_users), model.item_bias_, np.zeros(len(context))])
    args = (0.0, torch.from_numpy(weights).float(), torch.from_numpy(factors))
    score = model.scores(1000 + user, context=EVENING)[0, item]
    assert score == pytest.approx(by_definition(one_hot, *args).item(), abs=1e-4)


def test_the_list_follows_the_context(model):
    assert evening_share(model, EVENING) > 0.9 and evening_share(model, MORNING) < 0.1
    assert evening_share(model, {"purpose": "eve"}) > 0.8  # half a context helps too


def test_without_fields_it_takes_no_context(world):
    plain = FactorizationMachine(rank=4, fields=(), epochs=2).fit(world)
    assert not plain.uses_context and plain.scores(1000).shape == (1, world.n_items)
    with pytest.raises(ValueError, match="makes no use of a context"):
        plain.scores(1000, context=EVENING)


def test_no_context_is_the_same_as_one_that_says_nothing(model):
    np.testing.assert_allclose(model.scores(1000), model.scores(1000, context={"purpose": "?"}), atol=1e-6)


def test_contributions_add_up_and_name_the_fields(model, world):
    why = model.explain(1003, item=504, context=EVENING)
    score = model.scores(1003, context=EVENING)[0, world.item_rows([504])[0]]
    assert why["contribution"].sum() == pytest.approx(score, abs=1e-5)
    assert {"context: hour x item", "context: purpose x item"} <= set(why["title"])


def test_the_same_seed_gives_the_same_model_and_the_loss_falls(model, world):
    again = FactorizationMachine(rank=4, epochs=20).fit(world)
    assert np.array_equal(again.item_factors_, model.item_factors_)
    assert model.losses_[-1] < model.losses_[0]


def test_few_negatives_teach_the_same(world):
    assert evening_share(FactorizationMachine(rank=4, epochs=30, negatives=5).fit(world), EVENING) > 0.8


def test_somebody_new_is_folded_in(world, model):
    assert model.scores(history=[[500, 502], []], context=EVENING).shape == (2, world.n_items)
    nobody = model.scores(history=[])
    np.testing.assert_allclose(nobody[0], model.item_bias_, atol=1e-6)


def test_item_features_carry_a_context_to_an_item_without_events(world):
    cold = world.with_interactions(world.interactions[world.interactions["item_id"] < 518])
    even = np.arange(20) % 2
    features = np.stack([even, 1 - even, np.random.default_rng(0).random(20)], axis=1)
    scores = FactorizationMachine(rank=4, item_features=features).fit(cold).scores(1000, context=EVENING)[0]
    assert scores[18] > scores[19]
    plain = FactorizationMachine(rank=4).fit(cold).scores(1000, context=EVENING)[0]
    assert plain[18] == pytest.approx(plain[19])


def test_arguments_out_of_range_are_named(world):
    with pytest.raises(ValueError, match="rank is 0"):
        FactorizationMachine(rank=0)
    with pytest.raises(ValueError, match="lr is 0"):
        FactorizationMachine(lr=0)
    with pytest.raises(ValueError, match="no field 'city'"):
        FactorizationMachine(fields=("city",)).fit(world)
    with pytest.raises(ValueError, match=r"item_features is \(3, 2\)"):
        FactorizationMachine(item_features=np.zeros((3, 2))).fit(world)
