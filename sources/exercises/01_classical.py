# %% [markdown] lang="en"
# # Exercises 01: a measure, a split, and the oldest good model
#
# Three functions behind lesson 01: NDCG, which most papers report; a split that keeps each person's future out of the
# training; and item neighbours, which many shops still run. **Time**: 75 minutes, in any number of sittings.
# **Before**: lesson `01_classical`; numpy.
#
# Write your answer in place of `...`, run the cell, then run the check below it. A check calls your function on fresh
# random inputs. Where an answer is wrong it names the rule that does not hold, and the smallest input that shows it.
# Stuck? Open a new cell and type `hint("ndcg_at_k")`. There are three hints an exercise, one more with each call.
#
# Every function leaves its arguments as they are.
# %% [markdown] lang="zh"
# # 练习 01：一个指标、一种划分，以及最老的好模型
#
# 第 01 课背后的三个函数：论文里最常见的 NDCG；不让每个人的"未来"混进训练集的划分；以及不少商城至今还在用的物品近邻 (ItemCF)。
# **用时**：75 分钟，可以分几次做。**基础**：第 01 课 `01_classical`；会用 numpy。
#
# 把 `...` 换成你的答案，运行这个单元，再运行下面的检查。检查会用新生成的随机输入调用你的函数；
# 答案不对时，会告诉你哪条规则不满足，并给出能说明问题的最小输入。
# 卡住了就新建一个单元，输入 `hint("ndcg_at_k")`：每题有三级提示，每调用一次多给一级。
#
# 所有函数都不修改传入的参数。
# %%
import numpy as np

from recsys_lessons.practice import check, hint, progress  # noqa: F401


# %% [markdown] lang="en"
# ## 1. `ndcg_at_k`
#
# **The interview question.** *What does NDCG@k measure that recall@k does not, and what is the ideal order of somebody
# with fewer than k relevant items?*
#
# ```python
# def ndcg_at_k(ranked, relevant, k): ...   # -> float
# ```
#
# - `ranked`: a list of item ids, best first, without repetition. It may be shorter than `k`.
# - `relevant`: the ids that were right. A set, or a list that may name an item twice; it is still one item.
# - `k`: 1 or more. Ids are numbers or strings.
# - Returns the gain of the first `k` places, divided by the gain of the ideal order. A relevant item at place
#   r = 1, 2, ... gains `1 / log2(r + 1)`. The ideal order begins with as many relevant items as fit: min(k, how many
#   there are), whether they were ranked or not. With no relevant item, raise `ValueError`.
#
# **Example.** `ranked = ["a", "b", "c"]`, `relevant = {"b", "x"}`, `k = 2`. Place 2 is a hit: `1 / log2(3) = 0.631`. The
# ideal order has two: `1 / log2(2) + 1 / log2(3) = 1.631`. The answer is `0.387`.
# %% [markdown] lang="zh"
# ## 1. `ndcg_at_k`
#
# **面试题**：*NDCG@k 比 recall@k 多衡量了什么？一个用户的相关物品不足 k 个时，理想排序是什么样的？*
#
# ```python
# def ndcg_at_k(ranked, relevant, k): ...   # -> float
# ```
#
# - `ranked`：物品 id 的列表，最好的排在最前，没有重复；长度可能小于 `k`。
# - `relevant`：真正相关的物品 id。可以是集合，也可以是列表；列表里重复出现的物品只算一个。
# - `k`：不小于 1。id 可以是数字或字符串。
# - 返回：前 `k` 位的增益 (gain) 除以理想排序的增益。第 r 位(r = 1, 2, ...)的相关物品得 `1 / log2(r + 1)`。
#   理想排序把相关物品放在最前面，能放几个放几个：min(k, 相关物品个数)，不管它们有没有进入列表。没有相关物品时抛出 `ValueError`。
#
# **例子**：`ranked = ["a", "b", "c"]`，`relevant = {"b", "x"}`，`k = 2`。第 2 位命中，得 `1 / log2(3) = 0.631`；
# 理想排序有两个命中，得 `1 / log2(2) + 1 / log2(3) = 1.631`。答案是 `0.387`。
# %%
def ndcg_at_k(ranked, relevant, k):
    ### BEGIN SOLUTION
    wanted = set(relevant)
    if not wanted:
        raise ValueError("relevant is empty: there is no ideal order.")
    discount = 1 / np.log2(np.arange(2, k + 2))  # places 1 to k
    gain = sum(discount[at] for at, item in enumerate(ranked[:k]) if item in wanted)
    return float(gain / discount[: len(wanted)].sum())
    ### END SOLUTION


# %%
check("ndcg_at_k")
# %% [markdown] lang="en" tags=["solution"]
# The package's own function gives the same on random rankings. The base of the logarithm does not matter, since it
# stands above and below; and with gains of 0 and 1 neither does `2 ** gain - 1`, the other form found in papers.
# %% [markdown] lang="zh" tags=["solution"]
# 在随机列表上，它和课程包里的函数结果一致。对数取什么底都一样，因为分子分母同时有它；增益只有 0 和 1 时，论文里另一种写法
# `2 ** gain - 1` 也给出同样的结果。
# %% tags=["solution"]
from recsys_lessons import metrics

rng = np.random.default_rng(0)
for _ in range(200):
    ranked = rng.permutation(30)[: rng.integers(1, 30)].tolist()
    relevant = set(rng.integers(0, 30, size=5).tolist())
    k = int(rng.integers(1, 35))
    assert np.isclose(ndcg_at_k(ranked, relevant, k), metrics.ndcg_at_k(ranked, relevant, k))


# %% [markdown] lang="en"
# ## 2. `split_last`
#
# **The interview question.** *You have a log of interactions. How do you split it into training and test, and what leaks
# if you draw rows at random?*
#
# ```python
# def split_last(users, timestamps, fraction): ...   # -> np.ndarray of bool
# ```
#
# - `users`: `(n,)` whole numbers, who acted in each row. A user's rows may lie apart, and in any order.
# - `timestamps`: `(n,)` whole numbers, when. Equal timestamps are common: of two rows with the same one, the later row
#   counts as the later interaction.
# - `fraction`: the share to hold out of each user's interactions, between 0 and 1.
# - Returns `(n,)` booleans in the order of the input, True for the test: of a user's n interactions the last
#   floor(fraction * n), but at least 1. Somebody with one interaction stays in training: else nothing is known of them.
#
# **Example.** `users = [7, 7, 5, 7]`, `timestamps = [30, 10, 20, 30]`, `fraction = 0.5`. User 7 has three, so
# floor(1.5) = 1 is held out; rows 0 and 3 are equally late, and row 3 stands later. User 5 has one. The answer is
# `[False, False, False, True]`.
#
# No check has a product `fraction * n` that rounding could push below a whole number.
# %% [markdown] lang="zh"
# ## 2. `split_last`
#
# **面试题**：*有一份交互日志，你怎样划分训练集和测试集？随机抽行会泄漏什么？*
#
# ```python
# def split_last(users, timestamps, fraction): ...   # -> 布尔型 np.ndarray
# ```
#
# - `users`：`(n,)` 的整数，每一行是谁的交互。同一个用户的行可以不相邻，也不保证有序。
# - `timestamps`：`(n,)` 的整数，什么时候。时间戳相同很常见：两行时间戳相同时，靠后的行算更晚的交互。
# - `fraction`：每个用户要留出的比例，在 0 和 1 之间。
# - 返回：`(n,)` 的布尔数组，顺序与输入相同，True 表示测试集。一个用户有 n 条交互时，留出最晚的 floor(fraction * n) 条，至少 1 条。
#   只有一条交互的用户留在训练集里，否则对他一无所知。
#
# **例子**：`users = [7, 7, 5, 7]`，`timestamps = [30, 10, 20, 30]`，`fraction = 0.5`。用户 7 有三条，留出 floor(1.5) = 1 条；
# 第 0 行和第 3 行一样晚，第 3 行靠后，所以留出它。用户 5 只有一条。答案是 `[False, False, False, True]`。
#
# 检查里不会出现因为浮点误差而略小于整数的 `fraction * n`。
# %%
def split_last(users, timestamps, fraction):
    ### BEGIN SOLUTION
    is_test = np.zeros(len(users), dtype=bool)
    for user in np.unique(users):
        own = np.flatnonzero(users == user)
        if len(own) > 1:
            held_out = max(1, int(fraction * len(own)))
            in_time = own[np.argsort(timestamps[own], kind="stable")]  # stable: ties keep the order of the rows
            is_test[in_time[-held_out:]] = True
    return is_test
    ### END SOLUTION


# %%
check("split_last")
# %% [markdown] lang="en" tags=["solution"]
# On the real ratings it gives what the package's own split gives. That one also leaves users with fewer than five likes
# in training by default, and adds a small number before rounding down, so that 0.29 * 100 = 28.999... holds out 29.
#
# What this split does *not* prevent: other people's later interactions stay in training, so a film's later fame is
# known. Where that matters, cut everybody at one moment, and count how many strangers the test then has.
# %% [markdown] lang="zh" tags=["solution"]
# 在真实评分上，它和课程包里的划分结果一致。课程包默认还会让少于五个喜欢的用户整个留在训练集里，并且在向下取整之前加一个很小的数，
# 这样 0.29 * 100 = 28.999... 也能留出 29 条。
#
# 这种划分*挡不住*的是：别人之后的交互还在训练集里，所以一部电影后来有多火，模型已经知道了。如果这一点重要，就让所有人在同一时刻切开，
# 并且数一数测试集里有多少陌生用户。
# %% tags=["solution"]
import recsys_lessons

movies = recsys_lessons.load_movielens()
log = movies.interactions
mask = split_last(log["user_id"].to_numpy(), log["timestamp"].to_numpy(), 0.2)
theirs = recsys_lessons.split_last(movies, 0.2, min_interactions=2)[1].interactions
assert log[mask].reset_index(drop=True).equals(theirs)


# %% [markdown] lang="en"
# ## 3. `item_neighbours`
#
# **The interview question.** *How does item-based collaborative filtering find the neighbours of an item, and why are
# only k of them kept?*
#
# ```python
# def item_neighbours(matrix, k): ...   # -> np.ndarray
# ```
#
# - `matrix`: `(n_users, n_items)` floats, 1 where a user liked an item and 0 elsewhere.
# - `k`: how many neighbours each item keeps, 1 or more; it may be larger than the number of other items.
# - Returns `(n_items, n_items)` floats. Column j holds the neighbours of item j: row i has the cosine of columns i and j
#   of `matrix`, n_ij / (sqrt(n_i) sqrt(n_j)), if that is among the k largest of the column, and 0 otherwise. The item
#   itself is no neighbour: the diagonal is 0 and takes none of the k places. Of equal similarities the one in the lower
#   row stays (row 1 before row 2). An item that nobody liked is similar to nothing: 0, not NaN.
#
# **Example.** Two people and three items, `matrix = [[0, 1, 1], [1, 1, 1]]`, `k = 1`. Item 0 is as similar to item 1 as
# to item 2, `1 / (1 * sqrt(2)) = 0.707`; row 1 stays. Items 1 and 2 have the same fans: 1. The answer is
# `[[0, 0, 0], [0.707, 0, 1], [0, 1, 0]]`. It is not symmetric: item 0 has item 1 as its neighbour, and not the reverse.
# %% [markdown] lang="zh"
# ## 3. `item_neighbours`
#
# **面试题**：*ItemCF 怎样找一个物品的近邻？为什么只保留 k 个？*
#
# ```python
# def item_neighbours(matrix, k): ...   # -> np.ndarray
# ```
#
# - `matrix`：形状 `(n_users, n_items)` 的浮点数组，用户喜欢过的物品为 1，其余为 0。
# - `k`：每个物品保留几个近邻，不小于 1；可以大于其他物品的个数。
# - 返回：形状 `(n_items, n_items)` 的浮点数组。第 j 列是物品 j 的近邻：第 i 行放 `matrix` 第 i 列和第 j 列的余弦
#   n_ij / (sqrt(n_i) sqrt(n_j))，如果它在这一列里排进最大的 k 个；否则为 0。物品自己不是近邻：对角线为 0，也不占 k 个名额。
#   相似度相等时保留行号小的。没有人喜欢过的物品与谁都不相似：是 0，不是 NaN。
#
# **例子**：两个人，三个物品，`matrix = [[0, 1, 1], [1, 1, 1]]`，`k = 1`。物品 0 与物品 1、2 一样相似，
# 都是 `1 / (1 * sqrt(2)) = 0.707`，保留第 1 行；物品 1 和 2 的爱好者完全相同，相似度为 1。答案是
# `[[0, 0, 0], [0.707, 0, 1], [0, 1, 0]]`。它不对称：物品 1 是物品 0 的近邻，反过来不是。
# %%
def item_neighbours(matrix, k):
    ### BEGIN SOLUTION
    length = np.sqrt(matrix.sum(axis=0))
    length[length == 0] = 1.0  # nobody liked it: 0 / 1 instead of 0 / 0
    similarity = matrix.T @ matrix / np.outer(length, length)
    np.fill_diagonal(similarity, 0.0)
    kept = np.zeros_like(similarity)
    for item in range(len(similarity)):
        best = np.argsort(-similarity[:, item], kind="stable")[:k]
        kept[best, item] = similarity[best, item]
    return kept
    ### END SOLUTION


# %%
check("item_neighbours")
# %% [markdown] lang="en" tags=["solution"]
# `ItemNeighbours` without shrinkage keeps the same numbers (it breaks ties in a shuffled order, so compare what each
# column keeps, and not where). Scores of everybody are one product: `matrix @ kept`. Why only k? The many weak
# similarities add up to noise, and a catalogue of a million items has no room for a square table.
# %% [markdown] lang="zh" tags=["solution"]
# 不收缩的 `ItemNeighbours` 保留的数值相同(它按打乱的顺序处理并列，所以只比较每一列保留了哪些数值，不比较位置)。
# 所有人的得分只要一次乘法：`matrix @ kept`。为什么只留 k 个？大量微弱的相似度加起来就是噪声；而且上百万个物品的库，也放不下一张方阵。
# %% tags=["solution"]
ids = log["item_id"].value_counts().index[:200]  # a square table of all films would take 600 MB
rows = movies.item_rows(ids)
few = movies.with_interactions(log[log["item_id"].isin(ids)])
theirs = recsys_lessons.ItemNeighbours(k=5, shrink=0).fit(few).similarity_[rows][:, rows].toarray()
mine = item_neighbours(few.matrix().toarray()[:, rows], 5)
assert np.allclose(np.sort(mine, axis=0), np.sort(theirs, axis=0), atol=1e-6)
# %% [markdown] lang="en"
# ## Afterwards
#
# `progress()` shows what is passed. In a terminal, `recsys-lessons check exercises/01_classical.ipynb` checks this
# notebook in a process of its own. A worked answer to each exercise is in `solutions/01_classical.ipynb`.
#
# **To say it aloud.** NDCG is recall that cares about places: each hit is discounted by its own place, and the sum is
# divided by what the best order of min(k, n) hits would get. I hold out each person's last interactions, since a random
# draw lets the model learn from what came after what it must predict; and I state how ties in time are kept. Item
# neighbours are cosines of columns, cut to k a column; rare items need shrinkage, and items without likes have no
# neighbours at all.
# %% [markdown] lang="zh"
# ## 做完之后
#
# `progress()` 显示哪些已经通过。在终端里运行 `recsys-lessons check exercises/zh/01_classical.ipynb`，
# 会在单独的进程里检查这本 notebook。
# 每题的参考答案在 `solutions/zh/01_classical.ipynb`。
#
# **试着说出来**：NDCG 是在意位置的召回率：每个命中按自己的位置打折，再除以 min(k, n) 个命中排在最前时的得分。划分时我留出每个人最后的交互，
# 因为随机抽行会让模型用后来的行为去猜之前的行为；时间戳相同时怎么处理也要说清楚。物品近邻就是列与列的余弦，每列只留 k 个；
# 冷门物品需要收缩 (shrinkage)，没有人喜欢过的物品根本没有近邻。
