"""Exercise, step two of the capstone: modalities, each with gaps, to one vector an item."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from recsys_lessons.practice.exercise import Exercise, Subject, Text, must_raise, must_return
from recsys_lessons.practice.exercises._kind import must_be_of_kind

KIND: Text = {
    "en": "it returns a pair: a float64 array (n, sum of all dims) and a bool array (n,), True where there is a vector",
    "zh": "返回一对：形状 (n, 各维度之和) 的 float64 数组和形状 (n,) 的布尔数组，有向量处为 True",
}
STANDARD: Text = {
    "en": "each row of a modality, less the mean, is scaled to length 1: the larger numbers do not decide",
    "zh": "每个模态的每一行减去均值后缩放到长度 1：数值更大的不会左右结果",
}
WARM: Text = {
    "en": "the mean is that of the `warm` rows that have the modality, and of no others",
    "zh": "均值只在 `warm` 中拥有该模态的行上取，不含其他行",
}
ZERO: Text = {
    "en": "a row that equals the mean stays zero, not NaN, and counts as present",
    "zh": "等于均值的行保持为 0，而不是 NaN，并且算作存在",
}
ROOT: Text = {
    "en": "a block is multiplied by the root of its weight, and a whole item has length 1",
    "zh": "每一块乘以权重的平方根，整个物品长度为 1",
}
MISSING: Text = {
    "en": "the block of a missing modality is zero, and what is left is scaled to length 1 again",
    "zh": "缺失模态的那一块为 0，其余部分重新缩放到长度 1",
}
NOTHING: Text = {
    "en": "an item without any modality has a row of NaN and False in the mask",
    "zh": "什么模态都没有的物品，整行为 NaN，mask 为 False",
}
ORDER: Text = {
    "en": "blocks stand in the order of `modalities`, and weights are found by name",
    "zh": "各块按 `modalities` 的顺序排列，权重按名字取",
}
UNKNOWN: Text = {
    "en": "a modality that no warm item has cannot be centred: ValueError, and no silent NaN",
    "zh": "没有任何 warm 物品拥有的模态无法去均值：抛出 ValueError，而不是悄悄得到 NaN",
}
LARGE: Text = {"en": "it is right for more items, modalities and dimensions", "zh": "物品、模态、维度更多时也正确"}


def check(fuse: Subject, rng) -> None:
    """See `Exercise.check`. In one dimension a row of length 1 is 1 or -1; with warm [0], row 0 is the mean."""

    def right(modalities, weights, warm):
        n = len(next(iter(modalities.values())))
        rows, mask = [], np.zeros(n, dtype=bool)
        for item in range(n):
            there = {name: not np.isnan(table[item]).any() for name, table in modalities.items()}
            mask[item] = any(there.values())
            total = sum(weights[name] for name in modalities if there[name])
            row = []
            for name, table in modalities.items():
                known = [table[other] for other in warm if not np.isnan(table[other]).any()]
                centred = table[item] - np.mean(known, axis=0) if there[name] else np.zeros(table.shape[1])
                length = np.linalg.norm(centred)
                scale = np.sqrt(weights[name] / total) / length if length > 0 and there[name] else 0.0
                row.extend(scale * centred)
            rows.append(row if mask[item] else [np.nan] * len(row))
        return np.array(rows), mask

    def table(*values: float) -> np.ndarray:
        return np.array([[value] for value in values], dtype=float)

    def one(*values: float, warm: tuple = (0,)) -> tuple:
        return {"a": table(*values)}, {"a": 1.0}, list(warm)

    def two(first: tuple, second: tuple, weights: tuple = (1.0, 1.0), warm: tuple = (0,)) -> tuple:
        return {"a": table(*first), "b": table(*second)}, dict(zip("ab", weights, strict=True)), list(warm)

    def larger() -> Iterator[tuple]:
        for n, count, dim in ((5, 2, 2), (12, 3, 4), (40, 4, 8)):
            modalities = {}
            for m, name in enumerate("abcd"[:count]):
                values = rng.normal(size=(n, dim + m)) * rng.uniform(0.1, 9) + 3
                values[1:][rng.random(n - 1) < 0.3] = np.nan
                modalities[name] = values
            weights = dict(zip("abcd", rng.uniform(0.1, 2, count).tolist(), strict=False))
            yield modalities, weights, sorted({0, *rng.permutation(n)[: n // 2].tolist()})

    nan = np.nan
    a, b, c = (float(value) for value in rng.permutation(7)[:3] + 2)
    w = float(rng.choice([3.0, 4.0, 8.0]))
    must_be_of_kind(fuse, KIND, [one(0, a), two((0, a), (0, b))], right)
    must_return(fuse, ZERO, [one(a)], right)
    both = {"a": np.array([[0.0, a], [b, 0.0]])}, {"a": 1.0}, [0, 1]
    must_return(fuse, STANDARD, [one(0, a, warm=(0, 1)), one(0, -a, warm=(0, 1)), both], right)
    must_return(fuse, WARM, [one(0, a), one(3, 9, 5, warm=(0, 1)), one(3, 0, a + 3, warm=(1, 2))], right)
    must_return(fuse, NOTHING, [one(0, nan)], right)
    must_return(fuse, WARM, [one(1, 3, 2.5, nan, warm=(0, 1, 3))], right)
    must_return(fuse, ROOT, [two((0, a), (0, b)), two((0, a), (0, b), (w, 1.0)), two((0, a), (0, b), (1.0, w))], right)
    must_return(fuse, MISSING, [two((0, a), (0, nan)), two((0, nan), (0, c), (w, 1.0))], right)
    must_return(fuse, ORDER, [({"b": table(0, a), "a": table(0, -b)}, {"a": 1.0, "b": w}, [0])], right)
    must_raise(fuse, UNKNOWN, [one(nan, a)], "ValueError")
    must_return(fuse, LARGE, larger(), right)


def by_the_course(modalities, weights, warm):
    """The same with the scale of `ConcatFusion`, in float64."""
    import torch

    from recsys_lessons.encoders.base import Masked
    from recsys_lessons.fusion.parts import scale_of, unit_rows

    blocks, present = [], []
    for name, table in modalities.items():
        vectors = torch.from_numpy(table)
        there = ~vectors.isnan().any(dim=1)
        if not there[warm].any():
            raise ValueError(f"no warm item has the modality {name!r}; leave it out.")
        known = vectors[warm][there[warm]]
        blocks.append(unit_rows(Masked(vectors.nan_to_num(), there), scale_of(known, None)) * weights[name] ** 0.5)
        present.append(there * weights[name])
    size = torch.stack(present, dim=1).sum(dim=1, keepdim=True)
    return (torch.cat(blocks, dim=1) / size.sqrt()).numpy(), size[:, 0].numpy() > 0


def _mean(table, there, warm):
    return table[[row for row in warm if there[row]]].mean(axis=0)


def _unit(rows):
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(lengths > 0, lengths, 1.0)


def _unit_or_nan(rows):
    with np.errstate(invalid="ignore"):
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def _fused(
    modalities,
    weights,
    warm,
    *,
    mean: Callable = _mean,
    unit: Callable = _unit,
    root: Callable = np.sqrt,
    total: Callable = lambda present, weights: np.sqrt((present * weights).sum(axis=1, keepdims=True)),
    nothing: float = np.nan,
    refuse: bool = True,
):
    """The right answer, but for what a mutant changes."""
    blocks, present = [], []
    for name, table in modalities.items():
        there = ~np.isnan(table).any(axis=1)
        if refuse and not there[warm].any():
            raise ValueError(f"no warm item has the modality {name!r}")
        centred = np.where(there[:, None], table - mean(table, there, warm), 0.0)
        blocks.append(np.where(there[:, None], unit(centred), 0.0) * root(weights[name]))
        present.append(there)
    present = np.stack(present, axis=1)
    below = total(present, np.array([weights[name] for name in modalities]))
    mask = present.any(axis=1)
    fused = np.concatenate(blocks, axis=1) / np.where(mask[:, None], below, 1.0)
    return np.where(mask[:, None], fused, nothing), mask


def _with(**changed):
    return lambda *arguments: _fused(*arguments, **changed)


def _all_weights(present, weights):
    return np.full((len(present), 1), np.sqrt(weights.sum()))


def _zeros_for_gaps(modalities, weights, warm):
    return _fused({name: np.nan_to_num(table) for name, table in modalities.items()}, weights, warm)


def _everything_or_nothing(modalities, weights, warm):
    fused, _ = _fused(modalities, weights, warm)
    mask = np.all([~np.isnan(table).any(axis=1) for table in modalities.values()], axis=0)
    return np.where(mask[:, None], fused, np.nan), mask


def _nan_spreads(table, there, warm):
    return table[warm].mean(axis=0)


MUTANTS = {
    "does not scale": _with(unit=lambda rows: rows),
    "scales, and does not centre": _with(mean=lambda table, there, warm: 0.0),
    "takes the mean over all items": _with(mean=lambda table, there, warm: table[there].mean(axis=0)),
    "lets NaN into the mean": _with(mean=_nan_spreads),
    "takes 0 for what is missing": _zeros_for_gaps,
    "scales the columns": _with(unit=lambda rows: rows / np.maximum(np.linalg.norm(rows, axis=0), 1e-12)),
    "is NaN for a row that equals the mean": _with(unit=_unit_or_nan),
    "multiplies by the weight itself": _with(root=lambda weight: weight),
    "ignores the weights": lambda modalities, weights, warm: _fused(modalities, dict.fromkeys(weights, 1.0), warm),
    "forgets the length of the whole": _with(total=lambda present, weights: 1.0),
    "divides by all weights, whatever is missing": _with(total=_all_weights),
    "writes zeros for an item that has nothing": _with(nothing=0.0),
    "drops items that lack one modality": _everything_or_nothing,
    "sorts the names": lambda modalities, *others: _fused(dict(sorted(modalities.items())), *others),
    "takes the weights by place": lambda modalities, weights, warm: _fused(
        modalities, dict(zip(modalities, weights.values(), strict=True)), warm
    ),
    "is NaN, silently, where no warm item has a modality": _with(
        refuse=False, mean=lambda table, there, warm: _mean(table, there, warm) if there[warm].any() else np.nan
    ),
}

EXERCISE = Exercise(
    name="fuse_modalities",
    lesson="11_multimodal",
    title={"en": "Capstone 2: modalities to one vector an item", "zh": "综合题第 2 步：把各模态融合成一个向量"},
    question={
        "en": "Build a multimodal recommender, step two: every modality has gaps of its own. How do you make one "
        "vector an item, from statistics that training may see?",
        "zh": "构建多模态推荐系统，第二步：每个模态各有缺失。怎样只用训练可见的统计量，为每个物品得到一个向量？",
    },
    difficulty="medium",
    minutes=20,
    signature="def fuse_modalities(modalities, weights, warm):",
    hints=(
        {
            "en": "Go through the modalities by name. Each becomes a block, (n, dim), of rows of length 1, with zeros "
            "where it is missing. Beside it, note who has it: that is needed for the length, and for the mask.",
            "zh": "按名字逐个处理模态。每个模态变成一块 (n, dim)，每行长度为 1，缺失处为 0。"
            "同时记下哪些物品有它：算长度和 mask 都要用。",
        },
        {
            "en": "there = ~np.isnan(table).any(axis=1). The mean is over [row for row in warm if there[row]]; with no "
            "such row, raise ValueError. np.where(there[:, None], table - mean, 0) has no NaN left.",
            "zh": "there = ~np.isnan(table).any(axis=1)。均值在 [row for row in warm if there[row]] 上取；"
            "一行也没有时抛出 ValueError。np.where(there[:, None], table - mean, 0) 里就没有 NaN 了。",
        },
        {
            "en": "Each block times weights[name] ** 0.5; size = the sum of weights[name] * there. The answer is "
            "np.concatenate(blocks, axis=1) / np.sqrt(size)[:, None], with NaN where size is 0, and size > 0.",
            "zh": "每一块乘 weights[name] ** 0.5；size 是 weights[name] * there 之和。"
            "答案是 np.concatenate(blocks, axis=1) / np.sqrt(size)[:, None](size 为 0 处为 NaN)，以及 size > 0。",
        },
    ),
    check=check,
    agrees_with="recsys_lessons.practice.exercises.fuse_modalities:by_the_course",
    mutants=MUTANTS,
)
