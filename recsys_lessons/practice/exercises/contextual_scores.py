"""Exercise: mend a contextual recommender that glues users to items and scores nothing."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from recsys_lessons.practice.compare import VALUES, difference
from recsys_lessons.practice.exercise import Exercise, Failed, Subject, must_return
from recsys_lessons.practice.values import describe

KIND: dict = {
    "en": "it returns a float array (n_users, n_items); without a history and with weight 0 every score is 0",
    "zh": "返回形状 (n_users, n_items) 的浮点数组；没有历史且 weight 为 0 时，得分全为 0",
}
SENTENCE: dict = {
    "en": "without a history the sentence alone ranks: weight x its cosine with each item",
    "zh": "没有历史时只靠这句话排序：weight x 它与每个物品的余弦",
}
CENTRE: dict = {
    "en": "the mean of the items' rows, and of nothing else, is subtracted from items and sentence, before any scaling",
    "zh": "先减均值再缩放：均值只由物品的行算出，物品和这句话都要减",
}
LENGTH: dict = {
    "en": "every centred vector is scaled to length 1: cosines, not dot products",
    "zh": "去均值后的每个向量都缩放到长度 1：用余弦，不用内积",
}
ZERO: dict = {
    "en": "a vector that centring or adding up leaves at zero has no direction: its cosine is 0, not NaN",
    "zh": "去均值或相加之后变成零的向量没有方向：余弦记为 0，而不是 NaN",
}
EVERYONE: dict = {
    "en": "one sentence serves every user: without histories all rows are the same",
    "zh": "一句话对所有用户都起作用：都没有历史时，各行完全相同",
}
SEEN: dict = {
    "en": "-inf stands where this user has a history, and nowhere else",
    "zh": "该用户历史中的物品为 -inf，其他位置都不是",
}
TASTE: dict = {
    "en": "with weight 0 an item scores by its cosine with the user's own profile",
    "zh": "weight 为 0 时，得分是物品与该用户自己的画像的余弦",
}
PROFILE: dict = {
    "en": "a profile is the mean of the liked items' unit vectors, scaled to length 1 again",
    "zh": "画像是喜欢过的物品的单位向量的平均，再缩放到长度 1",
}
BOTH: dict = {"en": "the score is taste + weight x sentence", "zh": "得分 = 兴趣部分 + weight x 句子部分"}
LARGE: dict = {"en": "it is right with more users, items and dimensions", "zh": "用户、物品、维度更多时也正确"}


def check(scores: Subject, rng) -> None:
    """See `Exercise.check`. With one dimension a centred vector of length 1 is 1 or -1, and a cosine the product."""

    def right(histories, item_features, sentence, weight):
        mean = item_features.mean(axis=0)
        items = [_unit(row - mean) for row in item_features]
        context = [item @ _unit(sentence - mean) for item in items]
        result = np.full(histories.shape, -np.inf)
        for user, liked in enumerate(histories):
            profile = _unit(sum((items[row] for row in np.flatnonzero(liked)), np.zeros(len(mean))))
            for item in np.flatnonzero(~liked):
                result[user, item] = profile @ items[item] + weight * context[item]
        return result

    def column(*values: float):
        return np.array([values], dtype=float).T

    def likes(n_items: int, *users: list[int]):
        table = np.zeros((len(users), n_items), dtype=bool)
        for user, items in enumerate(users):
            table[user, items] = True
        return table

    def near_and_far() -> tuple:
        middle = int(rng.integers(2, 6))  # the mean of three items, of which the last is alone on its side
        return column(middle - 2, middle - 1, middle + 3), float(middle), float(rng.integers(2, 6))

    def tastes(weight: float | None = 0.0) -> Iterator[tuple]:
        for liked in ([0], [2]):
            items, middle, some = near_and_far()
            yield likes(3, liked), items, np.array([middle + 1]), some if weight is None else weight

    def profiles() -> Iterator[tuple]:
        yield likes(3, [0, 1]), near_and_far()[0], np.array([9.0]), 0.0
        low = int(rng.integers(2))  # two near items outvote one that is far away
        yield likes(4, [0, 1, 2]), column(low + 2, low + 2, low + 8, low), np.array([9.0]), 0.0

    def larger() -> Iterator[tuple]:
        for n_users, n_items, dim in ((1, 3, 2), (2, 5, 2), (5, 5, 3), (4, 12, 6), (9, 30, 16)):
            histories = rng.random((n_users, n_items)) < 0.3
            features = rng.normal(size=(n_items, dim)) + 2.0
            yield histories, features, rng.normal(size=dim) + 2.0, float(rng.uniform(0.2, 2.0))

    ends, five, low = column(-1, 1), np.array([5.0]), float(rng.integers(1, 4))
    nobody = [(likes(2, []), column(1, 3), five, 0.0), (likes(2, [], []), column(1, 3), five, 0.0)]
    alone = [(likes(2, []), ends, np.array([side]), float(rng.integers(2, 6))) for side in (1.0, -1.0)]
    # A sentence below the mean, which plainly taken lies above 0; and one that would pull the mean above both items.
    off = [(likes(2, []), column(low, low + 2), np.array([end]), 2.0) for end in (low, 9.0)]
    same = [(likes(2, [], []), ends, five, 2.0), (likes(3, [], []), near_and_far()[0], np.array([9.0]), 2.0)]
    must_return(scores, KIND, nobody, right, about_kind=True)
    must_return(scores, SENTENCE, alone, right)
    must_return(scores, LENGTH, [(likes(2, []), ends, np.array([2.0]), 3.0)], right)
    must_return(scores, CENTRE, off, right)
    must_return(scores, LENGTH, [(likes(3, []), near_and_far()[0], np.array([9.0]), 2.0)], right)
    must_return(scores, ZERO, [(likes(3, []), column(1, 2, 3), np.array([end]), 2.0) for end in (5.0, 2.0)], right)
    must_return(scores, EVERYONE, same, right)
    _must_hide_the_seen(scores, [(likes(2, [0]), ends, five, 0.0), (likes(2, [0], []), ends, five, 0.0)], right)
    must_return(scores, TASTE, [*tastes(), (likes(2, [0], [1]), ends, five, 0.0)], right)
    must_return(scores, PROFILE, profiles(), right)
    must_return(scores, ZERO, [(likes(4, [0, 1]), column(2, 4, 1, 5), five, 0.0)], right)
    must_return(scores, BOTH, tastes(weight=None), right)
    must_return(scores, LARGE, larger(), right)


def _must_hide_the_seen(scores: Subject, cases: list[tuple], right) -> None:
    """Where -inf stands; what is wrong with the other scores is told by a later rule."""
    for case in cases:
        got, expected = scores(*case), right(*case)
        if difference(got, expected) is VALUES and not np.array_equal(np.isneginf(got), case[0]):
            raise Failed(SEEN, scores.written(case), describe(expected), describe(got))


def _unit(vectors):
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.divide(vectors, lengths, out=np.zeros_like(vectors, dtype=float), where=lengths > 0)


def by_the_course(histories, item_features, sentence, weight):
    """The same by `ContentProfile` and `center`, in double precision."""
    import torch
    from scipy import sparse

    from recsys_lessons.encoders.base import center
    from recsys_lessons.recommenders.content import ContentProfile

    features = torch.from_numpy(item_features)
    model = ContentProfile(item_features)
    model.features_ = center(features, features).numpy()
    context = model.features_ @ center(torch.from_numpy(sentence)[None], features)[0].numpy()
    return _hidden(histories, model._scores(sparse.csr_matrix(histories.astype(float)), None) + weight * context)


def _hidden(histories, scores, value=-np.inf):
    return scores if value is None else np.where(histories, value, scores)


def _mended(histories, features, sentence, weight, unit=_unit, value=-np.inf, blend=None, profiles=None, **means):
    """The mended program, but for what a mutant changes."""
    mean = means.get("mean", features.mean(axis=0))
    items, context = unit(features - mean), unit(sentence - means.get("sentence_mean", mean))
    likes = unit(histories @ items) if profiles is None else profiles(histories, items, features)
    taste, asked = likes @ items.T, weight * (items @ context)
    return _hidden(histories, taste + asked if blend is None else blend(taste, asked, weight), value)


def _with(**changed):
    return lambda *arguments: _mended(*arguments, **changed)


def _back_again(matrix):
    left, values, right_t = np.linalg.svd(np.asarray(matrix, dtype=float), full_matrices=False)
    return left * values @ right_t


def _unit_or_nan(vectors):
    with np.errstate(invalid="ignore"):
        return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


MUTANTS = {
    "glues users to items, and multiplies the SVD back": lambda histories, features, *_: _back_again(
        np.hstack([histories, features])
    ),
    "returns the histories by way of an SVD": lambda histories, *_: _back_again(histories),
    "adds the sentence along the users": _with(blend=lambda taste, asked, weight: taste + asked[:, None]),
    "gives the sentence to the first user": _with(
        blend=lambda taste, asked, weight: taste + asked * (np.arange(len(taste)) == 0)[:, None]
    ),
    "returns items x users": lambda *arguments: _mended(*arguments).T,
    "turns the histories round": lambda histories, *others: _mended(histories.T, *others),
    "does not centre": _with(mean=0.0),
    "does not centre the sentence": _with(sentence_mean=0.0),
    "takes the mean with the sentence in it": lambda histories, features, sentence, weight: _mended(
        histories, features, sentence, weight, mean=np.vstack([features, sentence]).mean(axis=0)
    ),
    "scales before it centres": lambda histories, features, sentence, weight: _mended(
        histories, _unit(features), _unit(sentence), weight
    ),
    "takes dot products": _with(unit=lambda vectors: vectors),
    "is NaN without a history": _with(unit=_unit_or_nan),
    "is NaN for an item like the mean": _with(
        unit=_unit_or_nan, profiles=lambda likes, items, raw: _unit(likes @ items)
    ),
    "does not scale the profile": _with(profiles=lambda likes, items, raw: likes @ items),
    "lets long vectors weigh more in the profile": _with(
        profiles=lambda likes, items, raw: _unit(likes @ (raw - raw.mean(axis=0)))
    ),
    "has one profile for all": _with(
        profiles=lambda likes, items, raw: _unit(likes.sum(axis=0, keepdims=True) @ items)
    ),
    "hides with 0": _with(value=0.0),
    "hides nothing": _with(value=None),
    "hides from all what anybody has seen": lambda histories, *others: _hidden(
        histories.any(axis=0), _mended(histories, *others)
    ),
    "hides all but the seen": lambda histories, *others: _hidden(~histories, _mended(histories, *others)),
    "gives taste what the weight leaves over": _with(blend=lambda taste, asked, weight: (1 - weight) * taste + asked),
}

EXERCISE = Exercise(
    name="contextual_scores",
    lesson="03_svd_scoring",
    title={"en": "Mend a contextual recommender", "zh": "修好一个上下文推荐程序"},
    question={
        "en": "A program concatenates a sentence's vector, the users' histories and the items' features, takes an SVD "
        "and multiplies it back. What is wrong, and how would you score items for users and a sentence?",
        "zh": "有个程序把句向量、用户历史和物品特征拼接起来，做 SVD 再乘回去当作得分。"
        "它错在哪里？给定用户和一句话，你会怎样给物品打分？",
    },
    difficulty="hard",
    minutes=25,
    signature="def contextual_scores(histories, item_features, sentence, weight):",
    hints=(
        {
            "en": "Users and items meet in a product, (n_users, dim) @ (dim, n_items), never side by side in one row. "
            "All live in the items' space: a user is the mean of what they liked, and a sentence is encoded alike.",
            "zh": "用户和物品要在矩阵乘积里相遇：(n_users, dim) @ (dim, n_items)，而不是拼在同一行。"
            "三者都在物品的向量空间里：用户是喜欢过的物品的平均，句子由同一个编码器得到。",
        },
        {
            "en": "In order: mean of the items; subtract it from items and sentence; scale each to length 1; add up "
            "what each user liked, histories @ items, and scale; two products; weight; -inf. Never divide by 0.",
            "zh": "依次：求物品均值；物品和句子都减去它；各自缩放到长度 1；用 histories @ items 把喜欢的加起来，"
            "再缩放；两个乘积；加权；-inf。长度为 0 时不要做除法。",
        },
        {
            "en": "unit(x) is x / np.linalg.norm(x, axis=-1, keepdims=True), with 1 in place of a length 0. scores = "
            "unit(histories @ items) @ items.T + weight * (items @ context); the second part, (n_items,), is added to "
            "every row. Last: np.where(histories, -np.inf, scores).",
            "zh": "unit(x) 是 x / np.linalg.norm(x, axis=-1, keepdims=True)，长度为 0 时换成 1。"
            "scores = unit(histories @ items) @ items.T + weight * (items @ context)；"
            "第二项形状 (n_items,)，加到每一行。最后 np.where(histories, -np.inf, scores)。",
        },
    ),
    check=check,
    agrees_with="recsys_lessons.practice.exercises.contextual_scores:by_the_course",
    mutants=MUTANTS,
)
