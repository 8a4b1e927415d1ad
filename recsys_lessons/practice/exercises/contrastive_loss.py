"""Exercise: the loss that brings a text and its picture together (CLIP, Radford et al. 2021)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from recsys_lessons.practice.exercise import Exercise, Failed, Subject, Text, must_return
from recsys_lessons.practice.exercises._kind import must_be_of_kind
from recsys_lessons.practice.values import describe

KIND: Text = {
    "en": "it returns a float32 tensor without dimensions: one loss for the whole batch",
    "zh": "返回 0 维的 float32 张量：整个批次一个损失",
}
ALONE: Text = {
    "en": "one pair alone has nothing to be mistaken for, and costs 0",
    "zh": "只有一对时没有可混淆的对象，损失为 0",
}
PAIRS: Text = {
    "en": "text i belongs to picture i, and the other pictures of the batch are wrong answers, which have to be less "
    "similar",
    "zh": "第 i 段文本对应第 i 张图片，批次里的其他图片都是错误答案，相似度应当更低",
}
UNIT: Text = {
    "en": "a similarity is a cosine: each vector is divided by its own length, and a longer one changes nothing",
    "zh": "相似度是余弦：每个向量除以自己的长度，向量变长不影响结果",
}
TEMPERATURE: Text = {
    "en": "similarities are DIVIDED by the temperature: good pairs cost less at a lower one",
    "zh": "相似度要除以温度：温度越低，配对正确时的损失越小",
}
COST: Text = {
    "en": "a pair costs minus the log of the share that a softmax over its n answers gives the right one; the loss is "
    "the mean over pairs and directions, not a sum",
    "zh": "每一对的损失是：对 n 个候选做 softmax，取正确答案所占份额的负对数；对各对、两个方向取平均，不是求和",
}
BOTH: Text = {
    "en": "both directions count half: each text among the pictures (rows), each picture among the texts (columns)",
    "zh": "两个方向各占一半：每段文本在所有图片中找(按行)，每张图片在所有文本中找(按列)",
}
STABLE: Text = {
    "en": "a low temperature neither overflows nor gives inf or NaN (log-softmax, not the log of a softmax)",
    "zh": "温度很低时既不溢出，也不出现 inf 或 NaN(用 log-softmax，而不是先 softmax 再取 log)",
}
LARGE: Text = {"en": "it is right for larger batches", "zh": "批次更大时也正确"}


def check(loss: Subject, rng) -> None:
    """See `Exercise.check`. Vectors of one dimension have the cosines 1 and -1 only, and can be followed by hand."""
    import numpy as np
    import torch

    def right(text, pictures, temperature):
        text, pictures = text.double().numpy(), pictures.double().numpy()
        n, costs = len(text), []
        cosines = np.array([[a @ b / (np.linalg.norm(a) * np.linalg.norm(b)) for b in pictures] for a in text])
        for i in range(n):
            for others in (cosines[i], cosines[:, i]):
                shifted = (others - cosines[i, i]) / temperature
                costs.append(shifted.max() + np.log(np.exp(shifted - shifted.max()).sum()))
        return torch.tensor(np.mean(costs), dtype=torch.float32)

    def rows(*values: list[float]):
        return torch.tensor(values, dtype=torch.float32)

    def digit() -> float:
        return float(rng.integers(2, 7))

    def larger() -> Iterator[tuple]:
        for n, dim in ((3, 2), (8, 4), (32, 16)):
            text = torch.from_numpy(rng.normal(size=(n, dim))).float()
            yield text, text + torch.from_numpy(rng.normal(size=(n, dim))).float(), float(rng.uniform(0.07, 0.5))

    plus, minus = [1.0], [-1.0]
    good = rows(plus, minus), rows(plus, minus), 1.0
    swapped = rows(minus, plus), rows(plus, minus), 1.0
    alike = rows(plus, plus), rows(plus, plus), 1.0
    alone = rows([digit()]), rows([digit()]), 1.0
    lower, higher = float(rng.choice([0.25, 0.5])), float(rng.choice([2.0, 4.0]))

    must_be_of_kind(loss, KIND, [alone, good], right)
    must_return(loss, ALONE, [alone], right)
    _must_cost_less(loss, PAIRS, [(good, swapped), (good, alike)], right)
    longer = [(rows([digit()], minus), rows(plus, minus), 1.0), (rows(plus, minus), rows(plus, [-digit()]), 1.0)]
    _must_cost_the_same(loss, UNIT, good, longer, right)
    _must_cost_less(loss, TEMPERATURE, [((*good[:2], lower), good), (good, (*good[:2], higher))], right)
    must_return(loss, COST, [good, swapped, (*good[:2], lower)], right)
    uneven = [(rows(plus, plus), rows(plus, minus), 1.0), (rows(plus, minus), rows(plus, plus), 1.0)]
    must_return(loss, BOTH, uneven, right)
    must_return(loss, STABLE, [(rows(plus, plus), rows(minus, plus), 0.01)], right)
    must_return(loss, LARGE, larger(), right)


def _must_cost_less(loss: Subject, rule: Text, pairs: list[tuple[tuple, tuple]], right: Callable) -> None:
    """The first case of each pair costs less than the second; how much is told by later rules."""
    for better, worse in pairs:
        less, more = must_be_of_kind(loss, KIND, [better, worse], right)
        if not less < more:
            case, got = (better, less) if abs(less - right(*better)) > abs(more - right(*worse)) else (worse, more)
            raise Failed(rule, loss.written(case), describe(right(*case)), describe(got))


def _must_cost_the_same(loss: Subject, rule: Text, first: tuple, others: list[tuple], right: Callable) -> None:
    """Every other case costs what the first does."""
    (as_first,) = must_be_of_kind(loss, KIND, [first], right)
    for case in others:
        (got,) = must_be_of_kind(loss, KIND, [case], right)
        if not abs(got - as_first) < 1e-4:
            raise Failed(rule, loss.written(case), describe(as_first), describe(got))


def by_the_course(text, pictures, temperature):
    """The same by `alignment.contrastive_loss`, which takes rows of length 1."""
    from torch.nn.functional import normalize

    from recsys_lessons.alignment import contrastive_loss

    return contrastive_loss(normalize(text, dim=1), normalize(pictures, dim=1), temperature)


def _unit(vectors):
    return vectors / vectors.norm(dim=1, keepdim=True)


def _log_softmax(logits, dim: int):
    return logits.log_softmax(dim=dim)


def _naive(logits, dim: int):
    return (logits.exp() / logits.exp().sum(dim=dim, keepdim=True)).log()


def _without_its_own(logits, dim: int):
    """The right answer is missing below the line, which makes the loss negative for good pairs."""
    import torch

    own = torch.eye(len(logits), dtype=torch.bool)
    return logits - logits.masked_fill(own, -1e9).logsumexp(dim=dim, keepdim=True)


def _loss(
    text,
    pictures,
    temperature,
    *,
    unit: Callable = _unit,
    sharpen: Callable = lambda cosines, temperature: cosines / temperature,
    log_softmax: Callable = _log_softmax,
    pick: Callable = lambda logs: logs.diagonal(),
    over: Callable = lambda values: values.mean(),
    mix: Callable = lambda texts, pictures: (texts + pictures) / 2,
):
    """The right answer, but for what a mutant changes."""
    logits = sharpen(unit(text) @ unit(pictures).T, temperature)
    return -mix(over(pick(log_softmax(logits, 1))), over(pick(log_softmax(logits, 0))))


def _with(**changed):
    return lambda *arguments: _loss(*arguments, **changed)


MUTANTS = {
    "looks from the texts only": _with(mix=lambda texts, pictures: texts),
    "looks from the pictures only": _with(mix=lambda texts, pictures: pictures),
    "adds the two directions": _with(mix=lambda texts, pictures: texts + pictures),
    "does not normalise": _with(unit=lambda vectors: vectors),
    "normalises the columns": _with(unit=lambda vectors: vectors / vectors.norm(dim=0, keepdim=True)),
    "divides by the length of the whole table": _with(unit=lambda vectors: vectors / vectors.norm()),
    "multiplies by the temperature": _with(sharpen=lambda cosines, temperature: cosines * temperature),
    "forgets the temperature": _with(sharpen=lambda cosines, temperature: cosines),
    "takes the first picture for everybody's": _with(pick=lambda logs: logs[:, 0]),
    "takes the other diagonal": _with(pick=lambda logs: logs.flip(1).diagonal()),
    "takes all cells for pairs": _with(pick=lambda logs: logs),
    "sums over the pairs": _with(over=lambda values: values.sum()),
    "takes one softmax over the whole table": _with(
        log_softmax=lambda logits, dim: logits.flatten().log_softmax(dim=0).view_as(logits)
    ),
    "leaves the right answer out of the denominator": _with(log_softmax=_without_its_own),
    "brings pairs together and pushes nothing apart": lambda text, pictures, temperature: (
        (1 - (_unit(text) * _unit(pictures)).sum(dim=1)).mean() / temperature
    ),
    "overflows at a low temperature": _with(log_softmax=_naive),
    "forgets the minus": lambda *arguments: -_loss(*arguments),
    "returns one loss a pair": _with(over=lambda values: values),
}

EXERCISE = Exercise(
    name="contrastive_loss",
    lesson="08_pictures",
    title={"en": "The contrastive loss, both ways", "zh": "双向的对比损失"},
    question={
        "en": "How is CLIP trained so that a sentence finds a picture? Write the loss, and say what the temperature "
        "and the size of the batch do.",
        "zh": "CLIP 是怎样训练的，使得一句话能找到一张图片？写出损失函数，并说明温度和批次大小的作用。",
    },
    difficulty="medium",
    minutes=15,
    signature="def contrastive_loss(text, pictures, temperature):",
    hints=(
        {
            "en": "Draw the n x n table of cosines, texts down, pictures across. Where do the right answers stand? "
            "Each row is a question with n answers to choose from, and so is each column.",
            "zh": "画出 n x n 的余弦表，行是文本，列是图片。正确答案在哪里？每一行是一道 n 选 1 的题，每一列也是。",
        },
        {
            "en": "Divide each vector by its length, multiply, divide by the temperature. A choice among n is scored "
            "by cross-entropy: minus the log-softmax at the right place. Along which dim for a row, along which for a "
            "column?",
            "zh": "每个向量除以自己的长度，相乘，再除以温度。n 选 1 用交叉熵打分：正确位置上的 log-softmax 取负。"
            "按行是哪个 dim，按列又是哪个？",
        },
        {
            "en": "logits = normalize(text, dim=1) @ normalize(pictures, dim=1).T / temperature; right = "
            "torch.arange(len(text)); the mean of cross_entropy(logits, right) and cross_entropy(logits.T, right), "
            "all from torch.nn.functional.",
            "zh": "logits = normalize(text, dim=1) @ normalize(pictures, dim=1).T / temperature；"
            "right = torch.arange(len(text))；cross_entropy(logits, right) 与 cross_entropy(logits.T, right) 取平均，"
            "函数都在 torch.nn.functional 里。",
        },
    ),
    check=check,
    agrees_with="recsys_lessons.practice.exercises.contrastive_loss:by_the_course",
    mutants=MUTANTS,
)
