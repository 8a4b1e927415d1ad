# %% [markdown] lang="en"
# # Exercises 07: what counts less with age, what may be looked at, and a test that walks through time
#
# Three functions behind lesson 07: weights that halve with age, the mask that keeps a transformer from reading the next
# item, and an evaluation in which no number knows the future. **Time**: 45 minutes, in any number of sittings.
# **Before**: lesson `07_drift`; numpy, and a little torch.
#
# Write your answer in place of `...`, run the cell, then run the check below it. A check calls your function on fresh
# random inputs. Where an answer is wrong it names the rule that does not hold, and the smallest input that shows it.
# Stuck? Open a new cell and type `hint("recency_weights")`. There are three hints an exercise, one more with each call.
#
# Every function leaves its arguments as they are.
# %% [markdown] lang="zh"
# # 练习 07：越旧越轻的权重、能看与不能看的位置，以及沿时间推进的评估
#
# 第 07 课背后的三个函数：随时间减半的权重；不让 Transformer 偷看下一个物品的掩码；任何一个数字都没有用到未来的评估。
# **用时**：45 分钟，可以分几次做。**基础**：第 07 课 `07_drift`；会用 numpy，会一点 torch。
#
# 把 `...` 换成你的答案，运行这个单元，再运行下面的检查。检查会用新生成的随机输入调用你的函数；
# 答案不对时，会告诉你哪条规则不满足，并给出能说明问题的最小输入。
# 卡住了就新建一个单元，输入 `hint("recency_weights")`：每题有三级提示，每调用一次多给一级。
#
# 所有函数都不修改传入的参数。
# %%
import inspect

import numpy as np
import torch

from recsys_lessons.practice import check, hint, progress  # noqa: F401


# %% [markdown] lang="en"
# ## 1. `recency_weights`
#
# **The interview question.** *A user's interests move. How do you let recent events count more, what does a half-life
# mean, and how do you choose it without looking into the future?*
#
# ```python
# def recency_weights(timestamps, now, half_life): ...   # -> np.ndarray
# ```
#
# - `timestamps`: `(n,)` whole numbers, when each event of a history happened, in **seconds**. In any order, perhaps with
#   repetitions, perhaps none at all.
# - `now`: the moment of the recommendation, in seconds. An event after it is a leak: raise `ValueError`. An event at `now`
#   itself is allowed.
# - `half_life`: above 0, in **days** of 86400 seconds. An event that is older by so many days weighs half as much.
# - Returns `(n,)` floats in the order of the input: 2 ** (-age / half_life), divided by their sum, so that a history adds
#   up to 1. An empty history gives an empty array.
#
# **Example.** `now = 259200`, day 3. `timestamps = [0, 172800]`, day 0 and day 2; `half_life = 1`. The ages are 3 and 1 days,
# 2 ** -3 = 1/8 and 2 ** -1 = 1/2. Divided by their sum, 5/8, the weights are `[0.2, 0.8]`.
#
# A history may have ended thousands of half-lives ago. It still has weights that add up to 1.
# %% [markdown] lang="zh"
# ## 1. `recency_weights`
#
# **面试题**：*用户的兴趣会变。怎样让近期的行为更重要？半衰期是什么意思？怎样在不偷看未来的前提下选定它？*
#
# ```python
# def recency_weights(timestamps, now, half_life): ...   # -> np.ndarray
# ```
#
# - `timestamps`：`(n,)` 的整数，一段历史中每个事件发生的时间，单位是**秒**。顺序任意，可能有重复，也可能一个都没有。
# - `now`：做推荐的时刻，单位是秒。晚于它的事件意味着泄漏：抛出 `ValueError`。恰好在 `now` 的事件是允许的。
# - `half_life`：大于 0，单位是**天**(一天 86400 秒)。早这么多天的事件，权重减半。
# - 返回：`(n,)` 的浮点数组，顺序与输入相同：2 ** (-age / half_life) 除以它们的和，所以一段历史的权重加起来是 1。
#   历史为空时返回空数组。
#
# **例子**：`now = 259200`，即第 3 天；`timestamps = [0, 172800]`，即第 0 天和第 2 天；`half_life = 1`。
# 年龄是 3 天和 1 天，2 ** -3 = 1/8，2 ** -1 = 1/2。除以它们的和 5/8，权重是 `[0.2, 0.8]`。
#
# 一段历史可能在几千个半衰期之前就结束了，它的权重之和仍然要等于 1。
# %%
def recency_weights(timestamps, now, half_life):
    ### BEGIN SOLUTION
    if (timestamps > now).any():
        raise ValueError(f"an event at {timestamps.max()} is after now, {now}.")
    if len(timestamps) == 0:
        return np.zeros(0)
    halves = (now - timestamps) / 86400 / half_life
    weights = 2.0 ** -(halves - halves.min())  # a common factor cancels below, and without it nothing underflows
    return weights / weights.sum()
    ### END SOLUTION


# %%
check("recency_weights")
# %% [markdown] lang="en" tags=["solution"]
# The smallest age can be subtracted because a common factor cancels in the sum. So `now` has no effect on the weights
# at all, except that it refuses the future: with an exponential, and only with it, a history is weighed the same today
# and next year. The weights of `RecencySVD` in the course are counted from the latest event for that reason.
#
# The half-life is chosen on validation data that lie between training and test, and "for ever" is among the candidates.
# %% [markdown] lang="zh" tags=["solution"]
# 之所以能减去最小的年龄，是因为公共因子在归一化时会消掉。因此除了拒绝未来的事件，`now` 对权重毫无影响：
# 只有指数衰减才有这个性质，同一段历史今天和明年的权重完全一样。课程里 `RecencySVD` 的权重从最近一次事件算起，就是这个道理。
#
# 半衰期要在训练集之后、测试集之前的验证数据上选，候选里还要有"永不遗忘"。
# %% tags=["solution"]
from recsys_lessons.recommenders import recency

DAY = 86400
rng = np.random.default_rng(0)
timestamps = rng.integers(0, 300 * DAY, size=20)
weights = recency_weights(timestamps, 300 * DAY, 30.0)
assert np.allclose(weights, recency_weights(timestamps, 9000 * DAY, 30.0))
assert np.allclose(recency_weights(timestamps, 300 * DAY, 1e12), 1 / 20)  # nothing is forgotten

theirs = recency.recency_weights((timestamps.max() - timestamps) / DAY, 30.0)
assert np.allclose(weights, theirs / theirs.sum())


# %% [markdown] lang="en"
# ## 2. `causal_mask`
#
# **The interview question.** *A transformer is trained to predict the next item at every place of a history at once.
# What keeps it from reading the answer, and what do you do about padding?*
#
# ```python
# def causal_mask(scores, real): ...   # -> (allowed, weights)
# ```
#
# - `scores`: a float tensor `(n, length, length)`, how well the query of place i (row) meets the key of place j (column),
#   in each of n sequences. Scaling by the root of the dimension is done.
# - `real`: a boolean tensor `(n, length)`, False at padding. Padding stands on the left, so that the last place is now for
#   everybody. A sequence may be padding alone.
# - Returns a tuple of two tensors `(n, length, length)`:
#   1. **allowed**, boolean: place i may look at place j where j <= i and j is real.
#   2. **weights**, with the dtype of `scores`: each row is the softmax of its allowed scores, and 0 elsewhere. A row that
#      allows nothing is all 0.
#
# **Example.** One sequence of three places, the first of them padding: `real = [[False, True, True]]`, all scores 0.
# Place 0 may look at nothing, place 1 at itself, place 2 at places 1 and 2. The weights are
# `[[[0, 0, 0], [0, 1, 0], [0, 0.5, 0.5]]]`, and `allowed` is True where they are not 0.
# %% [markdown] lang="zh"
# ## 2. `causal_mask`
#
# **面试题**：*用 Transformer 在历史的每个位置上同时预测下一个物品。什么保证它看不到答案？填充又该怎么处理？*
#
# ```python
# def causal_mask(scores, real): ...   # -> (allowed, weights)
# ```
#
# - `scores`：形状 `(n, length, length)` 的浮点张量：n 个序列中，位置 i 的 query(行)与位置 j 的 key(列)有多匹配。
#   已经除过维度的平方根。
# - `real`：形状 `(n, length)` 的布尔张量，填充处为 False。填充都在左边，这样每个人的最后一个位置都是"现在"。
#   一个序列可能全是填充。
# - 返回：两个张量组成的元组，形状都是 `(n, length, length)`：
#   1. **allowed**，布尔型：j <= i 并且 j 不是填充时，位置 i 可以看位置 j。
#   2. **weights**，dtype 与 `scores` 相同：每一行是在允许的得分上做的 softmax，其余为 0。什么都不允许的行全是 0。
#
# **例子**：一个序列、三个位置，第一个是填充：`real = [[False, True, True]]`，得分全为 0。
# 位置 0 什么都不能看，位置 1 看自己，位置 2 看位置 1 和 2。权重是 `[[[0, 0, 0], [0, 1, 0], [0, 0.5, 0.5]]]`，
# `allowed` 在不为 0 的地方是 True。
# %%
def causal_mask(scores, real):
    ### BEGIN SOLUTION
    length = real.shape[1]
    past = torch.ones(length, length, dtype=torch.bool).tril()  # (length, length), the same for every sequence
    allowed = past & real[:, None, :]  # (n, length, length): columns of padding go
    weights = scores.masked_fill(~allowed, -float("inf")).softmax(dim=-1)
    return allowed, weights.masked_fill(~allowed, 0.0)  # a softmax of nothing but -inf is NaN
    ### END SOLUTION


# %%
check("causal_mask")
# %% [markdown] lang="en" tags=["solution"]
# torch's own attention gives the same on sequences without padding. The second test is the one to remember: shift the
# future, and nothing that was said before may change. -1e9 in place of -inf passes both, and fails where a row is padding
# alone: there it looks at all of the padding, and at the future too.
# %% [markdown] lang="zh" tags=["solution"]
# 没有填充时，torch 自带的注意力给出同样的结果。第二个测试值得记住：改动未来，之前说过的任何话都不能变。
# 用 -1e9 代替 -inf 能通过这两个测试，却会在全是填充的行上出错：它会把填充和未来都看上一遍。
# %% tags=["solution"]
queries, keys, values = torch.randn(3, 2, 6, 4, generator=torch.Generator().manual_seed(0))
real = torch.ones(2, 6, dtype=torch.bool)
scores = queries @ keys.transpose(-2, -1) / 4**0.5
allowed, weights = causal_mask(scores, real)
theirs = torch.nn.functional.scaled_dot_product_attention(queries, keys, values, is_causal=True)
torch.testing.assert_close(weights @ values, theirs)

keys[:, 4:] += 100.0  # the last two places become something else
_, moved = causal_mask(queries @ keys.transpose(-2, -1) / 4**0.5, real)
assert torch.equal(moved[:, :4], weights[:, :4]) and not torch.allclose(moved[:, 4:], weights[:, 4:])

from recsys_lessons.recommenders import sequential

assert torch.equal(allowed[0], sequential.causal_mask(6))


# %% [markdown] lang="en"
# ## 3. `prequential_loop`
#
# **The interview question.** *Tastes and catalogues move. How do you evaluate a model that learns as it goes, so that no
# number uses anything from the future?*
#
# The model is given. It has two calls, `model.predict(user)` and `model.update(user, item)`, and a new one is made by
# `RepeatOrPopular()`:
# %% [markdown] lang="zh"
# ## 3. `prequential_loop`
#
# **面试题**：*兴趣在变，物品也在变。怎样评估一个边用边学的模型，使任何一个数字都没有用到未来的信息？*
#
# 模型已经给好，只有两个调用：`model.predict(user)` 和 `model.update(user, item)`；`RepeatOrPopular()` 得到一个全新的模型：
# %%
from recsys_lessons.practice.exercises.prequential_loop import RepeatOrPopular

print(inspect.getsource(RepeatOrPopular))


# %% [markdown] lang="en"
# ```python
# def prequential_loop(users, items, times, every): ...   # -> dict
# ```
#
# - `users`, `items`: lists of texts, who took what in each row of a log. `times`: a list of whole numbers, when. Rows may
#   stand in any order, and timestamps may repeat.
# - `every`: the length of a period, a whole number above 0. An event belongs to the period `time // every`.
# - Returns a dict from period to the share of its events that were predicted right, a float. A period without events is
#   not in it. Every event counts once, and where the model says None it is a miss.
#
# One new model walks through the whole log in the order of time, and **is asked before it is told**. Events with equal
# timestamps belong together: all of them are predicted before the model is updated by any, and then it is updated by each
# of them, in the order of the rows.
#
# **Example.** `users = ["ann", "bob", "ann", "bob"]`, `items = ["x", "x", "x", "y"]`, `times = [1, 1, 2, 11]`, `every = 10`. At 1
# nothing is known: two misses, though bob took what ann did. At 2 ann is said to repeat x: a hit. At 11 bob is said to
# repeat x: a miss. Period 0 has one hit of three: `{0: 0.333, 1: 0.0}`.
# %% [markdown] lang="zh"
# ```python
# def prequential_loop(users, items, times, every): ...   # -> dict
# ```
#
# - `users`、`items`：字符串的列表，日志的每一行是谁选了什么。`times`：整数的列表，什么时候。
#   行的顺序任意，时间戳可能重复。
# - `every`：时段的长度，大于 0 的整数。事件属于时段 `time // every`。
# - 返回：字典，键是时段，值是该时段的事件中猜中的比例(浮点数)。没有事件的时段不出现。
#   每个事件都计一次；模型返回 None 时算没猜中。
#
# 一个全新的模型按时间走过整份日志，**先提问，再告诉它答案**。时间戳相同的事件属于同一批：全部预测完之后，
# 才用它们逐个更新模型，按行的先后。
#
# **例子**：`users = ["ann", "bob", "ann", "bob"]`，`items = ["x", "x", "x", "y"]`，`times = [1, 1, 2, 11]`，`every = 10`。
# 时刻 1 时什么都不知道：两次都没猜中，尽管 bob 和 ann 选的一样。时刻 2 猜 ann 会再选 x：猜中。
# 时刻 11 猜 bob 会再选 x：没猜中。时段 0 三次中一次：`{0: 0.333, 1: 0.0}`。
# %%
def prequential_loop(users, items, times, every):
    ### BEGIN SOLUTION
    model, hits = RepeatOrPopular(), {}
    for moment in sorted(set(times)):
        rows = [row for row, time in enumerate(times) if time == moment]
        for row in rows:
            hits.setdefault(moment // every, []).append(model.predict(users[row]) == items[row])
        for row in rows:  # only now: none of them may train on its twin
            model.update(users[row], items[row])
    return {period: sum(found) / len(found) for period, found in hits.items()}
    ### END SOLUTION


# %%
check("prequential_loop")
# %% [markdown] lang="en" tags=["solution"]
# The future shifted: whatever comes later may be exchanged, and the earlier numbers stay. And the course's `prequential`
# does the same for any recommender. It fits anew for each period instead of updating; here everybody comes once, a day
# for each timestamp, so that both know the same, and the most popular item is what both predict.
# %% [markdown] lang="zh" tags=["solution"]
# 改动未来：后面的事件随便换成什么，前面的数字都不变。课程里的 `prequential` 对任何推荐器做同样的事，
# 只是每个时段重新训练，而不是逐步更新。这里每人只来一次，每个时间戳是一天，两者所知相同，预测的都是最热门的物品。
# %% tags=["solution"]
n = 300
users = [f"user {row}" for row in range(n)]
items = rng.choice([*"abc"], size=n, p=[0.6, 0.3, 0.1]).tolist()
times = np.sort(rng.integers(0, 60, size=n)).tolist()
found = prequential_loop(users, items, times, every=10)

other = [item if time < 30 else "c" for item, time in zip(items, times, strict=True)]
shifted = prequential_loop(users, other, times, every=10)
assert [found[period] for period in range(3)] == [shifted[period] for period in range(3)]
assert found != shifted
# %% tags=["solution"]
import pandas as pd

from recsys_lessons import Dataset, Popularity
from recsys_lessons.evaluation import prequential

log = Dataset(
    items=pd.DataFrame({"item_id": [*"abc"], "title": [*"abc"]}),
    users=pd.DataFrame({"user_id": users}),
    interactions=pd.DataFrame({"user_id": users, "item_id": items, "timestamp": np.array(times) * 86400}),
)
table = prequential(Popularity, log, start=20 * 86400, every=1, k=1, metrics=["hit_rate"], progress=False)
theirs = table["hit_rate@1"].groupby(table["timestamp"] // (10 * 86400)).mean()
assert np.allclose([found[period] for period in range(2, 6)], theirs)  # from day 20 on there is a clear favourite


# %% [markdown] lang="en"
# ## A challenge, without a check
#
# Somebody hands you their prequential loop, and you may call it but not read it. Write `reads_the_future(loop, seed)`: make
# a random log, exchange everything after a random moment, and compare the periods before it. Try it on your loop, on one
# that trains on the whole log first, and on two smaller leaks of this page: one that is told before it is asked, and one
# that lets equal timestamps leak. Which of them does the test not see, and what else would you try?
# %% [markdown] lang="zh"
# ## 挑战题(没有检查)
#
# 有人交给你一个 prequential 循环，你可以调用，但不能看代码。写 `reads_the_future(loop, seed)`：生成一份随机日志，
# 把某个随机时刻之后的内容全部换掉，再比较在此之前的时段。用你自己的循环试试；再试一个先用整份日志训练的循环，
# 以及本页两种更小的泄漏：先告诉答案再提问，和时间戳相同时互相泄漏。这个测试看不出其中哪几种？你还会怎么测？
# %% tags=["solution"]
def noise(seed, n=200, n_items=20):
    """A log in which nothing can be known: everybody comes at most once in a moment, and takes any item."""
    rng = np.random.default_rng(seed)
    times = np.sort(rng.integers(0, 60, n))
    place = np.arange(n) - np.searchsorted(times, times)  # 0, 1, ... among those of one moment
    return [f"user {one}" for one in place], [f"item {one}" for one in rng.integers(0, n_items, n)], times.tolist()


def reads_the_future(loop, seed):
    users, items, times = noise(seed)
    moment = times[100]
    other = [
        f"item {row}" if time > moment else item for row, (item, time) in enumerate(zip(items, times, strict=True))
    ]
    plain, shifted = loop(users, items, times, 1), loop(users, other, times, 1)
    return any(plain[time] != shifted[time] for time in plain if time <= moment)


# %% tags=["solution"]
def walk(users, items, times, every, steps):
    """A loop made of steps: ("ask" or "tell", row), in that order."""
    model, hits = RepeatOrPopular(), {}
    for what, row in steps:
        if what == "tell":
            model.update(users[row], items[row])
        else:
            hits.setdefault(times[row] // every, []).append(model.predict(users[row]) == items[row])
    return {period: sum(found) / len(found) for period, found in hits.items()}


# %% tags=["solution"]
def all_at_first(users, items, times, every):
    rows = range(len(times))
    return walk(users, items, times, every, [*(("tell", row) for row in rows), *(("ask", row) for row in rows)])


def told_before_asked(users, items, times, every):
    return walk(users, items, times, every, [(what, row) for row in range(len(times)) for what in ("tell", "ask")])


def leaks_between_equals(users, items, times, every):
    return walk(users, items, times, every, [(what, row) for row in range(len(times)) for what in ("ask", "tell")])


def seen_by(test, loop):
    return any(test(loop, seed) for seed in range(20))


assert not seen_by(reads_the_future, prequential_loop)
assert seen_by(reads_the_future, all_at_first)
assert not seen_by(reads_the_future, told_before_asked) and not seen_by(reads_the_future, leaks_between_equals)


# %% [markdown] lang="en" tags=["solution"]
# Both small leaks look no further than the event's own moment, so exchanging what is later says nothing. Two more tests
# find them. On noise nobody is right more often than by chance, one in twenty here: who is, was told. And the rows of one
# moment have no order, so turning them round must not change a number: where it does, they leak into each other.
# %% [markdown] lang="zh" tags=["solution"]
# 这两种小的泄漏只看到事件自己的那个时刻，换掉之后的内容当然测不出来。再加两个测试就能发现它们：
# 在纯噪声上，谁也不可能比随机猜得更准(这里是二十分之一)，猜得更准的一定事先知道答案；
# 同一时刻的各行没有先后，把它们倒过来，任何数字都不该变，变了就说明它们之间有泄漏。
# %% tags=["solution"]
def beats_chance(loop, seed):
    (share,) = loop(*noise(seed), 1000).values()  # one period
    return share > 0.25


def minds_the_order_of_rows(loop, seed):
    users, items, times = noise(seed)
    plain = loop(users, items, times, 10)
    back = sorted(range(len(times)), key=lambda row: (times[row], -row))
    turned = loop([users[row] for row in back], [items[row] for row in back], times, 10)
    return any(not np.isclose(plain[period], turned[period]) for period in plain)


assert seen_by(beats_chance, told_before_asked) and seen_by(minds_the_order_of_rows, leaks_between_equals)
assert not seen_by(beats_chance, prequential_loop) and not seen_by(minds_the_order_of_rows, prequential_loop)
# %% [markdown] lang="en"
# ## Afterwards
#
# `progress()` shows what is passed. In a terminal, `recsys-lessons check exercises/07_drift.ipynb` checks this notebook in
# a process of its own. A worked answer to each exercise is in `solutions/07_drift.ipynb`.
#
# **To say it aloud.** A weight of 2 to the minus age over half-life forgets by time, not by place in the list, and the
# half-life is chosen on earlier data, with "forget nothing" among the candidates. A causal mask sets the scores of later
# places and of padding to minus infinity before the softmax, so that one pass practises every place without reading the
# answer. And an evaluation through time asks first and tells afterwards, one moment at a time: shift the future, and no
# number before it may move.
# %% [markdown] lang="zh"
# ## 做完之后
#
# `progress()` 显示哪些已经通过。在终端里运行 `recsys-lessons check exercises/zh/07_drift.ipynb`，
# 会在单独的进程里检查这本 notebook。每题的参考答案在 `solutions/zh/07_drift.ipynb`。
#
# **试着说出来**：权重 2 ** (-年龄 / 半衰期) 按时间遗忘，不按列表里的位置；半衰期在更早的数据上选，候选里要有"永不遗忘"。
# 因果掩码在 softmax 之前把之后的位置和填充的得分设为负无穷，这样一次前向就能训练每个位置，又看不到答案。
# 沿时间的评估先提问、后告知，一个时刻一个时刻地走：改动未来，之前的数字一个都不能变。
