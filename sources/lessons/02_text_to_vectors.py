# %% [markdown] lang="en"
# # From text to vectors: the small decisions between a sentence and a ranking
#
# **The question.** How the text is cut, which vectors are averaged, what is put in front, what is subtracted, how it is
# batched: five small decisions lie between a sentence and a ranking. Which of them change what people are shown?
#
# **Time**: one hour. **Before**: lesson 00; lesson 01 for NDCG and cold items.
#
# **Afterwards you can say in an interview**: "I start from the pooling and the prefixes that the encoder was trained
# with, and measure them on my own task. I subtract the mean of the training items before I build profiles: otherwise a
# profile is mostly the average item, and everybody gets the same list. Cosine tells what a text is about, not whether it
# says yes or no, so exclusions go into a filter."
# %% [markdown] lang="zh"
# # 从文本到向量：一句话和一个排序之间的几个小决定
#
# **问题**：文本怎么切、对哪些向量取平均、前面加什么、减去什么、怎么分批，从一句话到一个排序要做这五个小决定。哪些会真的改变用户看到的列表？
#
# **用时**：一小时。**基础**：第 00 课；NDCG 和冷启动物品见第 01 课。
#
# **学完后，面试时你可以这样说**："池化方式和前缀，我先照编码器训练时的用法来，再在自己的任务上量一遍。建用户画像之前，我先减去训练物品的均值，
# 否则画像几乎就是'平均物品'，所有人拿到同一份列表。余弦相似度只看一段话在说什么，分不清肯定和否定，所以'不要什么'要交给过滤条件。"
# %% [markdown] lang="en"
# ## What you will build
#
# One ruler, the ranking of films that training has never seen, laid against pooling, centring and prefixes; section 5
# draws them in one picture. One of them towers over the rest, and the prefix meant for films does not suit this task,
# although it does in search. How the text is cut and batched is judged by unknown tokens and by cost.
# %% [markdown] lang="zh"
# ## 这一课会做出什么
#
# 一把尺子：给训练时从没见过的电影排序，用它来量池化、去均值和前缀，第 5 节画在一张图里：有一个决定的影响远大于其他；专为被检索文本准备的前缀，
# 在这个任务上不合适，在搜索里却有用。切分和分批则看未知 token 和开销。
# %% [markdown] lang="en"
# ## 1. Tokens
#
# The encoder is multilingual-e5-small (*e5* from here on), as in lesson 00. It knows no words, only the pieces of a vocabulary that was learned from text, and a row of numbers for each (Kudo
# 2018). `▁` marks the beginning of a word, `<s>` and `</s>` the ends of the text. Chinese needs no word segmenter: frequent
# words are pieces. A prefix such as `query: ` is text like any other, and costs tokens.
# %% [markdown] lang="zh"
# ## 1. 切分成 token
#
# 编码器仍是第 00 课的 multilingual-e5-small(以下简称 e5)。它不认识"词"，只认识词表里的片段(子词)，词表是从语料里学来的，每个片段对应一行数 (Kudo 2018)。`▁` 表示一个词的开头，`<s>` 和 `</s>` 是文本的
# 首尾。中文不需要另外分词：常用词本身就是一个片段。`query: ` 这样的前缀也是普通文本，同样占 token。
# %%
from recsys_lessons import TextEncoder

encoder = TextEncoder()
sentences = ["我今天要去北京参加一个会议。", "I am going to an unbelievably long meeting in Beijing today."]
for sentence in sentences:
    pieces = encoder.tokens(sentence)
    print(len(pieces), pieces)
    assert "".join(pieces[1:-1]).replace("▁", " ").strip() == sentence
print(encoder.tokens(encoder.prefixes["query"] + sentences[0]))
# %% [markdown] lang="en"
# Why not words, or characters? Suppose words and characters were collected from the 1,500 films liked by the most people
# (the catalogue of this lesson), and look at all other titles. What is unknown is lost before the model sees it; what is
# long costs computing. The pieces are the model's own: a rare name is cut smaller, not lost. (Not a fair race:
# a larger word list would miss less, but never nothing.)
# %% [markdown] lang="zh"
# 为什么不用词，也不用字符？假设词和字符都从最受欢迎的 1500 部电影(本课的片库)的片名里收集，再看其余片名：不认识的，模型还没看到就丢了；切得太长的，
# 计算就贵。片段用的是模型自己的词表：少见的名字只会切得更碎，不会丢。(这样比并不公平：词表再大一些，漏掉的会少，但总会有漏。)
# %%
import pandas as pd

pd.options.display.max_colwidth = 80
from recsys_lessons import Dataset, load_movielens

movies = load_movielens()
liked = movies.interactions.groupby("item_id").size().nlargest(1500).index
known = movies.items["item_id"].isin(liked)
films = Dataset(movies.items[known], movies.users, movies.interactions[movies.interactions["item_id"].isin(liked)])
titles = movies.items["title"].str.replace(r" \(\d{4}\)$", "", regex=True)
rows = {}
for name, cut in {"words": titles.str.lower().str.findall(r"\w+"), "characters": titles.map(list)}.items():
    unknown = ~cut[~known].explode().isin(cut[known].explode())
    rows[name] = {"unknown in other titles": unknown.mean(), "tokens a title": cut.map(len).mean()}
ids = encoder.tokenizer(titles.to_list(), add_special_tokens=False)["input_ids"]
unknown = pd.Series(ids)[~known.to_numpy()].explode() == encoder.tokenizer.unk_token_id
rows["pieces"] = {"unknown in other titles": unknown.mean(), "tokens a title": sum(map(len, ids)) / len(ids)}
table = pd.DataFrame(rows).T
assert table.loc["words", "unknown in other titles"] > 0.2 and table.loc["pieces", "unknown in other titles"] < 0.001
assert table.loc["characters", "tokens a title"] > 3 * table.loc["pieces", "tokens a title"]
table.round(3)
# %% [markdown] lang="en"
# ## 2. Hidden states
#
# A piece enters as its row of the vocabulary, plus a row for its place. Twelve layers let the pieces of a text look at each
# other (*self-attention*; such a network is a *Transformer*, and BERT is the best known: Devlin et al. 2019), and one
# *hidden state* a token comes out. The shorter text of a batch is padded; the mask says which places are real.
# %% [markdown] lang="zh"
# ## 2. 隐藏状态
#
# 每个片段进入模型时，就是词表里的那一行，再加上表示位置的一行。经过十二层，同一段文本里的片段互相"看"过之后(自注意力 self-attention；
# 这种网络叫 Transformer，BERT 是其中最有名的：Devlin et al. 2019)，每个 token 输出一个*隐藏状态* (hidden state)。
# 同一批里较短的文本要填充，mask 标出哪些位置是真实的 token。
# %%
hidden, mask = encoder.hidden_states(sentences, role="query")
vocabulary = encoder.network.get_input_embeddings().weight
print("vocabulary   ", tuple(vocabulary.shape), "= pieces x dimensions")
print("hidden states", tuple(hidden.shape), "= texts x tokens x dimensions")
print("mask         ", tuple(mask.shape), "= texts x tokens, of them real:", mask.sum(dim=1).tolist())
assert hidden.shape == (2, mask.sum(dim=1).max(), vocabulary.shape[1])
# %% [markdown] lang="en"
# At the entrance `bank` has the same row of the vocabulary, whatever the sentence. At the exit it is not. The tables hold the cosines between the
# four hidden states of one piece, two sentences for each meaning (river and money, fruit and company): the same meaning
# is closer. Notice how high *all* the numbers are; section 4 comes back to that.
# %% [markdown] lang="zh"
# 进入模型时，`苹果` 在哪句话里对应的都是词表里的同一行；出来时就不同了。下表是同一个片段在四句话里的隐藏状态两两之间的余弦相似度，每个意思两句
# (河岸和银行，水果和公司)：意思相同的更接近。也请注意，*所有*数值都很高，第 4 节再谈这件事。
# %%
import torch
from torch.nn.functional import normalize


def word_vector(sentence, piece):
    """The hidden state of one piece in its sentence, at length 1."""
    place = encoder.tokens(encoder.prefixes["query"] + sentence).index(piece)
    return normalize(encoder.hidden_states([sentence], role="query")[0][0, place], dim=0)


river = ["They sat on the bank of the river.", "The flooded river broke its bank."]
money = ["The bank lends money at low rates.", "She opened an account at the bank."]
fruit, company = ["这个苹果很甜。", "我吃了一个苹果。"], ["苹果发布了新手机。", "苹果的股价上涨了。"]
tables = {}
for piece, texts in {"▁bank": river + money, "苹果": fruit + company}.items():
    vectors = torch.stack([word_vector(text, piece) for text in texts])
    cosines = vectors @ vectors.T
    assert min(cosines[0, 1], cosines[2, 3]) > cosines[:2, 2:].max()
    tables[piece] = pd.DataFrame(cosines.numpy(), index=texts, columns=["1st", "2nd", "3rd", "4th"])
pd.concat(tables).round(2)
# %% [markdown] lang="en"
# ## 3. CLS or mean
#
# One vector a text is wanted. One habit takes the state of the first token (`[CLS]` in BERT, `<s>` here), the other the
# mean over the real tokens: multiply by the mask, sum, divide by the number of real tokens.
# %% [markdown] lang="zh"
# ## 3. 用 CLS 还是用平均
#
# 一段文本只要一个向量。一种做法取第一个 token 的状态(BERT 里叫 `[CLS]`，这里是 `<s>`)，另一种对真实 token 取平均：乘 mask，求和，
# 除以真实 token 的个数。
# %%
from recsys_lessons.encoders.base import mean_pooling

tiny = torch.tensor([[[1.0, 4.0], [3.0, 0.0], [9.0, 9.0]], [[2.0, 2.0], [4.0, 6.0], [0.0, 1.0]]])
real = torch.tensor([[1, 1, 0], [1, 1, 1]])  # the first text has two tokens and one place of padding
weight = real.unsqueeze(-1)
total, count = (tiny * weight).sum(dim=1), weight.sum(dim=1)
print(
    "hidden",
    tuple(tiny.shape),
    " weight",
    tuple(weight.shape),
    " sum",
    tuple(total.shape),
    " count",
    tuple(count.shape),
)
print("mean", (total / count).tolist())
assert torch.equal(total / count, mean_pooling(tiny, real))
assert not torch.equal(tiny.mean(dim=1), mean_pooling(tiny, real))  # takes padding for text

by_hand = normalize(mean_pooling(hidden, mask), dim=1)
assert torch.allclose(by_hand, encoder.encode(sentences, role="query"), atol=1e-5)
# %% [markdown] lang="en"
# Now the ruler. A fifth of the films, the *cold* ones, lose all their interactions. A person's *profile* is the mean of
# the vectors of what they liked in training; the cold films are ranked by their cosine with it. By hand, for one person
# who likes animated films among others (why the mean is subtracted is the next section):
# %% [markdown] lang="zh"
# 现在来做一把尺子，也就是统一的评测。五分之一的电影去掉所有交互，成为*冷启动物品*(下称冷物品)。一个人的*画像*是他在训练集里喜欢的电影向量的平均，冷物品按与画像的余弦相似度排序。
# 先拿一位用户手算一遍，他喜欢的电影里动画片不少(为什么要减去均值，下一节讲)：
# %%
import numpy as np

from recsys_lessons import ContentProfile, split_cold_items

text = encoder.encode(films.items["text"])
train, test = split_cold_items(films, fraction=0.2, seed=0)
warm, cold = films.item_rows(train.active_items()), films.item_rows(test.active_items())

e = text.numpy() - text.numpy()[warm].mean(axis=0)  # the mean of what training may see
e = e / np.linalg.norm(e, axis=1, keepdims=True)
person = 573
seen = films.item_rows(train.history(person)["item_id"])
profile = e[seen].mean(axis=0)
scores = e @ profile / np.linalg.norm(profile)
print("films", e.shape, " cold", cold.shape, " liked in training", seen.shape, " profile", profile.shape)
assert films.items["genres"].iloc[seen].map(lambda own: "Animation" in own).mean() > 0.3
assert np.allclose(scores, ContentProfile(text).fit(train).scores(person)[0], atol=1e-5)
films.items.iloc[cold[np.argsort(-scores[cold])[:5]]][["title", "genres"]]
# %% [markdown] lang="en"
# From here `ContentProfile` does that for everybody, over five splits, with NDCG@10 as in lesson 01. The first two to be
# measured: mean and CLS. (`encode` puts `passage: ` in front unless told otherwise; section 5 asks whether it should.) Two
# baselines for scale: vectors drawn at random, and nothing but the genres.
# %% [markdown] lang="zh"
# 从这里起，由 `ContentProfile` 为每个人做同样的计算；取五次随机划分，指标和第 01 课一样是 NDCG@10。先量平均和 CLS。(`encode` 默认在前面加 `passage: `；
# 该不该加，第 5 节再看。)为了有个参照，再加两条基线：随机向量，以及只用类型。
# %%
from recsys_lessons.evaluation import per_user

splits = [split_cold_items(films, fraction=0.2, seed=seed) for seed in range(5)]


def ruler(features, centred=True):
    """NDCG@10 of profiles on items that training never saw: one number a split."""
    values = []
    for train, test in splits:
        model = ContentProfile(features, centred=centred).fit(train)
        table = per_user(model, test, k=10, metrics="ndcg", candidates=test.active_items())
        values.append(table.loc[table["history"] > 0, "ndcg@10"].mean())
    return np.array(values)


def show(*names):
    table = pd.DataFrame({name: results[name] for name in names}, index=[f"split {n}" for n in range(5)]).T
    return table.assign(mean=table.mean(axis=1)).round(3)


# %%
genres_only = films.items["genres"].str.join("|").str.get_dummies().to_numpy(dtype=np.float32)
results = {
    "mean pooling": ruler(text),
    "CLS": ruler(TextEncoder(pooling="cls").encode(films.items["text"])),
    "genres only": ruler(genres_only),
    "random vectors": ruler(np.random.default_rng(0).standard_normal(text.shape)),
}
assert results["mean pooling"].mean() > results["CLS"].mean()
assert results["mean pooling"].min() > results["genres only"].max()
assert results["genres only"].min() > results["random vectors"].max()
show("mean pooling", "CLS", "genres only", "random vectors")
# %% [markdown] lang="en"
# The mean is ahead, and not by much. Be careful with the conclusion: this model was *trained* with mean pooling, so the
# mean plays at home (Wang et al. 2024); a model trained on `[CLS]` wants `[CLS]`. The files of a model say how it was
# trained, and `encoder.pooling` has read them. In a BERT that nobody trained for sentences, `[CLS]` is the poorer of the
# two by far (Reimers and Gurevych 2019).
# %% [markdown] lang="zh"
# 平均领先，但领先不多。下结论要小心：这个模型*训练时*用的就是平均池化，平均是主场作战 (Wang et al. 2024)；用 `[CLS]` 训练的模型就该用
# `[CLS]`。模型自带的文件写明了训练时的做法，`encoder.pooling` 就是从那里读到的。
# 至于没有为句子训练过的 BERT，`[CLS]` 差得很远 (Reimers and Gurevych 2019)。
# %% [markdown] lang="en"
# ## 4. Centring
#
# Look at the cosines of all pairs of films. Every vector is a large common part, the mean `m`, plus a small part of its
# own: the vectors lie in a narrow cone (Ethayarajh 2019). `center` subtracts `m` and scales to length 1 (Mu and
# Viswanath 2018).
# %% [markdown] lang="zh"
# ## 4. 去均值
#
# 看看所有电影两两之间的余弦相似度。每个向量都是一个很大的公共部分(均值 `m`)加上一小块自己的部分：所有向量挤在一个很窄的锥里
# (Ethayarajh 2019)。`center` 先减去 `m`，再把长度缩放到 1，这就是去均值 (centring; Mu and Viswanath 2018)。
# %%
from recsys_lessons import center
from recsys_lessons.plots import PALETTE, Picture

pairs = np.triu_indices(len(text), k=1)
figure = Picture(8, 2.6)
axes = figure.add_subplot()
for name, vectors, colour in (("raw", text, PALETTE[0]), ("centred", center(text, text[warm]), PALETTE[1])):
    cosines = (vectors @ vectors.T).numpy()[pairs]
    axes.hist(cosines, bins=np.linspace(-0.6, 1, 129), density=True, color=colour, alpha=0.8, label=name)
    length = vectors.mean(dim=0).norm()  # of the common part; each film's is 1
    print(f"{name:8} cosines from {cosines.min():.2f} to {cosines.max():.2f}, length of the mean {length:.2f}")
    assert (cosines.min() > 0.6) == (name == "raw")
axes.set(title="Cosines of all pairs of films", xlabel="cosine", yticks=[])
axes.legend(frameon=False)
figure
# %% [markdown] lang="en"
# Is that more than cosmetics? Does it change a *ranking*? Let `q` be the profile and `e` a film, and leave lengths aside.
# Subtracting `m` from the films alone takes the same `q·m` from every score: the order stays. Subtracting it from the
# profile as well takes `m·e` away, which differs from film to film: `(q-m)·(e-m) = q·e - m·e + constant`. That is what
# centring removes: a bonus that a film gets *from everybody* for being close to the average film.
# %% [markdown] lang="zh"
# 这只是让数字好看吗？会改变*排序*吗？设画像为 `q`，电影为 `e`，先不管长度。只在电影一侧减 `m`，每个得分都少了同一个 `q·m`，顺序不变。
# 画像也减 `m`，就多减掉一项 `m·e`，它因电影而异：`(q-m)·(e-m) = q·e - m·e + 常数`。去均值去掉的正是这一项：一部电影越接近"平均电影"，
# *每个人*都会白送给它的那点加分。
# %%
e, m = text.numpy(), text.numpy()[warm].mean(axis=0)
q = e[seen].mean(axis=0)
scores = {"raw": e @ q, "films less m": (e - m) @ q, "films and profile less m": (e - m) @ (q - m)}
assert np.allclose(scores["raw"] - scores["films less m"], q @ m, atol=1e-5)
assert np.ptp(scores["raw"] - e @ m - scores["films and profile less m"]) < 1e-5  # one constant for all films


def best(scores):
    return films.items["title"].iloc[cold[np.argsort(-scores[cold], kind="stable")[:4]]].to_list()


table = pd.DataFrame({name: best(score) for name, score in scores.items()})
assert best(scores["raw"]) == best(scores["films less m"]) != best(scores["films and profile less m"])
table
# %% [markdown] lang="en"
# How large is the bonus? In a mean of many vectors the own parts cancel out and the common part stays. The more somebody
# liked, the more their raw profile is `m` itself, and the more their ranking is that of everybody else. Each dot is a
# person: how the scores of the cold films for them correlate with `m·e`. An item that is near to everybody, such as the
# raw one printed above the picture, is called a *hub* (Radovanović et al. 2010).
# %% [markdown] lang="zh"
# 这点加分有多大？很多向量取平均，各自的部分互相抵消，公共部分留了下来。喜欢得越多，未去均值的画像就越像 `m` 本身，排序也就和所有人一样。
# 图上每个点是一个人：模型为他算出的冷物品得分与 `m·e` 的相关系数。离谁都近的物品，比如图上方 raw 那一行的电影，叫枢纽 (hub; Radovanović et al. 2010)。
# %%
n_liked = np.asarray(train.matrix().sum(axis=1)).ravel()
people = np.flatnonzero(n_liked)
figure = Picture(8, 3.2)
axes = figure.add_subplot()
along, shown = {}, {}
for name, colour in (("raw", PALETTE[0]), ("centred", PALETTE[1])):
    scores = ContentProfile(text, centred=name == "centred").fit(train).scores()[people][:, cold]
    along[name] = np.array([np.corrcoef(row, (e @ m)[cold])[0, 1] for row in scores])
    axes.scatter(n_liked[people], along[name], s=5, color=colour, label=name)
    top = np.argsort(-scores, axis=1, kind="stable")[:, :10]
    shown[name] = np.bincount(top.ravel(), minlength=len(cold)) / len(people)
    title = films.items["title"].iloc[cold[shown[name].argmax()]]
    print(f"{name:8} {title} is in the top 10 of {shown[name].max():.0%} of all people")
axes.set(xscale="log", ylim=(-1, 1.05), xlabel="films liked in training", ylabel="correlation of scores with m·e")
axes.legend(loc="lower right", markerscale=3)
many = n_liked[people] > 100
assert along["raw"][many].mean() > 0.9 > along["raw"][n_liked[people] < 4].mean()
assert abs(along["centred"][many].mean()) < 0.2 and shown["raw"].max() > 2 * shown["centred"].max()
figure
# %% [markdown] lang="en"
# The ruler agrees (`mean pooling` below is centred). And *which* mean? That of the training items, stored and used unchanged. A query centred by itself is
# zero; centred by its batch, a film depends on its company: the last line below is the cosine of one film with itself
# in two batches. Letting the test items into the mean is a leak. On this ruler it changes next to nothing, which one
# knows only after measuring; it is forbidden all the same, since the mean of a new month's items does not exist yet.
# %% [markdown] lang="zh"
# 尺子也给出同样的结论(表中 `mean pooling` 即去均值的那一种)。那么用*哪个*均值？训练物品的均值，存下来，以后一直用它。一条查询用自己去均值，结果是 0；用所在批次去均值，
# 同一部电影就会随"同伴"而变：下面最后一行，是同一部电影在两个批次里的向量之间的余弦相似度。让测试物品参与均值就是泄漏。在这把尺子上它几乎不起作用，
# 但这要量过才知道；而且仍然不该做，因为下个月新物品的均值，今天还不存在。
# %%
results["not centred"] = ruler(text, centred=False)
results["mean of test items too"] = ruler(center(text, reference=text), centred=False)
gain = results["mean pooling"] - results["not centred"]
assert gain.min() > 0.02 and np.abs(results["mean pooling"] - results["mean of test items too"]).max() < 0.005

alone = text[:1]
assert not center(alone, reference=alone).any()
one, other = text[[0, 1, 2]], text[[0, 3, 4]]
with_itself = float(center(one, reference=one)[0] @ center(other, reference=other)[0])
assert with_itself < 0.9
print(show("not centred", "mean pooling", "mean of test items too"))
print(f"one film in two batches: cosine with itself {with_itself:.2f}")
# %% [markdown] lang="en"
# ## 5. Prefixes
#
# e5 was trained with `query: ` in front of what is asked and `passage: ` in front of what is searched (Wang et al. 2024).
# The ruler compares films with films and nobody asks anything. What do the prefixes do here? Pooling, centring and prefixes, in one
# picture: each dot is a split, as a difference to centred mean pooling with `passage: `; the bar is their mean.
# %% [markdown] lang="zh"
# ## 5. 前缀
#
# e5 训练时，查询前面加 `query: `，被检索的文本前面加 `passage: ` (Wang et al. 2024)。我们的尺子是电影和电影比，没有人提问。前缀在这里起什么作用？
# 把池化、去均值和前缀画在一张图里：每个点是一种划分，横轴是与"平均池化、去均值、`passage: `"的差，竖线是均值。
# %%
results["no prefix"] = ruler(encoder.encode(films.items["text"], role="none"))
results["query: on films"] = ruler(encoder.encode(films.items["text"], role="query"))
names = ["not centred", "CLS", "mean of test items too", "query: on films", "no prefix"]
figure = Picture(8, 2.8)
axes = figure.add_subplot()
for row, name in enumerate(names[::-1]):
    difference = results[name] - results["mean pooling"]
    axes.scatter(difference, [row] * 5, s=18, color=PALETTE[0], alpha=0.6)
    axes.scatter(difference.mean(), row, s=250, marker="|", color="black")
axes.axvline(0, color="#999999", linewidth=1)
axes.set(
    yticks=range(5),
    yticklabels=names[::-1],
    ylim=(-0.6, 4.6),
    xlabel="difference in NDCG@10 on cold films, five splits",
)
axes.spines[["top", "right"]].set_visible(False)
changes = {name: (results[name] - results["mean pooling"]).mean() for name in names}
assert (results["query: on films"] > results["mean pooling"]).all() and changes["no prefix"] > 0
assert max(map(abs, changes.values())) == -changes["not centred"]
figure
# %% [markdown] lang="en"
# Centring towers over the rest. For comparing like with like, the makers of e5 advise `query: ` on both sides; on this
# ruler it beats `passage: `, and no prefix does about as well. So it is `passage: ` that does not fit here, not prefixes as
# such; why, the picture does not say. One task makes no rule, so here is another, search: 17 genres, three wishes for each, in two languages. Precision@20 is the share
# of the films found that have the genre.
# %% [markdown] lang="zh"
# 去均值的影响远大于其他。同类文本互相比较时，e5 的作者建议两边都加 `query: `；在这把尺子上，它确实好于 `passage: `，而不加前缀与它不相上下。
# 所以不合适的是 `passage: `，不是前缀本身；原因从图上看不出。一个任务得不出规律，再看另一个任务，搜索：17 种类型，每种三句需求，两种语言。precision@20 是找到的前 20 部里确实属于该类型的比例。
# %%
from recsys_lessons.evaluation import bootstrap_interval

pairs = """Action 动作片 Adventure 冒险片 Animation 动画片 Children 儿童片 Comedy 喜剧片 Crime 犯罪片 Documentary 纪录片
Drama 剧情片 Fantasy 奇幻片 Horror 恐怖片 Musical 歌舞片 Mystery 悬疑片 Romance 爱情片 Sci-Fi 科幻片 Thriller 惊悚片
War 战争片 Western 西部片""".split()
genres, chinese = pairs[::2], pairs[1::2]
right = np.array([films.items["genres"].map(lambda own, genre=genre: genre in own) for genre in genres])
forms = {"Chinese": "我想看一部{}|有什么好看的{}？|今晚适合看的{}".split("|")}
forms["English"] = "I want to watch a {} film|any good {} films?|a {} film for tonight".split("|")


def search(language, asked, searched, centred=False):
    """Precision@20 of each genre: the mean over its three wishes."""
    words = chinese if language == "Chinese" else [genre.lower() for genre in genres]
    wishes = encoder.encode([form.format(word) for word in words for form in forms[language]], role=asked)
    vectors = encoder.encode(films.items["text"], role=searched)
    if centred:
        wishes, vectors = center(wishes, reference=vectors), center(vectors, reference=vectors)
    top = (wishes @ vectors.T).topk(20).indices.numpy()
    return np.repeat(right, 3, axis=0)[np.arange(len(top))[:, None], top].mean(axis=1).reshape(-1, 3).mean(axis=1)


# %% [markdown] lang="en"
# The difference is to the prefixes of the training, with a bootstrap over genres; the last column is centred.
# %% [markdown] lang="zh"
# 差值以训练时的前缀为基准，区间由对类型做自助法 (bootstrap) 得到；最后一列是去均值之后。
# %%
rows = []
for language in forms:
    trained = search(language, "query", "passage")
    for asked, searched in (("query", "passage"), ("none", "none"), ("passage", "passage")):
        found, centred = (search(language, asked, searched, centred) for centred in (False, True))
        low, high = bootstrap_interval(found - trained)
        rows.append([language, asked, searched, found.mean(), (found - trained).mean(), low, high, centred.mean()])
columns = ["wish in", "prefix of wish", "of films", "precision@20", "difference", "low", "high", "centred"]
table = pd.DataFrame(rows, columns=columns)
assert (table["high"].iloc[[1, 2]] < 0).all() and table["difference"].iloc[2] < table["difference"].iloc[1]
assert table["precision@20"].iloc[3:].min() > 0.9
assert (table["centred"] - table["precision@20"]).abs().iloc[[0, 3]].max() < 0.05
assert table["centred"].iloc[1] > table["precision@20"].iloc[1] + 0.03
assert table["centred"].iloc[3] < table["precision@20"].iloc[3]
table.round(3)
# %% [markdown] lang="en"
# In English the wish holds the very word that stands in the film's text, and every setting stays high, though both other
# settings cost a little. In Chinese, where only the
# meaning helps, leaving the prefixes out costs, and the *wrong* prefix costs most: `passage: ` says that a wish is one of
# the things to be found. So: as trained for search, measured for anything else. And centring? Here it is no free gain:
# with the right prefixes the Chinese wishes gain nothing and the English ones lose a little; only Chinese wishes without
# prefixes gain. Lesson 00 centred a search to make its cosines readable, not to rank better. Centring pays in section 4,
# where many vectors are averaged into a profile.
# %% [markdown] lang="zh"
# 英文需求里就有电影文本里的那个词，各种设置都很高，另外两种略有损失。中文只能靠语义，不加前缀就有损失，加*错*前缀损失最大：`passage: ` 等于告诉模型，这句需求也是被检索的
# 东西。所以：搜索时照训练时的用法，别的任务先量再定。那去均值呢？在这里没有白得的好处：前缀用对时，中文没有提高，英文还略降；
# 只有中文不加前缀时有提高。第 00 课对搜索去均值，是为了让余弦值有区分度，不是为了排得更好。真正受益的是第 4 节：画像由很多向量平均而来。
# %% [markdown] lang="en"
# ## 6. An English vocabulary on Chinese text
#
# What would an English encoder see? Its vocabulary decides, so learn one: WordPiece, the kind that BERT uses, from the
# English titles of all of MovieLens. Then cut Chinese with it.
# %% [markdown] lang="zh"
# ## 6. 用英文词表处理中文
#
# 英文编码器看到中文会怎样？由词表决定。那就学一个：用 MovieLens 全部电影的英文片名训练 WordPiece(BERT 用的那一种)，再拿它来切中文。
# %%
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

english = Tokenizer(models.WordPiece(unk_token="[UNK]"))
english.normalizer = normalizers.BertNormalizer(lowercase=True)
english.pre_tokenizer = pre_tokenizers.BertPreTokenizer()  # words, and every Chinese character by itself
trainer = trainers.WordPieceTrainer(vocab_size=4000, special_tokens=["[UNK]"], show_progress=False)
english.train_from_iterator(movies.items["title"], trainer)

other = "他昨天没有离开上海去看电影。"  # yesterday he did not leave Shanghai to see a film
for sentence in [*sentences, other]:
    print(english.encode(sentence).tokens)
assert english.encode(sentences[0]).ids == english.encode(other).ids != english.encode(sentences[1]).ids
# %% [markdown] lang="en"
# Two Chinese sentences of the same length, which have nothing to do with each other, become *the same ids*. No network
# behind that can tell them apart, and nothing raises an error. Real English vocabularies hold some Chinese characters,
# which makes the damage harder to see. So count the unknown tokens before you trust a model with a language.
#
# What is left for search? Let our multilingual network see what such a vocabulary lets through, the unknown token for each
# Chinese piece, and look for eight Chinese wishes among their English translations.
# %% [markdown] lang="zh"
# 两句毫不相干、只是字数相同的中文，变成了*完全相同的 id*。后面接什么网络都分不出它们，而且不会报错。真实的英文词表里有一部分汉字，
# 损害反而更难察觉。所以，在让一个模型处理某种语言之前，先数一数有多少未知 token。
#
# 那么搜索效果还剩多少？让我们的多语言网络只看到这种词表放行的内容：每个中文片段都换成未知 token；再用八句中文需求去找各自的英文译文。
# %%
wishes = """适合孩子看的动画片 = an animated film for children
发生在太空的科幻片 = science fiction set in space
关于第二次世界大战的电影 = a film about the Second World War
浪漫的爱情喜剧 = a romantic comedy
让人睡不着的恐怖片 = a horror film that keeps you awake
讲述音乐家一生的电影 = the life of a musician
警察追捕连环杀手 = police hunt a serial killer
西部牛仔的故事 = a story about cowboys in the West"""
asked, meant = zip(*(line.split(" = ") for line in wishes.splitlines()), strict=True)
batch = encoder.tokenizer(["query: " + wish for wish in asked], return_tensors="pt", padding=True)
pieces = [encoder.tokenizer.convert_ids_to_tokens(row) for row in batch["input_ids"].tolist()]
is_chinese = torch.tensor([[any("\u4e00" <= sign <= "\u9fff" for sign in piece) for piece in row] for row in pieces])
batch["input_ids"][is_chinese] = encoder.tokenizer.unk_token_id
with torch.inference_mode():
    states = encoder.network(**batch.to(encoder.device)).last_hidden_state.cpu()
blind = normalize(mean_pooling(states, batch["attention_mask"].cpu()), dim=1)
wishes_seen = {"Chinese pieces": encoder.encode(asked, role="query"), "unknown token for each": blind}
# %%
figure = Picture(8, 3.6)
found = {}
for place, (name, vectors) in enumerate(wishes_seen.items(), start=1):
    cosines = (vectors @ encoder.encode(meant, role="query").T).numpy()
    axes = figure.add_subplot(1, 2, place)
    image = axes.imshow(cosines, cmap="cividis", vmin=0.7, vmax=0.9)
    axes.set(title=name, xlabel="English translation", ylabel="Chinese wish", xticks=range(8), yticks=range(8))
    found[name] = int((cosines.argmax(axis=1) == np.arange(8)).sum())
    print(f"{name}: {found[name]} of 8 wishes find their translation")
figure.colorbar(image, ax=figure.axes, label="cosine")
assert found["Chinese pieces"] >= 7 and found["unknown token for each"] <= 2
assert np.ptp(cosines, axis=0).max() < 0.03  # on the right the rows hardly differ
figure
# %% [markdown] lang="en"
# On the right all rows look the same: eight wishes have become one.
#
# ## 7. Batches, sorting and precision
#
# In a batch each row is padded to the longest, so a batch costs rows x longest row. Fix that product, the *token
# budget*, not the number of rows; and put rows of like length together. You write that loop in the exercise
# `token_budget_batches`; here is what it saves.
# %% [markdown] lang="zh"
# 右图每一行看起来都一样：八句需求变成了同一句。
#
# ## 7. 分批、排序与精度
#
# 一个批次里每一行都要填充到最长的那一行，所以开销是 行数 x 最长的行。该固定的是这个乘积，即 *token 预算*，而不是行数；长度相近的行放在一起。
# 这个循环在练习 `token_budget_batches` 里由你来写；这里看它省下多少。
# %%
from recsys_lessons.encoders.base import token_budget_batches

ids = encoder.tokenizer([encoder.prefixes["passage"] + one for one in films.items["text"]])["input_ids"]
lengths = [len(one) for one in ids]
by_length = sorted(range(len(lengths)), key=lambda row: -lengths[row])
in_budget = list(token_budget_batches(lengths, 1024))

plans = {"64 rows, in the order of the file": [range(at, min(at + 64, len(ids))) for at in range(0, len(ids), 64)]}
plans["64 rows, sorted by length"] = [by_length[at : at + 64] for at in range(0, len(ids), 64)]
plans["1,024 tokens, sorted by length"] = in_budget
table = pd.DataFrame({"batches": {name: len(plan) for name, plan in plans.items()}})
cost = {name: [len(rows) * max(lengths[row] for row in rows) for rows in plan] for name, plan in plans.items()}
table["largest batch"] = {name: max(each) for name, each in cost.items()}
table["share of padding"] = {name: 1 - sum(lengths) / sum(each) for name, each in cost.items()}
assert table["share of padding"].is_monotonic_decreasing and table["largest batch"].iloc[-1] <= 1024
table.round(2)
# %% [markdown] lang="en"
# In the order of the file, a large part of the work is padding. Sorting removes nearly all of it; the budget keeps the
# largest batch, and so the memory, the same for titles and for long plots. (What lies beyond 512 tokens this model never sees: a novel has to be cut
# first.)
#
# Precision is the other handle. bf16 has the range of fp32 at half the bits, and so fewer digits. Are the vectors still the
# same, and is the nearest film? What all of this is worth in time depends on the machine. The table below was recorded on
# one by `benchmarks/encode.py`: "auto" takes bf16 where it is fast, "to peer" is the speed as a multiple of
# sentence-transformers with its defaults, "cosine" the least to its vectors.
# %% [markdown] lang="zh"
# 按文件顺序，有很大一部分计算花在填充上。排序几乎把填充全部省掉；预算则让最大的批次(也就是内存占用)保持不变，不论是片名还是很长的剧情简介。(超过 512 个 token 的部分会被截断，长篇小说要先切段。)
#
# 另一个可调的是精度。bf16 的数值范围和 fp32 一样，位数减半，有效数字也就少了。向量还一样吗？最近的电影还是同一部吗？
# 这些做法各省多少时间，取决于机器。下表由 `benchmarks/encode.py` 在一台机器上测得，"auto" 在 bf16 快的机器上用 bf16，"to peer" 是速度相当于
# sentence-transformers 默认设置的多少倍，"cosine" 是与它的向量之间最小的余弦。
# %%
from recsys_lessons import read_results

few = films.items["text"].head(300)
half = TextEncoder(precision="bf16").encode(few)
cosines = (half * text[:300]).sum(dim=1)
nearest = [(one @ one.T).fill_diagonal_(-1).argmax(dim=1) for one in (half, text[:300])]
alike = (nearest[0] == nearest[1]).float().mean()
print("least cosine of bf16 with fp32 above 0.999:", bool(cosines.min() > 0.999))
print("same nearest film for more than 90 % of the titles:", bool(alike > 0.9))
assert cosines.min() > 0.999 and alike > 0.9
top = (text[:300] @ text[:300].T).fill_diagonal_(-1).topk(2).values
gap = top[:, 0] - top[:, 1]  # between the nearest film and the next
assert (gap[nearest[0] != nearest[1]] < gap.median()).all()

recorded = read_results("encode")
recorded[["texts", "variant", "precision", "texts/s", "to peer", "cosine"]].round({"texts/s": 0})
# %% [markdown] lang="en"
# The vectors are all but equal; the nearest film changes where two films were all but tied. Where the hardware is fast in
# bf16, production takes it; lessons compute in fp32, so that your numbers are ours.
#
# ## 8. What cosine cannot do
#
# Ten statements, each with its negation and with a paraphrase. Which of the two is closer?
# %% [markdown] lang="zh"
# 向量几乎相等；最近的电影只在两部本来就不相上下时才会换。硬件跑 bf16 快的地方，线上就用 bf16；课程用 fp32 计算，这样你得到的数和这里一致。
#
# ## 8. 余弦相似度做不到的事
#
# 十个陈述句，各配一个否定句和一个换了说法的同义句。哪一个更近？
# %%
lines = """去均值可以缓解热门偏差。|去均值不能缓解热门偏差。|减去均值有助于减轻热门偏差。
混合推荐可以缓解冷启动。|混合推荐不能缓解冷启动。|融合内容信息有助于解决新物品没有数据的问题。
这个模型在训练时用了测试集。|这个模型在训练时没有用测试集。|测试数据被拿来训练了。
新物品有交互记录。|新物品没有交互记录。|刚上架的物品已经被用户点过。
这部电影适合孩子看。|这部电影不适合孩子看。|小朋友可以看这部片子。
Centring can reduce popularity bias.|Centring cannot reduce popularity bias.|Subtracting the mean curbs popularity bias.
The model was trained on the test set.|The model was not trained on the test set.|Test data leaked into the training.
A new item has interactions.|A new item has no interactions.|Somebody has already clicked on the fresh product.
This film is suitable for children.|This film is not suitable for children.|Kids can watch this movie.
I like horror films.|I do not like horror films.|Scary movies are my favourite."""
columns = zip(*(line.split("|") for line in lines.splitlines()), strict=True)
statement, negation, paraphrase = (encoder.encode(column, role="query") for column in columns)
table = pd.DataFrame({"statement": [line.split("|")[0] for line in lines.splitlines()]})
table["with its negation"] = (statement * negation).sum(dim=1)
table["with a paraphrase"] = (statement * paraphrase).sum(dim=1)
table["negation is closer"] = table["with its negation"] > table["with a paraphrase"]
assert table["negation is closer"].mean() > 0.6
table.round(3)
# %% [markdown] lang="en"
# Most statements lie closer to their own negation than to a paraphrase: it shares nearly every word and the whole
# subject, and a vector of what a text is *about* has little room for "not". (Pretrained language models in general read
# it badly: Kassner and Schütze 2020.) So never grade an answer by cosine alone: "cannot reduce" would pass for "can
# reduce". And in search?
# %% [markdown] lang="zh"
# 多数陈述句离自己的否定句，比离同义句更近：否定句几乎每个词都相同，说的也是同一件事；而一个概括"在说什么"的向量，给"不"字留的位置很小。
# (预训练语言模型普遍读不好否定：Kassner and Schütze 2020。)所以绝不能只凭余弦相似度给答案打分："不能缓解"会被当成"可以缓解"。放到搜索里呢？
# %%
asked = ["a horror film", "not a horror film", "anything but horror", "恐怖片", "不要恐怖片", "不是恐怖片的电影"]
is_horror = films.items["genres"].map(lambda own: "Horror" in own).to_numpy()
closeness = (encoder.encode(asked, role="query") @ text.T).numpy()
raw = np.argsort(-closeness, axis=1)[:, :20]
mended = np.argsort(-np.where(is_horror, -np.inf, closeness), axis=1)[:, :20]  # for the wishes that exclude
table = pd.DataFrame({"horror in the top 20": is_horror[raw].mean(axis=1)}, index=asked)
table["after the filter"] = np.where(
    [False, True, True] * 2, is_horror[mended].mean(axis=1), is_horror[raw].mean(axis=1)
)
table["in the catalogue"] = is_horror.mean()
assert table["horror in the top 20"].min() > 5 * is_horror.mean()
table.round(2)
# %% [markdown] lang="en"
# Whoever asks for no horror is shown horror, many times its share of the catalogue. The mend is not a better cosine. Take
# the wish apart into what is wanted and what is excluded, and filter the second on structured data, as in the middle
# column (genres). The filter is certain by construction; the order behind it still follows the word "horror", so rank by the
# wanted part alone. Where there is no such data, let a model that reads wish and item *together* (a
# *cross-encoder*) check the top of the list.
# %% [markdown] lang="zh"
# 说了不要恐怖片，前 20 部里恐怖片的占比却远高于整个片库。补救办法不是换一个更好的余弦。把需求拆成"要什么"和"不要什么"，后者用结构化数据(这里是类型)过滤，如表中间一列。
# 过滤后没有恐怖片是必然的；但排序仍受"恐怖"二字影响，所以应只用"要什么"的部分来排。没有这样的数据时，让一个把需求和物品放在*一起*读的模型(交叉编码器 cross-encoder)来复查排在最前面的结果。
# %% [markdown] lang="en"
# ## Say it in an interview
#
# **"All your cosines are near 0.9, and everybody is shown the same list. What is wrong, and what do you do?"** Many
# encoders, e5 among them, put all texts into a narrow cone: every vector is a large common part plus a small part of its own. A profile
# averages the own parts away, so raw scores mostly rank items by their closeness to the average item, for everybody. I
# subtract the mean of the items that training may see, from items and profiles alike, scale to length 1, and store that
# mean with the model. I judge it by NDCG on held-out cold items over several splits, not by the look of the cosines. On
# the same ruler I check pooling and prefixes, and I count unknown tokens, since all of these fail in silence.
#
# *Follow-ups.* When do you compute the mean anew, and what has to be computed with it? Somebody types "anything but
# horror": what does your search return, and what would you build?
#
# *Exercises*: `center` and `token_budget_batches`, in `exercises/02_text_to_vectors.ipynb`.
# %% [markdown] lang="zh"
# ## 面试时怎么说
#
# **"余弦相似度都在 0.9 左右，所有人看到的列表都一样。问题出在哪里？你怎么办？"** 不少编码器(e5 就是)会把所有文本挤进一个很窄的锥里：每个向量都是一个很大的公共部分，
# 加上一小块自己的部分。画像一平均，各自的部分抵消了，原始得分基本上是在按"离平均物品有多近"排序，对谁都一样。我会减去训练可见物品的均值，物品和画像两侧都减，
# 再归一化，并把这个均值和模型一起存下来。好不好，看多种划分下留出的冷物品上的 NDCG，而不是看余弦值的分布漂不漂亮。池化和前缀也用同一把尺子检查，
# 还要统计未知 token，因为这些地方出错都不会报错。
#
# *追问*：什么时候要重新计算均值？哪些东西要跟着重算？用户输入"除了恐怖片都行"，你的搜索会返回什么？你会怎么做？
#
# *练习*：`center` 和 `token_budget_batches`，在 `exercises/zh/02_text_to_vectors.ipynb`。
# %% [markdown] lang="en"
# ## On one page
#
# | decision | what to do | formula, shapes |
# | --- | --- | --- |
# | pieces | count unknown tokens per language first | text -> ids `(tokens,)` |
# | pooling | as the model was trained | `sum(h * mask) / sum(mask)`: `(n, tokens, dim)` -> `(n, dim)` |
# | centring | the mean `m` of the training items, before profiles are built | `(e - m) / ‖e - m‖`; removes `m·e` from every score |
# | prefixes | as trained for search; elsewhere measure | `query: ` asks, `passage: ` is found |
# | batches | sort by length, fix the tokens | rows x longest row ≤ budget |
# | negation | filter, or a model that reads both texts | cosine says what a text is about |
#
# **Three sentences.** A profile of raw vectors is mostly the average item. The best setting belongs to a model *and* a
# task, so keep a ruler at hand. Cosine does not read "not".
#
# **References.** Devlin et al. 2019, *BERT*. Ethayarajh 2019, *How contextual are contextualized word representations?*
# Kassner and Schütze 2020, *Negated and misprimed probes for pretrained language models*. Kudo 2018, *Subword
# regularization*. Mu and Viswanath 2018, *All-but-the-top*. Radovanović, Nanopoulos and Ivanović 2010, *Hubs in space*.
# Reimers and Gurevych 2019, *Sentence-BERT*. Wang et al. 2024, *Multilingual E5 text embeddings*.
# %% [markdown] lang="zh"
# ## 一页小结
#
# | 决定 | 怎么做 | 公式与形状 |
# | --- | --- | --- |
# | 切分 | 先按语言统计未知 token | 文本 -> ids `(tokens,)` |
# | 池化 | 照模型训练时的做法 | `sum(h * mask) / sum(mask)`：`(n, tokens, dim)` -> `(n, dim)` |
# | 去均值 | 用训练物品的均值 `m`，在建画像之前做 | `(e - m) / ‖e - m‖`，从每个得分里去掉 `m·e` |
# | 前缀 | 搜索照训练时的用法，其他任务先量再定 | 提问用 `query: `，被检索用 `passage: ` |
# | 分批 | 按长度排序，固定 token 数 | 行数 x 最长的行 ≤ 预算 |
# | 否定 | 过滤，或用同时读两段文本的模型 | 余弦只说明一段话在说什么 |
#
# **三句话**：原始向量平均成的画像，基本上就是"平均物品"。最好的设置属于某个模型*加*某个任务，所以手边要有一把尺子。余弦相似度读不懂"不"字。
#
# **参考文献**：Devlin et al. 2019, *BERT*；Ethayarajh 2019, *How contextual are contextualized word representations?*；
# Kassner, Schütze 2020, *Negated and misprimed probes for pretrained language models*；Kudo 2018, *Subword regularization*；
# Mu, Viswanath 2018, *All-but-the-top*；Radovanović, Nanopoulos, Ivanović 2010, *Hubs in space*；
# Reimers, Gurevych 2019, *Sentence-BERT*；Wang et al. 2024, *Multilingual E5 text embeddings*。
