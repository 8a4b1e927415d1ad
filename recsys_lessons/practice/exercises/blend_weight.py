"""Exercise: content scores for new items, clicks for old ones, and a weight that depends on the count."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from recsys_lessons.practice.exercise import Exercise, Subject, must_return
from recsys_lessons.practice.exercises._standardised import WRONG_WAYS, standardised

KIND: dict = {
    "en": "it returns a float array (n_users, n_items); a row of equal scores says nothing: zeros, not NaN",
    "zh": "返回形状 (n_users, n_items) 的浮点数组；一行得分全都相等时没有信息：得到 0，而不是 NaN",
}
STANDARD: dict = {
    "en": "each user's row is standardised by itself, warm and cold alike: minus the row's mean, over its standard "
    "deviation (np.std)",
    "zh": "warm 和 cold 都按行标准化，每个用户只看自己这一行：减去该行均值，除以该行标准差 (np.std)",
}
COLD: dict = {
    "en": "an item without interactions takes the cold score alone",
    "zh": "没有任何交互的物品，只用 cold 的得分",
}
WEIGHT: dict = {
    "en": "n interactions give the standardised warm score the weight n / (n + kappa), and the cold one the rest",
    "zh": "有 n 次交互时，标准化后的 warm 得分占 n / (n + kappa)，其余归 cold",
}
ITEM: dict = {
    "en": "n counts the item's interactions (a column of `likes`), neither the user's nor everybody's",
    "zh": "n 是物品的交互次数 (`likes` 的一列)，不是用户的，也不是全部的",
}
LARGE: dict = {"en": "it is right on larger random tables", "zh": "在更大的随机输入上也正确"}


def check(blend: Subject, rng) -> None:
    """See `Exercise.check`. Two scores in a row are -1 and 1 once standardised, whatever they were."""

    def up(n: int = 2, *, whole: bool = False) -> np.ndarray:
        row = np.sort(rng.permutation(9)[:n] + 1)
        return row[None] if whole else row[None].astype(float)

    def skewed() -> np.ndarray:
        low, gap = int(rng.integers(1, 3)), int(rng.integers(1, 3))
        return np.array([[low, low + gap, low + 3 * gap]], dtype=float)

    def likes(*rows: str) -> np.ndarray:
        return np.array([[one == "1" for one in row] for row in rows])

    def kappa() -> float:
        return float(rng.integers(2, 6))

    def rows_of_one_item() -> tuple:
        scores = up().T
        return scores, scores + 1.0, likes("0", "0"), kappa()

    def two_people() -> tuple:
        rising = np.vstack([up(whole=True), up(whole=True)])
        return rising, rising[:, ::-1], likes("10", "01"), kappa()

    def larger() -> Iterator[tuple]:
        for n_users, n_items in ((2, 4), (5, 7), (20, 30)):
            warm, cold = rng.normal(size=(2, n_users, n_items)) * [[[9.0]], [[0.1]]]
            table = rng.random((n_users, n_items)) < rng.random(n_items) ** 2
            yield warm + 3.0, cold, table, float(rng.uniform(0.5, 20.0))

    shapes = (("10",), ("0", "1"))
    nothing = [(np.zeros((len(rows), len(rows[0]))),) * 2 + (likes(*rows), kappa()) for rows in shapes]
    same = skewed()
    must_return(blend, KIND, nothing, right, about_kind=True)
    must_return(blend, STANDARD, [(same, same, likes("000"), kappa()), rows_of_one_item()], right)
    must_return(blend, COLD, [(up(), up()[:, ::-1], likes("00"), kappa()) for _ in range(2)], right)
    must_return(blend, WEIGHT, [two_people() for _ in range(3)], right)
    must_return(blend, ITEM, [(skewed(), skewed()[:, ::-1], likes(row), kappa()) for row in ("110", "011")], right)
    must_return(blend, LARGE, larger(), right)


def _blended(
    warm,
    cold,
    likes,
    kappa,
    *,
    scale: Callable = standardised,
    count: Callable = lambda likes: likes.sum(axis=0),
    weight: Callable = lambda n, kappa: n / (n + kappa),
):
    share = weight(count(likes), kappa)
    return share * scale(warm) + (1.0 - share) * scale(cold)


def right(warm, cold, likes, kappa):
    """One cell at a time."""
    result = np.zeros(warm.shape)
    for user in range(len(warm)):
        for item, n in enumerate(likes.sum(axis=0).tolist()):
            for scores, part in ((warm[user], n / (n + kappa)), (cold[user], kappa / (n + kappa))):
                spread = np.std(scores)
                result[user, item] += part * (scores[item] - np.mean(scores)) / spread if spread > 0 else 0.0
    return result


def by_the_course(warm, cold, likes, kappa):
    """The same by the two parts of `CountBlend`."""
    from recsys_lessons.recommenders.blend import count_weight, standardise

    share = count_weight(likes.sum(axis=0), kappa)
    return share * standardise(warm) + (1.0 - share) * standardise(cold)


def _with(**changed) -> Callable:
    return lambda *arguments: _blended(*arguments, **changed)


def _in_place(warm, cold, likes, kappa):
    result = _blended(warm, cold, likes, kappa)
    cold -= cold.mean(axis=1, keepdims=True).astype(cold.dtype)
    return result


MUTANTS = {
    **{name: _with(scale=way) for name, way in WRONG_WAYS.items()},
    "gives the weight to the cold scores": _with(weight=lambda n, kappa: kappa / (n + kappa)),
    "counts the user's interactions": _with(count=lambda likes: likes.sum(axis=1)[:, None]),
    "counts everybody's interactions": _with(count=lambda likes: likes.sum()),
    "standardises after blending": lambda *arguments: standardised(
        _blended(*arguments, scale=lambda scores: scores.astype(float))
    ),
    "trusts clicks from the first one on": _with(weight=lambda n, kappa: (n > 0).astype(float)),
    "lets the weight grow in a straight line": _with(weight=lambda n, kappa: np.minimum(1.0, n / kappa)),
    "adds kappa to the count above as well": _with(weight=lambda n, kappa: (n + 1) / (n + 1 + kappa)),
    "centres the scores in place": _in_place,
}

EXERCISE = Exercise(
    name="blend_weight",
    lesson="06_cold_start",
    title={"en": "A weight that depends on the count", "zh": "权重随交互次数而变"},
    question={
        "en": "You have a collaborative model and a content model. How do you serve new and old items from one list, "
        "without a threshold at which an item's score jumps?",
        "zh": "手里有一个协同过滤模型和一个内容模型。怎样让新老物品排进同一个列表，又不设一个会让得分突然跳变的阈值？",
    },
    difficulty="easy",
    minutes=15,
    signature="def blend_weight(warm, cold, likes, kappa):",
    hints=(
        {
            "en": "Two models speak in different units, so compare an item with the other items of the same user "
            "first. Then every item needs its own weight, made of how often it was met in training.",
            "zh": "两个模型的得分单位不同，所以先在同一个用户的各个物品之间比较。然后每个物品都要有自己的权重，"
            "由它在训练集里出现过多少次决定。",
        },
        {
            "en": "mean and std with axis=1, keepdims=True, for warm and for cold. A row of equal scores has std 0: "
            "divide by 1 there. n = likes.sum(axis=0) is (n_items,), and broadcasts over the users.",
            "zh": "对 warm 和 cold 分别用 axis=1, keepdims=True 求均值和标准差。一行全相等时标准差为 0，改为除以 1。"
            "n = likes.sum(axis=0) 形状是 (n_items,)，会自动广播到每个用户。",
        },
        {
            "en": "def z(x): spread = x.std(axis=1, keepdims=True); return (x - x.mean(axis=1, keepdims=True)) / "
            "np.where(spread > 0, spread, 1.0). With w = n / (n + kappa): w * z(warm) + (1 - w) * z(cold).",
            "zh": "def z(x): spread = x.std(axis=1, keepdims=True); return (x - x.mean(axis=1, keepdims=True)) / "
            "np.where(spread > 0, spread, 1.0)。记 w = n / (n + kappa)，答案是 w * z(warm) + (1 - w) * z(cold)。",
        },
    ),
    check=check,
    agrees_with="recsys_lessons.practice.exercises.blend_weight:by_the_course",
    mutants=MUTANTS,
)
