"""A hand-made world: ten arms with known features and truth, people with three features each."""

import numpy as np
import pytest

from recsys_lessons.recommenders.bandits import (
    EpsilonGreedy,
    Greedy,
    LinUCB,
    RandomChoice,
    ThompsonSampling,
    replay,
    sherman_morrison,
)

ALL = (Greedy, RandomChoice, EpsilonGreedy, LinUCB, ThompsonSampling)


@pytest.fixture
def world():
    """(features, expected): 600 rounds, 10 arms; arm 9 is the best and looks like no other."""
    features = np.tile(np.eye(10), (600, 1, 1))
    expected = np.tile(np.r_[np.linspace(0.2, 0.4, 9), 0.8], (600, 1))
    return features, expected


def test_sherman_morrison_is_the_inverse_of_the_updated_matrix():
    random = np.random.default_rng(0)
    for dim in (1, 3, 40):
        root = random.standard_normal((dim, dim))
        matrix, x = root @ root.T + np.eye(dim), random.standard_normal(dim)
        expected = np.linalg.inv(matrix + np.outer(x, x))
        np.testing.assert_allclose(sherman_morrison(np.linalg.inv(matrix), x), expected, atol=1e-9)


def test_after_many_updates_the_inverse_and_theta_are_those_of_ridge_regression():
    random = np.random.default_rng(1)
    shown, rewards = random.standard_normal((2000, 12)), random.integers(0, 2, 2000)
    policy = Greedy(12, ridge=2.5)
    for x, reward in zip(shown, rewards, strict=True):
        policy.update(x, reward)
    gram = 2.5 * np.eye(12) + shown.T @ shown
    np.testing.assert_allclose(policy.inverse, np.linalg.inv(gram), atol=1e-10)
    np.testing.assert_allclose(policy.theta, np.linalg.solve(gram, shown.T @ rewards), atol=1e-8)


def test_the_uncertainty_is_one_over_the_root_of_the_times_shown():
    policy = LinUCB(3, alpha=2.0, ridge=1.0)
    for _ in range(8):
        policy.update(np.array([1.0, 0.0, 0.0]), 1.0)
    np.testing.assert_allclose(policy.uncertainty(np.eye(3)), [1 / 3, 1, 1])
    np.testing.assert_allclose(policy.values(np.eye(3)), [8 / 9 + 2 / 3, 2, 2])
    assert policy.choose(np.eye(3)) in (1, 2)


def test_thompson_draws_theta_with_the_mean_and_covariance_of_the_belief():
    policy = ThompsonSampling(2, scale=0.5, seed=3)
    for x, reward in (([1.0, 1.0], 1.0), ([1.0, 0.0], 0.0), ([1.0, 0.5], 1.0)):
        policy.update(np.array(x), reward)
    draws = np.stack([policy.values(np.eye(2)) for _ in range(20_000)])
    np.testing.assert_allclose(draws.mean(axis=0), policy.theta, atol=0.02)
    np.testing.assert_allclose(np.cov(draws.T), 0.25 * policy.inverse, atol=0.01)


def test_without_optimism_or_doubt_or_chance_all_are_greedy(world):
    features, expected = world
    greedy = replay(Greedy(10), features, expected)
    assert replay(LinUCB(10, alpha=0.0), features, expected)["arm"].equals(greedy["arm"])
    greedy_values = Greedy(10)
    thompson = ThompsonSampling(10, scale=0.0)
    for policy in (greedy_values, thompson):
        policy.update(features[0, 3], 1.0)
    np.testing.assert_allclose(thompson.values(np.eye(10)), greedy_values.values(np.eye(10)))


def test_greedy_stays_with_the_first_arm_that_pays_and_explorers_find_the_best(world):
    features, expected = world
    last = {
        name: np.mean(
            [replay(make(seed), features, expected, seed=seed)["regret"].tail(100).mean() for seed in range(8)]
        )
        for name, make in {
            "greedy": lambda seed: Greedy(10, seed=seed),
            "random": lambda seed: RandomChoice(10, seed=seed),
            "epsilon": lambda seed: EpsilonGreedy(10, epsilon=0.1, seed=seed),
            "ucb": lambda seed: LinUCB(10, alpha=1.0, seed=seed),
            "thompson": lambda seed: ThompsonSampling(10, scale=0.5, seed=seed),
        }.items()
    }
    assert max(last["ucb"], last["thompson"]) < 0.05 < 0.2 < last["greedy"] < last["random"]
    assert last["epsilon"] < last["greedy"]


def test_regret_is_what_the_best_arm_there_would_have_brought_more(world):
    features, expected = world
    available = np.ones_like(expected, dtype=bool)
    available[:300, 9] = False
    table = replay(LinUCB(10, seed=1), features, expected, available=available)
    assert (table["arm"][:300] != 9).all() and (table["arm"][300:] == 9).any()
    best = np.where(np.arange(600) < 300, 0.4, 0.8)
    np.testing.assert_allclose(table["regret"], best - expected[0, table["arm"]])
    np.testing.assert_allclose(table["cumulative"], np.cumsum(table["regret"]))


def test_two_policies_that_show_the_same_get_the_same_rewards(world):
    features, expected = world
    first, second = (replay(RandomChoice(10, seed=seed), features, expected, seed=5) for seed in (1, 2))
    same = first["arm"] == second["arm"]
    assert 20 < same.sum() < 200
    assert first["reward"][same].equals(second["reward"][same])
    assert first["reward"].mean() == pytest.approx(expected[0].mean(), abs=0.06)


def test_a_policy_learns_of_the_future_nothing(world):
    """Other truths after round 200 leave the first 200 choices as they were."""
    features, expected = world
    other = expected.copy()
    other[200:] = other[200:, ::-1]
    for make in ALL:
        first, second = (replay(make(10, seed=4), features, table)["arm"][:200] for table in (expected, other))
        assert first.equals(second)


def test_features_may_be_a_function_of_the_round(world):
    features, expected = world
    table = replay(LinUCB(10), lambda t: features[t], expected)
    assert table.equals(replay(LinUCB(10), features, expected))


def test_arguments_that_make_no_bandit_are_named(world):
    features, expected = world
    for make, name in (
        (lambda: Greedy(0), "dim is 0"),
        (lambda: Greedy(2, ridge=0), "ridge is 0"),
        (lambda: EpsilonGreedy(2, epsilon=1.5), "epsilon is 1.5"),
        (lambda: LinUCB(2, alpha=-1), "alpha is -1"),
        (lambda: ThompsonSampling(2, scale=-1), "scale is -1"),
        (lambda: Greedy(3).choose(np.eye(2)), r"features is \(2, 2\); pass \(n_arms, 3\)"),
        (lambda: Greedy(3).choose(np.empty((0, 3))), "at least one arm"),
        (lambda: replay(Greedy(10), features, expected * 2), "outside 0 to 1"),
        (lambda: replay(Greedy(10), features, expected, available=np.zeros_like(expected)), "round 0 has no arm"),
        (lambda: replay(Greedy(10), features, expected, available=expected[:5] > 0), r"available is \(5, 10\)"),
    ):
        with pytest.raises(ValueError, match=name):
            make()
