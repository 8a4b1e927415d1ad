"""Exercise: what a context adds to every item's score, by ridge regression."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from recsys_lessons.practice.compare import VALUES, difference
from recsys_lessons.practice.exercise import Exercise, Failed, Subject, must_return
from recsys_lessons.practice.values import describe

KIND: dict = {
    "en": "it returns a float array (m, n_items), one row for each new context; a single training event is its own "
    "average, teaches nothing, and leaves the base scores as they are",
    "zh": "返回形状 (m, n_items) 的浮点数组，每个新上下文一行；只有一次训练事件时，它就是自己的平均，什么也学不到，"
    "基础得分保持不变",
}
AVERAGE: dict = {
    "en": "in the average training context the base scores stay as they are",
    "zh": "处在训练上下文的平均值上时，基础得分保持不变",
}
OWN_MEAN: dict = {
    "en": "the mean of the TRAINING contexts is subtracted from the new ones too, not their own",
    "zh": "新上下文也减去训练上下文的均值，而不是减去它们自己的均值",
}
OFFSET: dict = {
    "en": "an item gains in contexts like those in which it was chosen, and loses in the others",
    "zh": "物品在它常被选中的那类上下文下加分，在其他上下文下减分",
}
RIDGE: dict = {
    "en": "the ridge stands once on the diagonal: the same events twice, and it weighs half as much",
    "zh": "ridge 只加在对角线上，且只加一次：同样的事件出现两遍时，它的作用减半",
}
BASE: dict = {
    "en": "the offset is added to the base scores; it neither replaces nor multiplies them",
    "zh": "偏移量加到基础得分上，既不是取代，也不是相乘",
}
LARGE: dict = {"en": "it is right with more events, features and items", "zh": "事件、特征、物品更多时也正确"}


def check(bias: Subject, rng) -> None:
    """See `Exercise.check`."""

    def right(contexts, chosen, base, new_contexts, ridge):
        mean, n_items = contexts.mean(axis=0), len(base)
        centred = contexts - mean
        hit = np.zeros((len(chosen), n_items))
        hit[np.arange(len(chosen)), chosen] = 1.0
        wanted = hit - hit.mean(axis=0)
        # The ridge as extra rows: sqrt(ridge) times the identity, whose target is 0.
        rows = np.vstack([centred, np.sqrt(ridge) * np.eye(len(mean))])
        targets = np.vstack([wanted, np.zeros((len(mean), n_items))])
        return base + (new_contexts - mean) @ np.linalg.lstsq(rows, targets, rcond=None)[0]

    def column(*values: float) -> np.ndarray:
        return np.array([values], dtype=float).T

    def two(base, new, ridge: float = 1.0, chosen=(0, 1), middle: float = 0.0, times: int = 1) -> tuple:
        """Two events, one below and one above `middle`; with 1 as a base score a product would look like a sum."""
        contexts = np.tile(column(middle - 1, middle + 1), (times, 1))
        return contexts, np.array([*chosen] * times), np.full(2, base), column(new), ridge

    def larger() -> Iterator[tuple]:
        for n, dim, n_items, m in ((5, 2, 3, 1), (30, 3, 5, 4), (200, 6, 12, 10)):
            contexts = rng.normal(size=(n, dim)) + rng.normal(size=dim)
            chosen = rng.integers(0, n_items, n)
            yield contexts, chosen, rng.normal(size=n_items), rng.normal(size=(m, dim)), float(rng.uniform(0.5, 20))

    some, many = (float(rng.integers(low, low + 4)) for low in (2, 6))
    one = np.array([0])
    alone = [(column(1), one, np.full(n, many), column(some), 1.0) for n in (1, 2)]
    must_return(bias, KIND, alone, right, about_kind=True)
    must_return(bias, AVERAGE, [two(many, some, middle=some)], right)
    _must_point(bias, OWN_MEAN, [two(1.0, some, chosen=chosen) for chosen in ((0, 1), (1, 0))], right, nowhere=True)
    _must_point(bias, OFFSET, [two(1.0, side * some) for side in (1, -1)], right)
    must_return(bias, RIDGE, [two(1.0, 1.0, ridge=many), two(1.0, 1.0, times=2, ridge=some)], right)
    must_return(bias, BASE, [two(many, some)], right)
    must_return(bias, LARGE, larger(), right)


def _must_point(bias: Subject, rule: dict, cases: list[tuple], right, nowhere: bool = False) -> None:
    """Whether scores lie above or below the base; `nowhere`: only whether they moved. How far: see later rules."""
    for case in cases:
        got, expected = bias(*case), right(*case)
        if difference(got, expected) is VALUES:
            moved, wanted = (np.sign(np.round(scores - case[2], 9)) for scores in (got, expected))
            if (not moved.any()) if nowhere else (moved != wanted).any():
                raise Failed(rule, bias.written(case), describe(expected), describe(got))


def by_the_course(contexts, chosen, base, new_contexts, ridge):
    """The same by the ridge regression of the course, `linear_algebra.ridge_map`."""
    from recsys_lessons.recommenders.linear_algebra import ridge_map

    mean, hit = contexts.mean(axis=0), np.eye(len(base))[chosen]
    weights = ridge_map(contexts - mean, hit - hit.mean(axis=0), np.ones(len(chosen)), ridge)
    return base + (new_contexts - mean) @ weights


def _learned(contexts, chosen, base, new, ridge, *, solve=None, shares=None, mean=None, new_mean=None, blend=np.add):
    """The right answer, but for what a mutant changes."""
    mean = contexts.mean(axis=0) if mean is None else mean
    hit = np.eye(len(base))[chosen]
    wanted, centred = hit - (hit.mean(axis=0) if shares is None else shares), contexts - mean
    gram = centred.T @ centred
    gram = gram + ridge * np.eye(len(gram)) if solve is None else solve(gram, ridge, len(chosen))
    weights = np.linalg.pinv(gram) @ centred.T @ wanted
    return blend(base, (new - (mean if new_mean is None else new_mean(new))) @ weights)


def _with(**changed):
    return lambda *arguments: _learned(*arguments, **changed)


def _class_means(contexts, chosen, base, new, ridge):
    hit = np.eye(len(base))[chosen]
    counts = hit.sum(axis=0)[:, None]
    means = (hit.T @ contexts) / np.maximum(counts, 1)
    return base + new @ means.T


MUTANTS = {
    "does not centre the contexts": _with(mean=0.0),
    "does not centre the new contexts": _with(new_mean=lambda new: 0.0),
    "subtracts the new contexts' own mean": _with(new_mean=lambda new: new.mean(axis=0)),
    "learns 0 or 1 without the shares, and no intercept": _with(mean=0.0, shares=0.0),
    "multiplies the ridge by the number of events": _with(
        solve=lambda gram, ridge, n: gram + ridge * n * np.eye(len(gram))
    ),
    "divides the sum by the number of events": _with(solve=lambda gram, ridge, n: gram + ridge / n * np.eye(len(gram))),
    "forgets the ridge": _with(solve=lambda gram, ridge, n: gram),
    "returns the offsets without the base scores": _with(blend=lambda base, offsets: offsets),
    "multiplies the base scores": _with(blend=lambda base, offsets: base * (1 + offsets)),
    "subtracts the offsets": _with(blend=np.subtract),
    "returns items x contexts": lambda *arguments: _learned(*arguments).T,
    "scores by the mean context of each item": _class_means,
}

EXERCISE = Exercise(
    name="contextual_bias",
    lesson="04_context",
    title={"en": "A contextual bias by ridge regression", "zh": "用岭回归学习上下文偏置"},
    question={
        "en": "You have a recommender that ignores the hour and the place. How do you add context without training it "
        "again?",
        "zh": "现有的推荐模型不看时间和地点。不重新训练它，怎样把上下文加进去？",
    },
    difficulty="medium",
    minutes=20,
    signature="def contextual_bias(contexts, chosen, base, new_contexts, ridge):",
    hints=(
        {
            "en": "It is one linear regression for each item, all with the same inputs: was it chosen in this event, "
            "yes or no? Centre both sides, and no intercept is needed: the average context then adds nothing.",
            "zh": "每个物品各做一个线性回归，输入相同：这次事件里选了它没有？"
            "两边都减去均值，就不需要截距：平均上下文的偏移量自然是 0。",
        },
        {
            "en": "Y, (n, n_items), has a 1 where an item was chosen, and its column means subtracted. C, (n, d), are "
            "the contexts less their column means; keep those, since the new contexts need the same. Then "
            "W = (C'C + ridge I)^-1 C'Y.",
            "zh": "Y 的形状是 (n, n_items)，选中处为 1，再减去各列均值。C 的形状是 (n, d)，是上下文减去各列均值；"
            "均值要留着，新上下文也要减同一个。然后 W = (C'C + ridge I)^-1 C'Y。",
        },
        {
            "en": "Y = np.eye(len(base))[chosen]; Y = Y - Y.mean(axis=0). With C = contexts - mean: W = "
            "np.linalg.solve(C.T @ C + ridge * np.eye(C.shape[1]), C.T @ Y). The answer is base + "
            "(new_contexts - mean) @ W.",
            "zh": "Y = np.eye(len(base))[chosen]；Y = Y - Y.mean(axis=0)。记 C = contexts - mean："
            "W = np.linalg.solve(C.T @ C + ridge * np.eye(C.shape[1]), C.T @ Y)。"
            "答案是 base + (new_contexts - mean) @ W。",
        },
    ),
    check=check,
    agrees_with="recsys_lessons.practice.exercises.contextual_bias:by_the_course",
    mutants=MUTANTS,
)
