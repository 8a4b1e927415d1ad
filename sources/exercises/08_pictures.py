# %% [markdown] lang="en"
# # Exercises 08: pictures
#
# Two functions behind lesson 08: what has to happen to a picture before a pretrained network sees it, and the loss that
# teaches a sentence to find its picture. **Time**: 40 minutes, in any number of sittings. **Before**: lesson
# `08_pictures`; torch: `permute`, `cross_entropy`.
#
# Write your answer in place of `...`, run the cell, then run the check below it. A check calls your function on fresh
# random inputs. Where an answer is wrong it names the rule that does not hold, and the smallest input that shows it.
# Stuck? Open a new cell and type `hint("preprocess_batch")`. There are three hints an exercise, one more with each call.
#
# Every function returns new objects and leaves its arguments as they are.
# %% [markdown] lang="zh"
# # 练习 08：图片
#
# 第 08 课背后的两个函数：图片送进预训练网络之前要做的处理，以及让一句话学会找到对应图片的损失函数。
# **用时**：40 分钟，可以分几次做。**基础**：第 08 课 `08_pictures`；会用 torch 的 `permute` 和 `cross_entropy`。
#
# 把 `...` 换成你的答案，运行这个单元，再运行下面的检查。检查会用新生成的随机输入调用你的函数；
# 答案不对时，会告诉你哪条规则不满足，并给出能说明问题的最小输入。
# 卡住了就新建一个单元，输入 `hint("preprocess_batch")`：每题有三级提示，每调用一次多给一级。
#
# 所有函数都返回新对象，不修改传入的参数。
# %%
import numpy as np
import torch

from recsys_lessons.practice import check, hint, progress  # noqa: F401


# %% [markdown] lang="en"
# ## 1. `preprocess_batch`
#
# **The interview question.** *You feed covers to a pretrained image network and its neighbours look random. Which steps
# of the preprocessing do you check, and in which order do they come?*
#
# ```python
# def preprocess_batch(pictures, size, mean, std): ...   # -> torch.Tensor
# ```
#
# - `pictures`: a list of arrays `(h, w, c)`, uint8 from 0 to 255, each of its own size; c is 3 for red, green, blue, and
#   the same for all. `size`: pixels on a side of the result. `mean`, `std`: c numbers each, one a channel, of values on a
#   scale from 0 to 1.
# - Returns `(n, c, size, size)`, float32. For each picture, in this order:
#   1. the values divided by 255;
#   2. scaled so that the shorter side is `size` and the longer `size * longer // shorter`, by
#      `torch.nn.functional.interpolate` with `mode="bilinear", antialias=True`;
#   3. the middle cut out: of e rows (or columns) too many, `e // 2` go at the top (or on the left), the rest at the other
#      end;
#   4. less the channel's mean, divided by its std.
#
# **Example.** One grey picture of 1 x 3 pixels: `pictures = [np.array([[[0], [255], [51]]], dtype=np.uint8)]`,
# `size = 1`, `mean = (0.5,)`, `std = (0.25,)`. The shorter side is 1 already. The middle pixel, 255, becomes 1, and
# (1 - 0.5) / 0.25 = 2: the answer is `[[[[2.0]]]]`.
# %% [markdown] lang="zh"
# ## 1. `preprocess_batch`
#
# **面试题**：*把封面送进预训练的图像网络，找到的近邻却像是随机的。你会检查预处理的哪些步骤？它们的顺序是什么？*
#
# ```python
# def preprocess_batch(pictures, size, mean, std): ...   # -> torch.Tensor
# ```
#
# - `pictures`：数组的列表，每个形状 `(h, w, c)`，uint8，取值 0 到 255，尺寸各不相同；c 对所有图片相同，红绿蓝时是 3。
#   `size`：结果的边长(像素)。`mean`、`std`：各 c 个数，每个通道一个，针对 0 到 1 的值。
# - 返回：形状 `(n, c, size, size)` 的 float32 张量。对每张图片依次：
#   1. 除以 255；
#   2. 缩放，使短边为 `size`，长边为 `size * 长边 // 短边`，用 `torch.nn.functional.interpolate`，
#      参数 `mode="bilinear", antialias=True`；
#   3. 取正中间：多出 e 行(列)时，上边(左边)去掉 `e // 2`，其余从另一端去掉；
#   4. 减去该通道的 mean，再除以 std。
#
# **例子**：一张 1 x 3 像素的灰度图，`pictures = [np.array([[[0], [255], [51]]], dtype=np.uint8)]`，
# `size = 1`，`mean = (0.5,)`，`std = (0.25,)`。短边已经是 1。中间的像素 255 变成 1，
# (1 - 0.5) / 0.25 = 2，答案是 `[[[[2.0]]]]`。
# %%
def preprocess_batch(pictures, size, mean, std):
    ### BEGIN SOLUTION
    batch = []
    for picture in pictures:
        floats = torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 255  # interpolate wants (n, c, h, w)
        shape = tuple(size * side // min(floats.shape[2:]) for side in floats.shape[2:])
        scaled = torch.nn.functional.interpolate(floats, shape, mode="bilinear", antialias=True)
        top, left = ((side - size) // 2 for side in shape)
        batch.append(scaled[:, :, top : top + size, left : left + size])
    return (torch.cat(batch) - torch.tensor(mean).view(-1, 1, 1)) / torch.tensor(std).view(-1, 1, 1)
    ### END SOLUTION


# %%
check("preprocess_batch")
# %% [markdown] lang="en" tags=["solution"]
# None of these mistakes raises an error: the network takes any numbers of the right shape, and what comes out has the
# right shape too. So the steps are read off the model's own description and tested on one picture. The course lets Pillow
# do the scaling, on whole numbers, which is quicker and differs by less than one of 255 steps; whether to cut or to
# squeeze is its choice as well, since a cover's title often stands at the edge.
# %% [markdown] lang="zh" tags=["solution"]
# 这些错误没有一个会报错：只要形状对，什么数值网络都接收，输出的形状也对。所以各个步骤要照模型自己的说明来写，
# 并用一张图片验证。课程里的缩放交给 Pillow，在整数上做，更快，平均误差不到 255 级中的一级；
# 裁剪还是压扁也是一个选择，因为封面的标题常常在边缘。
# %% tags=["solution"]
from recsys_lessons.encoders.pictures import read_picture

rng = np.random.default_rng(0)
cover = rng.integers(0, 256, (90, 64, 3)).astype(np.uint8)
mine = preprocess_batch([cover], 32, (0.0, 0.0, 0.0), (1.0, 1.0, 1.0))[0]
course = read_picture(cover, 32, interpolation="bilinear", crop=1.0) / 255
assert mine.shape == course.shape and (mine - course).abs().mean() < 1 / 255


# %% [markdown] lang="en"
# ## 2. `contrastive_loss`
#
# **The interview question.** *How is CLIP trained so that a sentence finds a picture? Write the loss, and say what the
# temperature and the size of the batch do.* (Radford et al. 2021.)
#
# ```python
# def contrastive_loss(text, pictures, temperature): ...   # -> torch.Tensor
# ```
#
# - `text`, `pictures`: `(n, dim)`, float32, of any length but 0; text i belongs to picture i. `temperature`: above 0.
# - Returns one number, a tensor without dimensions. The similarity of text i and picture j is their cosine, divided by the
#   temperature. Every text is a question with n answers, all the pictures: it costs minus the log of the share that a
#   softmax over its n similarities gives the right picture. Every picture is a question about the n texts in the same
#   way. The loss is the mean over all 2n questions.
# - A temperature as low as 0.01 must not overflow.
#
# **Example.** `text = [[1], [-1]]`, `pictures = [[2], [-3]]`, `temperature = 1`. The cosines are `[[1, -1], [-1, 1]]`.
# Each of the four questions gives the right answer the share e / (e + 1/e) = 0.88, so the loss is -ln 0.88 = 0.127. With
# `temperature = 0.5` it is 0.018.
# %% [markdown] lang="zh"
# ## 2. `contrastive_loss`
#
# **面试题**：*CLIP 是怎样训练的，使得一句话能找到一张图片？写出损失函数，并说明温度和批次大小的作用。* (Radford 等 2021)
#
# ```python
# def contrastive_loss(text, pictures, temperature): ...   # -> torch.Tensor
# ```
#
# - `text`、`pictures`：形状 `(n, dim)` 的 float32 张量，向量长度任意但不为 0；第 i 段文本对应第 i 张图片。
#   `temperature`：大于 0。
# - 返回：一个数，即 0 维张量。文本 i 与图片 j 的相似度是它们的余弦除以温度。每段文本是一道 n 选 1 的题，候选是全部图片：
#   对它的 n 个相似度做 softmax，取正确图片所占份额的负对数作为损失。每张图片同样是一道关于 n 段文本的题。
#   总损失是全部 2n 道题的平均。
# - 温度低到 0.01 也不能溢出。
#
# **例子**：`text = [[1], [-1]]`，`pictures = [[2], [-3]]`，`temperature = 1`。余弦是 `[[1, -1], [-1, 1]]`。
# 四道题里正确答案的份额都是 e / (e + 1/e) = 0.88，损失是 -ln 0.88 = 0.127。`temperature = 0.5` 时是 0.018。
# %%
def contrastive_loss(text, pictures, temperature):
    ### BEGIN SOLUTION
    from torch.nn.functional import cross_entropy, normalize

    logits = normalize(text, dim=1) @ normalize(pictures, dim=1).T / temperature
    right = torch.arange(len(text))
    return (cross_entropy(logits, right) + cross_entropy(logits.T, right)) / 2
    ### END SOLUTION


# %%
check("contrastive_loss")
# %% [markdown] lang="en" tags=["solution"]
# A large batch asks harder questions, since more wrong answers stand beside the right one. A low temperature lets the
# nearest wrong answer decide. Vectors that know nothing cost log n, which is the number to compare a first epoch with.
# And two covers of one topic in a batch count as wrong answers of each other, although either would do.
# %% [markdown] lang="zh" tags=["solution"]
# 批次越大，题目越难：正确答案旁边的错误答案更多。温度越低，越由最相近的错误答案决定。
# 什么都不懂的向量损失是 log n，第一轮训练就和它比。另外，同一个批次里同一话题的两张封面会互相当作错误答案，尽管哪一张都对。
# %% tags=["solution"]
from torch.nn.functional import normalize

from recsys_lessons.alignment import contrastive_loss as course

text, pictures = torch.randn(2, 64, 16, generator=torch.Generator().manual_seed(0))
mine = contrastive_loss(text, pictures, 0.1)
assert torch.isclose(mine, course(normalize(text, dim=1), normalize(pictures, dim=1), 0.1))

same = torch.ones(64, 16)
assert torch.isclose(contrastive_loss(same, same, 0.1), torch.tensor(64.0).log())  # all alike: log n
# %% [markdown] lang="en"
# ## Afterwards
#
# `progress()` shows what is passed. In a terminal, `recsys-lessons check exercises/08_pictures.ipynb` checks this notebook
# in a process of its own. A worked answer to each exercise is in `solutions/08_pictures.ipynb`.
#
# **To say it aloud.** A pretrained network has seen one kind of input: values from 0 to 1, channels first, a middle cut
# of a smoothly scaled picture, less its mean, divided by its deviation. Any other input gives vectors as well, and they
# are worse without a word. To bring text and pictures into one space, both are scaled to length 1, all pairs of a batch
# are compared, and each row and each column is a question whose answer stands on the diagonal.
# %% [markdown] lang="zh"
# ## 做完之后
#
# `progress()` 显示哪些已经通过。在终端里运行 `recsys-lessons check exercises/zh/08_pictures.ipynb`，
# 会在单独的进程里检查这本 notebook。每题的参考答案在 `solutions/zh/08_pictures.ipynb`。
#
# **试着说出来**：预训练网络只见过一种输入：值在 0 到 1，通道在前，平滑缩放后取正中间，减均值，除以标准差。
# 别的输入也能得到向量，只是悄悄变差。要把文本和图片放进同一个空间，就把两边都缩放到长度 1，
# 在批次内两两比较，每一行、每一列都是一道题，答案在对角线上。
