# %% [markdown] lang="en"
# # Pictures: from a cover to a vector
#
# **The question.** What does a pretrained network see in a cover, and what ruins its vector without an error?
#
# **Time**: one hour. **Before**: lesson 02 (text vectors, pooling, centring), torch: `permute`, `mean`.
#
# **Afterwards you can say in an interview**: "A frozen network turns a cover into a vector by averaging its last feature
# map. I compare it with random weights and with a colour histogram, since both are better than one expects. Wrong
# preprocessing raises no error; I compare one picture's vector with a reference. To let a sentence find a picture I learn
# two linear maps with a contrastive loss, and measure recall on items that were held out."
# %% [markdown] lang="zh"
# # 图片：从封面到向量
#
# **问题**：预训练网络在一张封面里看到了什么？哪些错误不报错，却会毁掉向量？
#
# **用时**：一小时。**基础**：第 02 课(文本向量、池化、去均值)；会用 torch 的 `permute`、`mean`。
#
# **学完后，面试时你可以这样说**："冻结的网络对最后一层特征图取平均，就把封面变成一个向量。我会拿它和随机权重、颜色直方图比，
# 因为这两个基线比想象中强。预处理错了不会报错，我拿一张图的向量和参考向量对比来检查。要让一句话找到图片，
# 就用对比损失学两个线性映射，并在留出的物品上测召回率。"
# %% [markdown] lang="en"
# ## The result first
#
# TinyLens is **a generated world**: a program drew these covers. Each has a *topic* (its shapes; the words tell it too) and
# one of six *styles* (its colours and strokes), which nothing but the cover shows. A clip's mood and tempo are not in the
# cover. So we know what a network could find here; about real covers it proves nothing.
# %% [markdown] lang="zh"
# ## 先看结果
#
# TinyLens 是**一个生成的世界**：这些封面由程序画出。每张有一个*话题*(看形状；文字里也有)和六种*风格*之一(看颜色和笔触)，
# 风格只体现在封面上。短片的情绪和节奏不在封面里。所以网络在这里最多能找到什么，我们事先知道；但对真实的封面，这证明不了什么。
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
# The network below was trained on photographs of a thousand kinds of things (ImageNet; EfficientNet, Tan and Le 2019).
# Without further training, its vectors of these drawings show topic and style, and let a sentence find covers.
# %% [markdown] lang="zh"
# 下面的网络是在一千类物体的照片上训练的(ImageNet；EfficientNet, Tan, Le 2019)。不再训练网络，只用它给这些画的向量，
# 就能认出话题和风格，还能根据一句话找到封面。
# %% [markdown] lang="en"
# ## 1. A picture as numbers
#
# A file gives bytes, `(height, width, 3)`: red, green and blue from 0 to 255. A network wants floats `(3, height, width)`,
# from 0 to 1, less a mean and divided by a standard deviation: those of its own training (this one: 0.5 and 0.5; many
# others: the means and deviations of ImageNet). By hand, on 4 x 4 pixels:
# %% [markdown] lang="zh"
# ## 1. 一张图片就是一堆数
#
# 文件给出的是字节，形状 `(高, 宽, 3)`：红、绿、蓝，取值 0 到 255。网络要的是浮点数 `(3, 高, 宽)`，
# 先缩放到 0 到 1，再减均值、除以标准差，而且必须是它训练时用的那一组(这个网络是 0.5 和 0.5，很多别的网络用 ImageNet 的均值和标准差)。
# 用 4 x 4 个像素手算一遍：
# %%
encoder = ImageEncoder(progress=False)
tiny = np.zeros((4, 4, 3), dtype=np.uint8)
tiny[:2, :, 0], tiny[:, 2:, 1], tiny[2:, :2, 2] = 255, 128, 255  # red above, green on the right, blue below on the left
scaled = tiny / 255  # 0 .. 1
normalised = (scaled - 0.5) / 0.5  # -1 .. 1
channels_first = normalised.transpose(2, 0, 1)  # (4, 4, 3) -> (3, 4, 4)
core = encoder.vision.normalize(torch.from_numpy(tiny).permute(2, 0, 1))
assert np.allclose(core, channels_first) and encoder.vision.mean == encoder.vision.std == (0.5, 0.5, 0.5)

picture = Picture(8, 2.4)
panels = picture.subplots(1, 4)
panels[0].imshow(tiny)
panels[0].set_title("the picture", fontsize=9)
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
# A cover comes as 192 x 192 pixels and goes in as 160 x 160. The network slides its filters over it and leaves a *feature
# map*: 5 x 5 places with 1,280 numbers each. The mean over the 25 places, *global average pooling*, is the vector. Three
# habits: pictures go in a **batch**; **eval** mode, always; and no gradients, which only cost memory here.
# %% [markdown] lang="zh"
# 封面原是 192 x 192 像素，送进去时是 160 x 160。网络的卷积核在图上滑动，最后得到 5 x 5 的*特征图*(feature map)，每个位置 1,280 个数；
# 对这 25 个位置取平均，即*全局平均池化*(global average pooling)，就得到向量。三个习惯：图片**成批**送；一定用 **eval** 模式；
# 关掉梯度，它在这里只占内存。
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
# *Batch norm*, a layer that shifts and scales each channel, uses stored statistics in eval mode. In training mode it uses
# those of *this* batch: a vector then depends on the pictures beside it, and every call, gradients or not, changes what
# is stored.
# %% [markdown] lang="zh"
# *批归一化*(batch norm)层对每个通道做平移和缩放：eval 模式下用存好的统计量，训练模式下用*这一批*的。于是向量取决于同一批里还有哪些图；
# 而且每调用一次，不管有没有梯度，存好的统计量都会变。
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
modes = pd.Series({name: cosine(one, vectors[0]) for name, one in seen.items()}, name="cosine to the right vector")
assert modes.iloc[0] > 0.9999 and (modes.iloc[1:] < 0.995).all()
modes.round(3).to_frame()
# %% [markdown] lang="en"
# ## 2. Random against pretrained weights
#
# Is the vector good, and does it owe that to the training? Three rivals: chance; a *colour histogram*, 48 numbers and no
# network; and the same network with **random weights**. Two questions. A *linear probe*, here ridge regression onto one
# column a class with a strong penalty, learns on four fifths of the covers to name the topic and the style of the rest (5
# folds); chance names the most frequent class. And NDCG@10 of neighbours: are the nearest covers of the same topic, of the
# same style? Chance is shuffled vectors. First look at raw cosines.
# %% [markdown] lang="zh"
# ## 2. 随机权重与预训练权重
#
# 这个向量好不好？好的话，是训练的功劳吗？三个对手：随机水平；*颜色直方图*，只有 48 个数，没有网络；同一个网络的**随机权重**版本。问两个问题。
# *线性探针*(linear probe；这里用岭回归，每个类别一列，正则较强)在五分之四的封面上学，预测其余封面的话题和风格(5 折)；随机水平是总猜最常见的类别。
# 近邻的 NDCG@10：最近的封面是不是同一个话题、同一种风格？随机水平是把向量打乱。先看原始的余弦。
# %%
from PIL import Image

from recsys_lessons import TextEncoder

covers = encoder.encode(items["cover"])  # Masked: vectors (600, 1280), NaN where there is no cover; mask (600,)
there = covers.mask.numpy()
random_weights = ImageEncoder(weights="random", progress=False).encode(items["cover"])
reader = TextEncoder(precision="fp32", progress=False)
text = reader.encode(items["text"])  # (600, 384), for later


def histogram(file):
    """How many of its pixels have which red, green and blue, in 16 steps each: 48 shares."""
    pixels = np.asarray(Image.open(file))
    return np.concatenate([np.histogram(pixels[..., one], 16, (0, 256))[0] for one in range(3)]) / pixels[..., 0].size


# %%
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
assert modes.iloc[1:3].max() < table.loc["pretrained weights", "mean cosine of two"] + 0.15
table.round(3)
# %% [markdown] lang="en"
# With random weights all covers point nearly the same way. As in lesson 02, take the catalogue's mean away before cosines.
# And in training mode a cover was hardly nearer to itself than two different covers are here (last row).
# %% [markdown] lang="zh"
# 随机权重下，所有封面几乎指向同一个方向。和第 02 课一样，算余弦之前先去均值：每个向量减去物品库的均值。
# 再看前面的训练模式：一张封面和它自己的余弦，只比这里两张不同封面之间的(最后一行)高一点。
# %%
from sklearn.linear_model import RidgeClassifier
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


def probe(vectors, values):
    """Share of items whose value a linear model names rightly, learned on the other folds."""
    model = make_pipeline(StandardScaler(), RidgeClassifier(alpha=1000))
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    return float((cross_val_predict(model, vectors.numpy(), values, cv=folds) == values).mean())


# %%
from recsys_lessons.metrics import ndcg_at_k


def nearest(vectors, k=10):
    """(n, k) rows of the nearest others, by the cosine of centred vectors."""
    units = torch.nn.functional.normalize(vectors - vectors.mean(dim=0), dim=1)
    return (units @ units.T).fill_diagonal_(-torch.inf).topk(k).indices.numpy()


def same(vectors, values):
    """NDCG@10 of finding items of the same value."""
    alike = {value: set(np.flatnonzero(values == value)) for value in set(values)}
    return float(
        np.mean([ndcg_at_k(row, alike[value], 10) for row, value in zip(nearest(vectors), values, strict=True)])
    )


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
# pretraining. Even the topic is partly there; training brought the rest of it, the *shapes*. Whoever compares with chance
# alone credits the training with what random filters give. Ten worlds (five with random weights), and the mood, which no
# cover shows, as a control:
# %% [markdown] lang="zh"
# 随机的卷积核也能看到边缘、对比度和颜色，平均之后留下的是各有多少(Saxe et al. 2011)：对风格来说几乎够用了，颜色直方图也能做到。
# 所以"探针读得出风格"**不能**证明预训练有用。连话题也能读出一部分，训练带来的是其余的部分，即*形状*。
# 只和随机水平比，就会把随机卷积核也能给的东西算成训练的功劳。再看十个世界(随机权重只有五个)，情绪在封面里没有，用作对照：
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
axes.set(
    xticks=np.arange(3) + 0.3, ylabel="probe: accuracy", title="Covers of generated worlds, means with 95 % intervals"
)
axes.set_xticklabels(table.index)
axes.legend(frameon=False, bbox_to_anchor=(1, 1), loc="upper left")
assert ten.loc[("topic", "pretrained"), "low"] > ten.loc[("topic", "random"), "high"] + 0.2
assert ten.loc[("topic", "random"), "above low"] > 0.05 and ten.loc[("style", "random"), "low"] > 0.8
assert abs(ten.loc[("mood", "pretrained"), "above chance"]) < 0.05
picture
# %% [markdown] lang="en"
# ## 3. Preprocessing that ruins everything
#
# Now damage the input in ways that happen, on 120 covers. `squashed`: the middle half of the width, stretched to a square,
# as happens to a tall poster. `reshaped`: (h, w, 3) read as (3, h, w) by `reshape`, where `permute` was meant. Here is one
# cover as the network gets it, turned back into a picture as if the numbers were right:
# %% [markdown] lang="zh"
# ## 3. 毁掉一切的预处理
#
# 现在用实际中会发生的方式弄坏输入，取 120 张封面。`squashed`：只取宽度的中间一半，再拉成正方形，竖版海报常这样变形。
# `reshaped`：本该用 `permute`，却用 `reshape` 把 (h, w, 3) 读成了 (3, h, w)。下面是同一张封面送进网络时的样子，当作数值正确还原成图：
# %%
from copy import copy
from dataclasses import replace

from recsys_lessons.plots_media import Sheet

sample = np.random.default_rng(0).permutation(np.flatnonzero(there))[:120]
arrays = [np.asarray(Image.open(file)) for file in items["cover"].iloc[sample]]


def damaged(**settings):
    """The encoder with other settings of its preprocessing."""
    found = copy(encoder)
    found.vision = replace(encoder.vision, **settings)
    return found


# %%
zero, one = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)
faults = {  # name: (encoder, what is done to the pixels)
    "0..1, not normalised": (damaged(mean=zero, std=one), lambda a: a),
    "0..255": (damaged(mean=zero, std=(1 / 255,) * 3), lambda a: a),
    "another network's mean": (damaged(mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225)), lambda a: a),
    "blue, green, red": (encoder, lambda a: a[..., ::-1].copy()),
    "squashed": (encoder, lambda a: a[:, 48:144]),
    "64 x 64 pixels": (damaged(size=64), lambda a: a),
    "reshaped": (encoder, lambda a: a.transpose(2, 0, 1).reshape(a.shape)),
}
# %%
inputs = {"right": encoder.preprocess(arrays[0])}
inputs |= {name: faulty.preprocess(change(arrays[0])) for name, (faulty, change) in faults.items()}
picture = Sheet(10, 1.5)  # a Picture that becomes a JPEG
for axes, (name, one) in zip(picture.subplots(1, 8), inputs.items(), strict=True):
    axes.imshow((one * 0.5 + 0.5).clamp(0, 1).permute(1, 2, 0))
    axes.set(xticks=[], yticks=[])
    axes.set_title(name, fontsize=7)
picture
# %% [markdown] lang="en"
# Two ways to be wrong. *Everywhere*: all covers go through the same fault; `neighbours kept` is the share of the ten nearest
# that stay. *On one side*: training and serving have two preprocessings, so a probe that learned from right vectors (of the
# other covers) reads wrong ones. `cosine` and `centred` compare each wrong vector with the right one of its cover.
# %% [markdown] lang="zh"
# 错法有两种。*两边都错*：所有封面带着同样的毛病，`neighbours kept` 是十个最近邻里保住的比例。*只错一边*：训练和上线用了两套预处理，
# 探针在(其余封面的)正确向量上学，读到的却是错误的向量。`cosine` 和 `centred` 拿同一张封面的错误向量和正确向量比，
# `centred` 先去均值。
# %%
others = np.setdiff1d(np.flatnonzero(there), sample)
right = covers.vectors[torch.from_numpy(sample)]
mean = covers.vectors[others].mean(dim=0)
readers = {}
for name in ("topic", "style"):
    model = make_pipeline(StandardScaler(), RidgeClassifier(alpha=1000))
    readers[name] = model.fit(covers.vectors[others].numpy(), truth[name].iloc[others])
rows = {}
for fault, (faulty, change) in {"none": (encoder, lambda a: a), **faults}.items():
    vectors = faulty.encode([change(one) for one in arrays]).vectors
    assert vectors.shape == right.shape and torch.isfinite(vectors).all()  # nothing ever complains
    kept = [len({*a} & {*b}) / 10 for a, b in zip(nearest(vectors), nearest(right), strict=True)]
    reads = [(model.predict(vectors.numpy()) == truth[name].iloc[sample]).mean() for name, model in readers.items()]
    rows[fault] = [cosine(vectors, right), cosine(vectors - mean, right - mean), np.mean(kept), *reads]
columns = ["cosine", "centred", "neighbours kept", "probe: topic", "probe: style"]
cost = pd.DataFrame(rows, index=columns).T
ruined = cost.loc[["0..255", "64 x 64 pixels", "reshaped"]]
assert np.allclose(cost.iloc[0, :3], 1, atol=0.01) and (cost.iloc[1:]["neighbours kept"] < 0.95).all()
assert (ruined["probe: topic"] < 0.65).all() and (ruined["neighbours kept"] < 0.7).all()
assert (cost.loc[["0..1, not normalised", "blue, green, red"], "probe: topic"] > 0.8).all()
cost.round(2)
# %% [markdown] lang="en"
# No line of this raised an error, and every result has the right shape. Three faults ruin the vectors. But note what does
# *not*: without normalisation, or with red and blue exchanged, most is kept; this network's constants are mild, and shapes
# and strokes remain. That makes such faults harder to find, not harmless: each changes the list of neighbours, and no
# metric would look broken. One line finds them all: on *one* colourful picture the cosine with a *reference*, the vector
# that the model's own example code gives, must be 1.00.
# %% [markdown] lang="zh"
# 没有一行报错，结果的形状也都对。有三种错误把向量毁了。但也要注意哪些*没有*：不做归一化，或红蓝对调，大部分信息还在，
# 因为这个网络的均值和标准差比较温和，形状和笔触也还在。这不代表无害，只是更难发现：近邻列表每次都变了，却没有哪个指标看上去坏掉。
# 有一行代码能把它们全查出来：取*一张*色彩丰富的图，用模型官方示例代码算出*参考向量*，和它的余弦必须是 1.00。
# %% [markdown] lang="en"
# ## 4. Neighbours you can look at
#
# First line: a cover, and the five nearest by picture. Second line: the same item, and the five nearest by words. Below each
# stand its true style and topic, which went into neither vector.
# %% [markdown] lang="zh"
# ## 4. 看得见的近邻
#
# 第一行：一张封面，和按图片最近的五张。第二行：同一个物品，和按文字最近的五个。下面标的是真实的风格和话题，两种向量都没用过这些标签。
# %%
present = np.flatnonzero(there)
views = {"picture": nearest(covers.vectors[there]), "words": nearest(text[there])}
query = 41  # among those with a cover; try another
shown = present[np.concatenate([[query, *near[query, :5]] for near in views.values()])]
labels = [f"{truth['style'].iloc[row]}, {truth['topic'].iloc[row]}" for row in shown]
seen = items["cover"].iloc[shown].tolist()
sheet = contact_sheet(seen, 12, columns=6, titles=labels, title="Near by picture, near by words (generated world)")
sheet.set_size_inches(8.2, 3.9)
sheet
# %%
rows = {}
for view, near in views.items():
    rows[view] = [(values[near] == values[:, None]).mean() for values in known.values()]
rows["chance"] = [(pd.Series(values).value_counts(normalize=True) ** 2).sum() for values in known.values()]
agreed = np.mean([len({*a} & {*b}) for a, b in zip(*views.values(), strict=True)])
shares = pd.DataFrame(rows, index=list(known)).T
assert shares.loc["picture", "style"] > 0.8 and abs(shares.loc["words", "style"] - shares.loc["chance", "style"]) < 0.05
assert (shares.loc[["picture", "words"], "topic"] > 3 * shares.loc["chance", "topic"]).all() and agreed < 3
print(f"of ten neighbours by picture and ten by words, {agreed:.1f} are the same")
shares.round(3)
# %% [markdown] lang="en"
# Both find the topic, through items that are mostly not the same ones; the style is found by the picture alone, and rules
# its list: in its cosine, colour and stroke weigh more than shape. One number for nearness hides what it is nearness *in*.
#
# ## 5. What a picture knows
#
# A probe asks for one attribute at a time, so that a strong one does not hide a weak one. Cover and words, five attributes;
# chance is the most frequent value. Left this world, right the mean of ten generated worlds (there with logistic
# regression; `subtopic alone` is a probe that gets nothing but the subtopic's name):
# %% [markdown] lang="zh"
# 两者都能找到同一话题，但找到的大多不是同一批物品；风格只有图片能找到，而且主导了它的近邻列表：算余弦时，颜色和笔触的分量比形状大。
# 只用一个数说"近"，看不出是在*哪方面*近。
#
# ## 5. 图片知道什么
#
# 探针一次只问一个属性，强的属性就不会盖住弱的。封面和文字，五个属性；随机水平是总猜最常见的值。
# 左边是这一个世界，右边是十个生成世界的平均(用的是逻辑回归；`subtopic alone` 的探针只知道子话题的名称)：
# %%
attributes, views = ["topic", "style", "mood", "tempo", "city"], {"cover": covers.vectors[there], "text": text[there]}
here = pd.DataFrame(
    {view: [probe(vectors, truth[name].to_numpy()[there]) for name in attributes] for view, vectors in views.items()},
    index=attributes,
)
here["chance"] = [truth[name][there].value_counts(normalize=True).iloc[0] for name in attributes]
pretrained = probes[probes["weights"] == "pretrained"]
worlds = pretrained.pivot(index="attribute", columns="modality", values="value").loc[attributes]
worlds = worlds[["cover", "text", "subtopic alone"]]
worlds["chance"] = pretrained[pretrained["modality"] == "cover"].set_index("attribute")["chance"]
above = pretrained.set_index(["modality", "attribute"])[["above low", "above high"]]
assert above.loc[("cover", "style"), "above low"] > 0.6 and above.loc[("text", "style"), "above high"] < 0.05
assert (above.loc[[("cover", "mood"), ("cover", "tempo")], "above high"] < 0.05).all()
assert above.loc[("cover", "city"), "above low"] > 0 and (worlds.loc["city", ["text", "subtopic alone"]] > 0.35).all()
assert here.loc["style", "cover"] > 0.9 and here.loc[["mood", "tempo"], "cover"].max() < 0.45
pd.concat({"this world": here, "ten worlds": worlds}, axis=1).round(2)
# %% [markdown] lang="en"
# The picture knows the style and the topic, and nothing of mood and tempo: accuracy at chance means "not in the vector, or
# not in a straight line". But why does it read the *city* a little above chance, where no city is drawn? A creator keeps to
# one city and a few subtopics, and the subtopic alone reads the city better. A probe finds whatever goes along with what is
# there. A modality pays where it knows what the others do not, **and** where people choose by it. A probe shows only the
# first; lessons 10 and 11 ask for the second.
# %% [markdown] lang="zh"
# 图片知道风格和话题，对情绪和节奏一无所知：正确率等于随机水平，意思是"向量里没有，或者不能线性地读出来"。可是画里没有城市，
# 为什么*城市*这一行略高于随机水平？因为一个创作者总在一个城市、做几个子话题：只给子话题，读城市反而更准。
# 凡是和图里的东西相伴出现的，探针都能读到。一个模态要值得用，得知道别的模态不知道的事，**而且**人们真的据此选择。
# 探针只能说明前一点；后一点留给第 10、11 课。
# %% [markdown] lang="en"
# ## 6. A sentence finds a picture
#
# A text vector has 384 numbers and a cover's 1,280; there is no cosine between them. *Contrastive alignment* (CLIP: Radford
# et al. 2021; here both encoders stay frozen) learns two matrices into one space, in which an item's text and its cover are
# close. `T` and `P` hold n texts and their covers there, rows of length 1, and τ is the *temperature*. Every text is a
# question with n answers, all covers, and every cover one with n texts: `loss = -mean log softmax(T Pᵀ / τ)` on the
# diagonal, over rows and over columns. By hand, on three pairs; vectors that are all alike would cost `log n`:
# %% [markdown] lang="zh"
# ## 6. 用一句话找图片
#
# 文本向量有 384 个数，封面向量有 1,280 个，维数不同，算不了余弦。*对比对齐*(contrastive alignment；CLIP：Radford et al. 2021，这里两个编码器都冻结)
# 学两个矩阵，把两边映射到同一个空间，让同一物品的文本和封面靠近。`T` 和 `P` 是映射后的 n 段文本和对应的封面，每行长度为 1，τ 是*温度*。
# 每段文本是一道 n 选 1 的题，候选是全部封面；每张封面同样要从 n 段文本里选：`损失 = -mean log softmax(T Pᵀ / τ)`，取对角线，按行、按列各一次。
# 用三对手算；如果所有向量都一样，损失就是 `log n`：
# %%
from recsys_lessons import Alignment
from recsys_lessons.alignment import contrastive_loss

T = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.6, 0.8]])  # three texts
P = torch.tensor([[0.8, 0.6], [0.0, 1.0], [0.6, 0.8]])  # their covers
tau = 0.5
S = T @ P.T / tau
by_text = S.exp() / S.exp().sum(dim=1, keepdim=True)  # row i: which cover belongs to text i?
by_cover = S.exp() / S.exp().sum(dim=0, keepdim=True)  # column i: which text belongs to cover i?
by_hand = -(by_text.diagonal().log().mean() + by_cover.diagonal().log().mean()) / 2
assert torch.isclose(by_hand, contrastive_loss(T, P, tau))
nothing = torch.ones(3, 2) / 2**0.5
assert torch.isclose(contrastive_loss(nothing, nothing, tau), torch.tensor(3.0).log())  # knowing nothing costs log n
names = [f"cover {one}" for one in (1, 2, 3)]
print(f"loss {by_hand:.3f}; of vectors that know nothing {np.log(3):.3f}; softmax of the rows:")
pd.DataFrame(by_text.numpy(), index=["text 1", "text 2", "text 3"], columns=names).round(2)
# %% [markdown] lang="en"
# Text 3 gives its own cover hardly more than cover 1: the nearest wrong answer costs most, and the more so the smaller τ is.
# `Alignment` trains the two matrices by this loss. Its pairs are those of TinyLens, title and caption with cover; a quarter
# of the items is held out. Recall@10: how often has a held-out text its own cover among the first ten of the held-out covers?
# Beside it: the training pairs, covers from random weights, a *ridge map* from text to cover, and the **Chinese** texts.
# %% [markdown] lang="zh"
# 文本 3 分给自己封面的份额，只比分给封面 1 的多一点：最相近的错误答案影响最大，τ 越小越是如此。`Alignment` 用这个损失训练那两个矩阵。
# 数据是 TinyLens 的图文对，标题加简介对应封面，留出四分之一的物品。recall@10：一段留出的文本，有多大比例能在留出封面的前十里找到自己的封面？
# 旁边放上：训练用过的图文对，随机权重的封面，不用对比损失、直接从文本到封面的*岭回归映射*，以及**中文**文本。
# %%
chinese = reader.encode(items["text_zh"])


def ridge_recall(train, test, ridge=3.0):
    """Recall@10 of the covers nearest to what a ridge regression predicts from the text."""
    train, test = train[there[train]], test[there[test]]
    a, b = (torch.nn.functional.normalize(one - one[train].mean(dim=0), dim=1) for one in (text, covers.vectors))
    way = a[train].T @ torch.linalg.solve(a[train] @ a[train].T + ridge * torch.eye(len(train)), b[train])
    near = torch.nn.functional.normalize(a[test] @ way, dim=1) @ torch.nn.functional.normalize(b[test], dim=1).T
    return float(((near >= near.diagonal()[:, None]).sum(dim=1) <= 10).float().mean())


def split(seed):
    order = np.random.default_rng(seed).permutation(len(items))
    return order[150:], order[:150]


# %%
runs = []
for seed in range(5):
    train, test = split(seed)
    alignment = Alignment(seed=seed).fit(text, covers, rows=train)
    untrained = Alignment(seed=seed).fit(text, random_weights, rows=train)
    shifted = chinese - chinese[train].mean(dim=0) + text[train].mean(dim=0)
    asked = alignment.recall_at_k(text, covers, rows=test)
    run = {"held-out pairs": asked["recall"], "ridge map": ridge_recall(train, test)}
    run["covers from random weights"] = untrained.recall_at_k(text, random_weights, rows=test)["recall"]
    run["Chinese texts, as they are"] = alignment.recall_at_k(chinese, covers, rows=test)["recall"]
    run["Chinese texts, their own mean taken away"] = alignment.recall_at_k(shifted, covers, rows=test)["recall"]
    run["chance"] = asked["chance"]
    run["pairs of the training"] = alignment.recall_at_k(text, covers, rows=train)["recall"]
    runs.append(run)
# %%
recall = pd.DataFrame(runs).T
recall = pd.DataFrame({"recall@10": recall.mean(axis=1), "least": recall.min(axis=1), "most": recall.max(axis=1)})
mean = recall["recall@10"]
assert mean["pairs of the training"] > 0.95 and recall.loc["held-out pairs", "least"] > 4 * mean["chance"]
assert abs(mean["ridge map"] - mean["held-out pairs"]) < 0.06  # contrast and regression: no winner here
assert mean["chance"] * 1.3 < mean["covers from random weights"] < mean["held-out pairs"] - 0.2
assert 2 * mean["chance"] < mean["Chinese texts, as they are"] < mean["held-out pairs"] - 0.1
assert mean["Chinese texts, their own mean taken away"] > mean["Chinese texts, as they are"] + 0.03
recall.round(3)
# %% [markdown] lang="en"
# On its training pairs the alignment is perfect, which says nothing: it learned them by heart. On held-out pairs the ridge
# map, one closed formula, is about as good: with a few hundred pairs the contrast wins nothing. And e5 is multilingual, so
# Chinese finds covers although **no Chinese text trained the maps**, far above chance and well below English. Chinese
# vectors lie off the English ones as a whole; taking each language's own mean away wins a part back. Now a short query in
# English (first line) and in Chinese (second), over the held-out covers:
# %% [markdown] lang="zh"
# 在训练用过的图文对上，对齐是完美的，但这说明不了什么：它背下来了。在留出的图文对上，岭回归映射只是一个闭式解，效果却差不多：
# 只有几百对数据时，对比损失没有优势。e5 是多语言的，所以尽管**训练映射时没有用过一句中文**，中文也能找到封面，远高于随机水平，但明显不如英文。
# 中文向量整体偏离英文向量，各自去均值能补回一部分。再试一个简短的查询，英文问一遍(第一行)，中文问一遍(第二行)，在留出的封面里找：
# %%
train, test = split(0)
alignment = Alignment().fit(text, covers, rows=train)
gallery = test[there[test]]
shared = alignment.transform_pictures(covers).vectors[gallery]  # (n, 64), rows of length 1
shown, labels = [], []
for words, vectors in (("a bowl of noodles", text), ("一碗面条", chinese)):
    asked = reader.encode([words], role="query")
    asked = asked - vectors[train].mean(dim=0) + text[train].mean(dim=0)
    best = gallery[(shared @ alignment.transform_text(asked).vectors[0]).topk(6).indices.numpy()]
    shown += items["cover"].iloc[best].tolist()
    labels += truth["subtopic"].iloc[best].tolist()
    food = (truth["topic"].iloc[best] == "food").sum()
    assert food >= 3  # of six; about one in eight covers is about food
sheet = contact_sheet(shown, 12, columns=6, titles=labels, title="a bowl of noodles, 一碗面条 (generated world)")
sheet.set_size_inches(8.2, 3.9)
sheet
# %% [markdown] lang="en"
# Food is found, mostly not the very dish: subtopics of one topic have shapes in common. "Warm colours" cannot be asked for,
# since no caption speaks of style. The loss keeps what text and cover **share**, and gives up part of what only the cover
# knows, which was the reason to encode it. Is it the loss, or only fewer numbers? A random map to as many tells:
# %% [markdown] lang="zh"
# 找到的是美食，但大多不是那道菜：同一话题下的子话题，形状有相通之处。问"暖色调"没有用，因为没有一句简介提过风格。
# 这个损失保留文本和封面**共有**的信息，丢掉一部分只有封面才有的，而那正是当初要编码封面的理由。这是损失造成的，还是只因为维数少了？
# 用随机映射降到同样的维数，比一比：
# %%
own = covers.vectors[gallery]
spread = torch.randn(1280, 64, generator=torch.Generator().manual_seed(0))
forms = {"original, 1,280": own, "by a random map, 64": (own - own.mean(dim=0)) @ spread, "aligned, 64": shared}
rows = {}
for form, vectors in forms.items():
    near = nearest(vectors, 5)
    values = {name: truth[name].to_numpy()[gallery] for name in ("topic", "style")}
    rows[form] = [(one[near] == one[:, None]).mean() for one in values.values()]
kept = pd.DataFrame(rows, index=["topic", "style"]).T
assert kept.loc["aligned, 64", "topic"] > kept.loc["original, 1,280", "topic"]
assert kept.loc["aligned, 64", "style"] > 0.4
assert kept.loc["aligned, 64", "style"] < kept.loc["by a random map, 64", "style"] - 0.1
print("held-out covers: how many of the five nearest are of the same ...")
kept.round(2)
# %% [markdown] lang="en"
# Neighbours by aligned vectors share the topic more often and the style less often. Search with these; recommend with the
# original ones unless a test says otherwise.
#
# ## 7. Posters of real movies
#
# Does a picture help to recommend? A generated world cannot answer that. Here are MovieLens's films with their real posters
# and plots; none is shown here or kept in this repository, only numbers. A fifth of the films loses all likes and is ranked
# among itself. `profile`: the cosine with what a person liked before; `map`: lesson 03's, from vectors to factors. First
# each modality alone, over chance; then what the poster adds to title and plot, with weights chosen inside the training data.
# %% [markdown] lang="zh"
# 对齐后的向量，近邻更常同话题，更少同风格：检索用它；推荐还用原来的，除非测出来相反。
#
# ## 7. 真实电影的海报
#
# 图片对推荐有没有帮助？生成的世界回答不了。下面是 MovieLens 的电影，配真实的海报和剧情简介；海报不在这里展示，也不在仓库里，只有数字。
# 去掉五分之一电影的全部喜欢，只在这些电影之间排序。`profile` 是与这个人以前喜欢的电影的余弦；`map` 是第 03 课从向量到因子的映射。
# 先看每个模态单独比随机水平高多少；再看在片名和剧情之外，海报还能加多少，权重在训练数据内部选。
# %%
from scipy import stats

posters = read_results("multimodal_movies").set_index("method")
alone = {
    "title and genres": "title and genres: profile",
    "plot": "plot: profile",
    "poster": "poster: profile",
    "poster, random weights": "poster, untrained network: profile",
}
table = posters.loc[list(alone.values()), ["over chance", "over chance low", "over chance high"]]
table.index = list(alone)
picture = Picture(7, 2.3)
axes = picture.subplots()
reach = np.abs(table[["over chance low", "over chance high"]].to_numpy() - table[["over chance"]].to_numpy()).T
axes.errorbar(table["over chance"], np.arange(4)[::-1], xerr=reach, fmt="o", capsize=3, color=PALETTE[0])
axes.axvline(0, color="grey", linewidth=0.8)
axes.set(
    yticks=np.arange(4)[::-1], ylim=(-0.5, 3.5), xlabel="NDCG@10 over chance, new films; ten splits, 95 % interval"
)
axes.set_yticklabels(table.index)
axes.set_title("MovieLens: one modality alone", fontsize=10)
picture


# %%
def paired(method, other):
    """Mean of the difference over the ten splits, and its 95 % interval."""
    gain = np.array(posters.loc[method, "by seed"]) - np.array(posters.loc[other, "by seed"])
    reach = stats.t.ppf(0.975, len(gain) - 1) * gain.std(ddof=1) / np.sqrt(len(gain))
    return gain.mean(), gain.mean() - reach, gain.mean() + reach


questions = {
    "poster, pretrained over random weights": ("poster: profile", "poster, untrained network: profile"),
    "poster over title and genres": ("poster: profile", "title and genres: profile"),
    "poster beside title and plot, profile": ("tuned weights: profile", "title and plot, tuned weights: profile"),
    "poster beside title and plot, map": ("tuned weights: map", "title and plot, tuned weights: map"),
}
gains = pd.DataFrame({name: paired(*pair) for name, pair in questions.items()}, index=["NDCG@10", "low", "high"]).T
gains.round(4)
# %% [markdown] lang="en"
# Read the intervals: a mean above zero is a finding only where its interval leaves zero out, and a reason to build only
# where it is worth its price. Whatever random weights get over chance comes from colour and contrast, which may go with
# genre and age. And people rated these films by what they remembered of them: a catalogue that people choose from
# by looking may answer otherwise.
#
# Real folders also hold files that do not open. `on_error` says whether that stops the run or makes a *missing* item. What
# is missing has a row of NaN and `False` in the **mask**. Whoever forgets the mask gets NaN everywhere and notices; a row of
# zeros would pass for a cover. The warning names rows and reasons; an item that has no file at all (None) is no error.
# %% [markdown] lang="zh"
# 要看区间：均值大于 0，只有区间不含 0 才算结论；增益抵得过成本，才值得去做。随机权重若高于随机水平，靠的是颜色和对比度，它们可能与类型、年代相关。
# 另外，人们是凭看过的印象给这些电影打分的：换成一个大家看着图挑选的物品库，答案可能不同。
#
# 真实的文件夹里总有打不开的文件。是停下来，还是当作*缺失*，由 `on_error` 决定。缺失的物品对应一行 NaN，**掩码**(mask)里是 `False`。
# 忘了用掩码，结果处处是 NaN，马上会发现；要是填 0，就会被当成一张正常的封面。警告会说出是哪几行、什么原因；本来就没有封面(None)不算错误。
# %%
import warnings
from pathlib import Path

from recsys_lessons.errors import MediaError

good = Path(files[0]).read_bytes()
folder = [good, None, good[: len(good) // 2], b"<html>404 Not Found</html>"]
with warnings.catch_warnings(record=True) as told:
    warnings.simplefilter("always")
    vectors, mask = ImageEncoder(on_error="missing", progress=False).encode(folder)
message = ""
try:
    encoder.encode(folder)
except MediaError as error:
    message = str(error)
assert mask.tolist() == [True, False, False, False] and torch.isnan(vectors[~mask]).all() and "row 2" in message
assert torch.isnan(vectors.mean()) and torch.isfinite(vectors[mask]).all()
print("mask:", mask.tolist(), "\n")
print(f"missing: {told[0].message}\n\nraise: {message}")
# %% [markdown] lang="en"
# ## Say it in an interview
#
# **"You encode covers with a pretrained network. How do you know that the vectors are any good?"** I put rivals beside them:
# chance, a colour histogram, the same network with random weights; in our generated world the last two read the style of a
# cover nearly as well, so only the topic shows what training brought. I check the preprocessing on one picture against a
# reference, since a wrong one raises no error. I look at neighbours, and probe one attribute at a time, since neighbours mix
# them. For search I align text and pictures with a contrastive loss, beside a ridge map, on held-out items. Whether it pays
# in the recommender is another question: paired cold splits, against the best text model.
#
# *Follow-ups.* Random features come out far above chance: is the evaluation broken? Why may vectors that are aligned with
# text be worse for recommending?
#
# *Practice*: in `exercises/08_pictures.ipynb`, `preprocess_batch`, `contrastive_loss`; in `questions/`,
# `preprocessing-as-in-training`, `frozen-fine-tuned-or-random-weights`, `contrastive-alignment-and-search`,
# `does-a-picture-pay`.
#
# **References.** Saxe et al. 2011, *On random weights and unsupervised feature learning*. Tan and Le 2019, *EfficientNet:
# rethinking model scaling for convolutional neural networks*. Radford et al. 2021, *Learning transferable visual models
# from natural language supervision* (CLIP). Wang et al. 2024, *Multilingual E5 text embeddings*.
# %% [markdown] lang="zh"
# ## 面试时怎么说
#
# **"你用预训练网络给封面编码。怎么知道这些向量好不好？"** 我会在旁边放上对手：随机水平、颜色直方图、同一网络的随机权重；在我们生成的世界里，
# 后两个读封面风格几乎一样好，所以只有话题才显出训练带来了什么。预处理用一张图的参考向量核对，因为错了不会报错。近邻要用眼睛看，
# 探针则一次只问一个属性，因为近邻把各种属性混在一起。要做检索，就用对比损失对齐文本和图片，旁边放一个岭回归映射，在留出的物品上比。
# 至于在推荐里值不值得用，那是另一个问题：用成对的冷启动划分，和最好的文本模型比。
#
# *追问*：随机权重的特征远高于随机水平，是评估有问题吗？和文本对齐过的向量，做推荐为什么可能更差？
#
# *练习*：`exercises/zh/08_pictures.ipynb` 里的 `preprocess_batch`、`contrastive_loss`；`questions/` 里的 `preprocessing-as-in-training`、
# `frozen-fine-tuned-or-random-weights`、`contrastive-alignment-and-search`、`does-a-picture-pay`。
#
# **参考文献**：Saxe et al. 2011, *On random weights and unsupervised feature learning*；Tan, Le 2019, *EfficientNet: rethinking
# model scaling for convolutional neural networks*；Radford et al. 2021, *Learning transferable visual models from natural
# language supervision* (CLIP)；Wang et al. 2024, *Multilingual E5 text embeddings*。
# %% [markdown] lang="en"
# ## On one page
#
# | idea | formula | shapes |
# | --- | --- | --- |
# | preprocessing | `(x / 255 - mean) / std`, channels first | (h, w, 3) bytes to (3, size, size) |
# | global average pooling | mean over the places of the map | (n, 1280, 5, 5) to (n, 1280) |
# | what a vector comes with | a mask; NaN where a picture is missing | (n, 1280), (n,) |
# | rivals | chance, histogram, random weights | the same probe |
# | neighbours | cosine after centring | n x n |
# | linear probe | a linear model, one attribute, 5 folds | accuracy against the most frequent value |
# | contrastive loss | `-mean log softmax(T Pᵀ / τ)` on the diagonal, rows and columns | n x n; `log n` knows nothing |
# | does a sentence find it | recall@k on held-out pairs | chance k / n |
#
# Three sentences to remember: **Wrong preprocessing never complains; one cosine against the reference does. Chance is too
# weak a rival: take random weights and a histogram. A vector that finds pictures for words keeps what both share, and gives
# up part of what only the picture knows.**
# %% [markdown] lang="zh"
# ## 一页小结
#
# | 概念 | 公式 | 形状 |
# | --- | --- | --- |
# | 预处理 | `(x / 255 - mean) / std`，通道在前 | (h, w, 3) 字节到 (3, size, size) |
# | 全局平均池化 | 对特征图的各个位置取平均 | (n, 1280, 5, 5) 到 (n, 1280) |
# | 和向量一起的 | 掩码；图片缺失处是 NaN | (n, 1280)，(n,) |
# | 对手 | 随机水平、直方图、随机权重 | 同一个探针 |
# | 近邻 | 去均值之后的余弦 | n x n |
# | 线性探针 | 线性模型，一次一个属性，5 折 | 正确率，与最常见的值比 |
# | 对比损失 | `-mean log softmax(T Pᵀ / τ)`，取对角线，按行、按列 | n x n；什么都不懂是 `log n` |
# | 一句话找得到吗 | 留出图文对上的 recall@k | 随机水平 k / n |
#
# 记住三句话：**预处理错了从不报错，要靠和参考向量的一个余弦来发现。随机水平这个对手太弱，要用随机权重和直方图。
# 能用文字找到图片的向量，保留两者共有的，丢掉一部分只有图片才有的。**
