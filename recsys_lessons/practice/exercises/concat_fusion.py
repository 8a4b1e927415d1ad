"""Exercise: modalities brought to one scale and put side by side, with weights and a mask."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from recsys_lessons.practice.compare import difference
from recsys_lessons.practice.exercise import Exercise, Failed, Subject, Text, must_return
from recsys_lessons.practice.exercises._kind import must_be_of_kind
from recsys_lessons.practice.values import describe

KIND: Text = {
    "en": "it returns a float32 tensor (n, sum of all dims): the modalities side by side, in their order",
    "zh": "返回形状 (n, 各维度之和) 的 float32 张量：各模态按顺序并排",
}
SCALE: Text = {
    "en": "each row of a modality is scaled to length 1: an encoder with larger numbers does not decide",
    "zh": "每个模态的每一行缩放到长度 1：数值更大的编码器不会左右结果",
}
CENTRE: Text = {
    "en": "the modality's mean is subtracted BEFORE its rows are scaled",
    "zh": "先减去该模态的均值，再缩放每一行",
}
ROWS: Text = {
    "en": "the mean is taken over `rows` alone: what test items look like is a leak",
    "zh": "均值只在 `rows` 上取：用到测试物品就是泄漏",
}
HAVE: Text = {
    "en": "the mean is taken over the items that have the modality: NaN neither spreads nor counts as 0",
    "zh": "均值只在拥有该模态的物品上取：NaN 既不扩散，也不当作 0",
}
ZERO: Text = {
    "en": "a row that equals the mean has no direction and stays zero, not NaN",
    "zh": "等于均值的行没有方向，保持为 0，而不是 NaN",
}
ROOT: Text = {
    "en": "a block is multiplied by the ROOT of its weight, so that a dot product weighs its cosine by the weight",
    "zh": "每一块乘以权重的平方根，这样内积里它的余弦正好乘以权重本身",
}
LENGTH: Text = {
    "en": "the whole is divided by the root of the sum of the weights: a complete item has length 1",
    "zh": "整体除以权重之和的平方根：模态齐全的物品长度为 1",
}
MISSING: Text = {
    "en": "the block of a missing modality is zero, and the sum holds the weights of what is present: length 1 again",
    "zh": "缺失模态的那一块为 0，求和时只算存在的模态的权重：长度仍是 1",
}
NOTHING: Text = {
    "en": "an item that has nothing gets a row of NaN: zeros would pass for a vector",
    "zh": "什么模态都没有的物品，整行为 NaN：全 0 会被当成正常的向量",
}
LARGE: Text = {"en": "it is right for more items, modalities and dimensions", "zh": "物品、模态、维度更多时也正确"}


def check(fuse: Subject, rng) -> None:
    """See `Exercise.check`. In one dimension a row of length 1 is 1 or -1; with `rows` [0], row 0 is the mean."""
    import numpy as np
    import torch

    def right(vectors, rows, weights):
        fused = np.full((len(vectors[0]), sum(one.shape[1] for one in vectors)), np.nan)
        tables = [one.double().numpy() for one in vectors]
        for item in range(len(fused)):
            there, start = np.array([not np.isnan(table[item]).any() for table in tables]), 0
            for m, table in enumerate(tables):
                stop = start + table.shape[1]
                if there.any():
                    fused[item, start:stop] = 0.0
                if there[m]:
                    centred = table[item] - np.nanmean(table[rows], axis=0)
                    length = np.linalg.norm(centred) or 1.0
                    fused[item, start:stop] = np.sqrt(weights[m] / np.dot(weights, there)) * centred / length
                start = stop
        return torch.from_numpy(fused).float()

    def column(*values: float):
        return torch.tensor(values, dtype=torch.float32)[:, None]

    def one(*values: float, rows: list[int]) -> tuple:
        return [column(*values)], rows, [1.0]

    def two(has: str, weights: tuple[float, float] = (1.0, 1.0)) -> tuple:
        """Row 0 is the mean, row 1 has what `has` says: "10" for the first of the two."""
        there = [some() if letter == "1" else torch.nan for letter in has]
        return [column(0, there[0]), column(9, there[1])], [0], list(weights)

    def some(low: int = 2) -> float:
        return float(rng.integers(low, low + 4))

    def larger() -> Iterator[tuple]:
        for n, dims in ((4, (2, 3)), (12, (4, 1, 3)), (60, (8, 16, 4))):
            vectors = [torch.from_numpy(rng.normal(2, rng.uniform(0.1, 9), (n, dim))).float() for dim in dims]
            for table in vectors:
                missing = torch.from_numpy(rng.random(n) < 0.4)
                missing[0], missing[-1] = False, True
                table[missing] = torch.nan
            yield vectors, list(range(n // 2)), rng.uniform(0.5, 2, len(dims)).tolist()

    far, weight, low = some(6), float(rng.choice([2.0, 3.0, 8.0])), some(3)
    pair = [torch.tensor([[0.0, 0.0], [3.0, 4.0]])], [0], [1.0]
    must_be_of_kind(fuse, KIND, [one(0, some(), rows=[0]), pair, two("11")], right)
    _must_ignore_the_scale(fuse, one(0, 1, rows=[0]), one(0, far, rows=[0]), right)
    must_return(fuse, CENTRE, [one(1, 2, rows=[0, 1]), one(some(), 1, rows=[0, 1])], right)
    must_return(fuse, ROWS, [one(0, 2, far + 4, rows=[0, 1]), one(far + 4, 2, 0, rows=[1, 2])], right)
    must_return(fuse, ZERO, [one(some(), rows=[0]), pair], right)
    must_return(fuse, LENGTH, [two("11")], right)
    must_return(fuse, ROOT, [two("11", (weight, 1.0)), two("11", (1.0, weight))], right)
    must_return(fuse, NOTHING, [one(0, torch.nan, rows=[0]), two("00")], right)
    must_return(fuse, HAVE, [one(low, low + 1, torch.nan, rows=[0, 1, 2])], right)
    must_return(fuse, MISSING, [two("10"), two("01"), two("01", (1.0, weight))], right)
    must_return(fuse, LARGE, larger(), right)


def _must_ignore_the_scale(fuse: Subject, small: tuple, large: tuple, right: Callable) -> None:
    """A modality multiplied by a number gives the same vectors; which ones is told by later rules."""
    one, other = must_be_of_kind(fuse, KIND, [small, large], right)
    if difference(one, other) is not None:
        case, got = (large, other) if difference(other, right(*large)) is not None else (small, one)
        raise Failed(SCALE, fuse.written(case), describe(right(*case)), describe(got))


def by_the_course(vectors, rows, weights):
    """The same by `fusion.ConcatFusion`, which is told by a mask what is missing."""
    from recsys_lessons.encoders.base import Masked
    from recsys_lessons.fusion import ConcatFusion

    modalities = {str(m): Masked(one, ~one.isnan().any(dim=1)) for m, one in enumerate(vectors)}
    named = {str(m): weight for m, weight in enumerate(weights)}
    return ConcatFusion(named).fit(modalities, rows=rows).transform(modalities).vectors


def _mean(table, rows):
    return table[rows].nanmean(dim=0)


def _unit(table):
    import torch

    return torch.nn.functional.normalize(table.nan_to_num(nan=0.0), dim=1)


def _divided(table):
    """By the length, whatever it is."""
    return (table / table.norm(dim=1, keepdim=True)).where(~table.isnan(), 0.0)


def _by_columns(table, rows):
    """Each number of the vector by its own mean and deviation, which leaves long vectors long."""
    spread = (table[rows] - _mean(table, rows)).square().nanmean(dim=0).sqrt()
    return ((table - _mean(table, rows)) / spread.where(spread > 0, spread + 1)).nan_to_num(nan=0.0)


def _fused(
    vectors,
    rows,
    weights,
    *,
    mean: Callable = _mean,
    unit: Callable = _unit,
    scaled: Callable = lambda table, rows, mean, unit: unit(table - mean(table, rows)),
    root: Callable = lambda weights: weights.sqrt(),
    total: Callable = lambda weights, there: (weights * there).sum(dim=1, keepdim=True).sqrt(),
    nothing: float = float("nan"),
):
    """The right answer, but for what a mutant changes."""
    import torch

    weights = torch.tensor(weights)
    there = torch.stack([~one.isnan().any(dim=1) for one in vectors], dim=1)
    blocks = [scaled(one, rows, mean, unit) * root(weights)[m] for m, one in enumerate(vectors)]
    fused = torch.cat(blocks, dim=1) / total(weights, there)
    return fused.masked_fill(~there.any(dim=1, keepdim=True), nothing)


def _with(**changed):
    return lambda *arguments: _fused(*arguments, **changed)


MUTANTS = {
    "puts them side by side as they are": _with(scaled=lambda table, rows, mean, unit: table.nan_to_num(nan=0.0)),
    "centres, and does not scale": _with(unit=lambda table: table.nan_to_num(nan=0.0)),
    "standardises the columns": _with(scaled=lambda table, rows, mean, unit: _by_columns(table, rows)),
    "scales, and does not centre": _with(scaled=lambda table, rows, mean, unit: unit(table)),
    "scales before it centres": _with(
        scaled=lambda table, rows, mean, unit: unit(_divided(table) - mean(_divided(table), rows))
    ),
    "takes the mean over all items": _with(mean=lambda table, rows: table.nanmean(dim=0)),
    "takes what is missing for 0 in the mean": _with(
        mean=lambda table, rows: table[rows].nan_to_num(nan=0.0).mean(dim=0)
    ),
    "lets NaN into the mean": _with(mean=lambda table, rows: table[rows].mean(dim=0)),
    "is NaN for a row that equals the mean": _with(unit=_divided),
    "multiplies by the weight instead of its root": _with(root=lambda weights: weights),
    "forgets the weights": _with(root=lambda weights: weights**0),
    "leaves an item longer the more it has": _with(total=lambda weights, there: 1.0),
    "divides by all weights, whatever is missing": _with(total=lambda weights, there: weights.sum().sqrt()),
    "divides by the number of modalities": _with(total=lambda weights, there: there.sum(dim=1, keepdim=True).sqrt()),
    "gives zeros for an item that has nothing": _with(nothing=0.0),
    "returns the modalities in the other order": lambda vectors, rows, weights: _fused(
        vectors[::-1], rows, weights[::-1]
    ),
}

EXERCISE = Exercise(
    name="concat_fusion",
    lesson="10_fusion",
    title={"en": "Concatenation on one scale", "zh": "同一尺度上的拼接"},
    question={
        "en": "You concatenate a text vector and a picture vector, and the picture might as well not be there. What "
        "went wrong, how do you mend it, and what do you do with items that lack one of the two?",
        "zh": "把文本向量和图片向量拼接起来，图片却像不存在一样。哪里出了问题？怎样修正？缺少其中一个的物品怎么办？",
    },
    difficulty="medium",
    minutes=20,
    signature="def concat_fusion(vectors, rows, weights):",
    hints=(
        {
            "en": "In a dot product of two concatenated vectors every modality adds its own dot product. Which one "
            "decides when one encoder gives numbers around 10 and the other around 0.1, or when all pictures share a "
            "large mean?",
            "zh": "两个拼接向量的内积，是各模态内积之和。如果一个编码器的数值在 10 左右，另一个在 0.1 左右，由谁决定？"
            "如果所有图片都带着一个很大的共同均值呢？",
        },
        {
            "en": "For each modality: the mean over those of `rows` that have it (torch.nanmean), subtract, set "
            "missing rows to 0, torch.nn.functional.normalize(..., dim=1), multiply by the root of the weight. After "
            "torch.cat divide each item by the root of the sum of the weights that it has.",
            "zh": "对每个模态：在 `rows` 中拥有它的物品上取均值(torch.nanmean)，减去，把缺失行设为 0，"
            "torch.nn.functional.normalize(..., dim=1)，乘以权重的平方根。"
            "torch.cat 之后，每个物品除以它拥有的权重之和的平方根。",
        },
        {
            "en": "centred = (one - one[rows].nanmean(dim=0)).nan_to_num(nan=0.0); block = normalize(centred, dim=1) * "
            "weights[m] ** 0.5. there = torch.stack([~one.isnan().any(dim=1) for one in vectors], dim=1); total = "
            "(there * torch.tensor(weights)).sum(dim=1, keepdim=True); torch.cat(blocks, dim=1) / total.sqrt(), which "
            "is 0 / 0 = NaN for an item that has nothing.",
            "zh": "依次写：centred = (one - one[rows].nanmean(dim=0)).nan_to_num(nan=0.0)；"
            "block = normalize(centred, dim=1) * weights[m] ** 0.5；"
            "there = torch.stack([~one.isnan().any(dim=1) for one in vectors], dim=1)；"
            "total = (there * torch.tensor(weights)).sum(dim=1, keepdim=True)；"
            "torch.cat(blocks, dim=1) / total.sqrt()，什么都没有的物品正好是 0 / 0 = NaN。",
        },
    ),
    check=check,
    agrees_with="recsys_lessons.practice.exercises.concat_fusion:by_the_course",
    mutants=MUTANTS,
)
