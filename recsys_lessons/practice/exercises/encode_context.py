"""Exercise, step two of the capstone: sentences about a context to vectors."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from recsys_lessons.practice.exercise import Exercise, Subject, Text, must_return
from recsys_lessons.practice.toys import ToyEncoder

KIND: Text = {
    "en": "it returns a float array (n, dim), one row for each sentence (the encoder takes a list of texts)",
    "zh": "返回形状 (n, dim) 的浮点数组，每个句子一行(编码器接收文本的列表)",
}
PREFIX: Text = {
    "en": "the prefix stands in front of each sentence: the encoder was trained to see queries so",
    "zh": "每个句子前面都要加上前缀：编码器训练时，查询就是这样写的",
}
LENGTH: Text = {
    "en": "each row is divided by its own length, so that a dot product is a cosine",
    "zh": "每一行除以自己的长度，这样内积就是余弦",
}
ZERO: Text = {
    "en": "a row of zeros has no direction and stays zero, not NaN",
    "zh": "全 0 的行没有方向，保持为 0，而不是 NaN",
}
ORDER: Text = {"en": "rows come in the order of the sentences", "zh": "各行的顺序与句子一致"}
ONCE: Text = {
    "en": "equal sentences are encoded once, and each of them gets its row",
    "zh": "相同的句子只编码一次，但每一个都有自己的行",
}
BATCH: Text = {
    "en": "a call holds at most batch_size texts, and there are no more calls than that needs",
    "zh": "每次调用最多 batch_size 条文本，调用次数也不多于所需",
}
LARGE: Text = {"en": "it is right for longer lists", "zh": "句子更多时也正确"}


def check(encode: Subject, rng) -> None:
    """See `Exercise.check`. The toy encoder raises where it gets too much at once, too often, or twice the same."""

    def right(sentences, encoder, prefix, batch_size):
        rows = [[(prefix + sentence).find(letter) + 1.0 for letter in encoder.letters] for sentence in sentences]
        return np.array([np.array(row) / (np.linalg.norm(row) or 1.0) for row in rows])

    def case(sentences: list[str], letters: str = "ab", prefix: str = "", batch_size: int = 2) -> tuple:
        return sentences, ToyEncoder(letters), prefix, batch_size

    def strict(sentences: list[str], batch_size: int = 2) -> tuple:
        calls = -(-len(set(sentences)) // batch_size)
        return sentences, ToyEncoder("ab", batch_size, calls), "", batch_size

    def words(n: int) -> list[str]:
        return rng.permutation(["ab", "ba", "cab", "bca", "cba", "acb"])[:n].tolist()

    def repeated() -> Iterator[tuple]:
        one, other = words(2)
        yield strict([one, one])
        yield strict([one, one], batch_size=1)
        for sentences in ([one, other, one], ["ba", "ab", "ba"], ["ab", "ba", "ab"], [one, one, other]):
            yield strict(sentences, batch_size=1)

    def batches() -> Iterator[tuple]:
        for n, batch_size in ((2, 1), (2, 2), (3, 2), (4, 2), (5, 2)):
            yield strict(words(n), batch_size)

    def larger() -> Iterator[tuple]:
        for n, batch_size in ((6, 2), (40, 7), (100, 16)):
            texts = ["".join(rng.choice(list("abcdef "), 6)) for _ in range(n)]
            yield case([*texts, *texts[: n // 2]], "abcdef:", "query: ", batch_size)

    must_return(encode, KIND, [case(["a"], "a")], right, about_kind=True)
    must_return(encode, LENGTH, [case([word]) for word in words(2)], right)
    must_return(encode, ZERO, [case(["c"])], right)
    must_return(encode, LENGTH, [case(["a", word], "ab") for word in words(2)], right)
    must_return(encode, PREFIX, [case(["a"], prefix="b: "), case([words(1)[0]], ":ba", "q: ")], right)
    must_return(encode, ORDER, [case(["ba", "ab"]), case(["ab", "ba"])], right)
    must_return(encode, BATCH, batches(), right, about_kind=True)
    must_return(encode, ONCE, repeated(), right, about_kind=True)
    must_return(encode, LARGE, larger(), right)


def by_the_course(sentences, encoder, prefix, batch_size):
    """The same with the batches and the scaling of torch, which the encoders of the course use."""
    import torch

    different = list(dict.fromkeys(sentences))
    batches = [different[start : start + batch_size] for start in range(0, len(different), batch_size)]
    rows = [torch.from_numpy(encoder([prefix + text for text in batch])) for batch in batches]
    vectors = torch.nn.functional.normalize(torch.cat(rows), dim=1).numpy()
    return vectors[[different.index(sentence) for sentence in sentences]]


def _unit(rows, axis: int | None = 1):
    lengths = np.linalg.norm(rows, axis=axis, keepdims=True)
    return rows / np.where(lengths > 0, lengths, 1.0)


def _unit_or_nan(rows):
    with np.errstate(invalid="ignore"):
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def _encoded(
    sentences,
    encoder,
    prefix,
    size,
    *,
    unit: Callable = _unit,
    text: Callable = lambda prefix, sentence: prefix + sentence,
    different: Callable = lambda texts: list(dict.fromkeys(texts)),
    back: bool = True,
    last: int = 0,
):
    """The right answer, but for what a mutant changes."""
    texts = [text(prefix, sentence) for sentence in sentences]
    new = different(texts)
    rows = np.concatenate([encoder(new[start : start + size]) for start in range(0, max(1, len(new) - last), size)])
    return unit(rows[[new.index(text) for text in texts]] if back else rows)


def _with(**changed):
    return lambda *arguments: _encoded(*arguments, **changed)


MUTANTS = {
    "forgets the prefix": _with(text=lambda prefix, sentence: sentence),
    "puts the prefix behind": _with(text=lambda prefix, sentence: sentence + prefix),
    "does not scale": _with(unit=lambda rows: rows),
    "divides by the length of the whole table": _with(unit=lambda rows: _unit(rows, axis=None)),
    "scales the columns": _with(unit=lambda rows: _unit(rows, axis=0)),
    "is NaN for a row of zeros": _with(unit=_unit_or_nan),
    "encodes equal sentences again": _with(different=list, back=False),
    "returns one row for equal sentences": _with(back=False),
    "sorts the different sentences, and leaves them so": _with(different=lambda texts: sorted(set(texts)), back=False),
    "takes all in one call": lambda sentences, encoder, prefix, size: _encoded(sentences, encoder, prefix, 10**6),
    "calls once a sentence": lambda sentences, encoder, prefix, size: _encoded(sentences, encoder, prefix, 1),
    "loses the last batch where it is not full": lambda sentences, encoder, prefix, size: _encoded(
        sentences, encoder, prefix, size, back=False, last=len(set(sentences)) % size
    ),
    "hands over one text instead of a list": lambda sentences, encoder, prefix, size: np.concatenate(
        [encoder(prefix + sentence) for sentence in sentences]
    ),
}

EXERCISE = Exercise(
    name="encode_context",
    lesson="04_context",
    title={"en": "Capstone 2: sentences to vectors", "zh": "综合题第 2 步：从句子到向量"},
    question={
        "en": "Build a contextual recommender with a pretrained language model, step two: how do sentences become "
        "vectors that can be compared with items, without a forward pass for every request?",
        "zh": "用预训练语言模型构建基于上下文的推荐系统，第二步：句子怎样变成能和物品比较的向量？"
        "怎样避免每个请求都做一次前向计算？",
    },
    difficulty="medium",
    minutes=15,
    signature="def encode_context(sentences, encoder, prefix, batch_size):",
    hints=(
        {
            "en": "Contexts repeat: 'Friday evening, at home' is said a thousand times a day. Which sentences differ, "
            "and where does each of them stand in that shorter list?",
            "zh": "上下文大量重复：“周五晚上，在家”一天会出现上千次。"
            "不同的句子有哪些？每个句子在这份更短的列表里排第几？",
        },
        {
            "en": "different = list(dict.fromkeys(sentences)) keeps the order. Go through it in slices of batch_size, "
            "with the prefix in front of each, and stack what the encoder gives. Then one row number a sentence leads "
            "back to all of them.",
            "zh": "different = list(dict.fromkeys(sentences)) 去重并保持顺序。按 batch_size 切片，每条前面加前缀，"
            "把编码器的结果叠起来；再用每个句子对应的行号取回全部。",
        },
        {
            "en": "rows = np.concatenate([encoder([prefix + text for text in different[at : at + batch_size]]) for at "
            "in range(0, len(different), batch_size)]). Divide by the lengths, np.linalg.norm(rows, axis=1, "
            "keepdims=True), with 1 in place of 0. The answer is rows[[different.index(text) for text in sentences]].",
            "zh": "rows = np.concatenate([encoder([prefix + text for text in different[at : at + batch_size]]) "
            "for at in range(0, len(different), batch_size)])。除以长度 np.linalg.norm(rows, axis=1, keepdims=True)，"
            "长度为 0 时换成 1。答案是 rows[[different.index(text) for text in sentences]]。",
        },
    ),
    check=check,
    agrees_with="recsys_lessons.practice.exercises.encode_context:by_the_course",
    mutants=MUTANTS,
)
