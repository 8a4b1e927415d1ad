# %% [markdown] lang="en"
# # Exercises 02: centring without a leak, and batches by a token budget
#
# Two functions of the text encoder that lesson 02 takes apart: one decides what the vectors mean, the other what they
# cost. **Time**: 25 minutes. **Before**: lesson `02_text_to_vectors`.
#
# Write your answer in place of `...`, run the cell, then run the check below it. A check calls your function on fresh
# random inputs. Where an answer is wrong it names the rule that does not hold, and the smallest input that shows it.
# Stuck? Open a new cell and type `hint("center")`. There are three hints an exercise, one more with each call.
# %% [markdown] lang="zh"
# # 练习 02：不泄漏的去均值，按 token 预算分批
#
# 这两个函数都来自第 02 课拆开讲过的文本编码器：一个决定向量能说明什么，一个决定编码的开销有多大。**用时**：25 分钟。
# **基础**：第 02 课 `02_text_to_vectors`。
#
# 把 `...` 换成你的答案，运行这个单元，再运行下面的检查。检查会用新生成的随机输入调用你的函数；
# 答案不对时，会告诉你哪条规则不满足，并给出能说明问题的最小输入。
# 卡住了就新建一个单元，输入 `hint("center")`：每题有三级提示，每调用一次多给一级。
# %%
from recsys_lessons.practice import check, hint, progress  # noqa: F401


# %% [markdown] lang="en"
# ## 1. `center`
#
# **The interview question.** *Why centre sentence embeddings before you compare them, and with which mean?*
#
# ```python
# def center(embeddings, reference): ...   # -> torch.Tensor
# ```
#
# - `embeddings`: a float tensor `(n, dim)`, the rows to be centred: a query, a batch, the test items.
# - `reference`: a float tensor `(m, dim)` with at least one row: the rows that training may see. The mean is taken over
#   these rows and no others; a mean that looks at test rows leaks, and one taken over a single query leaves nothing of
#   it.
# - Returns `(n, dim)` in the dtype of `embeddings`: each row less that mean, then scaled to Euclidean length 1. A row
#   equal to the mean has no direction and stays zero. Both arguments are left as they are.
#
# **Example.** `reference = [[1, 0], [1, 2]]` has the mean `[1, 1]`. The row `[4, 5]` lies `[3, 4]` away from it, at a
# distance of 5, so it becomes `[0.6, 0.8]`. The row `[1, 1]` becomes `[0, 0]`.
# %% [markdown] lang="zh"
# ## 1. `center`
#
# **面试题**：*比较句向量之前为什么要去均值？这个均值该用哪些数据来算？*
#
# ```python
# def center(embeddings, reference): ...   # -> torch.Tensor
# ```
#
# - `embeddings`：形状 `(n, dim)` 的浮点张量，要去均值的各行：一条查询、一个批次，或测试物品。
# - `reference`：形状 `(m, dim)` 的浮点张量，至少一行：训练时允许看到的数据。均值只由这些行算出。
#   用到测试数据的均值就是泄漏；只用一条查询自己来算，减完什么也不剩。
# - 返回：形状 `(n, dim)`、dtype 与 `embeddings` 相同的张量，每一行先减去这个均值，再缩放到欧氏长度 1。
#   与均值相等的行没有方向，保持为 0。不要改动两个参数。
#
# **例子**：`reference = [[1, 0], [1, 2]]` 的均值是 `[1, 1]`。行 `[4, 5]` 与它相差 `[3, 4]`，距离为 5，
# 所以变成 `[0.6, 0.8]`。行 `[1, 1]` 变成 `[0, 0]`。
# %%
def center(embeddings, reference):
    ### BEGIN SOLUTION
    import torch

    moved = embeddings - reference.mean(dim=0)
    return torch.nn.functional.normalize(moved, dim=1)
    ### END SOLUTION


# %%
check("center")
# %% [markdown] lang="en" tags=["solution"]
# `normalize` divides by the length, but never by less than a tiny number, which is why a row of zeros stays zero. The
# package's own function agrees; it also refuses arguments whose `dim` differ, where torch might broadcast in silence.
# %% [markdown] lang="zh" tags=["solution"]
# `normalize` 除以长度，但除数有一个极小的下限，所以全 0 的行保持为 0。它和课程包里的函数结果一致；
# 课程包里的函数还会拒绝 `dim` 不同的参数，torch 遇到这种情况可能悄悄广播。
# %% tags=["solution"]
import torch

from recsys_lessons.encoders import base

torch.manual_seed(0)
rows, seen = torch.randn(16, 8) + 3, torch.randn(40, 8) + 3
torch.testing.assert_close(center(rows, seen), base.center(rows, seen))


# %% [markdown] lang="en"
# ## 2. `token_budget_batches`
#
# **The interview question.** *You have a million texts of very different length to encode. How do you form the batches,
# and why not 32 texts at a time, in the order of the file?*
#
# ```python
# def token_budget_batches(lengths, budget): ...   # -> list of lists of row numbers
# ```
#
# - `lengths`: a list of whole numbers, 1 or more: the tokens of each row. It may be empty.
# - `budget`: how many tokens a batch may hold, padding included: rows x the longest row of the batch. Below 1, raise
#   `ValueError`.
# - Returns a list of batches, each a list of row numbers (from 0); together they hold every row once, and no
#   batch is empty.
#   - Rows are taken from the longest to the shortest; of equal lengths, the earlier row comes first.
#   - A batch takes as many rows as fit; exactly the budget still fits.
#   - A row longer than the budget is not lost: it travels alone.
#
# **Example.** `lengths = [2, 7, 3, 2]`, `budget = 6`. Row 1 is longer than the budget and travels alone. Row 2 comes
# next: two rows of 3 fit, so row 0 joins it. Row 3 is left: the answer is `[[1], [2, 0], [3]]`.
# %% [markdown] lang="zh"
# ## 2. `token_budget_batches`
#
# **面试题**：*有一百万条长短不一的文本要编码，怎样组批？为什么不按文件顺序每 32 条一批？*
#
# ```python
# def token_budget_batches(lengths, budget): ...   # -> 由行号列表组成的列表
# ```
#
# - `lengths`：整数列表，每个不小于 1，是各行的 token 数。可以为空。
# - `budget`：一个批次最多容纳多少 token，填充也算在内：行数 x 这一批里最长的行。小于 1 时抛出 `ValueError`。
# - 返回：批次的列表，每个批次是行号(从 0 开始)的列表；所有批次合起来，每一行恰好出现一次，没有空批次。
#   - 从最长的行到最短的行依次取；长度相同时，行号小的在前。
#   - 每一批尽量装满；恰好等于预算也算装得下。
#   - 超过预算的行不能丢，它单独成一批。
#
# **例子**：`lengths = [2, 7, 3, 2]`，`budget = 6`。行号 1 超过预算，单独成一批。接着是行号 2：
# 长度为 3 时装得下两行，所以行号 0 和它一批。剩下行号 3：答案是 `[[1], [2, 0], [3]]`。
# %%
def token_budget_batches(lengths, budget):
    ### BEGIN SOLUTION
    if budget < 1:
        raise ValueError(f"the budget is {budget}; it must be 1 or more.")
    order = sorted(range(len(lengths)), key=lambda row: -lengths[row])
    batches = []
    start = 0
    while start < len(order):
        longest = lengths[order[start]]
        size = max(1, budget // longest)  # 0 would walk on the spot for ever
        batches.append(order[start : start + size])
        start += size
    return batches
    ### END SOLUTION


# %%
check("token_budget_batches")
# %% [markdown] lang="en" tags=["solution"]
# The package's own function gives the same batches. It hands them out one by one, so that encoding starts at once, and
# because the longest rows come first, a budget too large for the memory fails in the first second, not in the last.
# %% [markdown] lang="zh" tags=["solution"]
# 课程包里的函数给出同样的批次，只是逐批产出，编码可以立刻开始。最长的行排在最前，预算如果大到显存放不下，
# 第一秒就会报错，而不是跑到最后才报。
# %% tags=["solution"]
import numpy as np

rng = np.random.default_rng(0)
for _ in range(200):
    lengths = rng.integers(1, 60, size=rng.integers(0, 50)).tolist()
    budget = int(rng.integers(1, 300))
    assert token_budget_batches(lengths, budget) == list(base.token_budget_batches(lengths, budget))
# %% [markdown] lang="en"
# ## Afterwards
#
# `progress()` shows what is passed. In a terminal, `recsys-lessons check exercises/02_text_to_vectors.ipynb` checks this
# notebook in a process of its own. A worked answer to each exercise is in `solutions/02_text_to_vectors.ipynb`.
#
# **To say it aloud.** The mean is part of the model: it comes from the rows that training may see, is stored, and is
# used unchanged on every query and every new item. A batch costs its rows times its longest row, so put rows of like
# length together and fix the product, not the number of rows.
# %% [markdown] lang="zh"
# ## 做完之后
#
# `progress()` 显示哪些已经通过。在终端里运行 `recsys-lessons check exercises/zh/02_text_to_vectors.ipynb`，
# 会在单独的进程里检查这本 notebook。
# 每题的参考答案在 `solutions/zh/02_text_to_vectors.ipynb`。
#
# **试着说出来**：均值是模型的一部分：用训练时能看到的数据算出来，存好，之后对每条查询、每个新物品都用同一个均值。
# 一个批次的开销是行数乘以最长的行，所以把长度相近的放在一起，固定的是这个乘积，而不是行数。
