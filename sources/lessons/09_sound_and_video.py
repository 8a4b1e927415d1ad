# %% [markdown] lang="en"
# # Sound and video: from waves and frames to vectors
#
# **The question.** How do a sound and a video become vectors, and what do they know that pictures and words do not?
#
# **Time**: one hour. **Before**: lesson 02 (pooling), lesson 08 (pictures, random against pretrained weights).
#
# **Afterwards you can say in an interview**: "A log-mel spectrogram is a picture, so a network for pictures reads it, window
# by window. Frames are taken by time, not by number. The mean over time forgets motion; the deviation beside it keeps it.
# What cannot be read is missing and masked, and a silence is not."
# %% [markdown] lang="zh"
# # 声音与视频：从波形和帧到向量
#
# **问题**：一段声音、一个视频，怎样变成向量？它们知道哪些图片和文字不知道的事？
#
# **用时**：一小时。**基础**：第 02 课(池化)、第 08 课(图片，随机权重与预训练权重)。
#
# **学完后，面试时你可以这样说**："对数梅尔频谱(log-mel)就是一张图，所以可以一个时间窗一个时间窗地交给图像网络。抽帧按时间，不按帧号。
# 时间上的均值会丢掉运动，旁边加上标准差才能留住。读不出来的算缺失，记在掩码里；静音不算。"
# %% [markdown] lang="en"
# ## The result first
#
# TinyLens is **a generated world**: a program drew its covers and clips and played its sounds, so it is known what is in
# them. Topic and city are in the words; topic and style in the cover; mood and tempo in the sound; topic and tempo in the
# clip. A *linear probe* asks whether a vector shows an attribute: a logistic regression on one part of the items must name
# it for the rest. Below, the share it names rightly, over ten worlds. This tells what an encoder can see here,
# and nothing about real videos.
# %% [markdown] lang="zh"
# ## 先看结果
#
# TinyLens 是**一个生成的世界**：封面和短片由程序画出，声音由程序合成，所以里面有什么是已知的。话题和城市在文字里，话题和风格在封面里，
# 情绪和节奏在声音里，话题和节奏在短片里。*线性探针*(linear probe)检验向量里有没有某个属性：在一部分物品上训练逻辑回归，再让它说出其余物品的属性。
# 下图是十个世界里的平均正确率。它说明的是编码器在这里能看到什么，和真实视频无关。
# %%
import numpy as np
import pandas as pd

from recsys_lessons import read_results
from recsys_lessons.plots import PALETTE, Picture

ATTRIBUTES, MODALITIES = ["topic", "style", "mood", "tempo", "city"], ["text", "cover", "audio", "video"]


def heat_map(axes, accuracy, chance, title):
    """accuracy: attributes x modalities. The colour is what chance (n attributes) leaves, and how much of it is won."""
    won = (accuracy.to_numpy() - chance[:, None]) / (1 - chance[:, None])
    axes.imshow(won, cmap="Blues", vmin=0, vmax=1.2, aspect="auto")
    for (row, column), value in np.ndenumerate(accuracy.to_numpy()):
        colour = "white" if won[row, column] > 0.7 else "black"
        axes.text(column, row, f"{value:.2f}", ha="center", va="center", color=colour)
    axes.set(title=title, xticks=range(len(accuracy.columns)), yticks=range(len(accuracy)))
    axes.set_xticklabels(accuracy.columns)
    axes.set_yticklabels([f"{name} (chance {one:.2f})" for name, one in zip(accuracy.index, chance, strict=True)])


# %%
probes = read_results("tinylens_probes")
pretrained = probes[probes["weights"] == "pretrained"]
ten = pretrained.pivot(index="attribute", columns="modality", values="value").loc[ATTRIBUTES, MODALITIES]
chance = pretrained.groupby("attribute")["chance"].mean()[ATTRIBUTES].to_numpy()
above = pretrained.set_index(["attribute", "modality"])[["above low", "above high"]]
assert (above.loc[[("mood", "audio"), ("tempo", "audio"), ("tempo", "video")], "above low"] > 0.3).all()
assert (above.loc[[("mood", "cover"), ("tempo", "cover")], "above low"] < 0.05).all()
picture = Picture(8, 3)
heat_map(picture.subplots(), ten, chance, "Generated worlds: what a linear probe reads, mean of ten")
picture
