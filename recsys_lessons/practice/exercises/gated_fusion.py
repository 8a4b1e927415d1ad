"""Exercise: gates, one softmax over the modalities for every number of the vector."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from recsys_lessons.practice.exercise import Exercise, Subject, Text, must_return
from recsys_lessons.practice.exercises._kind import must_be_of_kind

KIND: Text = {
    "en": "it returns a float32 tensor (n, dim): as long as one modality's vectors",
    "zh": "返回形状 (n, dim) 的 float32 张量：与单个模态的向量一样长",
}
SHARES: Text = {
    "en": "the shares are a softmax over the modalities: above 0, and they add up to 1",
    "zh": "份额是在模态之间做的 softmax：都大于 0，加起来等于 1",
}
NUMBERS: Text = {
    "en": "every number of the vector has shares of its own",
    "zh": "向量的每一位都有自己的一组份额",
}
STABLE: Text = {
    "en": "large logits give shares, not NaN: only differences of logits count",
    "zh": "很大的 logits 也给出份额，而不是 NaN：起作用的只是 logits 之差",
}
MISSING: Text = {
    "en": "a missing modality gets no share, and those present share the whole 1",
    "zh": "缺失的模态没有份额，存在的模态分完整个 1",
}
EACH: Text = {
    "en": "an item's shares come from its own logits, whatever the other items are",
    "zh": "一个物品的份额只由它自己的 logits 决定，与其他物品无关",
}
UNREAD: Text = {
    "en": "the logits of a missing modality are never read, NaN included",
    "zh": "缺失模态的 logits 不读，NaN 也一样",
}
NOTHING: Text = {
    "en": "an item that has nothing gets a row of NaN: zeros would pass for a vector",
    "zh": "什么模态都没有的物品，整行为 NaN：全 0 会被当成正常的向量",
}
LARGE: Text = {"en": "it is right for more items, modalities and dimensions", "zh": "物品、模态、维度更多时也正确"}


def check(fuse: Subject, rng) -> None:
    """See `Exercise.check`. Two modalities of one number each, 0 and a: the answer is a times the second's share."""
    import numpy as np
    import torch

    def right(vectors, logits):
        tables, raw = torch.stack(vectors, dim=1).double().numpy(), logits.double().numpy()
        fused = np.full((tables.shape[0], tables.shape[2]), np.nan)
        for item, table in enumerate(tables):
            there = ~np.isnan(table).any(axis=1)
            if there.any():
                powers = np.exp(raw[item, there] - raw[item, there].max(axis=0))
                fused[item] = (powers / powers.sum(axis=0) * table[there]).sum(axis=0)
        return torch.from_numpy(fused).float()

    def item(*values: float, logits: list[float]) -> tuple:
        """One item, one number a modality."""
        vectors = [torch.tensor([[value]], dtype=torch.float32) for value in values]
        return vectors, torch.tensor([[[one] for one in logits]], dtype=torch.float32)

    def larger() -> Iterator[tuple]:
        for n, count, dim in ((3, 2, 2), (8, 3, 4), (40, 4, 16)):
            mask = torch.from_numpy(rng.random((n, count)) < 0.6)
            vectors = [torch.from_numpy(rng.normal(size=(n, dim))).float() for _ in range(count)]
            logits = torch.from_numpy(2 * rng.normal(size=(n, count, dim))).float()
            for m, table in enumerate(vectors):
                table[~mask[:, m]] = torch.nan
            logits[~mask] = torch.nan
            yield vectors, logits

    a, b = (float(value) for value in rng.permutation(8)[:2] + 2)
    half, nan = float(rng.choice([0.5, 1.5, 2.5])), torch.nan
    ones = [torch.zeros(1, 2), torch.ones(1, 2)], torch.tensor([[[0.0, 0.0], [half, -half]]])
    pair = [torch.tensor([[a], [b]])], torch.tensor([[[0.0]], [[half]]])
    must_be_of_kind(fuse, KIND, [item(a, logits=[0.0]), ones], right)
    must_return(fuse, SHARES, [item(a, logits=[one]) for one in (0.0, half)], right)
    must_return(fuse, EACH, [pair], right)
    must_return(fuse, SHARES, [item(0, a, logits=[0.0, one]) for one in (0.0, half, -half)], right)
    must_return(fuse, NUMBERS, [ones], right)
    must_return(fuse, STABLE, [item(0, a, logits=[0.0, 999.0])], right)
    must_return(fuse, MISSING, [item(nan, a, logits=[half, 0.0]), item(a, nan, logits=[0.0, half])], right)
    must_return(fuse, UNREAD, [item(a, nan, logits=[0.0, nan])], right)
    must_return(fuse, NOTHING, [item(nan, logits=[0.0])], right)
    must_return(fuse, LARGE, larger(), right)


def by_the_course(vectors, logits):
    """The same by `fusion.operators.gate`, which takes a mask."""
    import torch

    from recsys_lessons.fusion.operators import gate

    return gate(vectors, ~torch.stack(vectors, dim=1).isnan().any(dim=2), logits)


def _there(vectors):
    """(n, M, 1)"""
    import torch

    return ~torch.stack(vectors, dim=1).isnan().any(dim=2, keepdim=True)


def _shares(logits, there):
    import torch

    return logits.masked_fill(~there, -torch.inf).softmax(dim=1)


def _gated(vectors, logits, *, shares: Callable = _shares, fill: float | None = 0.0, nothing: float = float("nan")):
    """The right answer, but for what a mutant changes."""
    import torch

    there, stacked = _there(vectors), torch.stack(vectors, dim=1)
    filled = stacked if fill is None else stacked.masked_fill(~there, fill)
    return (shares(logits, there) * filled).sum(dim=1).masked_fill(~there.any(dim=1), nothing)


def _with(**changed):
    return lambda *arguments: _gated(*arguments, **changed)


def _by_hand(logits, there):
    import torch

    powers = logits.masked_fill(~there, -torch.inf).exp()
    return powers / powers.sum(dim=1, keepdim=True)


def _proportional(logits, there):
    size = logits.masked_fill(~there, 0.0)
    return size / size.sum(dim=1, keepdim=True)


def _hard(logits, there):
    shares = _shares(logits, there)
    return (shares == shares.amax(dim=1, keepdim=True)).float()


MUTANTS = {
    "takes a sigmoid, and does not normalise": _with(
        shares=lambda logits, there: logits.sigmoid().masked_fill(~there, 0.0)
    ),
    "takes the softmax over the numbers of a vector": _with(
        shares=lambda logits, there: logits.softmax(dim=2).masked_fill(~there, 0.0)
    ),
    "takes the softmax over the items": _with(
        shares=lambda logits, there: logits.softmax(dim=0).masked_fill(~there, 0.0)
    ),
    "gives the missing a share, which is lost": _with(
        shares=lambda logits, there: logits.softmax(dim=1).masked_fill(~there, 0.0)
    ),
    "takes 0 for the logit of what is missing": _with(
        shares=lambda logits, there: logits.masked_fill(~there, 0.0).softmax(dim=1)
    ),
    "has one gate for all numbers": _with(
        shares=lambda logits, there: _shares(logits.mean(dim=2, keepdim=True), there)
    ),
    "overflows": _with(shares=_by_hand),
    "takes the largest alone": _with(shares=_hard),
    "ignores the logits": _with(shares=lambda logits, there: _shares(logits * 0, there)),
    "divides by the sum of the logits": _with(shares=_proportional),
    "multiplies NaN by a share of 0, which is NaN": _with(fill=None),
    "fills logits by arithmetic, and so lets NaN through": _with(
        shares=lambda logits, there: (logits * there - 1e9 * (1 - there.float())).softmax(dim=1)
    ),
    "gives zeros for an item that has nothing": _with(nothing=0.0),
}

EXERCISE = Exercise(
    name="gated_fusion",
    lesson="10_fusion",
    title={"en": "A gate for every number", "zh": "每一位都有一个门"},
    question={
        "en": "Explain gated fusion of several modalities. What is a gate, what does the softmax run over, and what "
        "happens to the gate of a missing modality?",
        "zh": "请解释多个模态的门控融合：什么是门控，softmax 在哪一维上做？模态缺失时，它的门控怎么办？",
    },
    difficulty="medium",
    minutes=12,
    signature="def gated_fusion(vectors, logits):",
    hints=(
        {
            "en": "For one item and one place of the vector there are M numbers and M logits. Make the logits shares "
            "that add up to 1, among what the item has, and take the mean of the numbers by these shares.",
            "zh": "对一个物品、向量的一位，有 M 个数和 M 个 logit。把 logit 变成份额，"
            "在物品拥有的模态之间加起来等于 1，再按份额取这些数的加权平均。",
        },
        {
            "en": "Stack the vectors to (n, M, dim), the shape of the logits. The softmax runs over dim=1. What share "
            "does a logit of -inf get? What is 0 times NaN?",
            "zh": "把向量堆成 (n, M, dim)，和 logits 同样的形状。softmax 在 dim=1 上做。logit 为 -inf 时份额是多少？"
            "0 乘 NaN 又是多少？",
        },
        {
            "en": "stacked = torch.stack(vectors, dim=1); gone = stacked.isnan().any(dim=2, keepdim=True); "
            "shares = logits.masked_fill(gone, -torch.inf).softmax(dim=1); "
            "(shares * stacked.masked_fill(gone, 0)).sum(dim=1). A softmax of nothing but -inf is NaN: right so.",
            "zh": "stacked = torch.stack(vectors, dim=1)；gone = stacked.isnan().any(dim=2, keepdim=True)；"
            "shares = logits.masked_fill(gone, -torch.inf).softmax(dim=1)；"
            "(shares * stacked.masked_fill(gone, 0)).sum(dim=1)。全是 -inf 的 softmax 是 NaN，正合要求。",
        },
    ),
    check=check,
    agrees_with="recsys_lessons.practice.exercises.gated_fusion:by_the_course",
    mutants=MUTANTS,
)
