# %% [markdown] lang="en"
# # Pictures: from a cover to a vector
#
# **The question.** What does a pretrained network see in a cover, and what ruins it without a word?
#
# **Time**: one hour. **Before**: lesson 02 (text vectors, pooling, centring), torch: `permute`, `mean`.
#
# **Afterwards you can say in an interview**: "A frozen network turns a cover into a vector by averaging its last feature
# map. I compare it with random weights and with a colour histogram, since both are better than one expects. Wrong
# preprocessing raises no error; I test it on one picture against the reference. To let a sentence find a picture I learn
# two linear maps with a contrastive loss, and measure recall on items that were held out."
# %% [markdown] lang="zh"
# # 图片：从封面到向量
#
# **问题**：预训练网络在一张封面里看到了什么？又是什么会不声不响地毁掉它？
#
# **用时**：一小时。**基础**：第 02 课(文本向量、池化、去均值)；会用 torch 的 `permute`、`mean`。
#
# **学完后，面试时你可以这样说**："冻结的网络对最后一层特征图取平均，就把封面变成一个向量。我会拿它和随机权重、颜色直方图比，
# 因为这两个基线比想象中强。预处理错了不会报错，我用一张图和参考结果对比来检查。要让一句话找到图片，就用对比损失学两个线性映射，
# 并在留出的物品上测召回率。"
# %% [markdown] lang="en"
# ## The result first
#
# TinyLens is **a generated world**: a program drew these covers. Each has a *topic* (its shapes; the words tell it too) and
# one of six *styles* (its colours and strokes), which nothing but the cover shows. A clip's mood and tempo are not in the
# cover. So it is known what a network could find here; about real covers it proves nothing.
# %% [markdown] lang="zh"
# ## 先看结果
#
# TinyLens 是**一个生成的世界**：这些封面由程序画出。每张有一个*话题*(看形状；文字里也有)和六种*风格*之一(看颜色和笔触)，
# 风格只有封面知道。短片的情绪和节奏不在封面里。所以网络在这里能找到什么是已知的；至于真实的封面，它什么也证明不了。
# %%
import numpy as np
import pandas as pd
import torch

from recsys_lessons import ImageEncoder, contact_sheet, make_tinylens, read_results
from recsys_lessons.plots import PALETTE, Picture

world = make_tinylens(progress=False)
items, truth = world.data.items, world.truth.items
assert 0 < items["cover"].isna().sum() < 0.1 * len(items)  # a few items have no cover
contact_sheet(items, 16, title="Covers of a generated world, TinyLens")
# %% [markdown] lang="en"
# Below, a network that has never seen such drawings, trained on photographs of a thousand kinds of things (ImageNet),
# names topic and style from a vector that nobody trained for it, and finds a cover for a sentence.
# %% [markdown] lang="zh"
# 下面的网络从没见过这种画，它是在一千类物体的照片(ImageNet)上训练的。用它的向量，不再训练网络，就能认出话题和风格，还能根据一句话找到封面。
# %% [markdown] lang="en"
# ## 1. A picture as numbers
#
# A file gives bytes, `(height, width, 3)`: red, green and blue from 0 to 255. A network wants `(3, height, width)`,
# floats, less a mean and over a deviation, those of its own training (this one: 0.5 and 0.5; many others: the means of
# ImageNet). By hand, on 4 x 4 pixels:
# %% [markdown] lang="zh"
# ## 1. 一张图片就是一堆数
#
# 文件给出的是字节，形状 `(高, 宽, 3)`：红、绿、蓝，取值 0 到 255。网络要的是 `(3, 高, 宽)` 的浮点数，减去均值再除以标准差，
# 而且必须是它训练时用的那一组(这个网络是 0.5 和 0.5，很多别的网络用 ImageNet 的均值)。用 4 x 4 个像素手算一遍：
# %%
encoder = ImageEncoder(progress=False)
tiny = np.zeros((4, 4, 3), dtype=np.uint8)
tiny[:2, :, 0], tiny[:, 2:, 1], tiny[2:, :2, 2] = 255, 128, 255  # red above, green on the right, blue below on the left
scaled = tiny / 255  # 0 .. 1
normalised = (scaled - 0.5) / 0.5  # -1 .. 1
channels_first = normalised.transpose(2, 0, 1)  # (4, 4, 3) -> (3, 4, 4)
core = encoder.vision.normalize(torch.from_numpy(tiny).permute(2, 0, 1))
assert np.allclose(core, channels_first) and encoder.vision.mean == encoder.vision.std == (0.5, 0.5, 0.5)

picture = Picture(8, 2.2)
panels = picture.subplots(1, 4)
panels[0].imshow(tiny)
for axes, name, channel, colours in zip(
    panels[1:], ("red", "green", "blue"), channels_first, ("Reds", "Greens", "Blues"), strict=True
):
    axes.imshow(channel, cmap=colours, vmin=-1, vmax=3)
    for (row, column), value in np.ndenumerate(channel):
        axes.text(column, row, f"{value:.1f}", ha="center", va="center", fontsize=7)
    axes.set_title(name, fontsize=9)
for axes in panels:
    axes.set(xticks=[], yticks=[])
picture
# %% [markdown] lang="en"
# A cover comes as 192 x 192 pixels and goes in as 160 x 160. The network slides its filters over it and leaves a map of 5 x 5
# places with 1,280 numbers each. The mean over the 25 places, *global average pooling*, is the vector. Three habits:
# pictures go in a **batch**; **eval** mode, always; and no gradients, which only cost memory here.
# %% [markdown] lang="zh"
# 封面原是 192 x 192 像素，送进去时是 160 x 160。网络用滤波器在上面滑动，最后得到 5 x 5 个位置的特征图，每个位置 1,280 个数；
# 对这 25 个位置取平均，就是*全局平均池化*，结果就是向量。三个习惯：图片**成批**送；一定用 **eval** 模式；关掉梯度，它在这里只占内存。
# %%
import timm
from safetensors.torch import load_file

from recsys_lessons.assets import asset_path

files = items["cover"].dropna().tolist()
batch = torch.stack([encoder.preprocess(file) for file in files[:8]])
assert torch.allclose(batch[0], (encoder.pixels(files[0]) / 255 - 0.5) / 0.5, atol=1e-6)
network = timm.create_model("tf_efficientnet_lite0")
network.load_state_dict(load_file(asset_path("efficientnet-lite0") / "model.safetensors"))


@torch.no_grad()
def pooled(batch):
    return network.forward_features(batch).mean(dim=(2, 3))


network.eval()
with torch.no_grad():
    print("batch", tuple(batch.shape), " feature map", tuple(network.forward_features(batch).shape))
vectors = pooled(batch)  # (8, 1280)
core = encoder.encode(files[:8]).vectors
assert (vectors - core).norm() < 1e-3 * core.norm()
# %% [markdown] lang="en"
# In training mode batch norm scales each channel by the statistics of *this* batch. Then a vector depends on the pictures
# beside it; and every call, gradients or not, changes the statistics that are stored.
# %% [markdown] lang="zh"
# 训练模式下，批归一化(batch norm)用*这一批*的统计量缩放每个通道：向量取决于旁边放了哪些图；而且每调用一次，不管有没有梯度，存着的统计量都会被改掉。
# %%
def cosine(a, b):
    return float(torch.nn.functional.cosine_similarity(a, b, dim=-1).mean())


alone = pooled(batch[:2])
network.train()
seen = {"eval, two pictures in place of eight": alone[0]}
seen["train, beside seven others"] = pooled(batch)[0]
seen["train, beside one other"] = pooled(batch[:2])[0]
network.eval()
seen["eval again, after these two calls"] = pooled(batch)[0]
table = pd.Series({name: cosine(one, vectors[0]) for name, one in seen.items()}, name="cosine to the right vector")
assert table.iloc[0] > 0.9999 and (table.iloc[1:] < 0.99).all()
table.round(3).to_frame()
# %% [markdown] lang="en"
# Two different covers have a cosine of about a third here: in training mode the picture is nearly a stranger to itself.
#
# ## 2. Random against pretrained weights
#
# Is the vector good, and does it owe that to the training? Three rivals: chance; a *colour histogram*, 48 numbers and no
# network; and the same network with **random weights**. Two questions. A *linear probe*, here ridge regression onto one
# column a class, learns on four fifths of the covers to name the topic and the style of the rest (5 folds). And NDCG@10 of
# neighbours: are the nearest covers of the same topic, of the same style? First look at raw cosines.
# %% [markdown] lang="zh"
# 在这里，两张不同的封面余弦大约是三分之一：训练模式下，一张图几乎认不出自己。
#
# ## 2. 随机权重与预训练权重
#
# 这个向量好不好？好的话，是训练的功劳吗？三个对手：随机水平；*颜色直方图*，只有 48 个数，没有网络；同一个网络的**随机权重**版本。问两个问题。
# *线性探针*(这里用岭回归，每个类别一列)在五分之四的封面上学，说出其余封面的话题和风格(5 折)。近邻的 NDCG@10：最近的封面是不是同一个话题、同一种风格？
# 先看原始的余弦。
# %%
from PIL import Image

from recsys_lessons import TextEncoder

covers = encoder.encode(items["cover"])  # Masked: vectors (600, 1280), NaN where there is no cover; mask (600,)
there = covers.mask.numpy()
random_weights = ImageEncoder(weights="random", progress=False).encode(items["cover"])
text = TextEncoder(precision="fp32", progress=False).encode(items["text"])  # (600, 384), for later


def histogram(file):
    """How many of its pixels have which red, green and blue, in 16 steps each: 48 shares."""
    pixels = np.asarray(Image.open(file))
    return np.concatenate([np.histogram(pixels[..., one], 16, (0, 256))[0] for one in range(3)]) / pixels[..., 0].size


features = {
    "colour histogram": torch.tensor(np.stack([histogram(file) for file in files]), dtype=torch.float32),
    "random weights": random_weights.vectors[there],
    "pretrained weights": covers.vectors[there],
}
shape = ["values a cover", "mean cosine of two", "after centring"]
rows = []
for vectors in features.values():
    centred = vectors - vectors.mean(dim=0)
    pair = torch.arange(len(vectors)).roll(1)
    rows.append((vectors.shape[1], cosine(vectors, vectors[pair]), cosine(centred, centred[pair])))
table = pd.DataFrame(rows, index=list(features), columns=shape)
assert table.loc["random weights", "mean cosine of two"] > 0.95 and (table["after centring"].abs() < 0.1).all()
table.round(3)
# %% [markdown] lang="en"
# With random weights all covers point the same way. As in lesson 02, take the catalogue's mean away before any cosine.
# %% [markdown] lang="zh"
# 随机权重下，所有封面几乎指向同一个方向。和第 02 课一样，算余弦之前先去均值：每个向量减去物品库的均值。
# %%
from sklearn.linear_model import RidgeClassifier
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from recsys_lessons.metrics import ndcg_at_k


def probe(vectors, values):
    """Share of items whose value a linear model names rightly, learned on the other folds."""
    model = make_pipeline(StandardScaler(), RidgeClassifier(alpha=1000))
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    return float((cross_val_predict(model, vectors.numpy(), values, cv=folds) == values).mean())


def nearest(vectors, k=10):
    """(n, k) rows of the nearest others, by the cosine of centred vectors."""
    units = torch.nn.functional.normalize(vectors - vectors.mean(dim=0), dim=1)
    return (units @ units.T).fill_diagonal_(-torch.inf).topk(k).indices.numpy()


def same(vectors, values):
    """NDCG@10 of finding items of the same value."""
    alike = {value: set(np.flatnonzero(values == value)) for value in set(values)}
    return float(np.mean([ndcg_at_k(row, alike[value], 10) for row, value in zip(nearest(vectors), values, strict=True)]))


# %%
known = {name: truth[name].to_numpy()[there] for name in ("topic", "style", "mood")}
usual = {name: pd.Series(values).value_counts(normalize=True).iloc[0] for name, values in known.items()}
shuffled = features["pretrained weights"][torch.randperm(there.sum(), generator=torch.Generator().manual_seed(0))]
rows = {"chance": [usual["topic"], usual["style"], *(same(shuffled, known[name]) for name in ("topic", "style"))]}
for name, vectors in features.items():
    rows[name] = [measure(vectors, known[one]) for measure in (probe, same) for one in ("topic", "style")]
columns = pd.MultiIndex.from_product([["probe: accuracy", "neighbours: NDCG@10"], ["topic", "style"]])
quality = pd.DataFrame(rows, index=columns).T
assert (quality.iloc[3] > quality.iloc[2]).all()  # pretrained above random, everywhere
assert quality.iloc[2, 0] > quality.iloc[0, 0] + 0.1 and quality.iloc[2, 1] > 0.85  # random weights, far above chance
assert quality.iloc[1, 1] > 0.8 and quality.iloc[1, 0] < quality.iloc[0, 0] + 0.08  # colours: the style, no topic
quality.round(3)
# %% [markdown] lang="en"
# Random filters see edges, contrast and colour, and averaging keeps how much of each there is (Saxe et al. 2011): for the
# style that is nearly all one needs, and a histogram does it too. So "the probe reads the style" is **no** evidence for
# pretraining. What training brought is the *shape*: the topic. Whoever compares with chance alone credits the training
# with what a histogram gives. Ten worlds:
# %% [markdown] lang="zh"
# 随机的滤波器也看得到边缘、对比度和颜色，平均之后留下的是各有多少(Saxe et al. 2011)：对风格来说几乎够用了，颜色直方图也能做到。
# 所以"探针读得出风格"**不能**证明预训练有用。训练带来的是*形状*，也就是话题。只和随机水平比，就会把直方图也能给的东西算成训练的功劳。再看十个世界：
# %%
probes = read_results("tinylens_probes")
ten = probes[probes["modality"] == "cover"].set_index(["attribute", "weights"])
picture = Picture(8, 2.6)
axes = picture.subplots()
for place, weights in enumerate(("random", "pretrained")):
    table = ten.xs(weights, level="weights").loc[["topic", "style", "mood"]]
    reach = np.stack([table["value"] - table["low"], table["high"] - table["value"]])
    axes.bar(np.arange(3) + 0.3 * place, table["value"], 0.28, yerr=reach, color=PALETTE[1 - place], label=weights)
axes.bar(np.arange(3) + 0.6, table["chance"], 0.28, color="#c8c8c8", label="chance")
axes.set(xticks=np.arange(3) + 0.3, ylabel="probe: accuracy", title="Covers of generated worlds, means with 95 % intervals")
axes.set_xticklabels(table.index)
axes.legend(frameon=False, bbox_to_anchor=(1, 1), loc="upper left")
assert ten.loc[("topic", "pretrained"), "low"] > ten.loc[("topic", "random"), "high"] + 0.2
assert ten.loc[("topic", "random"), "above low"] > 0.05 and ten.loc[("style", "random"), "low"] > 0.8
assert abs(ten.loc[("mood", "pretrained"), "above chance"]) < 0.05
picture
