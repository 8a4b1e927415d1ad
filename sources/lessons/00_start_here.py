# %% [markdown] lang="en"
# # Start here: from ratings to a list, and from a sentence to a list
#
# **The question.** Somebody names three films they love. What can a program recommend, how does it know, and how do we
# know that it is any good?
#
# **Time**: ten minutes. **Before**: nothing; a little Python helps.
#
# **Afterwards you can say in an interview**: "PureSVD, a truncated SVD, scores an item by projecting a person's
# history onto the main directions of taste, so it serves people who were never in training. I judge it on each person's later
# likes, against popularity, with an interval. A text encoder adds what ratings cannot: it ranks by what a sentence means,
# in any language it was trained on."
# %% [markdown] lang="zh"
# # 从这里开始：从评分到推荐列表，从一句话到推荐列表
#
# **问题**：有人说出三部喜欢的电影。程序能推荐什么？它凭什么知道？我们又凭什么相信它推荐得好？
#
# **用时**：十分钟。**基础**：不需要读过别的课；会一点 Python 更好。
#
# **学完后，面试时你可以这样说**："PureSVD(截断 SVD)把用户的历史投影到主要的兴趣方向上来打分，所以不在训练集里的用户也能得到推荐。
# 评估时我用每个人之后喜欢的物品做测试，以热门榜为基线，并给出置信区间。文本编码器补上评分给不了的东西：它按一句话的意思排序，训练过的语言都可以用。"
# %% [markdown] lang="en"
# ## What you will build
#
# Two lists and a map: films for somebody who likes *Toy Story*, *The Usual Suspects*
# and *Star Wars*, each with its reason; films for "适合周末和孩子一起看的动画片" (an animated film to watch with the
# children at the weekend), found in a catalogue without one Chinese title; and all films laid out by the
# meaning of their titles and genres.
# %% [markdown] lang="zh"
# ## 这一页会做出什么
#
# 两个列表和一张地图：给喜欢《玩具总动员》《非常嫌疑犯》《星球大战》的人推荐的电影，每部都带理由；用"适合周末和孩子一起看的动画片"
# 这句话找到的电影，而片库里没有一个中文片名；以及所有电影按片名和类型的语义分布的地图。
# %% [markdown] lang="en"
# ## 1. A first list
#
# The data are real: 671 people rated films on MovieLens between 1995 and 2016. A rating of 4 or more counts as "liked
# it"; nothing else is used. Look first at how few of all user-item pairs are filled: the table is nearly empty.
# %% [markdown] lang="zh"
# ## 1. 第一个列表
#
# 数据是真实的：1995 到 2016 年间，671 个人在 MovieLens 上给电影打分。4 分及以上算"喜欢"，其余不用。先看一眼这张表有多稀疏。
# %%
from recsys_lessons import load_movielens

movies = load_movielens()
movies
# %%
from recsys_lessons import SVDRecommender

loved = [1, 50, 260]  # Toy Story, The Usual Suspects, Star Wars
model = SVDRecommender(rank=32).fit(movies)
model.recommend(history=loved, k=10).round(3)
# %% [markdown] lang="en"
# ## 2. Where a score comes from
#
# The model keeps, for every film, 32 numbers: its place along 32 directions of taste that were found in the ratings
# alone. Call that table `V`. A person is a row `h` with a one for every film they liked. The score of every film is
# `h V Vᵀ`: first from films to taste, then from taste back to films. Nothing in that needs the person to have been in
# training, which is called *fold-in*.
# %% [markdown] lang="zh"
# ## 2. 分数从哪里来
#
# 模型给每部电影保存 32 个数，也就是它在 32 个兴趣方向上的位置；这些方向只从评分里找出来。把这张表叫作 `V`。一个人就是一行 `h`，喜欢过的电影
# 记为 1。所有电影的分数是 `h V Vᵀ`：先从电影到兴趣，再从兴趣回到电影。这里并不要求这个用户出现在训练集里，这叫 *fold-in*(折入)。
# %%
import numpy as np

V = model.item_factors_
h = np.zeros(movies.n_items)
h[movies.item_rows(loved)] = 1
taste = h @ V
scores = taste @ V.T
print("V", V.shape, " h", h.shape, " taste", taste.shape, " scores", scores.shape)
assert np.allclose(scores, model.scores(history=loved)[0], atol=1e-5)
# %% [markdown] lang="en"
# The score is a sum over the films in the history, so it splits exactly into its causes. That is the honest answer to
# "why was I shown this": not a story told afterwards, but the terms of the sum. A contribution may be negative.
# %% [markdown] lang="zh"
# 分数是对历史里每部电影求和，所以可以精确地拆成各个原因。"为什么推荐这部"，如实的回答就是求和式里的每一项，而不是事后编的理由。贡献也可以是负数。
# %%
best = int(model.recommend(history=loved, k=1)["item_id"].iloc[0])
why = model.explain(history=loved, item=best)
assert np.isclose(why["contribution"].sum(), scores[movies.item_rows([best])[0]])
why.round(3)
# %% [markdown] lang="en"
# ## 3. Is it any good?
#
# A list that looks right proves little: popular films look right to everybody. So hide the last fifth of what each
# person liked, learn from the rest, and ask whether the hidden films come back near the top. The baseline a sceptic
# would choose is the same list of popular films for everyone. The measure is NDCG@10: 1 when the hidden films fill
# the very top places, less the lower they stand, 0 when none is in the first ten. Among thousands of films, low values
# are normal. The line through each dot is a 95 % bootstrap interval of the mean over people.
# %% [markdown] lang="zh"
# ## 3. 到底好不好？
#
# 列表看着对说明不了什么：热门电影谁看都觉得对。所以把每个人喜欢的最后五分之一藏起来，用剩下的学习，再看藏起来的电影能不能排回前面。最该比的
# 基线是：给所有人同一份热门榜。指标是 NDCG@10：藏起来的电影排得越靠前得分越高；全部排在最前面时为 1，前十个里一部都没有时为 0。在几千部电影里排序，
# 数值低是正常的。每个点上的横线是对用户做自助法 (bootstrap) 得到的均值的 95% 置信区间。
# %%
import pandas as pd

from recsys_lessons import Popularity, evaluate, split_last
from recsys_lessons.plots import intervals

train, test = split_last(movies, fraction=0.2)
models = {"popularity": Popularity(), "SVD, rank 32": SVDRecommender(rank=32)}
table = pd.concat([evaluate(one.fit(train), test, metrics=["ndcg"]).assign(model=name) for name, one in models.items()])
assert table["low"].iloc[1] > table["high"].iloc[0]
intervals(table, label="model", title="What people liked later, found in the first ten places", xlabel="NDCG@10")
# %% [markdown] lang="en"
# The two intervals do not touch, so this comparison is settled. Often they overlap although one model is better, because
# people differ more from each other than models do. The sharper question is asked person by person: the same people,
# both models, and the difference.
# %% [markdown] lang="zh"
# 这两个区间没有重叠，结论已经清楚。不过很多时候，一个模型确实更好，区间却会重叠，因为人与人的差别大于模型与模型的差别。更精确的问法是逐人比较：
# 同一批人，两个模型，看差值。
# %%
from recsys_lessons.evaluation import bootstrap_interval, per_user

svd, popular = (per_user(models[name], test)["ndcg@10"] for name in ("SVD, rank 32", "popularity"))
difference = svd - popular
low, high = bootstrap_interval(difference)
print(f"SVD minus popularity: {difference.mean():.3f}, 95 % interval {low:.3f} to {high:.3f}")
better, worse = (difference > 0).mean(), (difference < 0).mean()
nothing = ((svd == 0) & (popular == 0)).mean()
print(f"better for {better:.0%} of the people, worse for {worse:.0%}; neither finds anything for {nothing:.0%}")
assert low > 0 and better > worse
# %% [markdown] lang="en"
# ## 4. Your turn: pick five films you love
#
# Type part of a title, add the film, and watch the list and its reasons change. With nothing picked you see what most
# people liked; from the first film on, the model answers. (Where this page is only read, the box shows a still.)
# %% [markdown] lang="zh"
# ## 4. 轮到你：选五部喜欢的电影
#
# 输入片名的一部分(片名大多是英文)，添加电影，看列表和理由如何变化。一部都不选时显示热门榜；选了第一部之后，就由模型推荐。(在不能运行的
# 地方，这里是一张静态的表。)
# %%
from recsys_lessons.widgets import FilmPicker

FilmPicker(movies, model, fallback=models["popularity"].fit(movies), start=loved)
# %% [markdown] lang="en"
# ## 5. Ask in a sentence
#
# Ratings say nothing about a wish put into words. A pretrained text encoder turns any text into a vector such that like
# meanings lie close; this one, multilingual-e5-small, was trained on about a hundred languages. Each film becomes the
# vector of its title and genres: the mean of its tokens' vectors (mean pooling). The first run takes a minute or two on a laptop; then the vectors come from the cache.
# %% [markdown] lang="zh"
# ## 5. 用一句话来问
#
# 用户用一句话说出的需求，评分里是看不到的。预训练的文本编码器把任意文本变成向量，意思相近的向量也相近；这里用的 multilingual-e5-small 在大约一百种语言上训练过。
# 每部电影由片名和类型变成一个向量：各个 token 向量的平均(平均池化)。第一次运行在笔记本电脑上要一两分钟，之后直接读缓存。
# %%
from recsys_lessons import TextEncoder

encoder = TextEncoder()
text = encoder.encode(movies.items["text"])
print(movies.items["text"].iloc[0], "->", tuple(text.shape))
# %% [markdown] lang="en"
# Now the trap that meets everybody who does this for the first time. The cosine between a sentence and *every* film is
# high, so that "0.8" says nothing; the vectors share one large common part. Subtracting the mean of the catalogue takes
# out what the films share. (What sentences share, the way people ask, stays; lesson 05 finds a better mean for them.) The table shows the least, the median and the largest cosine of the Chinese sentence with all films.
# %% [markdown] lang="zh"
# 第一次这样做的人都会遇到一个陷阱：这句话与*每一部*电影的余弦相似度都很高，"0.8"什么也说明不了，因为所有向量有很大的公共部分。减去片库的均值，
# 就去掉了电影共有的那部分。(句子也有共有的部分，即提要求的口吻，它还留着；第 05 课会给句子找一个更合适的均值。)下表是中文这句话与所有电影的余弦相似度：最小值、中位数和最大值。
# %%
from recsys_lessons import center

sentences = ["适合周末和孩子一起看的动画片", "an animated film to watch with children at the weekend"]
query = encoder.encode(sentences, role="query")
raw = query @ text.T
centred = center(query, reference=text) @ center(text, reference=text).T
spread = pd.DataFrame({"raw": raw[0], "centred": centred[0]}).quantile([0.0, 0.5, 1.0])
assert raw.min() > 0.6
spread.round(2)
# %%
from recsys_lessons.recommenders.base import top_k


def rank(sentence, k=10):
    wish = center(encoder.encode([sentence], role="query"), reference=text)
    closeness = (wish @ center(text, reference=text).T).numpy()
    return movies.items.iloc[top_k(closeness, k)[0]][["title", "genres"]]


pd.options.display.max_colwidth = 70
found = {sentence: rank(sentence) for sentence in sentences}
shared = set(found[sentences[0]]["title"]) & set(found[sentences[1]]["title"])
animated = [list_["genres"].map(lambda genres: "Animation" in genres).sum() for list_ in found.values()]
print(f"films on both lists: {len(shared)}; animated films: {animated[0]} of 10 and {animated[1]} of 10")
pd.DataFrame({sentence: list_["title"].to_list() for sentence, list_ in found.items()})
# %% [markdown] lang="en"
# Nearly all of these films are what was asked for, but the two lists are not the same, though the wish is. A multilingual encoder narrows the distance between languages and
# does not close it; a later lesson measures by how much. And nothing here knows whether a film is liked: closeness is not
# quality. Blending the sentence with taste is a later lesson too.
# %% [markdown] lang="zh"
# 找到的基本符合要求，不过需求相同，两个列表却不一样。多语言编码器缩小了语言之间的距离，但没有消除；后面的课会测量差多少。另外，这里完全没有用到电影好不好看的信息：
# 语义相近不代表质量高。把一句话和兴趣结合起来，也是后面的课。
# %%
from recsys_lessons.widgets import SentenceSearch

SentenceSearch(rank, sentences[0])
# %% [markdown] lang="en"
# ## 6. A map of all films by meaning
#
# Two directions out of 384 are enough for a picture, not for a recommendation. Every dot is a film, coloured by its first
# genre in the alphabet (so Toy Story counts as Adventure); grey dots have another one. The genres are part of the text that was encoded, so some order is to be expected; what the picture adds is
# which genres the encoder puts beside each other.
# %% [markdown] lang="zh"
# ## 6. 所有电影的语义地图
#
# 384 维只取两个方向，够画图，不够做推荐。每个点是一部电影，按字母顺序的第一个类型着色(所以《玩具总动员》算 Adventure)，灰点是其他类型。编码的文本里本来就有类型，所以同类聚在一起并不意外；图上多出来的信息是：
# 编码器把哪些类型放在一起。
# %%
from recsys_lessons.plots import item_map

points = np.linalg.svd(center(text, reference=text).numpy(), full_matrices=False)[0][:, :2]
genre = movies.items["genres"].str[0]
known = [1, 50, 260, 858, 2571, 1097]
names = [(row, movies.items["title"].iloc[row]) for row in movies.item_rows(known)]
item_map(points, genre, ["Animation", "Horror", "Documentary", "Drama", "Comedy"], labels=names)
# %% [markdown] lang="en"
# ## How the course works
#
# - **Lessons** are in `notebooks/`: a question, something built by hand, a measurement, what goes wrong.
# - **Exercises** are in `exercises/`, one notebook a lesson, each with the interview question it answers. Write the
#   function, run `check("its_name")`; `hint("its_name")` gives three hints, one at a time. Answers are in `solutions/`.
# - **Progress** is kept on this machine, in one small file; nothing is sent anywhere.
#
# Start with `exercises/00_start_here.ipynb`: `recall_at_k` and `mean_pooling`, both at work behind this page.
# %% [markdown] lang="zh"
# ## 课程怎么用
#
# - **课程**在 `notebooks/zh/`：一个问题，亲手搭一遍，量一量，再看会在哪里出错。
# - **练习**在 `exercises/zh/`，每课一本，每题都标明它回答哪个面试问题。写好函数后运行 `check("函数名")`；`hint("函数名")` 有三级提示，一次给一级。
#   参考答案在 `solutions/zh/`。
# - **进度**只存在本机的一个小文件里，不会发送到任何地方。
#
# 从 `exercises/zh/00_start_here.ipynb` 开始：`recall_at_k` 和 `mean_pooling`，都在这一页的背后用到。
# %%
from recsys_lessons.practice import progress

progress()
# %% [markdown] lang="en"
# ## Say it in an interview
#
# **"How would you recommend to somebody who has just signed up?"** Ask for a few films and fold that history in: the
# score is `h V Vᵀ`, no retraining. With no history at all, popularity is the baseline to beat. A sentence they type is a
# signal as well: encode it with the query prefix, centre, rank by cosine. I would compare all three on people's later
# likes, person by person, with an interval. And I would say what none of them knows: closeness in text is not quality,
# and an item without any interaction has a row of zeros in `V`, so it always scores 0.
#
# *Follow-ups.* Why centre the embeddings? What does the interval describe: the spread between people, or our doubt about
# the mean?
#
# ## On one page
#
# | idea | formula | shapes |
# | --- | --- | --- |
# | truncated SVD | `X ≈ U S Vᵀ` | U: users x r, S: r, V: items x r |
# | fold-in | `scores = h V Vᵀ` | 1 x items |
# | mean pooling | sum of the real tokens' vectors / their number | 1 x dim |
# | centring, then length 1 | `(e - mean) / ‖e - mean‖`, the mean over the catalogue | items x dim |
# | NDCG@k | sum of hits / log2(place + 1), divided by the best possible | one number a person |
#
# **References.** Cremonesi, Koren and Turrin 2010, *Performance of recommender algorithms on top-N recommendation
# tasks*. Harper and Konstan 2015, *The MovieLens datasets: history and context*. Järvelin and Kekäläinen 2002,
# *Cumulated gain-based evaluation of IR techniques*. Mu and Viswanath 2018, *All-but-the-top*. Wang et al. 2024,
# *Multilingual E5 text embeddings*.
# %% [markdown] lang="zh"
# ## 面试时怎么说
#
# **"刚注册的用户，你怎么推荐？"** 先请他选几部电影，把这段历史折入 (fold-in)：分数是 `h V Vᵀ`，不用重新训练。一点历史都没有时，热门榜就是必须打败的基线。
# 他输入的一句话也是信号：加上查询前缀编码，去均值，按余弦排序。三种做法我会放在一起，用人们之后喜欢的物品逐人比较，并给出区间。我还会说明它们都不
# 知道什么：文本接近不等于质量好；没有任何交互的物品，在 `V` 里对应的行全是 0，得分永远是 0。
#
# *追问*：为什么向量要去均值？这个区间说的是人与人的差异，还是我们对均值的不确定？
#
# ## 一页小结
#
# | 概念 | 公式 | 形状 |
# | --- | --- | --- |
# | 截断 SVD | `X ≈ U S Vᵀ` | U：用户数 x r，S：r，V：物品数 x r |
# | 折入 (fold-in) | `scores = h V Vᵀ` | 1 x 物品 |
# | 平均池化 | 真实 token 向量之和 / 个数 | 1 x 维度 |
# | 去均值并归一化 (centring) | `(e - mean) / ‖e - mean‖`，均值取自整个片库 | 物品 x 维度 |
# | NDCG@k | 命中 / log2(位置 + 1) 求和，再除以可能的最大值 | 每人一个数 |
#
# **参考文献**：Cremonesi, Koren, Turrin 2010, *Performance of recommender algorithms on top-N recommendation tasks*；
# Harper, Konstan 2015, *The MovieLens datasets: history and context*；Järvelin, Kekäläinen 2002, *Cumulated gain-based
# evaluation of IR techniques*；Mu, Viswanath 2018, *All-but-the-top*；Wang et al. 2024, *Multilingual E5 text embeddings*。
