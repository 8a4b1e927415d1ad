"""Exercise: attention over modalities, one share a modality and item."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from recsys_lessons.practice.exercise import Exercise, Subject, Text, must_return
from recsys_lessons.practice.exercises._kind import must_be_of_kind

KIND: Text = {
    "en": "it returns a pair (fused, shares) of float32 tensors, (n, dim) and (n, M)",
    "zh": "返回一对 float32 张量 (fused, shares)，形状 (n, dim) 和 (n, M)",
}
SHARES: Text = {
    "en": "an item has one share for each of its modalities, a softmax over the modalities: they add up to 1",
    "zh": "每个物品给自己的每个模态一个份额，是在模态之间做的 softmax：加起来等于 1",
}
FUSED: Text = {
    "en": "the fused vector is the sum of share x vector: its length does not grow with the number of modalities",
    "zh": "融合向量是 份额 x 向量 之和：模态变多，长度不会随之变大",
}
ROOT: Text = {
    "en": "a logit is the dot product with the query, divided by the root of dim",
    "zh": "logit 是与 query 的内积再除以 dim 的平方根",
}
STABLE: Text = {
    "en": "large logits give shares, not NaN: only differences of logits count",
    "zh": "很大的 logit 也给出份额，而不是 NaN：起作用的只是 logit 之差",
}
MISSING: Text = {
    "en": "a missing modality gets the share 0, and those present share the whole 1",
    "zh": "缺失的模态份额为 0，存在的模态分完整个 1",
}
EACH: Text = {
    "en": "an item's shares come from its own vectors, whatever the other items are",
    "zh": "一个物品的份额只由它自己的向量决定，与其他物品无关",
}
NOTHING: Text = {
    "en": "an item that has nothing gets a row of NaN, and all its shares are 0",
    "zh": "什么模态都没有的物品，融合向量整行为 NaN，份额都是 0",
}
LARGE: Text = {"en": "it is right for more items, modalities and dimensions", "zh": "物品、模态、维度更多时也正确"}


def check(fuse: Subject, rng) -> None:
    """See `Exercise.check`. With one dimension, logits are what is multiplied; the root of dim shows from two on."""
    import numpy as np
    import torch

    def right(vectors, query):
        tables = torch.stack(vectors, dim=1).double().numpy()
        fused, shares = np.full((tables.shape[0], tables.shape[2]), np.nan), np.zeros(tables.shape[:2])
        for item, table in enumerate(tables):
            there = ~np.isnan(table).any(axis=1)
            if there.any():
                logits = table[there] @ query.double().numpy() / np.sqrt(tables.shape[2])
                powers = np.exp(logits - logits.max())
                shares[item, there] = powers / powers.sum()
                fused[item] = shares[item, there] @ table[there]
        return torch.from_numpy(fused).float(), torch.from_numpy(shares).float()

    def item(*values: float, query: float) -> tuple:
        """One item, one number a modality."""
        vectors = [torch.tensor([[value]], dtype=torch.float32) for value in values]
        return vectors, torch.tensor([query], dtype=torch.float32)

    def larger() -> Iterator[tuple]:
        for n, count, dim in ((3, 2, 2), (8, 3, 4), (40, 4, 16)):
            mask = torch.from_numpy(rng.random((n, count)) < 0.6)
            vectors = [torch.from_numpy(rng.normal(size=(n, dim))).float() for _ in range(count)]
            for m, table in enumerate(vectors):
                table[~mask[:, m]] = torch.nan
            yield vectors, torch.from_numpy(2 * rng.normal(size=dim)).float()

    a, b = (float(value) for value in rng.permutation(3)[:2] + 1)
    half, nan = float(rng.choice([0.5, 1.5])), torch.nan
    wide = [torch.zeros(1, 2), torch.tensor([[a, 0.0]])], torch.tensor([half, 0.0])
    pair = [torch.tensor([[a], [b]])], torch.tensor([half])
    must_be_of_kind(fuse, KIND, [item(a, query=0.0), wide], right)
    must_return(fuse, FUSED, [item(a, query=one) for one in (0.0, half)], right)
    must_return(fuse, EACH, [pair], right)
    must_return(fuse, SHARES, [item(a, -b, query=one) for one in (0.0, half, -half)], right)
    must_return(fuse, ROOT, [wide], right)
    must_return(fuse, STABLE, [item(0, a, query=999.0), item(-a, 0, query=999.0)], right)
    must_return(fuse, MISSING, [item(nan, -a, query=half), item(-a, nan, query=half)], right)
    must_return(fuse, NOTHING, [item(nan, query=half)], right)
    must_return(fuse, LARGE, larger(), right)


def by_the_course(vectors, query):
    """The same by `fusion.operators.attend`, which takes a mask and logits, as fusions do that learn them."""
    import torch

    from recsys_lessons.fusion.operators import attend
    from recsys_lessons.fusion.parts import masked_softmax

    stacked = torch.stack(vectors, dim=1)
    there = ~stacked.isnan().any(dim=2)
    logits = stacked.nan_to_num() @ query / len(query) ** 0.5
    return attend(vectors, there, logits), masked_softmax(logits, there)


def _softmax(logits, there):
    import torch

    return logits.masked_fill(~there, -torch.inf).softmax(dim=1).nan_to_num()


def _attended(
    vectors,
    query,
    *,
    logit: Callable = lambda stacked, query: stacked @ query / len(query) ** 0.5,
    shares: Callable = _softmax,
    fill: float | None = 0.0,
    fuse: Callable = lambda shares, filled: (shares[:, :, None] * filled).sum(dim=1),
    nothing: float = float("nan"),
):
    """The right answer, but for what a mutant changes."""
    import torch

    stacked = torch.stack(vectors, dim=1)
    there = ~stacked.isnan().any(dim=2)
    found = shares(logit(stacked.nan_to_num(), query), there)
    fused = fuse(found, stacked if fill is None else stacked.nan_to_num(nan=fill))
    return fused.masked_fill(~there.any(dim=1, keepdim=True), nothing), found


def _with(**changed):
    return lambda *arguments: _attended(*arguments, **changed)


def _by_hand(logits, there):
    powers = logits.exp() * there
    return (powers / powers.sum(dim=1, keepdim=True)).where(there, 0.0)


def _cosine(stacked, query):
    import torch

    return torch.cosine_similarity(stacked, query[None, None], dim=2)


def _softmax_of_all(logits, there):
    return logits.flatten().softmax(dim=0).reshape(logits.shape) * there


MUTANTS = {
    "takes a sigmoid, and does not normalise": _with(shares=lambda logits, there: logits.sigmoid() * there),
    "takes the softmax over the items": _with(shares=lambda logits, there: logits.softmax(dim=0) * there),
    "takes the softmax over items and modalities at once": _with(shares=_softmax_of_all),
    "gives the missing a share, which is lost": _with(shares=lambda logits, there: logits.softmax(dim=1) * there),
    "takes 0 for the logit of what is missing": _with(shares=lambda logits, there: logits.softmax(dim=1)),
    "forgets the root of dim": _with(logit=lambda stacked, query: stacked @ query),
    "divides by dim": _with(logit=lambda stacked, query: stacked @ query / len(query)),
    "takes the cosine with the query": _with(logit=_cosine),
    "overflows": _with(shares=_by_hand),
    "takes the largest alone": _with(
        shares=lambda logits, there: (_softmax(logits, there) == _softmax(logits, there).amax(1, True)) * there.float()
    ),
    "is the plain mean": _with(logit=lambda stacked, query: stacked @ query * 0),
    "multiplies NaN by a share of 0, which is NaN": _with(fill=None),
    "adds the vectors, and forgets the shares": _with(fuse=lambda shares, filled: filled.sum(dim=1)),
    "divides by the number of modalities once more": _with(
        fuse=lambda shares, filled: (shares[:, :, None] * filled).mean(dim=1)
    ),
    "gives zeros for an item that has nothing": _with(nothing=0.0),
    "returns the vectors alone": lambda vectors, query: _attended(vectors, query)[0],
}

EXERCISE = Exercise(
    name="attention_fusion",
    lesson="10_fusion",
    title={"en": "Attention over modalities", "zh": "模态之间的注意力"},
    question={
        "en": "How does attention fuse an item's text, picture and sound? What is the query, what do the shares mean, "
        "and what do they not mean?",
        "zh": "注意力怎样融合一个物品的文本、图片和声音？query 是什么？份额说明什么，又不能说明什么？",
    },
    difficulty="medium",
    minutes=12,
    signature="def attention_fusion(vectors, query):",
    hints=(
        {
            "en": "A gate has shares for every number of the vector; attention has one share for a whole vector. Which "
            "number of a modality says how well it answers the query?",
            "zh": "门给向量的每一位一组份额；注意力给整个向量一个份额。用哪个数表示一个模态与 query 有多匹配？",
        },
        {
            "en": "stacked = torch.stack(vectors, dim=1) is (n, M, dim), and stacked @ query is (n, M): logits, still "
            "to be divided by the root of dim. The softmax runs over dim=1, with -inf where a modality is missing.",
            "zh": "stacked = torch.stack(vectors, dim=1) 的形状是 (n, M, dim)，stacked @ query 是 (n, M)："
            "这就是 logits，还要除以 dim 的平方根。softmax 在 dim=1 上做，缺失的模态填 -inf。",
        },
        {
            "en": "gone = stacked.isnan().any(dim=2); logits = (stacked @ query / len(query)**0.5).masked_fill(gone, "
            "-torch.inf); shares = logits.softmax(dim=1); fused = (shares[:, :, None] * stacked.nan_to_num()).sum(dim="
            "1). An item without anything has shares of NaN: its fused row may stay so, its shares become 0.",
            "zh": "gone = stacked.isnan().any(dim=2)；"
            "logits = (stacked @ query / len(query)**0.5).masked_fill(gone, -torch.inf)；"
            "shares = logits.softmax(dim=1)；fused = (shares[:, :, None] * stacked.nan_to_num()).sum(dim=1)。"
            "什么都没有的物品，份额是 NaN：融合向量正该如此，份额则换成 0。",
        },
    ),
    check=check,
    agrees_with="recsys_lessons.practice.exercises.attention_fusion:by_the_course",
    mutants=MUTANTS,
)
