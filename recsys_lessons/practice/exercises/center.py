"""Exercise: centring embeddings with the mean of the rows that training may see."""

from __future__ import annotations

from collections.abc import Iterator

from recsys_lessons.practice.compare import VALUES, difference
from recsys_lessons.practice.exercise import Exercise, Failed, Subject, must_return
from recsys_lessons.practice.values import describe

LENGTH: dict = {
    "en": "every row ends with (Euclidean) length 1, each by its own length; scaling comes last",
    "zh": "每一行最后的(欧氏)长度都是 1，除以的是这一行自己的长度；归一化放在最后",
}
MEAN: dict = {
    "en": "the mean is that of the `reference` rows alone, never of the rows that are passed (that would be a leak)",
    "zh": "均值只由 `reference` 的各行算出，不能用传入的 `embeddings` 来算(那就是泄漏)",
}
ORDER: dict = {
    "en": "first subtract the mean of the rows as they are, then scale; scaling first gives another direction",
    "zh": "先减去原始各行的均值，再归一化；先归一化再减，方向就变了",
}
ZERO: dict = {
    "en": "a row equal to the mean stays zero, not NaN",
    "zh": "与均值相等的行保持为 0，而不是 NaN",
}
DTYPE: dict = {"en": "the result has the dtype of `embeddings`", "zh": "结果的 dtype 与 `embeddings` 相同"}
LARGE: dict = {"en": "it is right on larger random batches", "zh": "在更大的随机批次上也正确"}


def check(center: Subject, rng) -> None:
    """See `Exercise.check`. Small inputs hold whole numbers or quarters, so that a learner can follow by hand."""
    import torch

    def right(embeddings, reference):
        moved = embeddings.double() - reference.double().mean(dim=0)
        lengths = moved.pow(2).sum(dim=1, keepdim=True).sqrt()
        return torch.where(lengths > 0, moved / lengths.clamp(min=1e-300), 0.0).to(embeddings.dtype)

    def tensor(rows, dtype=torch.float32):
        return torch.tensor([[float(value) for value in row] for row in rows]).to(dtype)

    def any_length() -> Iterator[tuple]:
        # differences of length 5, 10 and 5/8: above 1 and below it
        for factor in (1.0, 2.0, 0.125):
            start = rng.integers(1, 5, 2)
            moves = rng.permuted([[3.0, 4.0], [-3.0, 4.0]], axis=0) * factor
            yield tensor(start + moves), tensor([start])

    def on_the_axes() -> Iterator[tuple]:
        # all rows have length 1 already, so that only the mean can be wrong
        axes = [[1, 0], [0, 1], [-1, 0], [0, -1]]
        for n_reference in (1, 2):
            first, *rest = (axes[at] for at in rng.permutation(4)[: n_reference + 1])
            yield tensor([first]), tensor(rest)
        yield tensor([[1, 0, 0]]), tensor([[0, 1, 0], [0, 0, 1]])
        first, second, other = (axes[at] for at in rng.permutation(4)[:3])
        yield tensor([first, second]), tensor([other])

    def lengths_differ() -> Iterator[tuple]:
        for n_reference in (1, 2):
            base = rng.integers(1, 5, 2)
            yield tensor([base + [3, -4]]), tensor([base + [0, 2 * row] for row in range(n_reference)])

    def equal_to_the_mean() -> Iterator[tuple]:
        base = rng.integers(1, 9, 2)
        yield tensor([base]), tensor([base])
        yield tensor([base]), tensor([base - 1, base + 1])
        yield tensor([base, base + [3, 4]]), tensor([base])

    def larger() -> Iterator[tuple]:
        for n, m, dim in ((1, 4, 3), (3, 2, 4), (5, 20, 8), (20, 5, 16)):
            shift = 5 * rng.normal(size=dim)
            yield tuple(torch.from_numpy(rng.normal(size=(rows, dim)) + shift).float() for rows in (n, m))

    _must_have_length_1(center, any_length(), right)
    must_return(center, MEAN, on_the_axes(), right)
    must_return(center, ORDER, lengths_differ(), right)
    must_return(center, ZERO, equal_to_the_mean(), right)
    doubles = tensor([[1, 0]], torch.float64), tensor([[0, 1]], torch.float64)
    must_return(center, DTYPE, [doubles], right, about_kind=True)
    must_return(center, LARGE, larger(), right)


def _must_have_length_1(center: Subject, cases: Iterator[tuple], right) -> None:
    """Whatever is subtracted, the rows end with length 1."""
    for case in cases:
        got, expected = center(*case), right(*case)
        wrong = difference(got, expected)
        if wrong is VALUES:
            lengths = got.double().pow(2).sum(dim=1).sqrt()
            wrong = None if ((lengths - 1).abs() < 1e-3).all() else LENGTH
        if wrong is not None:
            raise Failed(wrong, center.written(case), describe(expected), describe(got))


def _scaled(rows):
    import torch

    return torch.nn.functional.normalize(rows, dim=1)


def _joint_mean(embeddings, reference):
    import torch

    return _scaled(embeddings - torch.cat([embeddings, reference]).mean(dim=0))


def _divides_by_the_length(embeddings, reference):
    moved = embeddings - reference.mean(dim=0)
    return moved / moved.norm(dim=1, keepdim=True)


def _clamps_at_one(embeddings, reference):
    moved = embeddings - reference.mean(dim=0)
    return moved / moved.norm(dim=1, keepdim=True).clamp(min=1)


def _one_length_for_all(embeddings, reference):
    moved = embeddings - reference.mean(dim=0)
    return moved / moved.norm()


def _in_place(embeddings, reference):
    embeddings -= reference.mean(dim=0)
    return _scaled(embeddings)


MUTANTS = {
    "takes the mean of the rows passed": lambda embeddings, reference: _scaled(embeddings - embeddings.mean(dim=0)),
    "takes the mean over both": _joint_mean,
    "does not subtract": lambda embeddings, reference: _scaled(embeddings),
    "subtracts one number for all dimensions": lambda embeddings, reference: _scaled(embeddings - reference.mean()),
    "takes each row's mean over its dimensions": lambda embeddings, reference: _scaled(
        embeddings - embeddings.mean(dim=1, keepdim=True)
    ),
    "subtracts the sum": lambda embeddings, reference: _scaled(embeddings - reference.sum(dim=0)),
    "forgets to normalise": lambda embeddings, reference: embeddings - reference.mean(dim=0),
    "normalises before it centres": lambda embeddings, reference: _scaled(embeddings) - _scaled(reference).mean(dim=0),
    "normalises before it centres, and again after": lambda embeddings, reference: _scaled(
        _scaled(embeddings) - _scaled(reference).mean(dim=0)
    ),
    "normalises the reference only": lambda embeddings, reference: _scaled(
        embeddings - _scaled(reference.mean(dim=0, keepdim=True))
    ),
    "divides by one length for all rows": _one_length_for_all,
    "does not scale short rows up": _clamps_at_one,
    "is NaN for a row equal to the mean": _divides_by_the_length,
    "changes the embeddings in place": _in_place,
    "turns double into single precision": lambda embeddings, reference: _scaled(
        embeddings.float() - reference.float().mean(dim=0)
    ),
}

EXERCISE = Exercise(
    name="center",
    lesson="02_text_to_vectors",
    title={"en": "Centring without a leak", "zh": "去均值 (centring)，且不泄漏"},
    question={
        "en": "Why centre sentence embeddings before you compare them, and with which mean?",
        "zh": "比较句向量之前为什么要去均值？这个均值该用哪些数据来算？",
    },
    difficulty="easy",
    minutes=10,
    signature="def center(embeddings, reference):",
    hints=(
        {
            "en": "Two steps: move, then scale. Which of the two arguments decides how far to move, and what would it "
            "mean to let the other one decide?",
            "zh": "分两步：先平移，再缩放。平移多少由哪个参数决定？如果让另一个参数决定，意味着什么？",
        },
        {
            "en": "`reference.mean(dim=0)` is one row of `dim` numbers; subtract it from every row. A row that is zero "
            "after that has no direction, so do not divide it by its length, which is 0.",
            "zh": "`reference.mean(dim=0)` 得到一行 `dim` 个数，从每一行里减去它。减完等于 0 的行没有方向，"
            "长度是 0，不能拿来做除数。",
        },
        {
            "en": "moved = embeddings - reference.mean(dim=0); then torch.nn.functional.normalize(moved, dim=1), which "
            "leaves a row of zeros as it is.",
            "zh": "moved = embeddings - reference.mean(dim=0)；再用 torch.nn.functional.normalize(moved, dim=1)，"
            "它会让全 0 的行保持不变。",
        },
    ),
    check=check,
    agrees_with="recsys_lessons.encoders.base:center",
    mutants=MUTANTS,
)
