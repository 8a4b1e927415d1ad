"""Exercise, step four of the capstone: scores to lists of titles."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from recsys_lessons.practice.exercise import Exercise, Subject, Text, must_return

KIND: Text = {
    "en": "it returns a list with a list of titles (strings) for each row of scores",
    "zh": "返回列表：scores 的每一行对应一个标题(字符串)列表",
}
BEST: Text = {"en": "the highest score comes first", "zh": "得分最高的排在最前"}
CUT: Text = {
    "en": "a list holds at most k titles, and fewer only where nothing is left",
    "zh": "最多 k 个标题；没有可推荐的了才可以更少",
}
SEEN: Text = {
    "en": "what the user has seen is never shown, however high or negative the other scores",
    "zh": "看过的绝不出现，不管其他物品的得分多高或多么负",
}
FILLED: Text = {
    "en": "seen items are taken out BEFORE the cut at k, so that the list is filled up",
    "zh": "先去掉看过的，再取前 k 个，这样列表才是满的",
}
EACH: Text = {"en": "each row has its own history", "zh": "每一行用自己的历史"}
TIES: Text = {
    "en": "of equal scores the item with the smaller place comes first, whatever the order of the item table",
    "zh": "得分相同时 places 小的在前，与物品表的顺序无关",
}
BARRED: Text = {
    "en": "an item with score -inf is barred: it is not shown, even to fill the list",
    "zh": "得分为 -inf 的物品是被排除的：列表凑不满也不能用它来凑",
}
SAME_TITLE: Text = {"en": "two items with one title are two items", "zh": "标题相同的两个物品是两个物品"}
LARGE: Text = {"en": "it is right for more users and items", "zh": "用户和物品更多时也正确"}


def check(rank: Subject, rng) -> None:
    """See `Exercise.check`."""

    def right(scores, histories, titles, places, k):
        lists = []
        for row, history in zip(scores, histories, strict=True):
            left = [item for item in range(len(titles)) if item not in history and row[item] > -np.inf]
            lists.append([titles[item] for item in sorted(left, key=lambda item: (-row[item], places[item]))[:k]])
        return lists

    def names(n: int) -> list[str]:
        return list("ABCDEFGH"[:n])

    def falling(n: int) -> list[float]:
        return sorted((rng.permutation(8)[:n] + 1.0).tolist(), reverse=True)

    def one(
        scores: list[float], history: list[int], k: int, titles: str = "", places: list[int] | None = None
    ) -> tuple:
        n = len(scores)
        return np.array([scores]), [history], list(titles) or names(n), np.array(places or range(n)), k

    def seen() -> Iterator[tuple]:
        high, low = falling(2)
        yield one([high, low], [0], 2)
        yield one([-low, -high], [0], 2)  # hidden by a score of 0, the seen item would lead
        yield one([high, low], [0, 1], 1)

    def ties() -> Iterator[tuple]:
        high, low = falling(2)
        for places in ([0, 1], [1, 0]):
            yield one([high, high], [], 1, places=places)
        for _ in range(4):
            yield one([high, low, high], [], 2, places=rng.permutation(3).tolist())

    def larger() -> Iterator[tuple]:
        for users, items, k in ((3, 6, 3), (5, 20, 5), (4, 60, 10)):
            scores = rng.integers(-9, 9, (users, items)).astype(float)
            scores[rng.random(scores.shape) < 0.1] = -np.inf
            histories = [rng.permutation(items)[: rng.integers(0, items)].tolist() for _ in range(users)]
            yield scores, histories, [f"title {item}" for item in range(items)], rng.permutation(items), k

    first, second = falling(2)
    must_return(rank, KIND, [one([first], [], 1)], right, about_kind=True)
    must_return(rank, BEST, [one([second, first], [], 2), one([second, first, 0.5], [], 3)], right)
    must_return(rank, CUT, [one(falling(2), [], 1), one(falling(2), [], 5)], right, about_kind=True)
    must_return(rank, SEEN, seen(), right, about_kind=True)
    must_return(rank, FILLED, [one(falling(2), [0], 1), one(falling(3), [0], 2)], right, about_kind=True)
    must_return(
        rank, EACH, [(np.array([[first, second]] * 2), [[0], []], names(2), np.arange(2), 2)], right, about_kind=True
    )
    must_return(rank, TIES, ties(), right)
    must_return(rank, BARRED, [one([first, -np.inf], [], 2)], right, about_kind=True)
    must_return(rank, SAME_TITLE, [one(falling(2), [0], 2, "AA")], right, about_kind=True)
    must_return(rank, LARGE, larger(), right, about_kind=True)


def by_the_course(scores, histories, titles, places, k):
    """The same by `ranking.top_k`, whose own order of equals is fixed: an item goes where that order has its place."""
    from recsys_lessons.recommenders.ranking import tie_order, top_k

    columns = np.argsort(tie_order(len(titles)))[places]  # item -> column
    moved = np.full(scores.shape, -np.inf)
    for row, history in enumerate(histories):
        left = np.setdiff1d(np.arange(len(titles)), history).astype(int)
        moved[row, columns[left]] = scores[row, left]
    items = np.argsort(columns)
    return [[titles[items[column]] for column in row if column >= 0] for row in top_k(moved, k)]


def _ranked(scores, histories, titles, places, k, *, order=None, value=-np.inf, cut=None, shown=np.isfinite):
    """The right answer, but for what a mutant changes."""
    lists = []
    for row, history in zip(scores.copy(), histories, strict=True):
        if value is not None:
            row[history] = value
        best = np.lexsort((places, -row)) if order is None else order(row, places)
        kept = [item for item in (best if cut is None else cut(best, k)) if shown(row[item])]
        lists.append([titles[item] for item in kept[: None if cut else k]])
    return lists


def _with(**changed):
    return lambda *arguments: _ranked(*arguments, **changed)


def _drops_after_the_cut(scores, histories, titles, places, k):
    lists = _ranked(scores, [[]] * len(scores), list(range(len(titles))), places, k)
    pairs = zip(lists, histories, strict=True)
    return [[titles[item] for item in items if item not in history] for items, history in pairs]


def _drops_titles(scores, histories, titles, places, k):
    lists = []
    for row, history in zip(scores, histories, strict=True):
        best = [titles[item] for item in np.lexsort((places, -row)) if row[item] > -np.inf]
        known = {titles[item] for item in history}
        lists.append([title for title in best if title not in known][:k])
    return lists


def _hides_in_place(scores, histories, titles, places, k):
    for row, history in zip(scores, histories, strict=True):
        row[history] = -np.inf
    return _ranked(scores, histories, titles, places, k)


MUTANTS = {
    "shows what was seen": _with(value=None),
    "hides with 0, below which scores can lie": _with(value=0.0),
    "hides with -inf, and shows it where nothing else is left": _with(shown=lambda score: True),
    "shows a barred item where the list is not full": lambda scores, *others: _ranked(
        np.where(np.isneginf(scores), -1e300, scores), *others
    ),
    "takes the seen out after the cut": _drops_after_the_cut,
    "hides from all what the first user saw": lambda scores, histories, *others: _ranked(
        scores, [histories[0]] * len(histories), *others
    ),
    "leaves equal scores in the order of the item table": _with(
        order=lambda row, places: np.argsort(-row, kind="stable")
    ),
    "turns an ascending order round, and the ties with it": _with(order=lambda row, places: np.argsort(row)[::-1]),
    "puts the larger place first": _with(order=lambda row, places: np.lexsort((-places, -row))),
    "puts the lowest first": _with(order=lambda row, places: np.lexsort((places, row))),
    "leaves the first k unsorted": _with(order=lambda row, places: np.arange(len(row)), cut=lambda best, k: best[:k]),
    "takes titles for items": _drops_titles,
    "returns row numbers": lambda scores, histories, titles, *others: _ranked(
        scores, histories, range(len(titles)), *others
    ),
    "returns one list for all": lambda *arguments: _ranked(*arguments)[0],
    "ignores k": lambda scores, histories, titles, places, k: _ranked(scores, histories, titles, places, len(titles)),
    "hides in place": _hides_in_place,
}

EXERCISE = Exercise(
    name="rank_in_context",
    lesson="04_context",
    title={"en": "Capstone 4: scores to a list", "zh": "综合题第 4 步：从得分到推荐列表"},
    question={
        "en": "Build a contextual recommender with a pretrained language model, step four: the scores are there. What "
        "has to happen before a user sees a list?",
        "zh": "用预训练语言模型构建基于上下文的推荐系统，第四步：得分已经有了，到用户看到列表之前还要做什么？",
    },
    difficulty="easy",
    minutes=15,
    signature="def rank_in_context(scores, histories, titles, places, k):",
    hints=(
        {
            "en": "Go row by row. Which items may be shown at all: not seen, and not barred? Only then sort and cut. "
            "The order of these two decides whether the list is full.",
            "zh": "逐行处理。先想清楚哪些物品可以出现：没看过，也没被排除；然后才排序、截取。顺序反了，列表就凑不满。",
        },
        {
            "en": "sorted(left, key=lambda item: (-row[item], places[item])) puts the highest score first and settles "
            "ties by the place. A slice [:k] is shorter where fewer are left, which is what is asked for.",
            "zh": "sorted(left, key=lambda item: (-row[item], places[item])) 让得分高的在前，同分按 places。"
            "剩下的不足 k 个时，切片 [:k] 自然更短，正合要求。",
        },
        {
            "en": "For row, history in zip(scores, histories): left = [item for item in range(len(titles)) if item not "
            "in history and row[item] > -np.inf]; sort as above; append [titles[item] for item in best[:k]].",
            "zh": "对 zip(scores, histories) 中的 row, history：left = [item for item in range(len(titles)) "
            "if item not in history and row[item] > -np.inf]；按上面的方法排序；"
            "加入 [titles[item] for item in best[:k]]。",
        },
    ),
    check=check,
    agrees_with="recsys_lessons.practice.exercises.rank_in_context:by_the_course",
    mutants=MUTANTS,
)
