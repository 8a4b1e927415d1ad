"""Exercise: the weight of a second modality, from held-out items and not from the test."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from recsys_lessons.practice.exercise import Exercise, Subject, Text, must_return
from recsys_lessons.practice.exercises._kind import must_be_of_kind

KIND: Text = {
    "en": "it returns one number, a weight: not a score, not a place in the grid",
    "zh": "返回一个数，即权重：不是得分，也不是网格里的序号",
}
GRID: Text = {
    "en": "the weights tried are 0, 1/steps, 2/steps, ... and 1, both ends among them",
    "zh": "要试的权重是 0、1/steps、2/steps、……、1，两端都包括",
}
BEST: Text = {
    "en": "the weight with the highest mean NDCG is chosen, where w goes to the second and 1 - w to the first",
    "zh": "选平均 NDCG 最高的权重；w 给第二个模态，1 - w 给第一个",
}
TEST: Text = {
    "en": "what is wanted among the test items is never looked at: that would be choosing on the test",
    "zh": "绝不能看测试物品里有谁被喜欢：那就是在测试集上选参数",
}
TRAIN: Text = {
    "en": "training items say nothing about new ones: the model has seen what they are liked for",
    "zh": "训练物品说明不了新物品：模型已经见过它们被谁喜欢",
}
RIVALS: Text = {
    "en": "validation items are ranked among themselves alone, as the test's will be",
    "zh": "只在验证物品之间排序，就像将来只在测试物品之间排序一样",
}
TIES: Text = {
    "en": "of equally good weights the smallest is chosen: a modality that brings nothing gets nothing",
    "zh": "同样好的权重取最小的：没有带来好处的模态，就不给它权重",
}
PLACES: Text = {
    "en": "every place in the list counts (NDCG), not the first alone",
    "zh": "列表里的每个位置都算(NDCG)，不只是第一名",
}
LARGE: Text = {"en": "it is right for more users, items and steps", "zh": "用户、物品、步数更多时也正确"}


def check(choose: Subject, rng) -> None:
    """See `Exercise.check`. With one step the choice is between the first modality alone and the second alone."""

    def right(scores, wanted, split, steps):
        best, value = 0.0, -1.0
        for weight in (step / steps for step in range(steps + 1)):
            found = []
            for user, mine in enumerate(wanted):
                rivals = [item for item, name in enumerate(split) if name == "val"]
                rivals.sort(key=lambda item: -(1 - weight) * scores[0, user, item] - weight * scores[1, user, item])
                hits = [item in mine for item in rivals]
                if any(hits):
                    gains = 1 / np.log2(np.arange(len(hits)) + 2)
                    found.append(gains[hits].sum() / gains[: sum(hits)].sum())
            if np.mean(found) > value + 1e-12:
                best, value = weight, np.mean(found)
        return best

    def case(first: list[int], second: list[int], wanted: list[int], split: str, steps: int = 1) -> tuple:
        """One user; `split` such as "vvt"."""
        names = [{"v": "val", "t": "test", "n": "train"}[letter] for letter in split]
        return np.array([[first], [second]]), [wanted], names, steps

    def larger() -> Iterator[tuple]:
        for users, items, steps in ((3, 9, 2), (12, 30, 4), (40, 60, 10)):
            truth = rng.normal(size=(users, items))
            scores = truth + rng.normal(size=(2, users, items)) * np.array([1.0, 0.7])[:, None, None]
            split = rng.permutation([["val", "test", "train"][item % 3] for item in range(items)]).tolist()
            wanted = [np.argsort(-row)[: items // 4].tolist() for row in truth]
            wanted[0] = [split.index("val")]
            yield scores, wanted, split, steps

    low, middle, high = int(rng.integers(3)), 7, int(rng.integers(8, 11))  # 7 is more than the mean of the others
    up, down = [low, high], [high, low]
    must_be_of_kind(choose, KIND, [case(up, up, [1], "vv")], right)
    must_return(choose, BEST, [case(down, up, [0], "vv")], right)
    must_return(choose, TIES, [case(up, up, [1], "vv"), case(up, up, [0], "vv")], right)
    for rule, split in ((TEST, "vvt"), (TRAIN, "vvn")):
        must_return(choose, rule, [case([middle, low, high], [middle, high, low], [1, 2], split, 2)], right)
    must_return(choose, BEST, [case(up, down, [0], "vv")], right)
    must_return(choose, RIVALS, [case([middle, low, high], [high, middle, low], [0], "vvt")], right)
    must_return(choose, GRID, [case([middle, high, low], [middle, low, high], [0], "vvv", 2)], right)
    must_return(choose, PLACES, [case([low, middle, high], [middle, low, high], [0], "vvv")], right)
    must_return(choose, LARGE, larger(), right)


def by_the_course(scores, wanted, split, steps):
    """The same with the order and the measure that `evaluate` uses."""
    from recsys_lessons.evaluation.measures import MEASURES
    from recsys_lessons.recommenders.ranking import top_k

    rivals = np.flatnonzero([name == "val" for name in split])
    relevant = np.array([np.isin(rivals, mine) for mine in wanted])
    users = relevant.any(axis=1)
    values = []
    for weight in np.linspace(0, 1, steps + 1):
        blend = ((1 - weight) * scores[0] + weight * scores[1])[:, rivals]
        hits = np.take_along_axis(relevant, top_k(blend, len(rivals)), axis=1)[users]
        values.append(MEASURES["ndcg"](hits, relevant.sum(axis=1)[users], len(rivals)).mean())
    return float(np.argmax(np.array(values) > max(values) - 1e-12) / steps)


def _ndcg(hits):
    gains = 1 / np.log2(np.arange(len(hits)) + 2)
    return gains[hits].sum() / gains[: hits.sum()].sum()


def _chosen(
    scores,
    wanted,
    split,
    steps,
    *,
    rivals: tuple = ("val",),
    count: tuple = ("val",),
    grid: Callable = lambda steps: np.linspace(0, 1, steps + 1),
    measure: Callable = _ndcg,
    pick: Callable = np.argmax,
    back: Callable = lambda grid, values, at: float(grid[at]),
):
    """The right answer, but for what a mutant changes."""
    candidates = np.flatnonzero(np.isin(split, rivals))
    counted = set(np.flatnonzero(np.isin(split, count)).tolist())
    weights, values = grid(steps), []
    for weight in weights:
        found = []
        for user, mine in enumerate(wanted):
            blend = (1 - weight) * scores[0, user] + weight * scores[1, user]
            ranked = candidates[np.argsort(-blend[candidates], kind="stable")]
            hits = np.isin(ranked, [item for item in mine if item in counted])
            if hits.any():
                found.append(measure(hits))
        values.append(round(float(np.mean(found)), 12) if found else 0.0)
    return back(weights, values, int(pick(values)))


def _with(**changed):
    return lambda *arguments: _chosen(*arguments, **changed)


_ALL = ("train", "val", "test")

MUTANTS = {
    "chooses on the test": _with(rivals=("test",), count=("test",)),
    "chooses on validation and test together": _with(rivals=("val", "test"), count=("val", "test")),
    "chooses on the training items": _with(rivals=("train",), count=("train",)),
    "chooses on validation and training together": _with(rivals=("val", "train"), count=("val", "train")),
    "chooses on everything": _with(rivals=_ALL, count=_ALL),
    "lets test items compete": _with(rivals=("val", "test")),
    "takes the last of equals": _with(pick=lambda values: len(values) - 1 - np.argmax(values[::-1])),
    "takes the worst": _with(pick=np.argmin),
    "gives the weight to the first modality": lambda scores, *others: _chosen(scores[::-1], *others),
    "tries the two ends only": _with(grid=lambda steps: np.array([0.0, 1.0])),
    "has one weight too few": _with(grid=lambda steps: np.linspace(0, 1, max(2, steps))),
    "counts the first place only": _with(measure=lambda hits: hits[0]),
    "counts hits, wherever they stand": _with(measure=lambda hits: hits.sum()),
    "returns the place in the grid": _with(back=lambda grid, values, at: at),
    "returns the value": _with(back=lambda grid, values, at: values[at]),
    "always takes the middle": lambda *arguments: 0.5,
}

EXERCISE = Exercise(
    name="choose_weights",
    lesson="10_fusion",
    title={"en": "A weight without a leak", "zh": "不泄漏地选权重"},
    question={
        "en": "How much should the picture count beside the text? How do you choose a fusion weight for new items, and "
        "which data may the choice not see?",
        "zh": "图片相对文本该占多大分量？面向新物品，融合权重怎样选？选的时候哪些数据不能看？",
    },
    difficulty="medium",
    minutes=15,
    signature="def choose_weights(scores, wanted, split, steps):",
    hints=(
        {
            "en": "The test is there to judge the choice, so it cannot make it. And training items are no new items. "
            "Which items are left, both as candidates and as what is wanted?",
            "zh": "测试集用来评判这次选择，所以不能参与选择；训练物品又不是新物品。"
            "剩下哪些物品，既作候选，也作被喜欢的对象？",
        },
        {
            "en": "For one weight and one user: order the validation items by the blend, mark the hits, add 1 / "
            "log2(1 + place) over them, and divide by the same sum for hits in the first places. Skip a user without a "
            "hit.",
            "zh": "对一个权重、一个用户：按混合得分给验证物品排序，标出命中，把命中处的 1 / log2(1 + 名次) 相加，"
            "再除以命中全在最前时的同一个和。没有命中的用户跳过。",
        },
        {
            "en": "best, value = 0.0, -1.0; for step in range(steps + 1): w = step / steps; mean = the mean NDCG of "
            "(1 - w) * scores[0] + w * scores[1]; if mean > value + 1e-12: best, value = w, mean. The > keeps the "
            "smallest of equals, and the tiny number is for rounding.",
            "zh": "best, value = 0.0, -1.0；for step in range(steps + 1): w = step / steps；"
            "mean 是 (1 - w) * scores[0] + w * scores[1] 的平均 NDCG；"
            "if mean > value + 1e-12: best, value = w, mean。用 > 才会保留相同者中最小的，那个小数用来容忍舍入误差。",
        },
    ),
    check=check,
    agrees_with="recsys_lessons.practice.exercises.choose_weights:by_the_course",
    mutants=MUTANTS,
)
