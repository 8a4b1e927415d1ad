# %% [markdown] lang="en"
# # Exercises 00: recall at k, and mean pooling
#
# Two functions that lesson 00 leans on, and that interviewers like to ask for on a whiteboard. **Time**: 15 minutes.
# **Before**: lesson `00_start_here`.
#
# Write your answer in place of `...`, run the cell, then run the check below it. A check calls your function on fresh
# random inputs. Where an answer is wrong it names the rule that does not hold, and the smallest input that shows it.
# Stuck? Open a new cell and type `hint("recall_at_k")`. There are three hints an exercise, one more with each call.
# %% [markdown] lang="zh"
# # 练习 00：召回率与平均池化
#
# 这两个函数第 00 课都用到了，也是面试时常让人在白板上写的。**用时**：15 分钟。**基础**：第 00 课 `00_start_here`。
#
# 把 `...` 换成你的答案，运行这个单元，再运行下面的检查。检查会用新生成的随机输入调用你的函数；
# 答案不对时，会告诉你哪条规则不满足，并给出能说明问题的最小输入。
# 卡住了就新建一个单元，输入 `hint("recall_at_k")`：每题有三级提示，每调用一次多给一级。
# %%
from recsys_lessons.practice import check, hint, progress  # noqa: F401


# %% [markdown] lang="en"
# ## 1. `recall_at_k`
#
# **The interview question.** *What is recall@k, how does it differ from precision@k, and what do you do with a user
# who has nothing to find?*
#
# ```python
# def recall_at_k(ranked, relevant, k): ...   # -> float
# ```
#
# - `ranked`: a list of item ids, best first, without repetition. It may be shorter than `k`.
# - `relevant`: the ids that were right. A set, or a list that may name an item twice; it is still one item.
# - `k`: 1 or more. Ids are numbers or strings.
# - Returns the share of the relevant items that stand among the first `k`. With no relevant item, raise `ValueError`:
#   there was nothing to find, and a 0 would be held against the model.
#
# **Example.** `ranked = ["a", "b", "c"]`, `relevant = {"b", "x"}`. At `k = 1` nothing is found: 0. At `k = 2` one of
# the two relevant items is: 0.5. `"x"` was never ranked, so a larger `k` does not help.
# %% [markdown] lang="zh"
# ## 1. `recall_at_k`
#
# **面试题**：*recall@k 怎么算？和 precision@k 有什么区别？遇到测试集中没有任何相关物品的用户怎么办？*
#
# ```python
# def recall_at_k(ranked, relevant, k): ...   # -> float
# ```
#
# - `ranked`：物品 id 的列表，最好的排在最前，没有重复；长度可能小于 `k`。
# - `relevant`：真正相关的物品 id。可以是集合，也可以是列表；列表里重复出现的物品只算一个。
# - `k`：不小于 1。id 可以是数字或字符串。
# - 返回：相关物品中有多大比例排在前 `k` 位。没有相关物品时抛出 `ValueError`：本来就没有可找的，返回 0 等于怪罪模型。
#
# **例子**：`ranked = ["a", "b", "c"]`，`relevant = {"b", "x"}`。`k = 1` 时一个也没找到，召回率是 0；
# `k = 2` 时两个里找到一个，是 0.5。
# `"x"` 根本不在列表里，所以 `k` 再大也没用。
# %%
def recall_at_k(ranked, relevant, k):
    ### BEGIN SOLUTION
    wanted = set(relevant)
    if not wanted:
        raise ValueError("relevant is empty: there is nothing to find.")
    found = wanted & set(ranked[:k])
    return len(found) / len(wanted)
    ### END SOLUTION


# %%
check("recall_at_k")
# %% [markdown] lang="en" tags=["solution"]
# The package's own function gives the same on random rankings. It also refuses a ranking that names an item twice,
# which a model with a bug may well produce.
# %% [markdown] lang="zh" tags=["solution"]
# 在随机列表上，它和课程包里的函数结果一致。课程包里的函数还会拒绝有重复物品的推荐列表，
# 有缺陷的模型很可能给出这样的列表。
# %% tags=["solution"]
import numpy as np

from recsys_lessons import metrics

rng = np.random.default_rng(0)
for _ in range(200):
    ranked = rng.permutation(30)[: rng.integers(1, 30)].tolist()
    relevant = set(rng.integers(0, 30, size=5).tolist())
    k = int(rng.integers(1, 35))
    assert np.isclose(recall_at_k(ranked, relevant, k), metrics.recall_at_k(ranked, relevant, k))


# %% [markdown] lang="en"
# ## 2. `mean_pooling`
#
# **The interview question.** *How do you get one vector for a sentence out of a transformer's token vectors, and what
# goes wrong in a padded batch?*
#
# ```python
# def mean_pooling(hidden, mask): ...   # -> torch.Tensor
# ```
#
# - `hidden`: a tensor `(n, tokens, dim)`, the last hidden states of n texts.
# - `mask`: a tensor `(n, tokens)`, 1 for a real token and 0 for padding; integer, boolean or float. Padding may stand
#   on the right, on the left, or in between.
# - Returns `(n, dim)` in the dtype of `hidden`: for each text the mean of its real tokens' vectors. A row without a
#   real token gives zeros. `hidden` and `mask` are left as they are.
#
# **Example.** One text, three places, `dim = 2`: `hidden = [[[1, 4], [3, 0], [9, 9]]]` and `mask = [[1, 1, 0]]`. The
# last place is padding, so the answer is `[[(1 + 3) / 2, (4 + 0) / 2]]`, which is `[[2, 2]]`.
# %% [markdown] lang="zh"
# ## 2. `mean_pooling`
#
# **面试题**：*怎样把 Transformer 输出的各个 token 向量变成一个句向量？批量推理有填充时容易错在哪里？*
#
# ```python
# def mean_pooling(hidden, mask): ...   # -> torch.Tensor
# ```
#
# - `hidden`：形状 `(n, tokens, dim)` 的张量，n 段文本最后一层的隐藏状态。
# - `mask`：形状 `(n, tokens)` 的张量，真实 token 为 1，填充为 0；可以是整数、布尔或浮点类型。填充可能在右边、左边，
#   也可能在中间。
# - 返回：形状 `(n, dim)`、dtype 与 `hidden` 相同的张量，每段文本是其真实 token 向量的平均。一行全是填充时得到 0。
#   不要改动 `hidden` 和 `mask`。
#
# **例子**：一段文本，三个位置，`dim = 2`：`hidden = [[[1, 4], [3, 0], [9, 9]]]`，`mask = [[1, 1, 0]]`。
# 最后一个位置是填充，
# 所以答案是 `[[(1 + 3) / 2, (4 + 0) / 2]]`，也就是 `[[2, 2]]`。
# %%
def mean_pooling(hidden, mask):
    ### BEGIN SOLUTION
    weight = mask.to(hidden.dtype).unsqueeze(-1)
    total = (hidden * weight).sum(dim=1)
    return total / weight.sum(dim=1).clamp(min=1)
    ### END SOLUTION


# %%
check("mean_pooling")
# %% [markdown] lang="en" tags=["solution"]
# Again, the package's own function agrees. It is the one that the text encoder of lesson 00 uses.
# %% [markdown] lang="zh" tags=["solution"]
# 同样，它和课程包里的函数结果一致；第 00 课的文本编码器用的就是那个函数。
# %% tags=["solution"]
import torch

from recsys_lessons.encoders import base

torch.manual_seed(0)
hidden, mask = torch.randn(16, 12, 8), torch.randint(0, 2, (16, 12))
torch.testing.assert_close(mean_pooling(hidden, mask), base.mean_pooling(hidden, mask))
# %% [markdown] lang="en"
# ## Afterwards
#
# `progress()` shows what is passed. In a terminal, `recsys-lessons check exercises/00_start_here.ipynb` checks this
# notebook in a process of its own. A worked answer to each exercise is in `solutions/00_start_here.ipynb`.
#
# **To say it aloud.** Recall divides by what there was to find, precision by what was shown; a user with nothing to
# find is left out of the average and counted. Mean pooling multiplies by the mask and divides by the number of real
# tokens, so that a text's vector does not depend on the batch it travelled in.
# %% [markdown] lang="zh"
# ## 做完之后
#
# `progress()` 显示哪些已经通过。在终端里运行 `recsys-lessons check exercises/zh/00_start_here.ipynb`，
# 会在单独的进程里检查这本 notebook。
# 每题的参考答案在 `solutions/zh/00_start_here.ipynb`。
#
# **试着说出来**：召回率的分母是该找到的个数，精确率的分母是展示的个数；没有相关物品的用户不计入平均，但要报告有多少。
# 平均池化先乘 mask，
# 再除以真实 token 的个数，这样一段文本的向量不会随它所在的批次而改变。
