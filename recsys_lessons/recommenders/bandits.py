"""Show what seems best, or what is least known? Linear contextual bandits, and a replay that counts what each costs.

Every policy here believes that the expected reward of showing an arm is x' theta, x being what is known of the person
and the arm, and learns theta by ridge regression from the rewards of what it showed. They differ in what they show.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

__all__ = ["EpsilonGreedy", "Greedy", "LinUCB", "RandomChoice", "ThompsonSampling", "replay", "sherman_morrison"]


def sherman_morrison(inverse: np.ndarray, x: np.ndarray) -> np.ndarray:
    """(A + x x')^-1 from A^-1, in d^2 steps instead of d^3 (Sherman and Morrison 1950).

    (A + x x')^-1 = A^-1 - (A^-1 x)(A^-1 x)' / (1 + x' A^-1 x)

    Args:
        inverse: (d, d), the inverse of a symmetric positive definite A. x: (d,).

    Returns:
        (d, d), a new array.
    """
    direction = inverse @ x
    return inverse - np.outer(direction, direction) / (1.0 + x @ direction)


class Greedy:
    """Show what the estimate says is best. It never shows in order to learn; what people differ in explores for it.

    Args:
        dim: length of a feature vector x.
        ridge: strength of the pull of theta towards zero: A starts as ridge * I.
        seed: of the draws; ties are drawn for too, since before the first reward all arms are equal.

    Attributes:
        inverse: (dim, dim), A^-1 with A = ridge * I + sum of x x' over what was shown.
        rewards: (dim,), the sum of reward * x.
    """

    def __init__(self, dim: int, *, ridge: float = 1.0, seed: int = 0):
        if dim < 1:
            raise ValueError(f"dim is {dim}; a feature vector has 1 entry or more.")
        if not ridge > 0:
            raise ValueError(f"ridge is {ridge}; it must be above 0, or the regression has no answer at first.")
        self.inverse = np.eye(dim) / ridge
        self.rewards = np.zeros(dim)
        self.random = np.random.default_rng(seed)

    @property
    def theta(self) -> np.ndarray:
        """(dim,) the ridge regression's answer so far."""
        return self.inverse @ self.rewards

    def values(self, features: np.ndarray) -> np.ndarray:
        """(n_arms,) what the policy orders by, from features (n_arms, dim)."""
        return features @ self.theta

    def choose(self, features: np.ndarray) -> int:
        """The arm to show: a row of features (n_arms, dim)."""
        features = np.asarray(features, dtype=np.float64)
        if features.ndim != 2 or features.shape[1] != len(self.rewards) or not len(features):
            raise ValueError(
                f"features is {features.shape}; pass (n_arms, {len(self.rewards)}), with at least one arm."
            )
        values = self.values(features)
        return int(self.random.choice(np.flatnonzero(values >= values.max())))

    def update(self, x: np.ndarray, reward: float) -> None:
        """Learn from the reward of the arm that was shown, with x (dim,) as it was when it was shown."""
        self.inverse = sherman_morrison(self.inverse, x)
        self.rewards = self.rewards + reward * np.asarray(x, dtype=np.float64)


class RandomChoice(Greedy):
    """Show any arm: what learning has to beat."""

    def values(self, features: np.ndarray) -> np.ndarray:
        return np.zeros(len(features))


class EpsilonGreedy(Greedy):
    """Greedy, and with probability epsilon any arm, also one that is known to be bad.

    Args:
        epsilon: from 0 to 1. Others: as for Greedy.
    """

    def __init__(self, dim: int, *, epsilon: float = 0.1, ridge: float = 1.0, seed: int = 0):
        super().__init__(dim, ridge=ridge, seed=seed)
        if not 0 <= epsilon <= 1:
            raise ValueError(f"epsilon is {epsilon}; it is a probability.")
        self.epsilon = epsilon

    def values(self, features: np.ndarray) -> np.ndarray:
        return super().values(features) if self.random.random() >= self.epsilon else np.zeros(len(features))


class LinUCB(Greedy):
    """Optimism: show the highest estimate plus alpha standard errors, x' theta + alpha sqrt(x' A^-1 x).

    (Li, Chu, Langford and Schapire 2010.) The second term is large where nothing like x was shown, and each time that
    it is shown the term shrinks: the policy tries what may be good, and stops when it turns out not to be. Here one
    theta is shared by all arms; in the paper's first algorithm each arm has its own, which is this one with x in a
    block of its own for each arm.

    Args:
        alpha: how many standard errors, 0 or more; 0 is Greedy. Others: as for Greedy.
    """

    def __init__(self, dim: int, *, alpha: float = 1.0, ridge: float = 1.0, seed: int = 0):
        super().__init__(dim, ridge=ridge, seed=seed)
        if not alpha >= 0:
            raise ValueError(f"alpha is {alpha}; optimism is 0 or more standard errors.")
        self.alpha = alpha

    def values(self, features: np.ndarray) -> np.ndarray:
        return super().values(features) + self.alpha * self.uncertainty(features)

    def uncertainty(self, features: np.ndarray) -> np.ndarray:
        """(n_arms,) sqrt(x' A^-1 x)."""
        return np.sqrt(np.maximum(((features @ self.inverse) * features).sum(axis=1), 0.0))


class ThompsonSampling(Greedy):
    """Draw theta from what is believed of it, N(theta, scale^2 A^-1), and be greedy by the draw.

    (Thompson 1933; for linear rewards Agrawal and Goyal 2013.) An arm is shown as often as it is believed to be the
    best; the draw does what LinUCB's second term does.

    Args:
        scale: the width of the belief, 0 or more; 0 is Greedy. Others: as for Greedy.
    """

    def __init__(self, dim: int, *, scale: float = 1.0, ridge: float = 1.0, seed: int = 0):
        super().__init__(dim, ridge=ridge, seed=seed)
        if not scale >= 0:
            raise ValueError(f"scale is {scale}; the width of a belief is 0 or more.")
        self.scale = scale

    def values(self, features: np.ndarray) -> np.ndarray:
        noise = np.linalg.cholesky(self.inverse) @ self.random.standard_normal(len(self.rewards))
        return features @ (self.theta + self.scale * noise)


def replay(
    policy: Greedy,
    features: np.ndarray | Callable[[int], np.ndarray],
    expected: np.ndarray,
    *,
    available: np.ndarray | None = None,
    seed: int = 0,
) -> pd.DataFrame:
    """Let a policy act in a world whose truth is known, and count what each choice cost.

    Rewards are drawn from the truth, 0 or 1. The draws belong to round and arm, so that two policies which show the
    same get the same: their difference is that of their choices.

    Logs of a real system hold the rewards of what it showed, and of nothing else: there, only rounds in which the
    policy agrees with a random log can be used (Li, Chu, Langford and Wang 2011).

    Args:
        policy: fresh; it learns on the way.
        features: (rounds, n_arms, dim), or a function of the round that gives (n_arms, dim).
        expected: (rounds, n_arms) the expected reward of each arm, from 0 to 1.
        available: (rounds, n_arms) bool, which arms there are in that round; None for all.
        seed: of the rewards.

    Returns:
        DataFrame, a row per round: `arm`, `reward`, `expected` of what was shown, `regret` (expected of the best arm
        less that), and `cumulative`, the sum of the regret so far.

    Raises:
        ValueError: an expected reward outside 0 to 1, tables of different shapes, or a round without an arm.
    """
    expected = np.asarray(expected, dtype=np.float64)
    if not ((expected >= 0) & (expected <= 1)).all():
        raise ValueError("expected has a value outside 0 to 1; it is the probability of a reward.")
    available = np.ones(expected.shape, dtype=bool) if available is None else np.asarray(available, dtype=bool)
    if available.shape != expected.shape or expected.ndim != 2:
        raise ValueError(f"available is {available.shape} and expected {expected.shape}; both are (rounds, n_arms).")
    if not available.any(axis=1).all():
        raise ValueError(f"round {int((~available.any(axis=1)).argmax())} has no arm; leave that round out.")
    luck = np.random.default_rng(seed).random(expected.shape)
    rows = []
    for t, there in enumerate(available):
        arms = np.flatnonzero(there)
        shown = np.asarray(features(t) if callable(features) else features[t])[arms]
        place = policy.choose(shown)
        arm = int(arms[place])
        reward = float(luck[t, arm] < expected[t, arm])
        policy.update(shown[place], reward)
        rows.append((arm, reward, expected[t, arm], expected[t, arms].max() - expected[t, arm]))
    table = pd.DataFrame(rows, columns=["arm", "reward", "expected", "regret"])
    return table.assign(cumulative=table["regret"].cumsum())
