# %% [markdown] lang="en"
# # Exercises 03: scores from SVD, and a program to mend
#
# Six functions behind lesson 03: the scores themselves, fold-in for somebody new, the map from words to factors, the
# explanation, the other thing that is called SVD, and a contextual recommender that somebody published and that never
# worked. **Time**: 85 minutes, in any number of sittings. **Before**: lesson `03_svd_scoring`; matrix products in numpy.
#
# Write your answer in place of `...`, run the cell, then run the check below it. A check calls your function on fresh
# random inputs. Where an answer is wrong it names the rule that does not hold, and the smallest input that shows it.
# Stuck? Open a new cell and type `hint("svd_scores")`. There are three hints an exercise, one more with each call.
#
# Every function returns new arrays and leaves its arguments as they are. Arrays are float64 unless a signature says otherwise.
# %% [markdown] lang="zh"
# # 练习 03：用 SVD 打分，以及修好一个程序
#
# 第 03 课背后的六个函数：打分本身、给新用户折入 (fold-in)、从文字到因子的映射、解释得分、另一个也叫 SVD 的算法，
# 以及一个公开发表过、却从来没有真正起过作用的上下文推荐程序。**用时**：85 分钟，可以分几次做。
# **基础**：第 03 课 `03_svd_scoring`；会用 numpy 做矩阵乘法。
#
# 把 `...` 换成你的答案，运行这个单元，再运行下面的检查。检查会用新生成的随机输入调用你的函数；
# 答案不对时，会告诉你哪条规则不满足，并给出能说明问题的最小输入。
# 卡住了就新建一个单元，输入 `hint("svd_scores")`：每题有三级提示，每调用一次多给一级。
#
# 所有函数都返回新数组，不修改传入的参数；除非题目另有说明，数组都是 float64。
# %%
import numpy as np

from recsys_lessons.practice import check, hint, progress  # noqa: F401


# %% [markdown] lang="en"
# ## 1. `svd_scores`
#
# **The interview question.** *How does a truncated SVD score items for a user, and why does the full SVD predict
# nothing?*
#
# ```python
# def svd_scores(matrix, rank): ...   # -> np.ndarray
# ```
#
# - `matrix`: `(n_users, n_items)`, who liked what. Any finite numbers.
# - `rank`: how many directions to keep, from 1 to `min(n_users, n_items)`.
# - Returns `(n_users, n_items)`: the scores U S V' of the `rank` largest singular values. With V the `rank` leading right
#   singular vectors, `(n_items, rank)`, they are also X V V'. Nothing is subtracted before and nothing clipped after; a
#   cell that was filled gets its score like any other.
#
# **Example.** Two users, two items, `matrix = [[3, 0], [0, 2]]`. With one number in each row and column, the singular
# values are those numbers, 3 and 2. `rank = 1` keeps the 3 and its direction: `[[3, 0], [0, 0]]`. `rank = 2` gives the
# matrix back, the zeros too: a model that repeats its input has predicted nothing.
#
# Two singular values that are equal at the cut would leave the choice between their directions open; no check does that.
# %% [markdown] lang="zh"
# ## 1. `svd_scores`
#
# **面试题**：*截断 SVD 怎样给物品打分？为什么不截断的 SVD 什么也预测不了？*
#
# ```python
# def svd_scores(matrix, rank): ...   # -> np.ndarray
# ```
#
# - `matrix`：形状 `(n_users, n_items)`，谁喜欢过什么。可以是任意有限的数。
# - `rank`：保留几个方向，从 1 到 `min(n_users, n_items)`。
# - 返回：形状 `(n_users, n_items)`，只用最大的 `rank` 个奇异值算出的 U S V'。记 V 为前 `rank` 个右奇异向量，
#   形状 `(n_items, rank)`，得分也等于 X V V'。事先不减均值，事后不截断；原来有值的格子也照样重新打分。
#
# **例子**：两个用户、两个物品，`matrix = [[3, 0], [0, 2]]`。每行每列只有一个数时，奇异值就是这些数：3 和 2。
# `rank = 1` 保留 3 和它的方向，得到 `[[3, 0], [0, 0]]`；`rank = 2` 得到原矩阵，连 0 也一样：
# 把输入原样背出来，等于什么也没预测。
#
# 如果截断处的两个奇异值相等，取哪个方向并不唯一；检查里不会出现这种情况。
# %%
def svd_scores(matrix, rank):
    ### BEGIN SOLUTION
    _, _, right = np.linalg.svd(matrix, full_matrices=False)
    factors = right[:rank].T  # numpy returns V', whose rows are the right singular vectors
    return matrix @ factors @ factors.T
    ### END SOLUTION


# %%
check("svd_scores")
# %% [markdown] lang="en" tags=["solution"]
# The sparse solver of `SVDRecommender` gives the same numbers. Eckart and Young (1936): no matrix of this rank comes
# closer, and what is missing is the root of the sum of the squares of the singular values that were dropped. A sign of
# V does not matter, since V stands in the product twice.
# %% [markdown] lang="zh" tags=["solution"]
# `SVDRecommender` 用的稀疏求解器得到同样的数。Eckart 和 Young (1936)：同秩的矩阵里没有更接近的，
# 误差等于被丢掉的奇异值的平方和再开方。V 的正负号无所谓，因为 V 在乘积里出现了两次。
# %% tags=["solution"]
from scipy import sparse

from recsys_lessons.recommenders.linear_algebra import truncated_svd

rng = np.random.default_rng(0)
likes = (rng.random((30, 20)) < 0.3).astype(float)
U, S, V = truncated_svd(sparse.csr_matrix(likes), rank=5)
assert np.allclose(svd_scores(likes, 5), (U * S) @ V.T)

dropped = np.linalg.svd(likes, compute_uv=False)[5:]
assert np.isclose(np.linalg.norm(likes - svd_scores(likes, 5)), np.sqrt((dropped**2).sum()))
assert np.allclose(svd_scores(likes, 20), likes)  # full rank: the input again


# %% [markdown] lang="en"
# ## 2. `fold_in`
#
# **The interview question.** *A user signs up today and likes three items. How does a trained SVD score the catalogue
# for them without being trained again?*
#
# ```python
# def fold_in(history, item_factors): ...   # -> np.ndarray
# ```
#
# - `history`: a list of item rows, that is, of row numbers of `item_factors`. It may be empty, and may name an item
#   twice; it is still one item.
# - `item_factors`: `(n_items, rank)`, the V of a trained model. Its columns need not be orthonormal: rows of new items
#   may have come from elsewhere, such as the next exercise.
# - Returns `(n_items,)`: the scores h V V', where h has a 1 at every item of the history and 0 elsewhere. The history's
#   own items are scored as well; to hide them is the ranking's job.
#
# **Example.** Two items, one direction: `item_factors = [[2], [1]]`, `history = [0]`. Then h = [1, 0] and h V = [2]: two
# steps along the direction. Times V' gives `[4, 2]`. An empty history gives `[0, 0]`.
# %% [markdown] lang="zh"
# ## 2. `fold_in`
#
# **面试题**：*一个今天刚注册的用户喜欢了三个物品。不重新训练，已有的 SVD 模型怎样给他打分？*
#
# ```python
# def fold_in(history, item_factors): ...   # -> np.ndarray
# ```
#
# - `history`：物品行号(`item_factors` 的行号)的列表。可能为空，也可能重复提到同一个物品；重复的只算一个。
# - `item_factors`：形状 `(n_items, rank)`，训练好的 V。各列不一定正交归一：新物品的行可能来自别处，比如下一题。
# - 返回：形状 `(n_items,)` 的得分 h V V'，其中 h 在历史物品处为 1，其余为 0。历史里的物品也照样打分，
#   过滤它们是排序那一步的事。
#
# **例子**：两个物品、一个方向：`item_factors = [[2], [1]]`，`history = [0]`。h = [1, 0]，h V = [2]，
# 即在这个方向上走了两步；再乘 V' 得到 `[4, 2]`。历史为空时得到 `[0, 0]`。
# %%
def fold_in(history, item_factors):
    ### BEGIN SOLUTION
    liked = np.zeros(len(item_factors))
    liked[history] = 1.0
    return liked @ item_factors @ item_factors.T
    ### END SOLUTION


# %%
check("fold_in")
# %% [markdown] lang="en" tags=["solution"]
# A training user who is folded in gets their own row of U S V' again, so nobody needs to be looked up in U. The
# recommender of the course does the same for any `history=[...]`.
# %% [markdown] lang="zh" tags=["solution"]
# 把训练用户自己的历史折入，得到的就是 U S V' 中他那一行，所以根本不用去查 U。
# 课程里的推荐器对任何 `history=[...]` 都是这样做的。
# %% tags=["solution"]
import pandas as pd

from recsys_lessons import Dataset, SVDRecommender

who, what = np.nonzero(likes)
train = Dataset(
    items=pd.DataFrame({"item_id": np.arange(20), "title": [f"item {row}" for row in range(20)]}),
    users=pd.DataFrame({"user_id": np.arange(30)}),
    interactions=pd.DataFrame({"user_id": who, "item_id": what}),
)
model = SVDRecommender(rank=5).fit(train)
assert np.allclose(fold_in(what[who == 0].tolist(), model.item_factors_), svd_scores(likes, 5)[0])
assert np.allclose(fold_in([3, 14, 15], model.item_factors_), model.scores(history=[3, 14, 15])[0], atol=1e-6)


# %% [markdown] lang="en"
# ## 3. `ridge_map`
#
# **The interview question.** *A new item has no interactions and so no row in V. How do you give it one from its
# content, and what does the regularisation do?*
#
# ```python
# def ridge_map(features, targets, weights, ridge): ...   # -> np.ndarray
# ```
#
# - `features`: `(n, dim)`, content vectors of the n items that have interactions, as they are; centring was done before.
# - `targets`: `(n, rank)`, those items' rows of V.
# - `weights`: `(n,)`, 0 or more: how many interactions stand behind each row of V.
# - `ridge`: a number above 0, the strength of the pull towards zero.
# - Returns the map W, `(dim, rank)`, that makes this sum as small as it can be:
#   Σ weights_i |features_i W - targets_i|² + ridge |W|². There is no intercept, and no division by n. A new item's row
#   is then its features times W.
#
# **Example.** One item, one feature, one direction: `features = [[1]]`, `targets = [[6]]`, `weights = [2]`, `ridge = 1`.
# The sum is 2 (W - 6)² + W². Its derivative 4 (W - 6) + 2 W is zero at W = 4, so the answer is `[[4]]`. Without the ridge
# it would be 6; a larger weight brings it closer to 6, a larger ridge closer to 0.
# %% [markdown] lang="zh"
# ## 3. `ridge_map`
#
# **面试题**：*新物品没有任何交互，在 V 里没有对应的行。怎样根据内容给它补一行？正则化起什么作用？*
#
# ```python
# def ridge_map(features, targets, weights, ridge): ...   # -> np.ndarray
# ```
#
# - `features`：形状 `(n, dim)`，n 个有交互的物品的内容向量，直接使用；去均值在此之前已经做过。
# - `targets`：形状 `(n, rank)`，这些物品在 V 中的行。
# - `weights`：形状 `(n,)`，不小于 0，表示 V 的每一行背后有多少次交互。
# - `ridge`：大于 0 的数，把 W 拉向 0 的力度。
# - 返回：形状 `(dim, rank)` 的映射 W，使下面的和最小：Σ weights_i |features_i W - targets_i|² + ridge |W|²。
#   没有截距，也不除以 n。新物品的那一行就是它的特征乘 W。
#
# **例子**：一个物品、一个特征、一个方向：`features = [[1]]`，`targets = [[6]]`，`weights = [2]`，`ridge = 1`。
# 要最小化的是 2 (W - 6)² + W²，导数 4 (W - 6) + 2 W 在 W = 4 时为零，所以答案是 `[[4]]`。
# 没有 ridge 时是 6；权重越大越接近 6，ridge 越大越接近 0。
# %%
def ridge_map(features, targets, weights, ridge):
    ### BEGIN SOLUTION
    weighted = features * weights[:, None]
    left = weighted.T @ features + ridge * np.eye(features.shape[1])
    return np.linalg.solve(left, weighted.T @ targets)
    ### END SOLUTION


# %%
check("ridge_map")
# %% [markdown] lang="en" tags=["solution"]
# scikit-learn's `Ridge` without an intercept is the same regression, and so is the package's own function. The weights
# stand in both sums: a row of V that rests on two likes is mostly noise, and should bend the map less than one that rests
# on two hundred.
# %% [markdown] lang="zh" tags=["solution"]
# scikit-learn 的 `Ridge`(不带截距)是同一个回归，课程包里的函数也是。两个求和项里都有权重：
# 只靠两次喜欢得到的那一行 V 大多是噪声，对映射的影响应当小于有两百次喜欢的那一行。
# %% tags=["solution"]
from sklearn.linear_model import Ridge

from recsys_lessons.recommenders import linear_algebra

features, counts = rng.normal(size=(20, 6)), likes.sum(axis=0)
mapped = ridge_map(features, V, counts, 10.0)
theirs = Ridge(alpha=10.0, fit_intercept=False).fit(features, V, sample_weight=counts).coef_.T
assert np.allclose(mapped, theirs)
assert np.allclose(mapped, linear_algebra.ridge_map(features, V, counts, 10.0))


# %% [markdown] lang="en"
# ## 4. `explain_score`
#
# **The interview question.** *How do you explain a recommendation of a matrix factorisation exactly, without a story
# made up afterwards?*
#
# ```python
# def explain_score(history, item_factors, item): ...   # -> dict
# ```
#
# - `history`: a list of item rows, as for `fold_in`: perhaps empty, perhaps with repetitions.
# - `item_factors`: `(n_items, rank)`, the V of a trained model.
# - `item`: the row of the item whose score is to be explained. It may stand in the history itself.
# - Returns a dict from item row to contribution, one entry for each item of the history, in any order. The contributions
#   add up to the score that `fold_in` gives the item. They may be negative or zero, and stay in. An empty history gives
#   an empty dict.
#
# **Example.** Three items, one direction: `item_factors = [[2], [-1], [3]]`, `history = [0, 1]`, `item = 2`. Item 0
# contributes 2 x 3 and item 1 contributes -1 x 3, so the answer is `{0: 6.0, 1: -3.0}`, and the score is 3. Without item 1 it
# would have been 6: that is an explanation, since it says what would change.
# %% [markdown] lang="zh"
# ## 4. `explain_score`
#
# **面试题**：*矩阵分解给出的推荐，怎样做到精确的解释，而不是事后编一个理由？*
#
# ```python
# def explain_score(history, item_factors, item): ...   # -> dict
# ```
#
# - `history`：物品行号的列表，和 `fold_in` 一样，可能为空，也可能有重复。
# - `item_factors`：形状 `(n_items, rank)`，训练好的 V。
# - `item`：要解释得分的物品的行号；它自己也可能在历史里。
# - 返回：字典，键是物品行号，值是它的贡献；历史中每个物品一项，顺序不限。所有贡献之和等于 `fold_in` 给该物品的得分。
#   贡献可以是负数或 0，都要保留。历史为空时返回空字典。
#
# **例子**：三个物品、一个方向：`item_factors = [[2], [-1], [3]]`，`history = [0, 1]`，`item = 2`。
# 物品 0 贡献 2 x 3，物品 1 贡献 -1 x 3，所以答案是 `{0: 6.0, 1: -3.0}`，得分是 3。
# 如果历史里没有物品 1，得分会是 6：说得出"少了它会怎样"，才算解释。
# %%
def explain_score(history, item_factors, item):
    ### BEGIN SOLUTION
    wanted = item_factors[item]
    return {row: float(item_factors[row] @ wanted) for row in history}
    ### END SOLUTION


# %%
check("explain_score")
# %% [markdown] lang="en" tags=["solution"]
# The parts add up to the score of fold-in, and `model.explain` shows the same numbers with titles beside them.
# %% [markdown] lang="zh" tags=["solution"]
# 各份贡献之和等于折入的得分；`model.explain` 给出的是同样的数，旁边多了标题。
# %% tags=["solution"]
parts = explain_score([3, 14, 15], model.item_factors_, 7)
assert np.isclose(sum(parts.values()), fold_in([3, 14, 15], model.item_factors_)[7])

table = model.explain(history=[3, 14, 15], item=7)
assert np.allclose([parts[row] for row in table["item_id"]], table["contribution"])


# %% [markdown] lang="en"
# ## 5. `funk_svd_step`
#
# **The interview question.** *What interviewers call SVD is often matrix factorisation by gradient descent. Write the
# update for one rating. Which value must not be overwritten too early?*
#
# ```python
# def funk_svd_step(rating, mean, user_bias, item_bias, user_factors, item_factors, lr, reg):
#     ...   # -> (user_bias, item_bias, user_factors, item_factors)
# ```
#
# - `rating`: the one that was observed. `mean`: of all training ratings; it is not learned.
# - `user_bias`, `item_bias`: numbers, b_u and b_i. `user_factors`, `item_factors`: `(rank,)` each, p_u and q_i.
# - `lr`: learning rate. `reg`: strength of the pull towards zero. Numbers, 0 or more.
# - The prediction is mean + b_u + b_i + p_u · q_i, and the error e = rating - prediction. Returns the four new values, as
#   a tuple in the order of the arguments:
#
# b_u + lr (e - reg b_u), b_i + lr (e - reg b_i), p_u + lr (e q_i - reg p_u), q_i + lr (e p_u - reg q_i).
#
# **All four use only values from before the step.** The 2 of the derivative is part of `lr`.
#
# **Example.** `rating = 5`, `mean = 3`, `user_bias = 0`, `item_bias = -1`, `user_factors = [1]`, `item_factors = [1]`,
# `lr = 0.5`, `reg = 1`. The prediction is 3 + 0 - 1 + 1 = 3, and e = 2. The biases become 0 + 0.5 (2 - 0) = 1 and
# -1 + 0.5 (2 + 1) = 0.5, the factors 1 + 0.5 (2 x 1 - 1) = 1.5 both. Somebody who writes the new p_u over the old one
# first gets 2 for q_i.
# %% [markdown] lang="zh"
# ## 5. `funk_svd_step`
#
# **面试题**：*面试里说的 SVD 常常是指用梯度下降训练的矩阵分解。请写出一条评分的更新公式。哪个值不能过早被覆盖？*
#
# ```python
# def funk_svd_step(rating, mean, user_bias, item_bias, user_factors, item_factors, lr, reg):
#     ...   # -> (user_bias, item_bias, user_factors, item_factors)
# ```
#
# - `rating`：观察到的这一条评分。`mean`：全部训练评分的均值，不参与学习。
# - `user_bias`、`item_bias`：两个数，b_u 和 b_i。`user_factors`、`item_factors`：形状都是 `(rank,)`，p_u 和 q_i。
# - `lr`：学习率。`reg`：把参数拉向 0 的力度。都是不小于 0 的数。
# - 预测值是 mean + b_u + b_i + p_u · q_i，误差 e = rating - 预测值。返回四个新值组成的元组，顺序与参数相同：
#
# b_u + lr (e - reg b_u)，b_i + lr (e - reg b_i)，p_u + lr (e q_i - reg p_u)，q_i + lr (e p_u - reg q_i)。
#
# **四个式子里用的全是更新前的值。** 求导得到的系数 2 并入 `lr`。
#
# **例子**：`rating = 5`，`mean = 3`，`user_bias = 0`，`item_bias = -1`，`user_factors = [1]`，`item_factors = [1]`，
# `lr = 0.5`，`reg = 1`。预测值是 3 + 0 - 1 + 1 = 3，e = 2。两个偏置变成 0 + 0.5 (2 - 0) = 1 和 -1 + 0.5 (2 + 1) = 0.5，
# 两边的因子都变成 1 + 0.5 (2 x 1 - 1) = 1.5。如果先把新的 p_u 写进旧变量，算出来的 q_i 就是 2。
# %%
def funk_svd_step(rating, mean, user_bias, item_bias, user_factors, item_factors, lr, reg):
    ### BEGIN SOLUTION
    error = rating - (mean + user_bias + item_bias + user_factors @ item_factors)
    new_user = user_factors + lr * (error * item_factors - reg * user_factors)
    new_item = item_factors + lr * (error * user_factors - reg * item_factors)
    return user_bias + lr * (error - reg * user_bias), item_bias + lr * (error - reg * item_bias), new_user, new_item
    ### END SOLUTION


# %%
check("funk_svd_step")
# %% [markdown] lang="en" tags=["solution"]
# The step in its loop, on ratings that were drawn from a known model, a third of them held out. It predicts those better
# than the mean does. `FunkSVD` of the course takes the same step for a batch of ratings at once.
# %% [markdown] lang="zh" tags=["solution"]
# 把这一步放进循环里，用一个已知模型生成的评分来试，留出三分之一做测试：预测得比均值好。
# 课程里的 `FunkSVD` 每次对一批评分做同样的更新。
# %% tags=["solution"]
rng = np.random.default_rng(0)
truth = 3.5 + rng.normal(0, 0.5, (60, 1)) + rng.normal(0, 0.5, 40) + rng.normal(size=(60, 2)) @ rng.normal(size=(2, 40))
cells = rng.permutation(60 * 40)
held_out, seen = np.divmod(cells[:800], 40), list(zip(*np.divmod(cells[800:], 40), strict=True))

mean = np.mean([truth[cell] for cell in seen])
user_bias, item_bias = np.zeros(60), np.zeros(40)
user_factors, item_factors = rng.normal(0, 0.1, (60, 2)), rng.normal(0, 0.1, (40, 2))
for _ in range(30):
    for u, i in seen:
        state = user_bias[u], item_bias[i], user_factors[u], item_factors[i]
        user_bias[u], item_bias[i], user_factors[u], item_factors[i] = funk_svd_step(
            truth[u, i], mean, *state, lr=0.02, reg=0.02
        )

predicted = mean + user_bias[:, None] + item_bias + user_factors @ item_factors.T
error, error_of_the_mean = (((guess - truth)[held_out] ** 2).mean() for guess in (predicted, mean))
assert error < error_of_the_mean / 4  # squared errors: half of the usual one, or less


# %% [markdown] lang="en"
# ## 6. `contextual_scores`: mend a published program
#
# **The interview question.** *A program concatenates a sentence's vector, the users' histories and the items' features,
# takes an SVD and multiplies it back. What is wrong, and how would you score items for users and a sentence?*
#
# Programs like this one are published as "contextual recommendation with BERT and SVD":
#
# ```python
# import torch
#
# sentence = bert("something quiet for a rainy evening")         # (1, 768)
# histories = torch.tensor([[1.0, 0.0, 1.0], [0.0, 1.0, 1.0]])   # two users: (2, 3)
# features = torch.tensor([[0.2, 0.7, 0.1], [0.9, 0.1, 0.4]])    # two items: (2, 3)
#
# together = torch.cat([sentence, histories, features], dim=1)
# U, S, V = torch.svd(together)
# scores = U @ torch.diag(S) @ V.T
# ```
#
# **Before you read on, say aloud what is wrong with it.** It stops at the first of its faults; look for four more that
# would show if that one were patched. Which shape should scores have? What does a row of `together` describe? What is
# U S V' of a full SVD? Where does anything learn, or leave out what was seen?
#
# Then write what it should have done.
# %% [markdown] lang="zh"
# ## 6. `contextual_scores`：修好一个公开发表的程序
#
# **面试题**：*有个程序把句向量、用户历史和物品特征拼接起来，做 SVD 再乘回去当作得分。
# 它错在哪里？给定用户和一句话，你会怎样给物品打分？*
#
# 下面这类程序，常以"BERT + SVD 上下文推荐"的名义公开发表：
#
# ```python
# import torch
#
# sentence = bert("something quiet for a rainy evening")         # (1, 768)
# histories = torch.tensor([[1.0, 0.0, 1.0], [0.0, 1.0, 1.0]])   # two users: (2, 3)
# features = torch.tensor([[0.2, 0.7, 0.1], [0.9, 0.1, 0.4]])    # two items: (2, 3)
#
# together = torch.cat([sentence, histories, features], dim=1)
# U, S, V = torch.svd(together)
# scores = U @ torch.diag(S) @ V.T
# ```
#
# **往下读之前，先说一说它错在哪里。** 程序停在第一个错误上；假如把它补上，还会露出四个。
# 得分应该是什么形状？`together` 的一行描述的是什么？完整 SVD 的 U S V' 等于什么？哪里有学习，哪里排除了看过的物品？
#
# 然后写出它本来该做的事。
# %% [markdown] lang="en"
# ```python
# def contextual_scores(histories, item_features, sentence, weight): ...   # -> np.ndarray
# ```
#
# - `histories`: `(n_users, n_items)`, boolean, True where a user liked an item. A row may be all False.
# - `item_features`: `(n_items, dim)`, one text vector an item. `sentence`: `(dim,)`, by the same encoder; it is what
#   everybody asks for at the moment. `weight`: a number, how much the sentence counts.
# - Returns `(n_users, n_items)`, made in this order:
#   1. **Centre.** The mean of the rows of `item_features`, not of the sentence, is subtracted from every item and from the
#      sentence.
#   2. **Scale.** Each of those vectors is divided by its length. A vector of length 0 stays zero.
#   3. **Profile.** A user's profile is the mean of the vectors of the items they liked, scaled like them; zero without
#      any.
#   4. **Score.** Profile times item, plus `weight` times sentence times item: two cosines.
#   5. **Hide.** What the user liked before gets `-inf`.
#
# **Example.** Three items, one dimension: `item_features = [[1], [2], [6]]`, `sentence = [5]`, `weight = 2`. The mean is
# 3, so the items become -2, -1, 3 and the sentence 2; at length 1 they are -1, -1, 1 and 1. The sentence adds
# `[-2, -2, 2]` for everybody. A user who liked item 0 has profile -1, taste `[1, 1, -1]` and scores `[-inf, -1, 1]`. A user
# without history scores `[-2, -2, 2]`.
# %% [markdown] lang="zh"
# ```python
# def contextual_scores(histories, item_features, sentence, weight): ...   # -> np.ndarray
# ```
#
# - `histories`：形状 `(n_users, n_items)` 的布尔数组，用户喜欢过该物品时为 True。一行可能全是 False。
# - `item_features`：形状 `(n_items, dim)`，每个物品一个文本向量。`sentence`：形状 `(dim,)`，由同一个编码器得到，
#   是此刻所有人的需求。`weight`：一个数，表示这句话占多大分量。
# - 返回：形状 `(n_users, n_items)`，按下面的顺序算出：
#   1. **去均值**：用 `item_features` 各行的均值(不含这句话)，从每个物品和这句话中减去。
#   2. **缩放**：每个向量除以自己的长度。长度为 0 的保持为零。
#   3. **画像**：用户的画像是他喜欢过的物品的向量的平均，同样缩放；什么都没喜欢过则为零。
#   4. **打分**：画像乘物品，加上 `weight` 乘以(句子乘物品)：两个余弦。
#   5. **过滤**：该用户已经喜欢过的物品记为 `-inf`。
#
# **例子**：三个物品、一维：`item_features = [[1], [2], [6]]`，`sentence = [5]`，`weight = 2`。
# 均值是 3，物品变成 -2、-1、3，句子变成 2；缩放到长度 1 后是 -1、-1、1 和 1。
# 句子给每个人加上 `[-2, -2, 2]`。喜欢过物品 0 的用户，画像是 -1，兴趣部分是 `[1, 1, -1]`，得分是 `[-inf, -1, 1]`。
# 没有历史的用户，得分是 `[-2, -2, 2]`。
# %%
def contextual_scores(histories, item_features, sentence, weight):
    ### BEGIN SOLUTION
    def unit(vectors):
        lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
        return vectors / np.where(lengths > 0, lengths, 1.0)

    mean = item_features.mean(axis=0)
    items, asked = unit(item_features - mean), unit(sentence - mean)
    profiles = unit(histories @ items)  # (n_users, dim); a sum has the direction of the mean
    scores = profiles @ items.T + weight * (items @ asked)  # (n_items,) is added to every user's row
    return np.where(histories, -np.inf, scores)
    ### END SOLUTION


# %%
check("contextual_scores")
# %% [markdown] lang="en" tags=["solution"]
# **What was wrong.**
#
# 1. One sentence and two users cannot be concatenated along dim 1: the numbers of rows differ. It stops here.
# 2. With the sentence repeated it runs, and glues user 0 to item 0 because both stand in row 0. Users and items must meet
#    in a product, since every user meets every item. The result is two rows of 774 columns, not users x items.
# 3. A full SVD multiplied back is its own input. Nothing was cut, so nothing was predicted.
# 4. Nothing ties the three blocks together: the history's columns are not the items of `features`, the sentence lives in
#    another space, and the block with the largest numbers would rule the SVD.
# 5. Nothing is hidden, ranked or tested. (And `torch.svd` gave way to `torch.linalg.svd`, which returns V'.)
# %% [markdown] lang="zh" tags=["solution"]
# **错在哪里**：
#
# 1. 一句话和两个用户不能在 dim 1 上拼接，因为行数不同。程序停在这里。
# 2. 把句子重复两遍就能运行，但用户 0 和物品 0 只因为都在第 0 行就被粘在一起。每个用户都要和每个物品相遇，
#    所以应该用矩阵乘积。结果是 2 行 774 列，而不是 用户 x 物品。
# 3. 完整的 SVD 乘回去就是输入本身。没有截断，就没有预测。
# 4. 三块之间没有任何联系：历史的列不是 `features` 里的物品，句子在另一个空间里，哪一块数值大，SVD 就由哪一块主导。
# 5. 没有过滤，没有排序，也没有评估。(另外 `torch.svd` 已由 `torch.linalg.svd` 取代，后者返回的是 V'。)
# %% tags=["solution"]
import torch

sentence = torch.randn(1, 768, generator=torch.Generator().manual_seed(0))  # stands for the encoder's output
histories = torch.tensor([[1.0, 0.0, 1.0], [0.0, 1.0, 1.0]])
features = torch.tensor([[0.2, 0.7, 0.1], [0.9, 0.1, 0.4]])
try:
    torch.cat([sentence, histories, features], dim=1)
except RuntimeError as error:
    print(error)

together = torch.cat([sentence.expand(2, -1), histories, features], dim=1)  # the first fault patched
U, S, Vt = torch.linalg.svd(together, full_matrices=False)
assert torch.allclose(U * S @ Vt, together, atol=1e-4)  # the "scores" are the input
# %% [markdown] lang="en" tags=["solution"]
# The mended program on the example, and its taste part beside `ContentProfile` of the course, which does the same for the
# users of a `Dataset`. It learns nothing from other people; what does is the SVD above, and `ridge_map` joins the two.
# %% [markdown] lang="zh" tags=["solution"]
# 用修好的程序算一遍例子，再把兴趣部分和课程里的 `ContentProfile` 对照：后者对 `Dataset` 里的用户做的是同样的事。
# 它不从其他人身上学习；会学的是前面的 SVD，而 `ridge_map` 把两者连了起来。
# %% tags=["solution"]
from recsys_lessons import ContentProfile

histories = np.array([[True, False, False], [False, False, False]])
print(contextual_scores(histories, np.array([[1.0], [2.0], [6.0]]), np.array([5.0]), 2.0))

vectors = np.random.default_rng(0).normal(size=(20, 8))
ours = contextual_scores(likes > 0, vectors, vectors[0], weight=0.0)
theirs = ContentProfile(vectors).fit(train).scores()
assert np.allclose(ours[likes == 0], theirs[likes == 0], atol=1e-5)
# %% [markdown] lang="en"
# ## Afterwards
#
# `progress()` shows what is passed. In a terminal, `recsys-lessons check exercises/03_svd_scoring.ipynb` checks this
# notebook in a process of its own. A worked answer to each exercise is in `solutions/03_svd_scoring.ipynb`.
#
# **To say it aloud.** A truncated SVD scores a history h by h V V', so it serves people who were never in training, and
# every score splits exactly into what each liked item adds. At full rank it repeats its input. New items get a row of V by
# ridge regression from their content. FunkSVD shares the name only: gradient steps on observed ratings, with biases, each
# side updated from the other's old value. And users meet items in a product, never in a concatenated row.
# %% [markdown] lang="zh"
# ## 做完之后
#
# `progress()` 显示哪些已经通过。在终端里运行 `recsys-lessons check exercises/zh/03_svd_scoring.ipynb`，
# 会在单独的进程里检查这本 notebook。每题的参考答案在 `solutions/zh/03_svd_scoring.ipynb`。
#
# **试着说出来**：截断 SVD 用 h V V' 给历史 h 打分，所以不在训练集里的人也能得到推荐，而且每个得分都能精确拆成各个喜欢过的物品的贡献。
# 满秩时它只是重复输入。新物品在 V 中的行，由内容经岭回归得到。FunkSVD 只是名字相同：在观察到的评分上做梯度下降，带偏置，
# 两边各用对方的旧值更新。用户和物品要在矩阵乘积里相遇，而不是拼在同一行。
