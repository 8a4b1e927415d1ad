# %% [markdown] lang="en"
# # Exercises 06: new items, new users, and what to show while nobody knows
#
# Three functions behind lesson 06: a weight that moves from content to clicks as the clicks come in, an interview that
# asks a new user what tells most, and LinUCB, which shows an item in order to learn about it. **Time**: 60 minutes, in
# any number of sittings. **Before**: lesson `06_cold_start`; numpy, and entropy in bits.
#
# Write your answer in place of `...`, run the cell, then run the check below it. A check calls your function on fresh
# random inputs. Where an answer is wrong it names the rule that does not hold, and the smallest input that shows it.
# Stuck? Open a new cell and type `hint("blend_weight")`. There are three hints an exercise, one more with each call.
#
# Every function leaves its arguments as they are.
# %% [markdown] lang="zh"
# # 练习 06：新物品、新用户，以及还一无所知时展示什么
#
# 第 06 课背后的三个函数：随着点击增多，从内容逐渐转向点击的权重；向新用户问最能说明问题的几个物品；以及为了学习而展示的 LinUCB。
# **用时**：60 分钟，可以分几次做。**基础**：第 06 课 `06_cold_start`；会用 numpy，知道以比特为单位的熵。
#
# 把 `...` 换成你的答案，运行这个单元，再运行下面的检查。检查会用新生成的随机输入调用你的函数；
# 答案不对时，会告诉你哪条规则不满足，并给出能说明问题的最小输入。
# 卡住了就新建一个单元，输入 `hint("blend_weight")`：每题有三级提示，每调用一次多给一级。
#
# 所有函数都不修改传入的参数。
# %%
import numpy as np

from recsys_lessons.practice import check, hint, progress  # noqa: F401


# %% [markdown] lang="en"
# ## 1. `blend_weight`
#
# **The interview question.** *You have a collaborative model and a content model. How do you serve new and old items
# from one list, without a threshold at which an item's score jumps?*
#
# ```python
# def blend_weight(warm, cold, likes, kappa): ...   # -> np.ndarray
# ```
#
# - `warm`, `cold`: `(n_users, n_items)`, the scores of the collaborative model and of the content model. Any finite
#   numbers, in units of their own.
# - `likes`: `(n_users, n_items)`, boolean, who liked what in training. An item's n is how many people liked it.
# - `kappa`: a number above 0: at how many likes both models count the same.
# - Returns `(n_users, n_items)` floats. Each row of `warm` and of `cold` is standardised by itself: minus its mean, over
#   its standard deviation (`np.std`, which divides by the number of items). A row of equal scores becomes zeros. Then an
#   item with n likes gets n / (n + kappa) of the standardised warm score, and the rest, kappa / (n + kappa), of the cold
#   one.
#
# **Example.** One user, two items: `warm = [[10, 30]]`, `cold = [[0.7, 0.2]]`, `likes = [[False, True]]`, `kappa = 3`.
# Standardised, these are `[[-1, 1]]` and `[[1, -1]]`. Item 0 is new and takes the cold 1. Item 1 has one like, so 1/4 of the
# warm 1 and 3/4 of the cold -1 make -0.5. The answer is `[[1, -0.5]]`.
# %% [markdown] lang="zh"
# ## 1. `blend_weight`
#
# **面试题**：*手里有一个协同过滤模型和一个内容模型。怎样让新老物品排进同一个列表，又不设一个会让得分突然跳变的阈值？*
#
# ```python
# def blend_weight(warm, cold, likes, kappa): ...   # -> np.ndarray
# ```
#
# - `warm`、`cold`：形状 `(n_users, n_items)`，协同过滤模型和内容模型各自的得分。可以是任意有限的数，两者单位不同。
# - `likes`：形状 `(n_users, n_items)` 的布尔数组，训练集里谁喜欢过什么。物品的 n 就是喜欢它的人数。
# - `kappa`：大于 0 的数，表示有多少次喜欢时两个模型各占一半。
# - 返回：形状 `(n_users, n_items)` 的浮点数组。`warm` 和 `cold` 的每一行各自标准化：减去该行均值，除以该行标准差
#   (`np.std`，除以物品数)；一行全相等时变成 0。然后，有 n 个人喜欢的物品，取标准化后 warm 得分的 n / (n + kappa)，
#   其余的 kappa / (n + kappa) 取自 cold。
#
# **例子**：一个用户、两个物品：`warm = [[10, 30]]`，`cold = [[0.7, 0.2]]`，`likes = [[False, True]]`，`kappa = 3`。
# 标准化后分别是 `[[-1, 1]]` 和 `[[1, -1]]`。物品 0 是新的，直接用 cold 的 1；物品 1 有一个人喜欢，
# 1/4 的 warm (1) 加 3/4 的 cold (-1)，得 -0.5。答案是 `[[1, -0.5]]`。
# %%
def blend_weight(warm, cold, likes, kappa):
    ### BEGIN SOLUTION
    def standardised(scores):
        flat = scores.max(axis=1, keepdims=True) == scores.min(axis=1, keepdims=True)  # a spread of 0, but for rounding
        spread = np.where(flat, 1.0, scores.std(axis=1, keepdims=True))
        return (scores - scores.mean(axis=1, keepdims=True)) / spread

    n = likes.sum(axis=0)  # (n_items,), the same for every user
    share = n / (n + kappa)
    return share * standardised(warm) + (1 - share) * standardised(cold)
    ### END SOLUTION


# %%
check("blend_weight")
# %% [markdown] lang="en" tags=["solution"]
# The weight is that of a mean of n observations against a prior worth kappa of them, as in a smoothed average rating. It
# has no jump: one more click moves it by little, and less and less. The scale of either model does not matter, which is
# what standardising is for. The parts of `CountBlend` in the course give the same scores.
# %% [markdown] lang="zh" tags=["solution"]
# 这个权重就是"n 次观察的平均"与"相当于 kappa 次观察的先验"之间的折中，和平滑平均分是同一个公式。它没有跳变：
# 多一次点击只挪动一点，而且越来越少。两个模型各自的尺度都不影响结果，这正是标准化的目的。
# 课程里的 `CountBlend` 由同样的两步组成，得分一致。
# %% tags=["solution"]
from recsys_lessons.recommenders.blend import count_weight, standardise

rng = np.random.default_rng(0)
warm, cold, likes = rng.normal(size=(5, 40)), rng.normal(size=(5, 40)), rng.random((5, 40)) < 0.3
assert np.allclose(blend_weight(warm, cold, likes, 2.0), blend_weight(1000 * warm + 7, cold / 50, likes, 2.0))

share = count_weight(likes.sum(axis=0), 2.0)
theirs = share * standardise(warm) + (1 - share) * standardise(cold)
assert np.allclose(blend_weight(warm, cold, likes, 2.0), theirs, atol=1e-5)

steps = np.diff([n / (n + 5.0) for n in range(100)])
assert (np.diff(steps) < 0).all() and steps.max() < 0.17  # every click moves the weight less than the one before


# %% [markdown] lang="en"
# ## 2. `interview_items`
#
# **The interview question.** *A new user will answer three questions of the kind "did you like this one?". Which items
# do you ask about, and why not the three best known?*
#
# ```python
# def interview_items(answers, n): ...   # -> list of int
# ```
#
# - `answers`: a list of texts of equal length, one for each person of the training data. Character j is what that person
#   says about item j: `"+"` liked it, `"-"` did not, `"?"` does not know it.
# - `n`: how many questions, from 1 to the number of items.
# - Returns n different item numbers, in the order in which they are asked. Each question is chosen greedily: of the items
#   not asked yet, the one that makes the **joint entropy** of all answers so far largest. Take for everybody the tuple of
#   their answers to the questions asked and to the new one; with p the share of people who gave a certain tuple, the
#   joint entropy is -Σ p log2 p, over the tuples that occur. `"?"` is an answer like the others. Of equally good items,
#   the one with the lower number is asked.
#
# **Example.** `answers = ["+++", "++-", "--+", "--+"]`, `n = 2`. Items 0 and 1 split the four people two and two: 1 bit.
# Item 2 splits them three and one: 0.81 bits. Item 0 is asked first. Given its answers, item 1 adds nothing: the pairs are
# `++` twice and `--` twice, still 1 bit. With item 2 the pairs are `++`, `+-` and twice `-+`: 1.5 bits. The answer is `[0, 2]`.
#
# No check has two items that only the rounding of a logarithm could tell apart.
# %% [markdown] lang="zh"
# ## 2. `interview_items`
#
# **面试题**：*新用户愿意回答三个「这个你喜欢吗」的问题。你会问哪三个物品？为什么不直接问最有名的三个？*
#
# ```python
# def interview_items(answers, n): ...   # -> 整数列表
# ```
#
# - `answers`：等长字符串的列表，训练数据里每人一个。第 j 个字符是这个人对物品 j 的回答：`"+"` 喜欢，`"-"` 不喜欢，
#   `"?"` 不知道这个物品。
# - `n`：问几个问题，从 1 到物品数。
# - 返回：n 个互不相同的物品编号，按提问的先后排列。每一步都贪心地选：在还没问过的物品里，选能让目前所有答案的**联合熵**
#   最大的那个。具体地说，对每个人，把他对已问各题和这道新题的回答排成一个元组；设 p 是给出某个元组的人的比例，
#   联合熵就是 -Σ p log2 p，对出现过的元组求和。`"?"` 和另外两种答案一样计数。同样好时选编号小的。
#
# **例子**：`answers = ["+++", "++-", "--+", "--+"]`，`n = 2`。物品 0 和 1 都把四个人分成二比二，是 1 比特；
# 物品 2 分成三比一，是 0.81 比特。所以先问物品 0。有了它的答案，物品 1 什么也不增加：两人是 `++`、两人是 `--`，仍是 1 比特；
# 换成物品 2，则是 `++`、`+-` 和两个 `-+`，共 1.5 比特。答案是 `[0, 2]`。
#
# 检查里不会出现只差在对数舍入误差上的两个物品。
# %%
def interview_items(answers, n):
    ### BEGIN SOLUTION
    from collections import Counter

    def bits(columns):
        counts = Counter(tuple(person[column] for column in columns) for person in answers)
        shares = np.array(list(counts.values())) / len(answers)
        return -(shares * np.log2(shares)).sum()

    asked = []
    for _ in range(n):
        left = [column for column in range(len(answers[0])) if column not in asked]
        asked.append(max(left, key=lambda column: bits([*asked, column])))  # max takes the first of equal ones
    return asked
    ### END SOLUTION


# %%
check("interview_items")
# %% [markdown] lang="en" tags=["solution"]
# People of two tastes, and eight items. Four well-known items belong to the first taste and say the same thing four
# times; three questions by popularity leave more people looking alike than three that were chosen together.
#
# `choose_interview_items` of the course walks the same way, group by group, and values a question by something closer to
# the purpose than bits: how far apart it sets the tastes of those who answer differently.
# %% [markdown] lang="zh" tags=["solution"]
# 有两种相互独立的喜好和八个物品，其中四个有名的物品都与第一种喜好有关，等于把同一件事说了四遍。
# 按知名度问三题，答案相同、分不开的人更多；一起选出来的三题则能把人分得更细。
#
# 课程里的 `choose_interview_items` 走的是同一条路，也是一组一组地分，只是不用比特衡量问题的价值，
# 而用更贴近目的的量：回答不同的人，兴趣相差多远。
# %% tags=["solution"]
from collections import Counter

first, second = rng.random(400) < 0.5, rng.random(400) < 0.5
likes_it = np.array([first] * 4 + [second] * 4).T ^ (rng.random((400, 8)) < 0.05)  # a twentieth answers otherwise
knows_it = rng.random((400, 8)) < [0.99] * 4 + [0.9] * 4
answers = ["".join(row) for row in np.where(knows_it, np.where(likes_it, "+", "-"), "?")]


def alike(columns):
    """The chance that two people gave the same answers to all of these."""
    counts = np.array(list(Counter(tuple(person[c] for c in columns) for person in answers).values()))
    return float((counts**2).sum() / len(answers) ** 2)


best_known = sorted(range(8), key=lambda column: -knows_it[:, column].sum())[:3]
assert alike(interview_items(answers, 3)) < alike(best_known)
assert {column // 4 for column in interview_items(answers, 2)} == {0, 1}  # one question for each taste


# %% [markdown] lang="en"
# ## 3. `linucb_update`
#
# **The interview question.** *How does LinUCB decide which new item to show, what does it update after a click or no
# click, and how do you avoid inverting a matrix at every step?*
#
# ```python
# def linucb_update(inverses, totals, x, arm, reward, alpha=1.0): ...   # -> (inverses, totals, bounds)
# ```
#
# Each arm, an item that may be shown, has a ridge regression of its own (Li et al. 2010): a matrix A = I + Σ x x' and a
# vector b = Σ reward x, both over the times when it was shown.
#
# - `inverses`: `(n_arms, dim, dim)`, the **inverse** of every arm's A. `totals`: `(n_arms, dim)`, every arm's b.
# - `x`: `(dim,)` floats, the features of who is there now. `arm`: the number of the arm that was shown to them.
# - `reward`: a number, or True and False for a click and none. `alpha`: 0 or more, how much doubt is worth.
# - Returns a tuple of three new arrays: `inverses` and `totals` after this observation, and the upper bound of **every** arm
#   for this x, `(n_arms,)`, computed from the state after it: theta' x + alpha sqrt(x' A⁻¹ x), where theta = A⁻¹ b.
#
# Only the arm that was shown learns. Its A grows by the outer product x x', whatever the reward. Sherman and Morrison
# (1950) give the new inverse from the old one, V, without inverting anything:
#
# V - (V x) (V x)' / (1 + x' V x).
#
# **Example.** Two arms, one dimension: `inverses = [[[1]], [[1]]]`, `totals = [[0], [0]]`, `x = [2]`, `arm = 0`,
# `reward = 5`, `alpha = 1`. For arm 0, V x = 2 and x' V x = 4, so its inverse becomes 1 - 4 / 5 = 0.2, which is 1 / (1 + 4),
# and its b becomes 10. Then theta = 0.2 x 10 = 2, the estimate is 4, the width is sqrt(4 x 0.2) = 0.89, and the bound 4.89. Arm 1 is as
# it was: estimate 0, width sqrt(4 x 1), bound 2.
# %% [markdown] lang="zh"
# ## 3. `linucb_update`
#
# **面试题**：*LinUCB 怎样决定展示哪个新物品？有点击和没有点击之后分别更新什么？怎样避免每一步都求逆矩阵？*
#
# ```python
# def linucb_update(inverses, totals, x, arm, reward, alpha=1.0): ...   # -> (inverses, totals, bounds)
# ```
#
# 每个臂(一个可以展示的物品)各有一个岭回归 (Li et al. 2010)：矩阵 A = I + Σ x x'，向量 b = Σ reward x，都只对展示过它的那些次求和。
#
# - `inverses`：形状 `(n_arms, dim, dim)`，每个臂的 A 的**逆矩阵**。`totals`：形状 `(n_arms, dim)`，每个臂的 b。
# - `x`：形状 `(dim,)` 的浮点数组，此刻来的人的特征。`arm`：展示给他的臂的编号。
# - `reward`：一个数，或者用 True、False 表示有没有点击。`alpha`：不小于 0，表示多看重"还不确定"。
# - 返回：三个新数组组成的元组：这次观察之后的 `inverses` 和 `totals`，以及**每个**臂对这个 x 的上界，形状 `(n_arms,)`。
#   上界用更新之后的状态计算：theta' x + alpha sqrt(x' A⁻¹ x)，其中 theta = A⁻¹ b。
#
# 只有展示过的臂会学习。不论 reward 是多少，它的 A 都增加外积 x x'。Sherman 和 Morrison (1950) 的公式不用求逆，
# 就能从旧的逆矩阵 V 得到新的：
#
# V - (V x) (V x)' / (1 + x' V x)。
#
# **例子**：两个臂、一维：`inverses = [[[1]], [[1]]]`，`totals = [[0], [0]]`，`x = [2]`，`arm = 0`，`reward = 5`，`alpha = 1`。
# 对臂 0：V x = 2，x' V x = 4，逆变成 1 - 4 / 5 = 0.2，也就是 1 / (1 + 4)；b 变成 10。于是 theta = 0.2 x 10 = 2，估计值是 4，
# 宽度是 sqrt(4 x 0.2) = 0.89，上界 4.89。臂 1 保持原样：估计值 0，宽度 sqrt(4 x 1)，上界 2。
# %%
def linucb_update(inverses, totals, x, arm, reward, alpha=1.0):
    ### BEGIN SOLUTION
    inverses, totals = inverses.copy(), totals.copy()
    along = inverses[arm] @ x
    inverses[arm] -= np.outer(along, along) / (1 + x @ along)
    totals[arm] += reward * x

    thetas = np.einsum("aij,aj->ai", inverses, totals)
    widths = np.sqrt(np.einsum("i,aij,j->a", x, inverses, x))
    return inverses, totals, thetas @ x + alpha * widths
    ### END SOLUTION


# %%
check("linucb_update")
# %% [markdown] lang="en" tags=["solution"]
# After a hundred observations the state is that of a ridge regression on all of them, to rounding: learning one by one
# loses nothing. And where an arm was shown in one direction only, doubt is left in the others.
#
# `LinUCB` of the course takes the same step. It has one theta for all arms, where x describes person and item together,
# so that a new item profits from what others have taught; yours, with a theta each, knows nothing of it.
# %% [markdown] lang="zh" tags=["solution"]
# 一百次观察之后，状态与一次性在全部数据上做的岭回归相同，只差舍入误差：逐条学习没有任何损失。
# 如果一个臂只在一个方向上展示过，其他方向上的不确定性就还在。
#
# 课程里的 `LinUCB` 走的是同样的一步，只是所有臂共用一个 theta，x 同时描述人和物品，所以新物品能用上从别的物品学到的东西；
# 你写的这个版本每个臂各有一个 theta，新物品只能从头学起。
# %% tags=["solution"]
from sklearn.linear_model import Ridge

from recsys_lessons.recommenders.bandits import LinUCB

policy = LinUCB(3)
inverses, totals = np.eye(3)[None], np.zeros((1, 3))
people, rewards = rng.normal(size=(100, 3)), rng.normal(size=100)
for x, reward in zip(people, rewards, strict=True):
    inverses, totals, bounds = linucb_update(inverses, totals, x, 0, reward)
    policy.update(x, reward)
    assert np.allclose(bounds, policy.values(x[None]))  # with one arm, one theta each is one for all
assert np.allclose(inverses[0] @ totals[0], Ridge(alpha=1.0, fit_intercept=False).fit(people, rewards).coef_)

inverses, totals, _ = linucb_update(np.eye(2)[None], np.zeros((1, 2)), np.array([3.0, 0.0]), 0, False)
assert inverses[0, 0, 0] < 0.2 and inverses[0, 1, 1] == 1.0


# %% [markdown] lang="en"
# ## A challenge, without a check
#
# Ten new items, people who are vectors of five numbers, and clicks whose chance is a linear function of the person, with
# weights that each item keeps to itself. With your `linucb_update`, play a thousand rounds: show the item with the
# largest bound, draw the click, update. The regret of a round is the chance of the best item less that of the item
# shown. Draw the sum of the regret for alpha 0 (which is greedy) and for alpha 0.5, each the mean of ten worlds. Then say
# what happens to the curve of an alpha that is far too large.
# %% [markdown] lang="zh"
# ## 挑战题(没有检查)
#
# 十个新物品，每个人是五个数的向量；点击概率是这个人的线性函数，权重只有物品自己知道。用你的 `linucb_update` 玩一千轮：
# 展示上界最大的物品，抽出是否点击，更新。一轮的遗憾 (regret) 是最好的物品的点击概率减去所展示物品的点击概率。
# 画出 alpha 为 0(即贪心)和 0.5 时累计遗憾的曲线，各取十个世界的平均。再说说 alpha 大得离谱时曲线会怎样。
# %% tags=["solution"]
def regrets(alpha, seed, rounds=1000, n_arms=10, dim=5):
    rng = np.random.default_rng(seed)
    weights = rng.dirichlet(np.ones(dim), size=n_arms)  # hidden; with people between 0 and 1, a chance
    inverses, totals, lost = np.tile(np.eye(dim), (n_arms, 1, 1)), np.zeros((n_arms, dim)), []
    for person in rng.random((rounds, dim)) ** 3:
        widths = np.sqrt(np.einsum("i,aij,j->a", person, inverses, person))
        shown = int((np.einsum("aij,aj->ai", inverses, totals) @ person + alpha * widths).argmax())
        chances = weights @ person
        lost.append(chances.max() - chances[shown])
        inverses, totals, _ = linucb_update(inverses, totals, person, shown, rng.random() < chances[shown], alpha)
    return np.cumsum(lost)


curves = {alpha: np.mean([regrets(alpha, seed) for seed in range(10)], axis=0) for alpha in (0.0, 0.5, 20.0)}
# %% tags=["solution"]
from recsys_lessons.plots import PALETTE, Picture

figure = Picture(6, 3.2)
axes = figure.add_subplot()
for colour, (alpha, curve) in zip(PALETTE, curves.items(), strict=False):
    axes.plot(curve, color=colour, label=f"alpha {alpha:g}")
axes.set(xlabel="round", ylabel="regret so far", title="Greedy, curious, and far too curious")
axes.legend(frameon=False)
assert curves[0.5][-1] < curves[0.0][-1] < curves[20.0][-1]
figure
# %% [markdown] lang="en" tags=["solution"]
# Greedy may settle on an item that was lucky early, and never finds out; in such a world its regret grows for ever along
# a straight line. A little doubt, paid for at the beginning, bends the curve. An alpha that is far too large shows
# whatever is least known until everything is known, and for a thousand rounds that is worse than not exploring at all.
# These worlds are drawn to be linear, as LinUCB believes; real clicks are not, and there the width is only a guess.
# %% [markdown] lang="zh" tags=["solution"]
# 贪心可能停在一个早期碰巧走运的物品上，再也不会发现更好的；在这样的世界里，它的遗憾沿一条直线一直增长。
# 一开始付出一点探索的代价，曲线就弯下来了。alpha 大得离谱时，总在展示最不了解的物品，直到什么都了解为止；
# 只玩一千轮的话，还不如完全不探索。这些世界是按 LinUCB 的假设(线性)生成的；真实的点击并非如此，那时的宽度只是一个猜测。
# %% [markdown] lang="en"
# ## Afterwards
#
# `progress()` shows what is passed. In a terminal, `recsys-lessons check exercises/06_cold_start.ipynb` checks this
# notebook in a process of its own. A worked answer to each exercise is in `solutions/06_cold_start.ipynb`.
#
# **To say it aloud.** Content speaks for an item until its clicks can: the weight n / (n + kappa) goes from one to the
# other without a jump, on scores that were standardised for each user. A question is worth what it adds to the answers
# that are there already, so three famous items that split people the same way are one question. And LinUCB shows what is
# promising or unknown: estimate plus alpha times a square root, and the showing itself makes the item better known,
# click or not.
# %% [markdown] lang="zh"
# ## 做完之后
#
# `progress()` 显示哪些已经通过。在终端里运行 `recsys-lessons check exercises/zh/06_cold_start.ipynb`，
# 会在单独的进程里检查这本 notebook。每题的参考答案在 `solutions/zh/06_cold_start.ipynb`。
#
# **试着说出来**：在点击足够多之前，由内容替物品说话：权重 n / (n + kappa) 平滑地从一边过渡到另一边，前提是得分已按用户标准化。
# 一个问题的价值，是它在已有答案之外还能增加多少信息；三个把人群划分得一样的名作，其实只是一个问题。
# LinUCB 展示的是有希望的或者还不了解的物品：估计值加上 alpha 乘一个平方根；而展示本身就增加了解，不论有没有点击。
