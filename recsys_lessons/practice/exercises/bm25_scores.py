"""Exercise: BM25, the search by shared words that vectors have to beat (Robertson and Zaragoza 2009)."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator

import numpy as np

from recsys_lessons.practice.exercise import Exercise, Subject, Text, must_return

KIND: Text = {
    "en": "it returns a float array (n_documents,); a query without terms gives zeros",
    "zh": "返回形状 (n_documents,) 的浮点数组；查询没有词时全为 0",
}
IDF: Text = {
    "en": "a term in n of N documents weighs ln(1 + (N - n + 0.5) / (n + 0.5)), where n counts documents",
    "zh": "N 篇文档中有 n 篇含有的词，权重是 ln(1 + (N - n + 0.5) / (n + 0.5))；n 数的是文档",
}
COMMON: Text = {
    "en": "a term that every document has still counts a little: the 1 + keeps its weight above 0",
    "zh": "每篇文档都有的词仍然算一点分：有了 1 +，权重不会变成负数",
}
UNSEEN: Text = {
    "en": "a term of the query that no document has adds 0",
    "zh": "查询里没有任何文档包含的词，加 0 分",
}
REPEATED: Text = {
    "en": "repetitions in a document count less and less: f (k1 + 1) / (f + k1 ...)",
    "zh": "文档里重复出现的词，每多一次加得越来越少：f (k1 + 1) / (f + k1 ...)",
}
LENGTH: Text = {
    "en": "a document's length (all its terms, repetitions too) is compared with the mean length, and b says how much",
    "zh": "文档长度(所有词，重复的也算)与平均长度相比，b 决定它的影响有多大",
}
QUERY: Text = {"en": "a term twice in the query counts twice", "zh": "查询里出现两次的词算两次"}
EMPTY: Text = {
    "en": "a document without terms scores 0, and counts in N and in the mean length",
    "zh": "没有词的文档得 0 分，但计入 N 和平均长度",
}
LARGE: Text = {"en": "it is right for more and longer documents", "zh": "文档更多、更长时也正确"}


def check(bm25: Subject, rng) -> None:
    """See `Exercise.check`."""

    def right(documents, query, k1, b):
        lengths = [len(document) for document in documents]
        mean = sum(lengths) / len(lengths)
        scores = np.zeros(len(documents))
        for term in query:
            having = sum(term in document for document in documents)
            idf = math.log(1 + (len(documents) - having + 0.5) / (having + 0.5))
            for row, document in enumerate(documents):
                f = document.count(term)
                scores[row] += idf * f * (k1 + 1) / (f + k1 * (1 - b + b * lengths[row] / mean)) if f else 0.0
        return scores

    def some() -> float:
        return float(rng.choice([0.5, 1.5, 2.0, 3.0]))

    def texts(*documents: str) -> list[list[str]]:
        return [list(document) for document in documents]

    def plain(query: str, *documents: str) -> tuple:
        return texts(*documents), list(query), some(), 0.0

    def long(query: str, *documents: str) -> tuple:
        return texts(*documents), list(query), some(), float(rng.choice([0.25, 0.5, 0.75]))

    def larger() -> Iterator[tuple]:
        for n in (3, 8, 20):
            words = list("abcdefgh")
            documents = [rng.choice(words, rng.integers(0, 12)).tolist() for _ in range(n)]
            yield [*documents, ["a", "b"]], rng.choice([*words, "z"], 4).tolist(), some(), float(rng.uniform(0, 1))

    must_return(bm25, KIND, [plain("", "a"), plain("", "a", "b")], right, about_kind=True)
    must_return(bm25, UNSEEN, [plain("z", "a"), plain("z", "a", "b")], right)
    must_return(bm25, IDF, [(texts("a", *"bbb"[:n]), ["a"], 0.0, 0.0) for n in (1, 2, 3)], right)
    must_return(bm25, COMMON, [(texts(*"aa"[:n]), ["a"], 0.0, 0.0) for n in (1, 2)], right)
    must_return(bm25, REPEATED, [plain("a", "aa"), plain("a", "aa", "a"), plain("a", "aaa", "a")], right)
    must_return(bm25, IDF, [(texts("aa", "b"), ["a"], 0.0, 0.0)], right)
    must_return(bm25, LENGTH, [long("a", "a", "abb"), long("a", "abb", "b"), long("b", "aab", "bcd")], right)
    must_return(bm25, QUERY, [plain("aa", "a", "b")], right)
    must_return(bm25, EMPTY, [long("a", "a", "")], right)
    must_return(bm25, LARGE, larger(), right)


def by_the_course(documents, query, k1, b):
    """The same by `BM25`, whose weights are kept in double precision."""
    from recsys_lessons.recommenders.bm25 import BM25

    model = BM25(documents, k1=k1, b=b, tokenize=list)
    return (model._matrix([Counter(query)]) @ model.weights_.T).toarray()[0]


def _scored(
    documents,
    query,
    k1,
    b,
    *,
    idf: Callable = lambda total, having: np.log(1 + (total - having + 0.5) / (having + 0.5)),
    having: Callable = lambda documents, term: sum(term in document for document in documents),
    length: Callable = len,
    mean: Callable = np.mean,
    share: Callable = lambda f, slack, k1: f * (k1 + 1) / (f + slack),
    asked: Callable = list,
):
    """The right answer, but for what a mutant changes."""
    lengths = np.array([length(document) for document in documents], dtype=float)
    slack = k1 * (1 - b + b * lengths / mean(lengths))
    scores = np.zeros(len(documents))
    for term in asked(query):
        f = np.array([document.count(term) for document in documents], dtype=float)
        if f.any():
            weight = idf(len(documents), having(documents, term))
            scores += np.where(f > 0, weight * share(f, np.where(f > 0, slack, 1.0), k1), 0.0)
    return scores


def _with(**changed):
    return lambda *arguments: _scored(*arguments, **changed)


MUTANTS = {
    "forgets the 1 + in the weight": _with(idf=lambda total, having: np.log((total - having + 0.5) / (having + 0.5))),
    "takes ln(N / n)": _with(idf=lambda total, having: np.log(total / having)),
    "takes the base 10": _with(idf=lambda total, having: np.log10(1 + (total - having + 0.5) / (having + 0.5))),
    "weighs all terms alike": _with(idf=lambda total, having: 1.0),
    "counts occurrences where documents are meant": _with(
        having=lambda documents, term: min(len(documents), sum(document.count(term) for document in documents))
    ),
    "divides by n = 0 for an unseen term": lambda documents, query, k1, b: (
        _scored(documents, query, k1, b)
        + sum(0.0 / sum(term in document for document in documents) for term in set(query))
    ),
    "counts each repetition in full": _with(share=lambda f, slack, k1: f),
    "asks only whether the term is there": _with(share=lambda f, slack, k1: (k1 + 1) / (1 + slack)),
    "forgets the k1 + 1 above": _with(share=lambda f, slack, k1: f / (f + slack)),
    "ignores the length": _with(length=lambda document: 1.0),
    "compares with the longest document": _with(mean=np.max),
    "takes the different terms for the length": _with(length=lambda document: len(set(document))),
    "leaves empty documents out of the mean": _with(mean=lambda lengths: lengths[lengths > 0].mean()),
    "takes k1 for b, and b for k1": lambda documents, query, k1, b: _scored(documents, query, b, k1),
    "counts a term of the query once": _with(asked=set),
    "returns a list": lambda *arguments: _scored(*arguments).tolist(),
}

EXERCISE = Exercise(
    name="bm25_scores",
    lesson="05_intent",
    title={"en": "BM25: search by shared words", "zh": "BM25：按共有的词检索"},
    question={
        "en": "Write BM25. What do k1 and b do, and why is it still the baseline that semantic search has to beat?",
        "zh": "写出 BM25。k1 和 b 各起什么作用？为什么语义检索至今仍要和它比？",
    },
    difficulty="medium",
    minutes=20,
    signature="def bm25_scores(documents, query, k1, b):",
    hints=(
        {
            "en": "One term of the query at a time. It has one weight for all documents, by how many of them hold it; "
            "in each document it then counts by how often it stands there, held back by the document's length.",
            "zh": "一次只看查询里的一个词。它对所有文档有同一个权重，由多少篇文档含有它决定；"
            "在每篇文档里，再按出现次数计分，并受文档长度的折扣。",
        },
        {
            "en": "Lengths and their mean come first. `document.count(term)` is f; `sum(term in document for "
            "document in documents)` is n. For f = 0 add nothing. A loop over `query` itself, not over a set, counts "
            "repeated terms.",
            "zh": "先算各文档的长度和平均长度。`document.count(term)` 就是 f；"
            "`sum(term in document for document in documents)` 就是 n。f 为 0 时不加分。"
            "直接遍历 `query`(而不是它的集合)，重复的词自然算多次。",
        },
        {
            "en": "scores[row] += np.log(1 + (N - n + 0.5) / (n + 0.5)) * f * (k1 + 1) / (f + k1 * (1 - b + b * "
            "lengths[row] / mean)).",
            "zh": "对每个词、每篇文档：scores[row] += np.log(1 + (N - n + 0.5) / (n + 0.5)) * f * (k1 + 1) "
            "/ (f + k1 * (1 - b + b * lengths[row] / mean))。",
        },
    ),
    check=check,
    agrees_with="recsys_lessons.practice.exercises.bm25_scores:by_the_course",
    mutants=MUTANTS,
)
