"""Exercise: the product of the modalities that an item has, number by number."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from recsys_lessons.practice.exercise import Exercise, Subject, Text, must_return
from recsys_lessons.practice.exercises._kind import must_be_of_kind

KIND: Text = {
    "en": "it returns a float32 tensor (n, dim): as long as one modality's vectors",
    "zh": "返回形状 (n, dim) 的 float32 张量：与单个模态的向量一样长",
}
PRODUCT: Text = {
    "en": "numbers are multiplied place by place, over all modalities, and nothing is added up",
    "zh": "所有模态逐元素相乘，不求和",
}
SIGN: Text = {
    "en": "signs stay: a negative number makes the product negative, and two make it positive",
    "zh": "保留符号：一个负数使乘积为负，两个负数使乘积为正",
}
ZERO: Text = {
    "en": "a zero erases the product: that place has to be large in every modality",
    "zh": "有一个 0，乘积就是 0：这一位要在每个模态里都大才行",
}
MISSING: Text = {
    "en": "a missing modality counts as 1, which changes no product; 0 would erase the item",
    "zh": "缺失的模态当作 1，不改变乘积；当作 0 会把整个物品抹掉",
}
EACH: Text = {
    "en": "every item by its own mask: what another item lacks changes nothing",
    "zh": "每个物品用自己的 mask：别的物品缺什么都不影响它",
}
UNREAD: Text = {
    "en": "what stands in a missing row is never read, NaN included",
    "zh": "缺失行里放着什么都不读，NaN 也一样",
}
NOTHING: Text = {
    "en": "an item that has nothing gets a row of NaN: the empty product, 1, would pass for a vector",
    "zh": "什么模态都没有的物品，整行为 NaN：空乘积 1 会被当成正常的向量",
}
LARGE: Text = {"en": "it is right for more items, modalities and dimensions", "zh": "物品、模态、维度更多时也正确"}


def check(fuse: Subject, rng) -> None:
    """See `Exercise.check`. Small inputs are one number a modality and item, to be followed by hand."""
    import numpy as np
    import torch

    def right(vectors, mask):
        fused = np.full(tuple(vectors[0].shape), np.nan)
        for item in range(len(mask)):
            there = [table[item].double().numpy() for table, has in zip(vectors, mask[item], strict=True) if has]
            if there:
                fused[item] = np.prod(there, axis=0)
        return torch.from_numpy(fused).float()

    def item(*values: float, has: str) -> tuple:
        """One item, one number a modality; `has` such as "10"."""
        mask = torch.tensor([[letter == "1" for letter in has]])
        return [torch.tensor([[value]], dtype=torch.float32) for value in values], mask

    def larger() -> Iterator[tuple]:
        for n, count, dim in ((3, 2, 2), (8, 3, 4), (40, 4, 16)):
            mask = torch.from_numpy(rng.random((n, count)) < 0.6)
            vectors = [torch.from_numpy(rng.normal(size=(n, dim))).float() for _ in range(count)]
            for m, table in enumerate(vectors):
                table[~mask[:, m]] = torch.nan
            yield vectors, mask

    a, b, c, d = (float(value) for value in rng.permutation(7)[:4] + 3)
    wide = [torch.tensor([[a, b]]), torch.tensor([[c, d]])], torch.tensor([[True, True]])
    uneven = [torch.tensor([[a], [b]]), torch.tensor([[c], [d]])]
    masks = [torch.tensor([[True, True], there]) for there in ([True, False], [False, True])]
    must_be_of_kind(fuse, KIND, [item(a, has="1"), wide], right)
    products = [item(a, has="1"), item(a, b, has="11"), wide, item(a, b, c, has="111")]
    must_return(fuse, PRODUCT, products, right, about_kind=True)
    must_return(fuse, SIGN, [item(-a, has="1"), item(-a, b, has="11"), item(-a, -b, has="11")], right)
    must_return(fuse, ZERO, [item(a, 0, has="11")], right)
    must_return(fuse, MISSING, [item(a, 0, has="10"), item(0, a, b, has="011")], right)
    must_return(fuse, EACH, [(uneven, mask) for mask in masks], right)
    must_return(fuse, UNREAD, [item(a, there, has="10") for there in (b, torch.nan)], right)
    must_return(fuse, NOTHING, [item(a, has="0"), item(a, b, has="00")], right)
    must_return(fuse, LARGE, larger(), right)


def _stacked(vectors):
    import torch

    return torch.stack(vectors, dim=1)


def _filled(vectors, mask):
    """(n, M, dim), with 1 where a modality is missing."""
    return _stacked(vectors).masked_fill(~mask[:, :, None], 1.0)


def _by_logarithms(factors):
    return factors.log().sum(dim=1).exp()


def _multiplied(
    vectors,
    mask,
    *,
    filled: Callable = _filled,
    product: Callable = lambda factors: factors.prod(dim=1),
    nothing: float = float("nan"),
):
    """The right answer, but for what a mutant changes."""
    return product(filled(vectors, mask)).masked_fill(~mask.any(dim=1, keepdim=True), nothing)


def _with(**changed):
    return lambda *arguments: _multiplied(*arguments, **changed)


def _mask_arithmetic(vectors, mask):
    there = mask[:, :, None].float()
    return _stacked(vectors) * there + (1 - there)


MUTANTS = {
    "lets what is missing be 0": _with(
        filled=lambda vectors, mask: _stacked(vectors).masked_fill(~mask[:, :, None], 0)
    ),
    "reads what is missing": _with(filled=lambda vectors, mask: _stacked(vectors)),
    "multiplies by the mask, and so lets NaN through": _with(filled=_mask_arithmetic),
    "gives ones for an item that has nothing": _with(nothing=1.0),
    "gives zeros for an item that has nothing": _with(nothing=0.0),
    "adds": _with(product=lambda factors: factors.sum(dim=1)),
    "takes the dot product": _with(product=lambda factors: factors.prod(dim=1).sum(dim=1, keepdim=True)),
    "multiplies over the dimensions": _with(product=lambda factors: factors.prod(dim=2)),
    "takes the outer product": _with(
        product=lambda factors: (
            factors[:, 0] if factors.shape[1] < 2 else (factors[:, 0, :, None] * factors[:, 1, None, :]).flatten(1)
        )
    ),
    "adds logarithms, which negative numbers do not have": _with(product=_by_logarithms),
    "loses the sign": _with(product=lambda factors: factors.abs().prod(dim=1)),
    "takes the geometric mean": _with(
        product=lambda factors: factors.prod(dim=1).abs() ** (1 / factors.shape[1]) * factors.prod(dim=1).sign()
    ),
    "skips zeros": _with(product=lambda factors: factors.where(factors != 0, 1.0).prod(dim=1)),
}

EXERCISE = Exercise(
    name="hadamard_fusion",
    lesson="10_fusion",
    title={"en": "A product number by number", "zh": "逐元素相乘 (Hadamard 积)"},
    question={
        "en": "What does an element-wise product of two modalities say that a sum does not, and what does it do with a "
        "missing one, with zeros and with signs?",
        "zh": "两个模态逐元素相乘，能表达哪些相加表达不了的东西？遇到缺失、0 和符号时会怎样？",
    },
    difficulty="easy",
    minutes=10,
    signature="def hadamard_fusion(vectors, mask):",
    hints=(
        {
            "en": "A sum is an 'or', a product an 'and'. Which number may stand for something missing so that a sum "
            "does not change? And a product?",
            "zh": "和像“或”，积像“与”。用哪个数代替缺失的部分，和不变？积呢？",
        },
        {
            "en": "torch.stack(vectors, dim=1) is (n, M, dim). masked_fill replaces what is missing whatever stands "
            "there; arithmetic with the mask would let NaN through. Then one .prod over the modalities.",
            "zh": "torch.stack(vectors, dim=1) 的形状是 (n, M, dim)。masked_fill 不管缺失处放着什么都能换掉；"
            "用 mask 做乘法会漏过 NaN。然后在模态那一维上 .prod。",
        },
        {
            "en": "product = torch.stack(vectors, dim=1).masked_fill(~mask[:, :, None], 1).prod(dim=1); then "
            "product.masked_fill(~mask.any(dim=1, keepdim=True), torch.nan).",
            "zh": "先算 product = torch.stack(vectors, dim=1).masked_fill(~mask[:, :, None], 1).prod(dim=1)；"
            "再用 product.masked_fill(~mask.any(dim=1, keepdim=True), torch.nan)。",
        },
    ),
    check=check,
    agrees_with="recsys_lessons.fusion.operators:hadamard",
    mutants=MUTANTS,
)
