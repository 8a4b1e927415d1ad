"""Exercise: what each modality added to a score, exactly."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from recsys_lessons.practice.exercise import Exercise, Subject, Text, must_return
from recsys_lessons.practice.exercises._kind import must_be_of_kind

KIND: Text = {
    "en": "it returns a float32 tensor (n, M): a contribution for each item and modality",
    "zh": "返回形状 (n, M) 的 float32 张量：每个物品、每个模态一个贡献",
}
WHOLE: Text = {
    "en": "contributions add up to the score, fused vector @ direction: a lone modality contributes all of it",
    "zh": "各项贡献加起来等于得分，即 融合向量 @ direction：只有一个模态时，贡献就是整个得分",
}
SLICE: Text = {
    "en": "a modality meets its own part of the direction: as many numbers as its dim, in order",
    "zh": "每个模态只和 direction 中自己的那一段相乘：按顺序，长度等于它的维度",
}
SIGN: Text = {
    "en": "a contribution may be negative: it speaks against the item",
    "zh": "贡献可以为负：它不支持这个物品",
}
ROOT: Text = {
    "en": "the fused vector holds the ROOT of a weight, and so does the contribution",
    "zh": "融合向量里是权重的平方根，贡献里也是",
}
LENGTH: Text = {
    "en": "the fused vector was divided by the root of the summed weights of what is present; so is the contribution",
    "zh": "融合向量除以了存在模态的权重之和的平方根，贡献也要除",
}
MISSING: Text = {
    "en": "a missing modality contributes 0, and the others are divided by the weights of what is present alone",
    "zh": "缺失的模态贡献为 0，其余的只除以存在模态的权重",
}
NOTHING: Text = {
    "en": "an item without any modality has no score: a row of NaN",
    "zh": "什么模态都没有的物品没有得分：整行为 NaN",
}
LARGE: Text = {"en": "it is right for more items, modalities and dimensions", "zh": "物品、模态、维度更多时也正确"}


def check(contribution: Subject, rng) -> None:
    """See `Exercise.check`. Small inputs are one item with one number a modality, to be followed by hand."""
    import numpy as np
    import torch

    def right(vectors, weights, direction):
        parts = np.zeros((len(vectors[0]), len(vectors)))
        tables, along = [table.double().numpy() for table in vectors], direction.double().numpy()
        for item in range(len(parts)):
            there = [m for m, table in enumerate(tables) if not np.isnan(table[item]).any()]
            length, start = np.sqrt(sum(weights[m] for m in there)), 0
            for m, table in enumerate(tables):
                stop = start + table.shape[1]
                if m in there:
                    parts[item, m] = np.sqrt(weights[m]) * table[item] @ along[start:stop] / length
                start = stop
            if not there:
                parts[item] = np.nan
        return torch.from_numpy(parts).float()

    def item(values: list[float], weights: list[float], direction: list[float]) -> tuple:
        """One item, one number a modality."""
        vectors = [torch.tensor([[value]], dtype=torch.float32) for value in values]
        return vectors, weights, torch.tensor(direction, dtype=torch.float32)

    def larger() -> Iterator[tuple]:
        for n, count, dim in ((3, 2, 2), (8, 3, 4), (40, 4, 8)):
            vectors = [torch.from_numpy(rng.normal(size=(n, dim + m))).float() for m in range(count)]
            for table in vectors:
                table[torch.from_numpy(rng.random(n) < 0.3)] = torch.nan
            direction = torch.from_numpy(rng.normal(size=sum(one.shape[1] for one in vectors))).float()
            yield vectors, rng.uniform(0.1, 2, count).tolist(), direction

    a, b, c = (float(value) for value in rng.permutation(7)[:3] + 2)
    w = float(rng.choice([3.0, 5.0, 8.0]))
    nan = torch.nan
    long = [torch.tensor([[a]]), torch.tensor([[0.0, b]])], [1.0, 1.0], torch.tensor([0.0, 0.0, c])
    must_be_of_kind(contribution, KIND, [item([a], [1.0], [1.0]), long], right)
    must_return(contribution, WHOLE, [item([a], [1.0], [one]) for one in (1.0, b)], right)
    must_return(contribution, SIGN, [item([a], [1.0], [-b])], right)
    must_return(contribution, LENGTH, [item([a, 0], [1.0, 1.0], [1.0, 1.0])], right)
    must_return(contribution, SLICE, [long], right)
    must_return(contribution, ROOT, [item([a, 0], [w, 1.0], [1.0, 1.0]), item([0, a], [1.0, w], [1.0, 1.0])], right)
    must_return(contribution, LENGTH, [item([a], [w], [1.0])], right)
    must_return(contribution, MISSING, [item([a, nan], [1.0, w], [1.0, b])], right)
    must_return(contribution, NOTHING, [item([nan], [1.0], [a])], right)
    must_return(contribution, LARGE, larger(), right)


def by_the_course(vectors, weights, direction):
    """The same by `fusion.operators.concat`: one block at a time, the others zero, as `Fusion.parts` does."""
    import torch

    from recsys_lessons.fusion.operators import concat

    mask = ~torch.stack([table.isnan().any(dim=1) for table in vectors], dim=1)
    zero = [torch.zeros_like(table) for table in vectors]
    alone = [concat([*zero[:m], one, *zero[m + 1 :]], mask, weights) @ direction for m, one in enumerate(vectors)]
    return torch.stack(alone, dim=1)


def _root_of_the_sum(there, weights):
    return (there * weights).sum(dim=1, keepdim=True).sqrt()


def _parts(
    vectors,
    weights,
    direction,
    *,
    root: Callable = lambda weights: weights.sqrt(),
    length: Callable = _root_of_the_sum,
    after: Callable = lambda parts: parts,
    pieces: Callable = lambda direction, dims: direction.split(dims),
    nothing: float = float("nan"),
):
    """The right answer, but for what a mutant changes."""
    import torch

    along = pieces(direction, [table.shape[1] for table in vectors])
    there = torch.stack([~table.isnan().any(dim=1) for table in vectors], dim=1)
    dots = torch.stack([table.nan_to_num() @ one for table, one in zip(vectors, along, strict=True)], dim=1)
    weights = torch.tensor(weights)
    parts = dots * root(weights) * there / length(there, weights)
    return after(parts.masked_fill(~there.any(dim=1, keepdim=True), nothing))


def _with(**changed):
    return lambda *arguments: _parts(*arguments, **changed)


def _from_the_start(direction, dims):
    return [direction[:dim] for dim in dims]


def _lets_nan_through(vectors, weights, direction):
    import torch

    along = direction.split([table.shape[1] for table in vectors])
    dots = torch.stack([table @ one for table, one in zip(vectors, along, strict=True)], dim=1)
    return dots * torch.tensor(weights).sqrt() / sum(weights) ** 0.5


def _shares(weights):
    import torch

    return torch.tensor(weights) / sum(weights)


def _one_number(vectors, weights, direction):
    return _parts(vectors, weights, direction).sum(dim=1)


MUTANTS = {
    "forgets that the fused vector was divided": _with(length=lambda there, weights: 1.0),
    "divides by the root of all weights, whatever is missing": _with(
        length=lambda there, weights: weights.sum().sqrt()
    ),
    "divides by the sum of the weights": _with(
        length=lambda there, weights: (there * weights).sum(dim=1, keepdim=True)
    ),
    "divides by the root of the number of modalities": _with(
        length=lambda there, weights: there.sum(dim=1, keepdim=True).sqrt()
    ),
    "takes the weight itself": _with(root=lambda weights: weights),
    "forgets the weights": _with(root=lambda weights: 1.0),
    "gives absolute values": _with(after=lambda parts: parts.abs()),
    "drops what is negative": _with(after=lambda parts: parts.clamp(min=0)),
    "gives shares of the score": _with(after=lambda parts: parts / parts.sum(dim=1, keepdim=True)),
    "gives shares of the weights": lambda vectors, weights, direction: (
        _parts(vectors, weights, direction) * 0 + _shares(weights)
    ),
    "takes the beginning of the direction for every modality": _with(pieces=_from_the_start),
    "lets NaN through": _lets_nan_through,
    "gives zeros for an item that has nothing": _with(nothing=0.0),
    "returns the score": _one_number,
}

EXERCISE = Exercise(
    name="modality_contribution",
    lesson="11_multimodal",
    title={"en": "What each modality added to a score", "zh": "每个模态给得分贡献了多少"},
    question={
        "en": "Your multimodal recommender shows a film. How much of its score comes from the picture and how much "
        "from the words, exactly, and when is an exact answer not to be had?",
        "zh": "多模态推荐系统推荐了一部影片。它的得分有多少来自图片、多少来自文字？"
        "怎样精确地算？什么时候算不出精确的答案？",
    },
    difficulty="medium",
    minutes=15,
    signature="def modality_contribution(vectors, weights, direction):",
    hints=(
        {
            "en": "The score is a dot product, and the fused vector consists of blocks. What is the part of the sum "
            "that runs over one block?",
            "zh": "得分是内积，融合向量由几块拼成。只在其中一块上求和，得到的是什么？",
        },
        {
            "en": "direction.split([table.shape[1] for table in vectors]) cuts the direction as concatenation glued "
            "the blocks. A block holds root of weight x vector, all divided by the root of the sum of the weights "
            "of what this item has.",
            "zh": "direction.split([table.shape[1] for table in vectors]) 按拼接的方式把 direction 切开。"
            "一块里是 权重的平方根 x 向量，整体再除以该物品所拥有模态的权重之和的平方根。",
        },
        {
            "en": "there = ~torch.stack([t.isnan().any(dim=1) for t in vectors], dim=1); w = torch.tensor(weights); "
            "dots = torch.stack([t.nan_to_num() @ d for t, d in zip(vectors, pieces)], dim=1); dots * w.sqrt() / "
            "(there * w).sum(dim=1, keepdim=True).sqrt(). An item without anything is 0 / 0, which is NaN.",
            "zh": "there = ~torch.stack([t.isnan().any(dim=1) for t in vectors], dim=1)；w = torch.tensor(weights)；"
            "dots = torch.stack([t.nan_to_num() @ d for t, d in zip(vectors, pieces)], dim=1)；"
            "dots * w.sqrt() / (there * w).sum(dim=1, keepdim=True).sqrt()。什么都没有的物品是 0 / 0，即 NaN。",
        },
    ),
    check=check,
    agrees_with="recsys_lessons.practice.exercises.modality_contribution:by_the_course",
    mutants=MUTANTS,
)
