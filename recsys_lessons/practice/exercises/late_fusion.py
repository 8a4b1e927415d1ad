"""Exercise: the scores of one model a modality, brought to one scale and added up."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from recsys_lessons.practice.exercise import Exercise, Subject, Text, must_return
from recsys_lessons.practice.exercises._kind import must_be_of_kind

KIND: Text = {
    "en": "it returns a float64 array (people, items): one score for each person and item",
    "zh": "返回形状 (人数, 物品数) 的 float64 数组：每个人、每个物品一个得分",
}
STANDARD: Text = {
    "en": "a person's scores of one modality get mean 0 and standard deviation 1: the larger numbers do not decide",
    "zh": "一个人在一个模态上的得分均值为 0、标准差为 1：数值更大的模型不会左右结果",
}
PERSON: Text = {
    "en": "each person's scores are standardised by themselves",
    "zh": "每个人的得分各自标准化",
}
HAVE: Text = {
    "en": "mean and deviation are those of the items that have the modality; a missing one is no 0",
    "zh": "均值和标准差只在拥有该模态的物品上取；缺失不等于 0 分",
}
FLAT: Text = {
    "en": "scores that are all the same are no opinion: zeros, not NaN",
    "zh": "得分全都相同就是没有意见：记为 0，而不是 NaN",
}
WEIGHTS: Text = {
    "en": "a weight multiplies scores AFTER they are standardised",
    "zh": "先标准化，再乘权重",
}
RESCALED: Text = {
    "en": "the sum is divided by the root of the summed SQUARES of the weights of what the item has",
    "zh": "和要除以该物品所拥有模态的权重的平方和的平方根",
}
MISSING: Text = {
    "en": "what an item lacks neither adds to its score nor counts below the line",
    "zh": "物品缺少的模态，既不计入得分，也不计入分母",
}
UNREAD: Text = {
    "en": "the score of a missing modality is never read, NaN included",
    "zh": "缺失模态的得分不读，NaN 也一样",
}
NOTHING: Text = {
    "en": "an item that has nothing scores 0, the average, for want of an opinion",
    "zh": "什么都没有的物品得 0 分，即平均水平：没有任何意见",
}
LARGE: Text = {"en": "it is right for more people, items and modalities", "zh": "人、物品、模态更多时也正确"}


def check(fuse: Subject, rng) -> None:
    """See `Exercise.check`. Of two items with different scores, one becomes -1 and the other 1."""

    def right(scores, masks, weights):
        fused = np.zeros(scores.shape[1:])
        for item in range(fused.shape[1]):
            there = [m for m in range(len(scores)) if masks[m, item] and weights[m]]
            size = np.sqrt(sum(weights[m] ** 2 for m in there))
            for m in there:
                part = scores[m][:, masks[m]]
                spread = part.std(axis=1)
                z = (scores[m][:, item] - part.mean(axis=1)) / np.where(spread > 0, spread, 1.0)
                fused[:, item] += weights[m] / size * np.where(spread > 1e-9, z, 0.0)
        return fused

    def alone(*scores: float, has: str = "") -> tuple:
        """One modality and one person."""
        return (
            np.array([[scores]], dtype=float),
            np.array([[letter == "1" for letter in has or "1" * len(scores)]]),
            [1.0],
        )

    def two(one: list[float], other: list[float], weights: list[float], has: str = "11") -> tuple:
        """Two modalities, one person; `has` tells which items have the second."""
        masks = np.array([[True] * len(one), [letter == "1" for letter in has]])
        return np.array([[one], [other]], dtype=float), masks, weights

    def larger() -> Iterator[tuple]:
        for people, items, count in ((2, 6, 2), (4, 20, 3), (9, 60, 4)):
            scores = rng.normal(size=(count, people, items)) * rng.uniform(0.1, 9, (count, 1, 1)) + 3
            masks = rng.random((count, items)) < 0.7
            scores.transpose(0, 2, 1)[~masks] = np.nan
            yield scores, masks, rng.uniform(0.2, 2, count).tolist()

    a, b = (float(value) for value in rng.permutation(7)[:2] + 2)
    w = float(rng.choice([2.0, 3.0, 5.0]))
    people = np.array([[[0.0, a], [b, 0.0]]])
    must_be_of_kind(fuse, KIND, [alone(0, a), (people, np.array([[True, True]]), [1.0])], right)
    must_return(fuse, STANDARD, [alone(0, a), alone(a, -b), alone(0, 0, a)], right)
    must_return(fuse, FLAT, [alone(a, a), alone(a)], right)
    must_return(fuse, PERSON, [(people, np.array([[True, True]]), [1.0])], right)
    must_return(fuse, NOTHING, [alone(a, has="0")], right)
    must_return(fuse, HAVE, [alone(1, 2, a + 2, has="110"), alone(a + 2, 3, 4, has="011")], right)
    must_return(fuse, UNREAD, [alone(0, a, np.nan, has="110")], right)
    must_return(fuse, RESCALED, [two([0, a], [0, b], [1.0, 1.0])], right)
    must_return(fuse, WEIGHTS, [two([0, a], [b, 0], [1.0, w]), two([0, a], [b, 0], [w, 1.0])], right)
    must_return(fuse, MISSING, [two([0, a], [b, 0], [1.0, w], has=has) for has in ("10", "00")], right)
    must_return(fuse, LARGE, larger(), right)


def by_the_course(scores, masks, weights):
    """The same by `fusion.late_fusion`, which takes the modalities by name."""
    from recsys_lessons.fusion import late_fusion

    names = [str(m) for m in range(len(scores))]
    tables = (dict(zip(names, one, strict=True)) for one in (scores, masks, weights))
    return late_fusion(*tables)


def _standard(part, *, ddof: int = 0):
    if part.shape[1] <= ddof:
        return np.zeros_like(part)
    spread = part.std(axis=1, ddof=ddof, keepdims=True)
    return np.where(spread > 0, (part - part.mean(axis=1, keepdims=True)) / np.where(spread > 0, spread, 1.0), 0.0)


def _nan_where_flat(part):
    with np.errstate(invalid="ignore", divide="ignore"):
        return (part - part.mean(axis=1, keepdims=True)) / part.std(axis=1, keepdims=True)


def _all_people(part):
    return _standard(part.reshape(1, -1)).reshape(part.shape)


def _to_one(part):
    low, high = part.min(axis=1, keepdims=True), part.max(axis=1, keepdims=True)
    return (part - low) / np.where(high > low, high - low, 1.0)


def _root_of_squares(masks, weights):
    return np.sqrt((masks * np.array(weights)[:, None] ** 2).sum(axis=0))


def _plain_sum(masks, weights):
    return (masks * np.array(weights)[:, None]).sum(axis=0)


def _late(
    scores,
    masks,
    weights,
    *,
    standard: Callable = _standard,
    size: Callable = _root_of_squares,
    over: Callable | None = None,
    first: bool = False,
    nothing: float = 0.0,
):
    """The right answer, but for what a mutant changes. `over`: scores and mask to scores, standardised whole."""
    total = np.zeros(scores.shape[1:])
    for table, mask, weight in zip(scores, masks, weights, strict=True):
        if not mask.any():
            continue
        z = np.zeros(table.shape)
        if over is None:
            part = table[:, mask]
            z[:, mask] = standard(weight * part) if first else weight * standard(part)
        else:
            z = weight * standard(over(table, mask))
        total += z
    below = size(masks, weights) * np.ones(total.shape[1])
    return np.where(below > 0, total / np.where(below > 0, below, 1.0), nothing)


def _with(**changed):
    return lambda *arguments: _late(*arguments, **changed)


MUTANTS = {
    "does not standardise": _with(standard=lambda part: part),
    "subtracts the mean, and leaves the spread": _with(standard=lambda part: part - part.mean(axis=1, keepdims=True)),
    "standardises over all people at once": _with(standard=_all_people),
    "scales to 0..1": _with(standard=_to_one),
    "divides by n - 1 in the spread": _with(standard=lambda part: _standard(part, ddof=1)),
    "is NaN where all scores are the same": _with(standard=_nan_where_flat),
    "takes 0 for the score of what is missing": _with(over=lambda table, mask: np.where(mask, table, 0.0)),
    "reads what is missing": _with(over=lambda table, mask: table),
    "multiplies by the mask, and so lets NaN through": lambda scores, masks, weights: (
        _late(scores, masks, weights) + (0 * scores * masks[:, None]).sum(axis=0)
    ),
    "divides by all weights, whatever is missing": _with(
        size=lambda masks, weights: np.full(masks.shape[1], np.linalg.norm(weights))
    ),
    "divides by the sum of the weights": _with(size=_plain_sum),
    "does not divide": _with(size=lambda masks, weights: np.ones(masks.shape[1])),
    "weighs before it standardises, which undoes it": _with(first=True),
    "takes all weights for 1": lambda scores, masks, weights: _late(scores, masks, [1.0] * len(weights)),
    "bars an item that has nothing": _with(nothing=-np.inf),
    "is NaN for an item that has nothing": _with(nothing=np.nan),
}

EXERCISE = Exercise(
    name="late_fusion",
    lesson="10_fusion",
    title={"en": "Late fusion: scores instead of vectors", "zh": "晚期融合：融合得分，而不是向量"},
    question={
        "en": "You have one model for texts and one for pictures. How do you combine their scores, and what do you do "
        "with an item that has no picture?",
        "zh": "文本和图片各有一个模型。怎样合并它们的得分？没有图片的物品怎么办？",
    },
    difficulty="medium",
    minutes=15,
    signature="def late_fusion(scores, masks, weights):",
    hints=(
        {
            "en": "Scores of different models have different sizes, so they are standardised first: each person's, "
            "each modality's, over the items that have it. What is then a neutral score for what is missing?",
            "zh": "不同模型的得分大小不同，所以先标准化：每个人、每个模态，在拥有它的物品上。"
            "这之后，缺失的部分记多少分才是中性的？",
        },
        {
            "en": "Of two independent scores with spread 1 the sum spreads by the root of 2. So an item with two "
            "modalities would fill both ends of the list, unless the sum is divided by the root of the summed squares "
            "of the weights that count for this item.",
            "zh": "两个相互独立、标准差为 1 的得分，和的标准差是 2 的平方根。"
            "如果不除以该物品实际计入的权重的平方和的平方根，列表的两头就会被模态齐全的物品占满。",
        },
        {
            "en": "For each table, mask, weight: part = table[:, mask]; spread = part.std(axis=1, keepdims=True); "
            "z = (part - part.mean(axis=1, keepdims=True)) / np.where(spread > 0, spread, 1); total[:, mask] += weight "
            "* z; size[mask] += weight**2. Skip a mask without any True. The answer is total / np.sqrt(size), with 1 "
            "in place of a size of 0.",
            "zh": "对每组 table、mask、weight：part = table[:, mask]；spread = part.std(axis=1, keepdims=True)；"
            "z = (part - part.mean(axis=1, keepdims=True)) / np.where(spread > 0, spread, 1)；"
            "total[:, mask] += weight * z；size[mask] += weight**2。mask 全为 False 时跳过。"
            "答案是 total / np.sqrt(size)，size 为 0 处换成 1。",
        },
    ),
    check=check,
    agrees_with="recsys_lessons.practice.exercises.late_fusion:by_the_course",
    mutants=MUTANTS,
)
