"""Exercise: from token vectors to one vector a text."""

from __future__ import annotations

from collections.abc import Iterator

from recsys_lessons.practice.compare import difference
from recsys_lessons.practice.exercise import Exercise, Failed, Subject, must_return
from recsys_lessons.practice.values import describe

SHAPE: dict = {"en": "one token is its own mean", "zh": "只有一个 token 时，平均就是它自己"}
MEAN: dict = {"en": "without padding it is the mean over the tokens", "zh": "没有填充时，就是对 token 求平均"}
PADDING: dict = {"en": "padding does not change the mean", "zh": "填充位置的内容不影响平均值"}
COUNT: dict = {
    "en": "the denominator is the number of real tokens, not the padded width",
    "zh": "分母是真实 token 的个数，不是填充后的长度",
}
PLACE: dict = {
    "en": "the mask says which tokens are real, wherever they stand (some tokenizers pad on the left)",
    "zh": "哪些 token 是真实的由 mask 决定，位置不限(有的分词器在左边填充)",
}
ROWS: dict = {"en": "every row is divided by its own number of tokens", "zh": "每一行除以自己的 token 个数"}
MASKS: dict = {"en": "the mask may be integer, boolean or float", "zh": "mask 可以是整数、布尔或浮点类型"}
EMPTY: dict = {
    "en": "a row without a real token gives zeros, not NaN",
    "zh": "一行全是填充时得到 0，而不是 NaN",
}
DTYPE: dict = {
    "en": "the result has the dtype of `hidden`, half precision too",
    "zh": "结果的 dtype 与 `hidden` 相同，半精度也一样",
}
LARGE: dict = {"en": "it is right on larger random batches", "zh": "在更大的随机批次上也正确"}


def check(pool: Subject, rng) -> None:
    """See `Exercise.check`. Small inputs hold whole numbers from 1 to 9, so that a learner can follow by hand."""
    import torch

    def right(hidden, mask):
        rows = [row[keep.bool()].double() for row, keep in zip(hidden, mask, strict=True)]
        means = [row.mean(dim=0) if len(row) else row.sum(dim=0) for row in rows]
        return torch.stack(means).to(hidden.dtype)

    def digits(*shape: int, dtype=torch.float32):
        # different numbers side by side: equal ones would hide a mistake
        return torch.from_numpy(rng.permuted(rng.integers(0, 9, shape), axis=-1) + 1).to(dtype)

    def tokens(n: int, dim: int = 1, dtype=torch.float32):
        values = [rng.permutation(9)[:n] + 1 for _ in range(dim)]
        return torch.tensor([[[int(value) for value in token] for token in zip(*values, strict=True)]]).to(dtype)

    def mask(*rows: list[int], dtype=torch.int64):
        return torch.tensor(rows).to(dtype)

    def padded_with_zeros() -> Iterator[tuple]:
        for real, padding in ((1, 1), (2, 1), (1, 2), (2, 2)):
            hidden = tokens(real + padding)
            hidden[:, real:] = 0
            yield hidden, mask([1] * real + [0] * padding)

    def kinds_of_mask() -> Iterator[tuple]:
        for dtype in (torch.bool, torch.int32, torch.uint8, torch.float32):
            yield tokens(2), mask([1, 0], dtype=dtype)
            yield tokens(4), mask([1, 0, 1, 1], dtype=dtype)

    def precisions() -> Iterator[tuple]:
        for dtype in (torch.float16, torch.float64):
            yield tokens(1, dtype=dtype), mask([1])
            yield tokens(3, 2, dtype=dtype), mask([1, 1, 0])

    def larger() -> Iterator[tuple]:
        for n, width, dim in ((2, 3, 2), (3, 5, 4), (4, 9, 8), (8, 17, 16)):
            hidden = torch.from_numpy(rng.normal(size=(n, width, dim))).float()
            yield hidden, torch.from_numpy(rng.integers(0, 2, (n, width)))

    must_return(pool, SHAPE, [(tokens(1, dim), mask([1])) for dim in (1, 2, 3)], right)
    must_return(pool, MEAN, [(tokens(n, dim), mask([1] * n)) for n in (2, 3, 4) for dim in (1, 2)], right)
    _must_ignore_padding(pool, [(tokens(n), mask([1] + [0] * (n - 1))) for n in (2, 3, 4)], right)
    must_return(pool, COUNT, padded_with_zeros(), right)
    left = ([0, 1], [0, 1, 1], [1, 0, 1], [0, 0, 1, 1])
    must_return(pool, PLACE, [(tokens(len(keep)), mask(keep)) for keep in left], right)
    uneven = [(digits(2, 2, 1), mask([1, 1], [1, 0])), (digits(3, 3, 2), mask([1, 0, 0], [1, 1, 0], [1, 1, 1]))]
    must_return(pool, ROWS, uneven, right)
    must_return(pool, MASKS, kinds_of_mask(), right)
    nothing = [(tokens(1), mask([0])), (digits(2, 2, 1), mask([1, 1], [0, 0]))]
    must_return(pool, EMPTY, nothing, right)
    must_return(pool, DTYPE, precisions(), right, about_kind=True)
    must_return(pool, LARGE, larger(), right)


def _must_ignore_padding(pool: Subject, cases: list[tuple], right) -> None:
    """Two texts that differ only in their padding have one mean."""
    for hidden, mask in cases:
        clean = hidden * mask.unsqueeze(-1)
        got, other = pool(hidden, mask), pool(clean, mask)
        if difference(got, other) is not None:
            raise Failed(PADDING, pool.written((hidden, mask)), describe(right(hidden, mask)), describe(got))


def _sum(hidden, mask):
    return (hidden * mask.unsqueeze(-1).to(hidden.dtype)).sum(dim=1)


def _count(hidden, mask):
    return mask.sum(dim=1, keepdim=True).clamp(min=1).to(hidden.dtype)


def _first_tokens(hidden, mask):
    import torch

    return torch.stack([row[: max(1, int(keep.sum()))].mean(dim=0) for row, keep in zip(hidden, mask, strict=True)])


def _in_place(hidden, mask):
    hidden *= mask.unsqueeze(-1)
    return hidden.sum(dim=1) / _count(hidden, mask)


MUTANTS = {
    "takes padding into the mean": lambda hidden, mask: hidden.mean(dim=1),
    "sums padding, divides by the real tokens": lambda hidden, mask: hidden.sum(dim=1) / _count(hidden, mask),
    "divides by the padded width": lambda hidden, mask: _sum(hidden, mask) / hidden.shape[1],
    "takes the vector of [CLS]": lambda hidden, mask: hidden[:, 0],
    "takes the sum": _sum,
    "takes the maximum": lambda hidden, mask: hidden.max(dim=1).values,
    "averages over the dimensions": lambda hidden, mask: hidden.mean(dim=2),
    "averages over the batch": lambda hidden, mask: _sum(hidden, mask) / mask.sum().clamp(min=1),
    "expects padding on the right": _first_tokens,
    "is NaN for a row of padding": lambda hidden, mask: _sum(hidden, mask) / mask.sum(dim=1, keepdim=True),
    "subtracts a boolean mask": lambda hidden, mask: (
        hidden.masked_fill((1 - mask).bool().unsqueeze(-1), 0).sum(dim=1) / _count(hidden, mask)
    ),
    "divides by a tiny number in an integer dtype": lambda hidden, mask: (
        _sum(hidden, mask) / mask.sum(dim=1, keepdim=True).clamp(min=1e-9).to(mask.dtype)
    ),
    "turns half precision into single": lambda hidden, mask: (
        (hidden * mask.unsqueeze(-1).float()).sum(dim=1) / mask.sum(dim=1, keepdim=True).float().clamp(min=1e-9)
    ),
    "keeps a dimension of size 1": lambda hidden, mask: (_sum(hidden, mask) / _count(hidden, mask)).unsqueeze(1),
    "changes the hidden states in place": _in_place,
}

EXERCISE = Exercise(
    name="mean_pooling",
    lesson="00_start_here",
    title={"en": "Mean pooling with a mask", "zh": "带掩码的平均池化 (mean pooling)"},
    question={
        "en": "How do you get one vector for a sentence out of a transformer's token vectors, and what goes wrong in a "
        "padded batch?",
        "zh": "怎样把 Transformer 输出的各个 token 向量变成一个句向量？批量推理有填充时容易错在哪里？",
    },
    difficulty="easy",
    minutes=10,
    signature="def mean_pooling(hidden, mask):",
    hints=(
        {
            "en": "In a batch, short texts are padded to the longest. Their padded places hold vectors as well, and "
            "those belong neither in the sum nor in the count.",
            "zh": "一个批次里，短文本会填充到最长的长度。填充位置也有向量，它们既不能进分子，也不能算进分母的个数。",
        },
        {
            "en": "Multiply by the mask to remove padding: (n, tokens) becomes (n, tokens, 1) with `unsqueeze(-1)`. "
            "Give it the dtype of `hidden` first, so that a boolean mask works and half precision stays.",
            "zh": "用 mask 乘一下就去掉了填充：先 `unsqueeze(-1)` 把 (n, tokens) 变成 (n, tokens, 1)。"
            "再转成 `hidden` 的 dtype，这样布尔 mask 能用，半精度也不会变。",
        },
        {
            "en": "weight = mask.to(hidden.dtype).unsqueeze(-1); sum hidden * weight over dim 1; divide by the sum of "
            "weight over dim 1, which `.clamp(min=1)` keeps away from 0.",
            "zh": "weight = mask.to(hidden.dtype).unsqueeze(-1)；hidden * weight 在 dim 1 上求和，"
            "再除以 weight 在 dim 1 上的和，后者用 `.clamp(min=1)` 避免为 0。",
        },
    ),
    check=check,
    agrees_with="recsys_lessons.encoders.base:mean_pooling",
    mutants=MUTANTS,
)
