"""Exercise, step three of the capstone: histories and fused vectors to scores."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from recsys_lessons.practice.exercise import Exercise, Failed, Subject, Text, must_return
from recsys_lessons.practice.exercises._kind import must_be_of_kind
from recsys_lessons.practice.values import describe

KIND: Text = {
    "en": "it returns a float64 array (users, items): one score for each",
    "zh": "返回形状 (用户数, 物品数) 的 float64 数组：每一对一个得分",
}
SEEN: Text = {
    "en": "-inf stands where the item is in the user's own history, and nowhere else",
    "zh": "该用户自己历史里的物品处是 -inf，其他地方都不是",
}
COSINE: Text = {
    "en": "a score is the dot product of the item's vector with the user's profile",
    "zh": "得分是物品向量与用户画像的内积",
}
UNIT: Text = {
    "en": "the profile has length 1: a long history does not score higher than a short one",
    "zh": "画像的长度为 1：历史长的得分不会比历史短的更高",
}
ALL: Text = {
    "en": "every item of the history counts in the profile, equally",
    "zh": "历史里的每个物品都同样计入画像",
}
UNKNOWN: Text = {
    "en": "an item without a vector scores 0, the average: neither NaN nor barred",
    "zh": "没有向量的物品得 0 分，即平均水平：既不是 NaN，也不被排除",
}
GAPS: Text = {
    "en": "an item of the history without a vector adds nothing to the profile; NaN does not spread",
    "zh": "历史中没有向量的物品对画像没有贡献；NaN 不会扩散",
}
NOBODY: Text = {
    "en": "where nothing is known of the user, every score is 0: a profile of zeros stays zero",
    "zh": "对用户一无所知时，每个得分都是 0：全 0 的画像保持为 0",
}
EACH: Text = {"en": "each user has a profile of their own", "zh": "每个用户有自己的画像"}
LARGE: Text = {"en": "it is right for more users and items", "zh": "用户和物品更多时也正确"}


def check(score: Subject, rng) -> None:
    """See `Exercise.check`. Small inputs are of one dimension, or two at right angles."""

    def right(histories, fused, mask):
        table = []
        for history in histories:
            known = [fused[item] for item in history if mask[item]]
            profile = np.sum(known, axis=0) if known else np.zeros(fused.shape[1])
            length = np.linalg.norm(profile)
            row = []
            for item in range(len(fused)):
                value = float(fused[item] @ profile / length) if mask[item] and length > 0 else 0.0
                row.append(-np.inf if item in history else value)
            table.append(row)
        return np.array(table)

    def case(histories: list[list[int]], *rows: list[float], has: str = "") -> tuple:
        mask = np.array([letter == "1" for letter in has or "1" * len(rows)])
        return histories, np.array(rows, dtype=float), mask

    def larger() -> Iterator[tuple]:
        for users, items, dim in ((2, 5, 2), (5, 12, 4), (9, 60, 8)):
            fused = rng.normal(size=(items, dim))
            fused /= np.linalg.norm(fused, axis=1, keepdims=True)
            mask = rng.random(items) < 0.8
            fused[~mask] = np.nan
            histories = [rng.permutation(items)[: rng.integers(0, items)].tolist() for _ in range(users)]
            yield histories, fused, mask

    share = float(rng.choice([0.6, 0.8]))
    other = round(1 - share, 1) + 0.4 if share == 0.6 else 0.6
    nan = np.nan
    two = case([[0]], [1.0], [-1.0])
    cases = [two, case([[0], [1]], [1.0], [-1.0]), case([[0]], [1.0], [nan], has="10")]
    for given, got in zip(cases, must_be_of_kind(score, KIND, cases, right), strict=True):
        expected = right(*given)
        if not np.array_equal(np.isneginf(got), np.isneginf(expected)):
            rule = UNKNOWN if np.isneginf(got)[0, 1] and not given[2][1] else SEEN
            raise Failed(rule, score.written(given), describe(expected), describe(got))
    must_return(score, COSINE, [two, case([[0]], [1.0, 0.0], [share, other])], right)
    must_return(score, EACH, [case([[0], [1]], [1.0], [-1.0], [1.0])], right)
    must_return(score, UNIT, [case([[0, 1]], [1.0], [1.0], [-1.0])], right)
    must_return(score, ALL, [case([history], [1.0, 0], [0, 1.0], [1.0, 0]) for history in ([0, 1], [1, 0])], right)
    must_return(score, UNKNOWN, [case([[0]], [1.0], [nan], has="10")], right)
    must_return(score, NOBODY, [case([[]], [1.0])], right)
    must_return(score, GAPS, [case([[0, 1]], [1.0], [nan], [-1.0], has="101")], right)
    must_return(score, GAPS, [case([[0]], [nan], [1.0], has="01")], right)
    must_return(score, LARGE, larger(), right)


def by_the_course(histories, fused, mask):
    """The same with the sparse product and the scaling that `ContentProfile` uses."""
    import torch
    from scipy import sparse

    users = np.repeat(np.arange(len(histories)), [len(history) for history in histories])
    items = np.array([item for history in histories for item in history], dtype=int)
    matrix = sparse.csr_matrix((np.ones(len(items)), (users, items)), shape=(len(histories), len(fused)))
    known = np.where(mask[:, None], fused, 0.0)
    scores = torch.nn.functional.normalize(torch.from_numpy(matrix @ known), dim=1).numpy() @ known.T
    return np.where(matrix.toarray() > 0, -np.inf, scores)


def _unit(profile):
    length = np.linalg.norm(profile)
    return profile / length if length > 0 else profile


def _unit_or_nan(profile):
    with np.errstate(invalid="ignore"):
        return profile / np.linalg.norm(profile)


def _scored(
    histories,
    fused,
    mask,
    *,
    fill: float = 0.0,
    profile: Callable = lambda rows: rows.sum(axis=0),
    unit: Callable = _unit,
    seen: float | None = -np.inf,
    unknown: float | None = None,
):
    """The right answer, but for what a mutant changes."""
    known = np.where(mask[:, None], fused, fill)
    scores = []
    for history in histories:
        row = known @ unit(profile(known[history]) if history else np.zeros(fused.shape[1]))
        if unknown is not None:
            row[~mask] = unknown
        if seen is not None:
            row[history] = seen
        scores.append(row)
    return np.array(scores)


def _with(**changed):
    return lambda *arguments: _scored(*arguments, **changed)


def _first(histories):
    return [histories[0]] * len(histories)


MUTANTS = {
    "shows what was seen": _with(seen=None),
    "hides with 0, below which scores lie": _with(seen=0.0),
    "hides from all what anybody saw": lambda histories, fused, mask: np.where(
        np.isin(np.arange(len(fused)), sum(histories, [])), -np.inf, _scored(histories, fused, mask, seen=None)
    ),
    "gives everybody the first user's profile": lambda histories, fused, mask: np.where(
        np.isneginf(_scored(histories, fused, mask)), -np.inf, _scored(_first(histories), fused, mask, seen=None)
    ),
    "bars what has no vector": _with(unknown=-np.inf),
    "leaves NaN where there is no vector": _with(unknown=np.nan),
    "lets NaN into the profile": lambda histories, fused, mask: np.where(
        mask | np.isneginf(_scored(histories, fused, mask)), _scored(histories, fused, mask, fill=np.nan), 0.0
    ),
    "takes 1s for what has no vector": _with(fill=1.0, unknown=0.0),
    "does not scale the profile": _with(unit=lambda profile: profile),
    "takes the mean, and does not scale it": _with(
        profile=lambda rows: rows.mean(axis=0), unit=lambda profile: profile
    ),
    "takes the last of the history alone": _with(profile=lambda rows: rows[-1]),
    "takes the best match of the history": lambda histories, fused, mask: np.array(
        [
            np.where(
                np.isin(np.arange(len(fused)), history),
                -np.inf,
                (np.nan_to_num(fused) @ np.nan_to_num(fused[history]).T).max(axis=1, initial=-9) if history else 0.0,
            )
            for history in histories
        ]
    ),
    "is NaN for an empty history": _with(unit=_unit_or_nan),
    "returns items x users": lambda *arguments: _scored(*arguments).T,
}

EXERCISE = Exercise(
    name="score_multimodal",
    lesson="11_multimodal",
    title={"en": "Capstone 3: histories and vectors to scores", "zh": "综合题第 3 步：从历史和向量到得分"},
    question={
        "en": "Build a multimodal recommender, step three: you have one vector an item, not for all, and what people "
        "liked. How do you score, and what do items without a vector get?",
        "zh": "构建多模态推荐系统，第三步：大多数物品各有一个向量，还有人们喜欢过什么。"
        "怎样打分？没有向量的物品给多少分？",
    },
    difficulty="medium",
    minutes=15,
    signature="def score_multimodal(histories, fused, mask):",
    hints=(
        {
            "en": "Make the table safe first: zeros in the rows without a vector. A zero row adds nothing to a "
            "profile, and its dot product with any profile is the 0 that is asked for.",
            "zh": "先把表变安全：没有向量的行填 0。全 0 的行对画像没有贡献，它与任何画像的内积正好是要求的 0。",
        },
        {
            "en": "A profile is known[history].sum(axis=0), which is zeros for an empty history, divided by its length "
            "unless that is 0. One row of scores is known @ profile. What has been seen is hidden last.",
            "zh": "画像是 known[history].sum(axis=0)(历史为空时就是 0)，长度不为 0 时除以长度。"
            "一行得分是 known @ profile。看过的最后再隐藏。",
        },
        {
            "en": "known = np.where(mask[:, None], fused, 0.0); for each history: profile = known[np.array(history, "
            "dtype=int)].sum(axis=0); row = known @ profile / (np.linalg.norm(profile) or 1.0); row[history] = "
            "-np.inf.",
            "zh": "先算 known = np.where(mask[:, None], fused, 0.0)；对每个 history："
            "profile = known[np.array(history, dtype=int)].sum(axis=0)；"
            "row = known @ profile / (np.linalg.norm(profile) or 1.0)；row[history] = -np.inf。",
        },
    ),
    check=check,
    agrees_with="recsys_lessons.practice.exercises.score_multimodal:by_the_course",
    mutants=MUTANTS,
)
