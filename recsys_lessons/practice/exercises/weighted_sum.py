"""Exercise: the weighted mean of the modalities that an item has."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from recsys_lessons.practice.exercise import Exercise, Subject, Text, must_return
from recsys_lessons.practice.exercises._kind import must_be_of_kind

KIND: Text = {
    "en": "it returns a float32 tensor (n, dim): as long as one modality's vectors",
    "zh": "返回形状 (n, dim) 的 float32 张量：与单个模态的向量一样长",
}
MEAN: Text = {
    "en": "with equal weights it is the mean of the modalities, whatever the weights add up to",
    "zh": "权重相等时就是各模态的平均，与权重之和无关",
}
WEIGHTS: Text = {
    "en": "a modality counts in proportion to its weight: sum of w x, divided by the sum of w",
    "zh": "各模态按权重的比例计入：w x 之和除以 w 之和",
}
MISSING: Text = {
    "en": "the weight of what is missing goes to the others in proportion: divide by the weights that are PRESENT",
    "zh": "缺失模态的权重按比例分给其余模态：除以存在的模态的权重之和",
}
EACH: Text = {
    "en": "every item is divided by its own weights: what another item lacks changes nothing",
    "zh": "每个物品除以自己的权重之和：别的物品缺什么都不影响它",
}
UNREAD: Text = {
    "en": "what stands in a missing row is never read, NaN included (0 x NaN is NaN)",
    "zh": "缺失行里放着什么都不读，NaN 也一样(0 x NaN 仍是 NaN)",
}
NOTHING: Text = {
    "en": "an item that has nothing gets a row of NaN, not zeros",
    "zh": "什么模态都没有的物品，整行为 NaN，而不是 0",
}
UNWEIGHED: Text = {
    "en": "a modality of weight 0 does not count as present: an item that has nothing else has nothing",
    "zh": "权重为 0 的模态不算存在：除此之外什么都没有的物品，就等于什么都没有",
}
LARGE: Text = {"en": "it is right for more items, modalities and dimensions", "zh": "物品、模态、维度更多时也正确"}


def check(fuse: Subject, rng) -> None:
    """See `Exercise.check`. Small inputs are one number a modality and item, to be followed by hand."""
    import numpy as np
    import torch

    def right(vectors, mask, weights):
        fused = np.full(tuple(vectors[0].shape), np.nan)
        for item in range(len(mask)):
            there = [m for m in range(len(weights)) if mask[item, m] and weights[m]]
            if there:
                parts = [weights[m] * vectors[m][item].double().numpy() for m in there]
                fused[item] = np.sum(parts, axis=0) / sum(weights[m] for m in there)
        return torch.from_numpy(fused).float()

    def item(*values: float, has: str, weights: list[float]) -> tuple:
        """One item, one number a modality; `has` such as "10"."""
        mask = torch.tensor([[letter == "1" for letter in has]])
        return [torch.tensor([[value]], dtype=torch.float32) for value in values], mask, weights

    def digits(n: int) -> list[float]:
        return [float(value) for value in rng.permutation(9)[:n] + 1]

    def larger() -> Iterator[tuple]:
        for n, count, dim in ((3, 2, 2), (8, 3, 4), (40, 5, 16)):
            mask = torch.from_numpy(rng.random((n, count)) < 0.6)
            vectors = [torch.from_numpy(rng.normal(size=(n, dim))).float() for _ in range(count)]
            for m, table in enumerate(vectors):
                table[~mask[:, m]] = torch.nan
            yield vectors, mask, rng.uniform(0.1, 2, count).tolist()

    a, b, c = digits(3)
    large = float(rng.choice([3.0, 4.0, 8.0]))
    wide = [torch.tensor([[a, b]]), torch.tensor([[c, a]])], torch.tensor([[True, True]]), [1.0, 1.0]
    uneven = [torch.tensor([[a], [b]]), torch.tensor([[c], [a]])], torch.tensor([[True, True], [True, False]])
    same = [item(a, has="1", weights=[weight]) for weight in (1.0, 2.0)]
    must_be_of_kind(fuse, KIND, [*same, wide], right)
    must_return(fuse, MEAN, [*same, item(a, b, has="11", weights=[2.0, 2.0]), wide], right)
    must_return(fuse, WEIGHTS, [item(a, b, has="11", weights=pair) for pair in ([1.0, large], [large, 1.0])], right)
    must_return(fuse, MISSING, [item(a, 0, has="10", weights=[1.0, large])], right)
    must_return(fuse, MISSING, [item(a, b, 0, has="110", weights=[1.0, large, 2.0])], right)
    must_return(fuse, EACH, [(*uneven, [1.0, large]), (*uneven, [large, 1.0])], right)
    must_return(fuse, UNREAD, [item(a, has, has="10", weights=[1.0, 1.0]) for has in (b, torch.nan)], right)
    must_return(fuse, NOTHING, [item(a, has="0", weights=[1.0]), item(a, b, has="00", weights=[1.0, large])], right)
    must_return(fuse, UNWEIGHED, [item(a, b, has="11", weights=[0.0, 1.0])], right)
    must_return(fuse, UNWEIGHED, [item(a, b, has="10", weights=[0.0, 1.0])], right)
    must_return(fuse, LARGE, larger(), right)


def _weights(mask, weights):
    import torch

    return mask * torch.tensor(weights)


def _filled(vectors, mask):
    """(n, M, dim), with 0 where a modality is missing."""
    import torch

    return torch.stack(vectors, dim=1).masked_fill(~mask[:, :, None], 0.0)


def _summed(
    vectors,
    mask,
    weights,
    *,
    filled: Callable = _filled,
    weigh: Callable = _weights,
    total: Callable = lambda own, mask, weights: own.sum(dim=1, keepdim=True),
    nothing: float = float("nan"),
):
    """The right answer, but for what a mutant changes."""
    own = weigh(mask, weights)
    fused = (filled(vectors, mask) * own[:, :, None]).sum(dim=1) / total(own, mask, weights)
    return fused.masked_fill(~(_weights(mask, weights) > 0).any(dim=1, keepdim=True), nothing)


def _with(**changed):
    return lambda *arguments: _summed(*arguments, **changed)


def _softmax(mask, weights):
    import torch

    return mask * torch.tensor(weights).softmax(dim=0)


MUTANTS = {
    "does not divide": _with(total=lambda own, mask, weights: 1.0),
    "divides by all weights, whatever is missing": _with(total=lambda own, mask, weights: sum(weights)),
    "divides by the number of modalities": _with(total=lambda own, mask, weights: len(weights)),
    "divides by the number of those present": _with(
        total=lambda own, mask, weights: mask.sum(dim=1, keepdim=True).clamp(min=1)
    ),
    "ignores the weights": _with(weigh=lambda mask, weights: mask.float()),
    "takes a softmax of the weights": _with(weigh=_softmax),
    "takes the roots of the weights": _with(weigh=lambda mask, weights: _weights(mask, weights).sqrt()),
    "multiplies by the mask, and so lets NaN through": _with(
        filled=lambda vectors, mask: _filled(vectors, mask | True) * mask[:, :, None]
    ),
    "reads what is missing": _with(
        filled=lambda vectors, mask: _filled(vectors, mask | True),
        weigh=lambda mask, weights: _weights(mask | True, weights),
    ),
    "gives zeros for an item that has nothing": _with(nothing=0.0),
    "adds a tiny number below the line": lambda vectors, mask, weights: (
        (_filled(vectors, mask) * _weights(mask, weights)[:, :, None]).sum(dim=1)
        / (_weights(mask, weights).sum(dim=1, keepdim=True) + 1e-9)
    ),
    "puts the modalities side by side": lambda vectors, mask, weights: (
        _filled(vectors, mask) * _weights(mask, weights)[:, :, None]
    ).flatten(1),
}

EXERCISE = Exercise(
    name="weighted_sum",
    lesson="10_fusion",
    title={"en": "A weighted sum with a mask", "zh": "带掩码的加权求和"},
    question={
        "en": "Fuse text, picture and sound by a weighted sum. When may you add vectors at all, and what happens to "
        "the weight of a modality that an item lacks?",
        "zh": "用加权求和融合文本、图片和声音。什么情况下向量才可以相加？物品缺少某个模态时，它的权重怎么办？",
    },
    difficulty="easy",
    minutes=10,
    signature="def weighted_sum(vectors, mask, weights):",
    hints=(
        {
            "en": "An item that lacks its picture is described by its text alone. Its vector should then be the "
            "text's, and not half of it.",
            "zh": "缺少图片的物品只由文本描述。它的向量应当就是文本的向量，而不是它的一半。",
        },
        {
            "en": "mask * weights is a table (n, M) of the weights that count for each item. It is needed twice: above "
            "the line, with the vectors, and below it.",
            "zh": "mask * weights 是一张 (n, M) 的表：每个物品真正计入的权重。它要用两次：分子里和向量相乘，以及分母。",
        },
        {
            "en": "own = mask * torch.tensor(weights); filled = torch.stack(vectors, dim=1).masked_fill(~mask[:, :, "
            "None], 0); (filled * own[:, :, None]).sum(dim=1) / own.sum(dim=1, keepdim=True). 0 / 0 is the NaN that an "
            "item without anything needs.",
            "zh": "own = mask * torch.tensor(weights)；"
            "filled = torch.stack(vectors, dim=1).masked_fill(~mask[:, :, None], 0)；"
            "(filled * own[:, :, None]).sum(dim=1) / own.sum(dim=1, keepdim=True)。"
            "什么都没有的物品需要的 NaN，正好是 0 / 0。",
        },
    ),
    check=check,
    agrees_with="recsys_lessons.fusion.operators:weighted_sum",
    mutants=MUTANTS,
)
