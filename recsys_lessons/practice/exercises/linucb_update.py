"""Exercise: one step of LinUCB: learn from one observation, and say how good each arm may be."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np

from recsys_lessons.practice.compare import VALUES, Text, difference
from recsys_lessons.practice.exercise import Exercise, Failed, Subject, must_return
from recsys_lessons.practice.values import describe

KIND: dict = {
    "en": "it returns a tuple of three float arrays: inverses (n_arms, dim, dim), totals (n_arms, dim), bounds "
    "(n_arms,); x = 0 changes nothing, and its bounds are 0",
    "zh": "返回三个浮点数组组成的元组：inverses (n_arms, dim, dim)、totals (n_arms, dim)、bounds (n_arms,)；"
    "x = 0 时什么也不变，上界全为 0",
}
OTHERS: dict = {
    "en": "only the arm that was shown learns; the state of the others stays as it was",
    "zh": "只更新展示过的那个臂，其余各臂的状态不变",
}
TOTAL: dict = {
    "en": "b of the arm grows by reward * x: x counts as much as the reward says, and a reward of 0 adds nothing",
    "zh": "该臂的 b 增加 reward * x：x 加多少由 reward 决定，reward 为 0 时不加",
}
INVERSE: dict = {
    "en": "A of the arm grows by the outer product of x with itself, whatever the reward; given the inverse V, the new "
    "one is V - (V x)(V x)' / (1 + x' V x)",
    "zh": "不论 reward 是多少，该臂的 A 都增加 x 与自己的外积；给出的是逆矩阵 V，"
    "新的逆是 V - (V x)(V x)' / (1 + x' V x)",
}
MEAN: dict = {
    "en": "with alpha 0 the bound of an arm is the estimate theta' x, where theta = A^-1 b",
    "zh": "alpha 为 0 时，臂的上界就是估计值 theta' x，其中 theta = A^-1 b",
}
WIDTH: dict = {
    "en": "above the estimate the bound adds alpha * sqrt(x' A^-1 x): the square root, once, times alpha",
    "zh": "在估计值之上，上界再加 alpha * sqrt(x' A^-1 x)：先开平方，再乘 alpha",
}
AFTER: dict = {
    "en": "bounds are those after the update, with the new A^-1 and b of the arm that was shown",
    "zh": "上界用更新之后的状态计算：展示过的臂要用新的 A^-1 和 b",
}
LARGE: dict = {"en": "it is right with more arms and dimensions", "zh": "臂更多、维度更高时也正确"}


def check(update: Subject, rng) -> None:
    """See `Exercise.check`. Small cases have one dimension, where the inverse is 1 / A, or one arm that begins."""

    def arms(n: int, dim: int = 1, at: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
        inverses = np.tile(np.eye(dim) * at, (n, 1, 1))
        return inverses, rng.integers(2, 6, (n, dim)).astype(float)

    def x(dim: int = 1) -> np.ndarray:
        return (rng.permutation(5)[:dim] + 2).astype(float)

    def shown(n: int, reward: float, alpha: float, at: float = 1.0) -> tuple:
        return *arms(n, at=at), x(), int(rng.integers(n)), reward, alpha

    def reward() -> float:
        return float(rng.integers(2, 5))

    def beginners() -> Iterator[tuple]:
        for clicked in (False, True):
            yield np.eye(2)[None], np.zeros((1, 2)), x(2), 0, clicked

    def larger() -> Iterator[tuple]:
        for n, dim in ((2, 2), (3, 4), (6, 8)):
            seen = rng.normal(size=(n, 2 * dim, dim))
            inverses = np.linalg.inv(np.eye(dim) + seen.transpose(0, 2, 1) @ seen)
            alpha = float(rng.uniform(0.2, 2.0))
            yield inverses, rng.normal(size=(n, dim)), rng.normal(size=dim), int(rng.integers(n)), alpha / 2, alpha

    def agree(rule: Text, cases: Iterable[tuple], part: Callable) -> None:
        """Compare `part(answer, arm)` alone: what is wrong elsewhere is told by another rule."""
        for case in cases:
            got, expected = update(*case), right(*case)
            wrong = difference(got, expected)
            if wrong is VALUES:
                wrong = difference(part(got, case[3]), part(expected, case[3])) and rule
            if wrong is not None:
                raise Failed(wrong, update.written(case), describe(expected), describe(got))

    still = [(*arms(n), np.zeros(1), n - 1, 1.0, 1.0) for n in (1, 2)]
    must_return(update, KIND, [(one[0], np.zeros_like(one[1]), *one[2:]) for one in still], right, about_kind=True)
    agree(OTHERS, [shown(2, reward(), 1.0) for _ in range(3)], lambda got, arm: (got[0][1 - arm], got[1][1 - arm]))
    plain = [shown(1, value, 1.0, at) for value, at in ((reward(), 1.0), (0.0, 1.0), (reward(), 0.5), (0.0, 0.5))]
    agree(TOTAL, plain, lambda got, arm: got[1])
    agree(INVERSE, [*plain, *beginners()], lambda got, arm: got[0])
    agree(MEAN, [shown(2, reward(), 0.0, at) for at in (1.0, 0.5)], lambda got, arm: got[2][1 - arm])
    agree(WIDTH, [shown(2, reward(), alpha, 0.5) for alpha in (1.0, 2.0, 3.0)], lambda got, arm: got[2][1 - arm])
    must_return(update, AFTER, [shown(1, reward(), 0.0), shown(1, 0.0, 2.0), shown(2, reward(), 2.0)], right)
    must_return(update, LARGE, larger(), right)


def right(inverses, totals, x, arm, reward, alpha=1.0):
    """By A itself, which is inverted anew."""
    matrices, totals = np.linalg.inv(inverses), totals.copy()
    matrices[arm] += np.outer(x, x)
    totals[arm] += float(reward) * x
    inverses = inverses.copy()
    inverses[arm] = np.linalg.inv(matrices[arm])
    bounds = [b @ inverse @ x + alpha * np.sqrt(x @ inverse @ x) for inverse, b in zip(inverses, totals, strict=True)]
    return inverses, totals, np.array(bounds)


def _updated(inverse, x):
    """Sherman and Morrison (1950)."""
    along = inverse @ x
    return inverse - np.outer(along, along) / (1.0 + x @ along)


def _bounds(inverses, totals, x, alpha):
    return np.einsum("ai,aij,j->a", totals, inverses, x) + alpha * np.sqrt(np.maximum(_spread(inverses, x), 0.0))


def _spread(inverses, x):
    return np.einsum("i,aij,j->a", x, inverses, x)


def _step(
    inverses,
    totals,
    x,
    arm,
    reward,
    alpha=1.0,
    *,
    inverse: Callable = _updated,
    add: Callable = lambda x, reward: reward * x,
    bounds: Callable = _bounds,
    learns: Callable = lambda arm, reward: arm,
):
    """One step, but for what a mutant changes."""
    new_inverses, new_totals = inverses.copy(), totals.copy()
    which = np.arange(len(inverses))[learns(arm, float(reward))]
    for one in np.atleast_1d(which):
        new_inverses[one] = inverse(inverses[one], x)
        new_totals[one] = totals[one] + add(x, float(reward))
    return new_inverses, new_totals, bounds(new_inverses, new_totals, x, alpha)


def by_the_course(inverses, totals, x, arm, reward, alpha=1.0):
    """The same by `LinUCB` of the course, one for each arm. (On its own it shares one theta between all arms.)"""
    from recsys_lessons.recommenders.bandits import LinUCB

    policies = [LinUCB(len(x), alpha=alpha) for _ in inverses]
    for policy, inverse, total in zip(policies, inverses, totals, strict=True):
        policy.inverse, policy.rewards = inverse, total
    policies[arm].update(x, float(reward))
    bounds = np.array([policy.values(x[None])[0] for policy in policies])
    return np.stack([one.inverse for one in policies]), np.stack([one.rewards for one in policies]), bounds


def _with(**changed) -> Callable:
    return lambda *arguments: _step(*arguments, **changed)


def _before(inverses, totals, x, arm, reward, alpha=1.0):
    return *_step(inverses, totals, x, arm, reward, alpha)[:2], _bounds(inverses, totals, x, alpha)


def _in_place(inverses, totals, x, arm, reward, alpha=1.0):
    inverses[arm] = _updated(inverses[arm], x)
    totals[arm] += float(reward) * x
    return inverses, totals, _bounds(inverses, totals, x, alpha)


MUTANTS = {
    "forgets the square root": _with(
        bounds=lambda inverses, totals, x, alpha: _bounds(inverses, totals, x, 0.0) + alpha * _spread(inverses, x)
    ),
    "takes alpha into the square root": _with(
        bounds=lambda inverses, totals, x, alpha: (
            _bounds(inverses, totals, x, 0.0) + np.sqrt(alpha * _spread(inverses, x))
        )
    ),
    "takes the lower bound": _with(bounds=lambda inverses, totals, x, alpha: _bounds(inverses, totals, x, -alpha)),
    "adds x to b without the reward": _with(add=lambda x, reward: x),
    "learns from clicks only": _with(learns=lambda arm, reward: [arm] if reward > 0 else []),
    "updates all arms": _with(learns=lambda arm, reward: slice(None)),
    "takes x @ x, a number, for the outer product": _with(
        inverse=lambda inverse, x: np.linalg.inv(np.linalg.inv(inverse) + x @ x)
    ),
    "adds the outer product to the inverse": _with(inverse=lambda inverse, x: inverse + np.outer(x, x)),
    "does not divide in Sherman-Morrison": _with(
        inverse=lambda inverse, x: inverse - np.outer(inverse @ x, inverse @ x)
    ),
    "forgets the 1 in Sherman-Morrison": _with(
        inverse=lambda inverse, x: inverse - np.outer(inverse @ x, inverse @ x) / max(x @ inverse @ x, 1e-12)
    ),
    "updates b alone": _with(inverse=lambda inverse, x: inverse),
    "takes b for theta": _with(
        bounds=lambda inverses, totals, x, alpha: totals @ x + alpha * np.sqrt(_spread(inverses, x))
    ),
    "scores before it learns": _before,
    "returns the bound of the shown arm only": lambda inverses, totals, x, arm, *others: (
        *_step(inverses, totals, x, arm, *others)[:2],
        _step(inverses, totals, x, arm, *others)[2][arm : arm + 1],
    ),
    "changes the state in place": _in_place,
}

EXERCISE = Exercise(
    name="linucb_update",
    lesson="06_cold_start",
    title={"en": "LinUCB: one observation", "zh": "LinUCB：从一次观察中学习"},
    question={
        "en": "How does LinUCB decide which new item to show, what does it update after a click or no click, and how "
        "do you avoid inverting a matrix at every step?",
        "zh": "LinUCB 怎样决定展示哪个新物品？有点击和没有点击之后分别更新什么？怎样避免每一步都求逆矩阵？",
    },
    difficulty="hard",
    minutes=25,
    signature="def linucb_update(inverses, totals, x, arm, reward, alpha=1.0):",
    hints=(
        {
            "en": "Each arm is a ridge regression of its own: A = I + sum of x x', b = sum of reward x. Showing an arm "
            "makes it better known even where nobody clicks; the arms that were not shown learn nothing.",
            "zh": "每个臂各自是一个岭回归：A = I + Σ x x'，b = Σ reward x。"
            "展示过一个臂，即使没人点击，对它的了解也增加了；没展示的臂什么也没学到。",
        },
        {
            "en": "Copy both arrays. With V the inverse of the arm and v = V @ x: the new inverse is "
            "V - np.outer(v, v) / (1 + x @ v), and b += reward * x. Then theta = V_new @ b, for every arm, and the "
            "width is the square root of x' V_new x.",
            "zh": "先复制两个数组。设 V 是该臂的逆矩阵，v = V @ x：新的逆是 V - np.outer(v, v) / (1 + x @ v)，"
            "b += reward * x。然后对每个臂算 theta = 新 V @ b，宽度是 x' V x (新 V) 的平方根。",
        },
        {
            "en": "After the update: means = np.einsum('aij,aj,i->a', inverses, totals, x); widths = "
            "np.sqrt(np.einsum('i,aij,j->a', x, inverses, x)); bounds = means + alpha * widths. A loop over the arms "
            "does as well.",
            "zh": "更新之后：means = np.einsum('aij,aj,i->a', inverses, totals, x)；"
            "widths = np.sqrt(np.einsum('i,aij,j->a', x, inverses, x))；bounds = means + alpha * widths。"
            "用循环逐个臂计算也可以。",
        },
    ),
    check=check,
    agrees_with="recsys_lessons.practice.exercises.linucb_update:by_the_course",
    mutants=MUTANTS,
)
