"""Exercise: one step of stochastic gradient descent on one rating, for a matrix factorisation with biases."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from recsys_lessons.practice.compare import VALUES, difference
from recsys_lessons.practice.exercise import Exercise, Failed, Subject, must_return
from recsys_lessons.practice.values import describe

STILL: dict = {
    "en": "it returns (user_bias, item_bias, user_factors, item_factors), two numbers and two arrays; "
    "with lr = 0 they are as before",
    "zh": "返回 (user_bias, item_bias, user_factors, item_factors)：两个数和两个数组；lr = 0 时都不变",
}
KNOWN: dict = {
    "en": "where mean + both biases + the factors' product is the rating already and reg = 0, nothing changes",
    "zh": "均值 + 两个偏置 + 因子内积恰好等于评分，且 reg = 0 时，什么也不变",
}
BIAS: dict = {
    "en": "each bias moves by lr x error, towards the rating; the error is that from before the step, for both",
    "zh": "两个偏置各移动 lr x 误差，方向是靠近评分；两处用的都是更新前的误差",
}
OLD: dict = {
    "en": "both factors move by the other's value from BEFORE the step (keep a copy, or compute both, then assign)",
    "zh": "两边的因子都要用对方更新前的值(先算好两个新值，再赋值)",
}
FACTORS: dict = {
    "en": "each factor moves by lr x error x the other side's factor",
    "zh": "每一边的因子移动 lr x 误差 x 对方的因子",
}
SHRINK: dict = {
    "en": "where the error is 0, each of the four shrinks towards 0 by lr x reg x its own value",
    "zh": "误差为 0 时，四个量各自向 0 收缩 lr x reg x 自身",
}
LARGE: dict = {"en": "it is right with many factors and random numbers", "zh": "因子更多、数值随机时也正确"}


def check(step: Subject, rng) -> None:
    """See `Exercise.check`. The small cases have one factor, and numbers for which a step is done in the head."""

    def right(rating, mean, user_bias, item_bias, user_factors, item_factors, lr, reg):
        error = rating - (mean + user_bias + item_bias + float(np.dot(user_factors, item_factors)))
        return (
            user_bias + lr * (error - reg * user_bias),
            item_bias + lr * (error - reg * item_bias),
            user_factors + lr * (error * item_factors - reg * user_factors),
            item_factors + lr * (error * user_factors - reg * item_factors),
        )

    def pair(n: int = 1, of: tuple = (1, 1)):
        """Factors of a user and an item, all different; `of` = (0, 1) gives the user zeros."""
        values = (rng.permutation(4)[: 2 * n] + 1).astype(float)
        return values[:n] * of[0], values[n:] * of[1]

    def case(factors: tuple, *, error: float = 0.0, lr: float = 0.5, reg: float = 0.0) -> tuple:
        (user_factors, item_factors), mean = factors, float(rng.integers(2, 5))
        user_bias, item_bias = (rng.permutation(3)[:2] + 1).astype(float).tolist()
        rating = mean + user_bias + item_bias + float(user_factors @ item_factors) + error
        return rating, mean, user_bias, item_bias, user_factors, item_factors, lr, reg

    def larger() -> Iterator[tuple]:
        for rank in (2, 3, 8, 32):
            rating, mean, lr, reg = float(rng.integers(1, 6)), rng.normal(3.5), rng.uniform(0, 0.1), rng.uniform(0, 0.5)
            biases = rng.normal(size=2).tolist()
            yield rating, float(mean), *biases, rng.normal(size=rank), rng.normal(size=rank), float(lr), float(reg)

    moving = [case(pair(), error=error) for error in (2.0, 4.0, -2.0)]
    biased = [case(pair(of=(0, 0)), error=error) for error in (2.0, 4.0, -2.0)]
    must_return(step, STILL, [case(pair(), error=2.0, lr=0.0, reg=0.5)], right, about_kind=True)
    must_return(step, KNOWN, [case(pair(of=(0, 1))), case(pair())], right)
    must_return(step, BIAS, biased, right)
    _must_take_the_old_factors(step, moving, right)
    must_return(step, FACTORS, moving, right)
    must_return(step, FACTORS, [case(pair(2), error=2.0)], right)
    must_return(step, SHRINK, [case(pair(), reg=0.5), case(pair(2), reg=0.5)], right)
    must_return(step, LARGE, larger(), right)


def _must_take_the_old_factors(step: Subject, cases: list[tuple], right) -> None:
    """Tell the classic mistake, one side's new factors in the other's update, from any other."""
    for case in cases:
        got, expected = step(*case), right(*case)
        if difference(got, expected) is not VALUES:
            continue
        classic = (_item_by_the_new_user(*case), _user_by_the_new_item(*case))
        if any(difference(got, wrong) is None for wrong in classic):
            raise Failed(OLD, step.written(case), describe(expected), describe(got))


def by_the_course(rating, mean, user_bias, item_bias, user_factors, item_factors, lr, reg):
    """The same by `FunkSVD`, on a batch of one rating."""
    import torch

    from recsys_lessons.recommenders.funk_svd import FunkSVD

    model = FunkSVD(rank=len(user_factors))
    model.mean_, model.lr, model.reg = mean, lr, reg
    user = torch.tensor([[user_bias, *user_factors]], dtype=torch.float64)
    item = torch.tensor([[item_bias, *item_factors]], dtype=torch.float64)
    only = torch.tensor([0])
    model._step([user, item], only, only, torch.tensor([rating], dtype=torch.float64))
    return float(user[0, 0]), float(item[0, 0]), user[0, 1:].numpy(), item[0, 1:].numpy()


def _error(rating, mean, user_bias, item_bias, user_factors, item_factors):
    return rating - mean - user_bias - item_bias - user_factors @ item_factors


def _moved(error, user_bias, item_bias, user_factors, item_factors, lr, reg, bias_reg=None):
    bias_reg = reg if bias_reg is None else bias_reg
    return (
        user_bias + lr * (error - bias_reg * user_bias),
        item_bias + lr * (error - bias_reg * item_bias),
        user_factors + lr * (error * item_factors - reg * user_factors),
        item_factors + lr * (error * user_factors - reg * item_factors),
    )


def _with(change_error=lambda error, mean, biases: error, **changed):
    """The right step, but for an error or a setting that was changed."""

    def step(rating, mean, user_bias, item_bias, user_factors, item_factors, lr, reg):
        state = user_bias, item_bias, user_factors, item_factors
        error = change_error(_error(rating, mean, *state), mean, user_bias + item_bias)
        settings = {"lr": lr, "reg": reg} | {name: change(lr, reg) for name, change in changed.items()}
        return _moved(error, *state, **settings)

    return step


def _item_by_the_new_user(*arguments):
    *state, lr, reg = arguments
    error, (_, _, _, _, user_factors, item_factors) = _error(*state), state
    *biases, user_factors, _ = _moved(error, *state[2:], lr, reg)
    return *biases, user_factors, item_factors + lr * (error * user_factors - reg * item_factors)


def _user_by_the_new_item(*arguments):
    *state, lr, reg = arguments
    error, user_factors = _error(*state), state[4]
    *biases, _, item_factors = _moved(error, *state[2:], lr, reg)
    return *biases, user_factors + lr * (error * item_factors - reg * user_factors), item_factors


def _error_anew_after_the_biases(*arguments):
    *state, lr, reg = arguments
    rating, mean, user_bias, item_bias, user_factors, item_factors = state
    user_bias = user_bias + lr * (_error(*state) - reg * user_bias)
    error = _error(rating, mean, user_bias, item_bias, user_factors, item_factors)
    return user_bias, *_moved(error, user_bias, item_bias, user_factors, item_factors, lr, reg)[1:]


def _own_factors(*arguments):
    *state, lr, reg = arguments
    gain, pull = lr * _error(*state), lr * reg
    return *_right(*arguments)[:2], *(own * (1 + gain - pull) for own in state[4:])


def _elementwise(*arguments):
    rating, mean, user_bias, item_bias, user_factors, item_factors, lr, reg = arguments
    error = rating - mean - user_bias - item_bias - user_factors * item_factors
    return _moved(error, *arguments[2:])


def _changes_only(*arguments):
    return tuple(new - old for new, old in zip(_right(*arguments), arguments[2:6], strict=True))


def _in_place(*arguments):
    *biases, new_user, new_item = _right(*arguments)
    user_factors, item_factors = arguments[4:6]
    user_factors[:], item_factors[:] = new_user, new_item
    return *biases, user_factors, item_factors


_right = _with()

MUTANTS = {
    "updates the item by the user's new factors": _item_by_the_new_user,
    "updates the user by the item's new factors": _user_by_the_new_item,
    "takes the error anew after the first bias": _error_anew_after_the_biases,
    "moves each factor by itself": _own_factors,
    "forgets the biases in the prediction": _with(lambda error, mean, biases: error + biases),
    "forgets the mean in the prediction": _with(lambda error, mean, biases: error + mean),
    "has the sign of the error turned round": _with(lambda error, mean, biases: -error),
    "keeps the 2 of the square's derivative": _with(lambda error, mean, biases: 2 * error),
    "forgets the regularisation": _with(reg=lambda lr, reg: 0.0),
    "regularises with a plus": _with(reg=lambda lr, reg: -reg),
    "regularises without the learning rate": _with(reg=lambda lr, reg: reg / max(lr, 1e-9)),
    "does not regularise the biases": _with(bias_reg=lambda lr, reg: 0.0),
    "multiplies factors and does not add them up": _elementwise,
    "updates the mean as well": lambda *arguments: (arguments[1], *_right(*arguments)),
    "returns what is to be added": _changes_only,
    "returns items before users": lambda *arguments: tuple(_right(*arguments)[at] for at in (1, 0, 3, 2)),
    "writes into the factors": _in_place,
}

EXERCISE = Exercise(
    name="funk_svd_step",
    lesson="03_svd_scoring",
    title={"en": "One step of FunkSVD", "zh": "FunkSVD 的一步更新"},
    question={
        "en": "What interviewers call SVD is often matrix factorisation by gradient descent. Write the update for one "
        "rating. Which value must not be overwritten too early?",
        "zh": "面试里说的 SVD 常常是指用梯度下降训练的矩阵分解。请写出一条评分的更新公式。哪个值不能过早被覆盖？",
    },
    difficulty="medium",
    minutes=15,
    signature="def funk_svd_step(rating, mean, user_bias, item_bias, user_factors, item_factors, lr, reg):",
    hints=(
        {
            "en": "First the error, rating - prediction, once. Each of the four then moves by lr times (error times "
            "what stands beside it in the prediction, less reg times itself). Beside a bias stands a 1.",
            "zh": "先算一次误差：评分 - 预测。四个量各自移动 lr x (误差 x 预测公式中与它相乘的那一项 - reg x 自身)。"
            "与偏置相乘的是 1。",
        },
        {
            "en": "The user's factors stand beside the item's and the other way round, so each update needs the "
            "other's old value. Give the new ones new names; `+=` would also write into the caller's arrays.",
            "zh": "用户因子和物品因子互相相乘，所以各自的更新都要用对方的旧值。新值用新的变量名；"
            "用 `+=` 还会改动调用者的数组。",
        },
        {
            "en": "error = rating - (mean + user_bias + item_bias + user_factors @ item_factors); new_user = "
            "user_factors + lr * (error * item_factors - reg * user_factors); likewise new_item, from user_factors; "
            "a bias gets lr * (error - reg * bias).",
            "zh": "error = rating - (mean + user_bias + item_bias + user_factors @ item_factors)；"
            "new_user = user_factors + lr * (error * item_factors - reg * user_factors)；"
            "new_item 同理，用的是 user_factors；偏置加上 lr * (error - reg * bias)。",
        },
    ),
    check=check,
    agrees_with="recsys_lessons.practice.exercises.funk_svd_step:by_the_course",
    mutants=MUTANTS,
)
