"""Exercise: who may look at whom in a sequence, and the attention weights that follow."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from recsys_lessons.practice.compare import VALUES, Text, difference
from recsys_lessons.practice.exercise import Exercise, Failed, Subject, must_return
from recsys_lessons.practice.values import describe

KIND: dict = {
    "en": "it returns a tuple of two tensors (n, length, length): allowed, boolean, and weights with the dtype of "
    "`scores`",
    "zh": "返回两个张量组成的元组，形状都是 (n, length, length)：布尔型的 allowed，和 dtype 与 `scores` 相同的 weights",
}
ITSELF: dict = {
    "en": "place i looks at every j <= i, itself included, and at nothing later: row i, column j",
    "zh": "位置 i 能看到所有 j <= i，包括它自己，看不到之后的位置：i 是行，j 是列",
}
PADDING: dict = {
    "en": "nobody looks at padding: a column of padding is not allowed in any row",
    "zh": "谁也不能看填充：填充位置所在的列在每一行都不允许",
}
EACH: dict = {
    "en": "every sequence of the batch has its own padding",
    "zh": "批次里的每个序列各有各的填充",
}
SOFTMAX: dict = {
    "en": "each row of weights is the softmax, over j, of the scores that are allowed, and adds up to 1",
    "zh": "权重的每一行，是在允许的 j 上对得分做 softmax，和为 1",
}
FUTURE: dict = {
    "en": "a score that is not allowed has no say: other values there change no weight, not even large ones",
    "zh": "不允许的得分不起任何作用：把它换成别的值，哪怕很大，权重也不变",
}
NOTHING: dict = {
    "en": "a row that allows nothing (of padding alone) gives weights of 0: neither NaN nor 1 / length",
    "zh": "一行什么都不允许(全是填充)时，权重为 0：既不是 NaN，也不是 1 / length",
}
LARGE: dict = {"en": "it is right on larger random batches", "zh": "在更大的随机批次上也正确"}


def check(mask: Subject, rng) -> None:
    """See `Exercise.check`. Padding is on the left, as where a batch of histories ends today."""
    import torch

    def real(*rows: str):
        return torch.tensor([[one == "1" for one in row] for row in rows])

    def even(rows: tuple[str, ...]):
        """Equal scores: the weights are shares of one."""
        return torch.full((len(rows), len(rows[0]), len(rows[0])), float(rng.integers(1, 9)))

    def digits(rows: tuple[str, ...]):
        length = len(rows[0])
        some = [[rng.permutation(5)[:length] for _ in range(length)] for _ in rows]
        return torch.tensor([[row.tolist() for row in one] for one in some]).float()

    def cases(scores: Callable, *batches: tuple[str, ...]) -> Iterator[tuple]:
        for rows in batches:
            yield scores(rows), real(*rows)

    def precise(rows: tuple[str, ...]):
        return digits(rows).double()

    def larger() -> Iterator[tuple]:
        for n, length in ((2, 3), (3, 6), (8, 12)):
            start = torch.from_numpy(rng.integers(0, length + 1, n))
            scores = torch.from_numpy(rng.normal(size=(n, length, length)) * 2).float()
            yield scores, torch.arange(length) >= start[:, None]

    _must_be_two_tensors(mask, [*cases(digits, ("1",)), *cases(precise, ("1",))])
    _must_allow(mask, ITSELF, cases(even, ("1",), ("11",), ("111",)))
    _must_not_see(mask, [*cases(digits, ("11",))], rng)
    must_return(mask, SOFTMAX, cases(digits, ("11",), ("111",)), right)
    _must_be_finite(mask, cases(even, ("0",), ("01",)))
    _must_allow(mask, PADDING, cases(even, ("01",), ("011",)))
    _must_allow(mask, EACH, cases(even, ("0", "1"), ("01", "11")))
    _must_not_see(mask, [*cases(digits, ("01",))], rng)
    must_return(mask, SOFTMAX, cases(digits, ("011",)), right)
    must_return(mask, NOTHING, cases(digits, ("0",), ("01",), ("00",)), right)
    must_return(mask, LARGE, larger(), right)


def _must_be_two_tensors(mask: Subject, cases) -> None:
    for case in cases:
        got, expected = mask(*case), right(*case)
        if difference(got, expected) not in (None, VALUES):
            raise Failed(KIND, mask.written(case), describe(expected), describe(got))


def _must_allow(mask: Subject, rule: Text, cases) -> None:
    """The first part of the answer alone; a weight is told by a later rule."""
    for case in cases:
        got, expected = mask(*case), right(*case)
        wrong = difference(got, expected)
        if wrong is VALUES:
            wrong = difference(got[0], expected[0]) and rule
            if wrong is None:
                continue
        if wrong is not None:
            raise Failed(wrong, mask.written(case), describe(expected), describe(got))


def _must_be_finite(mask: Subject, cases) -> None:
    """Rows of padding before anything else: NaN spreads, and would be told as something else."""
    for case in cases:
        got, expected = mask(*case), right(*case)
        if difference(got, expected) is VALUES and difference(got[0], expected[0]) is None:
            empty = ~expected[0].any(dim=-1)
            if difference(got[1][empty], expected[1][empty]) is not None:
                raise Failed(NOTHING, mask.written(case), describe(expected), describe(got))


def _must_not_see(mask: Subject, cases: list[tuple], rng) -> None:
    """The future shifted: only what is not allowed changes, so no weight may."""
    for scores, real in cases:
        allowed, plain = right(scores, real)
        for value in (float(rng.integers(6, 9)), 99.0):
            other = scores.masked_fill(~allowed, value)
            got = mask(other, real)
            if difference(got, (allowed, plain)) is VALUES:
                if difference(got[1], mask(scores.masked_fill(~allowed, 0.0), real)[1]) is not None:
                    raise Failed(FUTURE, mask.written((other, real)), describe((allowed, plain)), describe(got))


def right(scores, real):
    """One row at a time."""
    import torch

    n, length = real.shape
    allowed, weights = torch.zeros(n, length, length, dtype=torch.bool), torch.zeros_like(scores)
    for one in range(n):
        for i in range(length):
            seen = [j for j in range(i + 1) if real[one, j]]
            allowed[one, i, seen] = True
            if seen:
                weights[one, i, seen] = torch.softmax(scores[one, i, seen], dim=0)
    return allowed, weights


def by_the_course(scores, real):
    """The same by the attention of `SequentialRecommender`, whose rows must allow something: padding, itself."""
    import torch

    from recsys_lessons.recommenders import sequential

    length = real.shape[1]
    allowed = sequential.causal_mask(length) & real[:, None, :]
    some, itself = allowed.any(dim=-1, keepdim=True), torch.eye(length, dtype=torch.bool)
    nothing = torch.zeros(*real.shape, 1, dtype=scores.dtype)  # queries and keys: the scores come as the bias
    values = torch.eye(length, dtype=scores.dtype)
    weights = sequential.attention(nothing, nothing, values, allowed | (itself & ~some), scores)
    return allowed, weights * some


def _made(
    scores,
    real,
    *,
    order: Callable = lambda i, j: j <= i,
    pads: Callable = lambda real: real[:, None, :],
    weigh: Callable | None = None,
    fill: float = -float("inf"),
    dim: int = -1,
):
    """Mask and weights, but for what a mutant changes."""
    import torch

    place = torch.arange(real.shape[1])
    allowed = order(place[:, None], place[None, :]) & pads(real)
    allowed = allowed.expand(len(real), -1, -1).clone()
    if weigh is not None:
        return allowed, weigh(scores, allowed)
    weights = torch.softmax(scores.masked_fill(~allowed, fill), dim=dim)
    return allowed, torch.nan_to_num(weights) if fill == -float("inf") else weights


def _with(**changed) -> Callable:
    return lambda *arguments: _made(*arguments, **changed)


def _in_place(scores, real):
    allowed, weights = right(scores, real)
    scores.masked_fill_(~allowed, -1e9)
    return allowed, weights


MUTANTS = {
    "looks at the future, not at the past": _with(order=lambda i, j: j >= i),
    "does not look at itself": _with(order=lambda i, j: j < i),
    "has no causal mask": _with(order=lambda i, j: (i == i) & (j == j)),
    "forgets the padding": _with(pads=lambda real: True),
    "masks the rows of padding instead of the columns": _with(pads=lambda real: real[:, :, None]),
    "takes the padding of the first sequence for all": _with(pads=lambda real: real[:1, None, :]),
    "takes the mask for padding turned round": _with(pads=lambda real: ~real[:, None, :]),
    "is NaN where nothing is allowed": _with(
        weigh=lambda scores, allowed: scores.masked_fill(~allowed, -float("inf")).softmax(dim=-1)
    ),
    "fills with -1e9, and looks everywhere where nothing is allowed": _with(fill=-1e9),
    "fills with 0 before the softmax": _with(fill=0.0),
    "multiplies the scores by the mask": _with(weigh=lambda scores, allowed: (scores * allowed).softmax(dim=-1)),
    "masks after the softmax, and does not normalise again": _with(
        weigh=lambda scores, allowed: scores.softmax(dim=-1) * allowed
    ),
    "takes the softmax over the queries": _with(dim=-2),
    "shares the weight evenly": _with(
        weigh=lambda scores, allowed: (
            allowed.to(scores.dtype) / allowed.sum(dim=-1, keepdim=True).clamp(min=1).to(scores.dtype)
        )
    ),
    "returns the mask as numbers": lambda scores, real: (right(scores, real)[0].int(), right(scores, real)[1]),
    "returns the weights alone": lambda scores, real: right(scores, real)[1],
    "writes into the scores": _in_place,
}

EXERCISE = Exercise(
    name="causal_mask",
    lesson="07_drift",
    title={"en": "A causal mask, and attention under it", "zh": "因果掩码 (causal mask) 与注意力权重"},
    question={
        "en": "A transformer is trained to predict the next item at every place of a history at once. What keeps it "
        "from reading the answer, and what do you do about padding?",
        "zh": "用 Transformer 在历史的每个位置上同时预测下一个物品。什么保证它看不到答案？填充又该怎么处理？",
    },
    difficulty="medium",
    minutes=15,
    signature="def causal_mask(scores, real):",
    hints=(
        {
            "en": "Two conditions for row i and column j: j is not later than i, and j is no padding. The first is the "
            "same for all sequences, the second for all rows; broadcasting joins them.",
            "zh": "第 i 行第 j 列要满足两个条件：j 不晚于 i，而且 j 不是填充。"
            "前者对所有序列相同，后者对所有行相同，用广播合在一起。",
        },
        {
            "en": "torch.ones(length, length, dtype=torch.bool).tril() & real[:, None, :]. Scores that are not allowed "
            "become -inf BEFORE the softmax over the last dimension, so that the others share all of the weight. A row "
            "of -inf alone comes out as NaN.",
            "zh": "torch.ones(length, length, dtype=torch.bool).tril() & real[:, None, :]。"
            "不允许的得分要在最后一维的 softmax 之前换成 -inf，其余位置才会分走全部权重。"
            "一整行都是 -inf 时结果是 NaN。",
        },
        {
            "en": "weights = scores.masked_fill(~allowed, -float('inf')).softmax(dim=-1); return allowed, "
            "weights.masked_fill(~allowed, 0.0). The last step turns the NaN of a row of padding into 0.",
            "zh": "weights = scores.masked_fill(~allowed, -float('inf')).softmax(dim=-1)；"
            "返回 allowed, weights.masked_fill(~allowed, 0.0)。最后一步把全是填充的行的 NaN 变成 0。",
        },
    ),
    check=check,
    agrees_with="recsys_lessons.practice.exercises.causal_mask:by_the_course",
    mutants=MUTANTS,
)
