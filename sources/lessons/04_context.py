# %% [markdown] lang="en"
# # Context: a recommender that knows where you are and what for
#
# **The question.** How would you build a contextual recommender with a pretrained language model, and how would you
# know that it is the context that helps?
#
# **Time**: one hour. **Before**: lesson 02 (centred text vectors), lesson 03 (SVD scores, ridge map).
#
# **Afterwards you can say in an interview**: "I log what was known before the list, encode it as features or as a
# sentence, let it meet the items in a product, and add that to the taste on one scale. A context term without the item
# in it moves nothing. The gain is measured against the same model without context and against a refitted placebo; on
# a closed set of values, words have to earn their cost against plain features."
# %% [markdown] lang="zh"
# # 上下文：知道你在哪里、为了什么的推荐系统
#
# **问题**：如何利用预训练语言模型构建基于上下文的推荐系统？又怎样证明起作用的确实是上下文？
#
# **用时**：一小时。**基础**：第 02 课(去均值的文本向量)、第 03 课(SVD 打分、岭回归映射)。
#
# **学完后，面试时你可以这样说**："我记录的是生成列表之前就知道的信息，把它编码成特征或一句话，让它与物品做乘积，再和兴趣分放到同一尺度上相加。
# 上下文项里若没有物品，排序就不会动。增益要和去掉上下文的同一模型比，还要和重新拟合的安慰剂比；取值固定时，句子得先胜过朴素的特征，才值得它的成本。"
# %% [markdown] lang="en"
# ## What you will build
#
# The panel below. One person says where they are and what for, and the list moves; arrows say how far from the same
# person's list without a context. Behind it stand two matrix products. By the end you will know how much of it is real,
# since the world it lives in has a known truth. Change the fields and watch.
# %% [markdown] lang="zh"
# ## 这一课会做出什么
#
# 就是下面这个面板。一个人说出自己在哪里、为了什么，列表随之变化，箭头表示比不带上下文的列表升降了几位。背后只是两次矩阵乘法。
# 它所在的世界真相已知，所以学完这一课，你能说清其中有多少是真的。改一改字段试试。
# %%
import numpy as np
import pandas as pd
import torch

from recsys_lessons import ContextFeatures, ContextualRecommender, make_tinylens, split_by_time
from recsys_lessons.widgets_context import ContextPanel

pd.options.display.max_colwidth = 90
world = make_tinylens(media=False, progress=False)
train, test = split_by_time(world.data, 0.2)
FIELDS = ["hour", "place", "city", "company", "purpose"]
CHOSEN = {"rank": 32, "weight": 0.75}  # on the earlier data of other worlds: see section 7
with_features = ContextualRecommender(encode=ContextFeatures(FIELDS, unseen="ignore"), **CHOSEN).fit(train)
meeting = {"place": "travelling", "city": "Beijing", "purpose": "work"}
ContextPanel(with_features, 1, FIELDS, start=meeting, k=8)
# %% [markdown] lang="en"
# ## 1. A world with known truth
#
# Public data hardly ever says in which situation a choice was made. TinyLens is a generated world of short videos that
# does. Every choice is a draw, in proportion to exposure (how often a video is shown) times exp(utility), and the
# utility adds up the video's quality, the person's taste on that date and the effects of the context, stronger for some
# people than for others. What holds here tests a *method*; it is no evidence about people. (An interest that moves, as
# in the picture, is the matter of lesson 07.)
# %% [markdown] lang="zh"
# ## 1. 真相已知的世界
#
# 公开数据几乎从不记录一次选择发生在什么场景。TinyLens 是一个生成的短视频世界，它记录了。每次选择都是一次抽样，概率正比于曝光(视频展示得多不多)乘以 exp(效用)；
# 效用由视频质量、这个人在那一天的兴趣、上下文的影响相加而成，影响的强弱因人而异。这里的结论检验的是*方法*，不能当作关于人的证据。
# (图里那种会移动的兴趣，留到第 07 课。)
# %%
from recsys_lessons.plots_world import world_picture

world_picture(world, [1])  # below: the person of the panel above
# %%
moved_by = world.truth.context_effects
print(f"the truth of this generated world: {len(moved_by)} effects of a context, such as")
print(moved_by[moved_by["value"].isin(["work", "travelling"])].to_string(index=False))
situation = test.interactions["place"].eq("travelling") & test.interactions["purpose"].eq("work")
event = test.interactions[situation].iloc[0]
causes = world.truth.causes(event["user_id"], event["item_id"], event.to_frame().T)
utility = world.truth.utility([event["user_id"]], event.to_frame().T)[0]
column = world.data.item_rows([event["item_id"]])[0]
assert np.isclose(causes["contribution"].sum(), utility[column] + world.truth.log_exposure[column], atol=1e-4)
print(f"\n{event['city']}, {event['company']}: {world.data.items['title'].iloc[column]}")
causes.round(2)
# %% [markdown] lang="en"
# Since the truth is known, there are ceilings. The **oracle** ranks by the true probability. Its twin knows the person,
# not the situation, and averages over the situations that the person has been in. The distance between the two is what
# context is worth to whoever knows the taste perfectly. The test is the latest fifth of the events; each event is one
# ranking of all videos in that event's context, and one video is right.
# %% [markdown] lang="zh"
# 真相已知，就有上限。**oracle** 按真实概率排序；它的孪生模型了解这个人，但不知道场景，只能对此人经历过的场景取平均。两者之差，就是完全了解兴趣之后，上下文还值多少。
# 测试集是最晚的五分之一事件；每个事件都在它自己的上下文里把全部视频排一次序，其中只有一个是对的。
# %%
from recsys_lessons import Oracle, Popularity, SVDRecommender, per_event


def ndcg(model, events=test):
    """Mean NDCG@10 over events, each ranked in its own context."""
    return per_event(model, events)["ndcg@10"].mean()


taste_only = SVDRecommender(CHOSEN["rank"]).fit(train)
steps = {
    "popularity": Popularity().fit(train),
    "taste: SVD": taste_only,
    "oracle without context": Oracle(world.truth, context=False).fit(train),
    "taste and context: this lesson": with_features,
    "oracle with context": Oracle(world.truth).fit(train),
}
table = pd.Series({name: ndcg(model) for name, model in steps.items()}, name="NDCG@10, TinyLens (generated)").to_frame()
table["share of oracle"] = table.iloc[:, 0] / table.iloc[-1, 0]
assert table.iloc[:3, 0].is_monotonic_increasing and table.iloc[4, 0] > 1.4 * table.iloc[2, 0]
assert table.iloc[3, 0] > 1.4 * table.iloc[1, 0]
table.round(3)
# %% [markdown] lang="en"
# Even the oracle is far below 1: a choice is a draw, and nobody can foresee it. So read "share of oracle", never the
# distance to 1.
#
# ## 2. What a context is
#
# A context is what is known *before the list is made*: hour, place, company, a purpose if the person said one, what was
# just watched. A purpose guessed from the clicked video is a leak, however it is split. And one piece of algebra comes
# before any model: **a context term without the item in it cannot change an order.** Let a context say two numbers,
# and try both ways.
# %% [markdown] lang="zh"
# 连 oracle 也远低于 1：选择本身是随机的，谁也不可能全猜中。所以要看"oracle 占比"，不要看离 1 有多远。
#
# ## 2. 什么是上下文
#
# 上下文是*生成列表之前*就知道的东西：钟点、地点、和谁在一起、对方说出的目的、刚看过什么。由点击的视频反推出来的"目的"是泄漏，怎么划分数据都没用。
# 在谈任何模型之前，先有一条代数事实：**上下文项里没有物品，就不可能改变排序。** 设上下文是两个数，两种写法都试一遍。
# %%
taste = torch.tensor([[0.9, 0.6, 0.3, 0.1]])  # (1 person, 4 items)
c = torch.tensor([[1.0, 0.0]])  # (1, 2): travelling, at home
w = torch.tensor([5.0, -5.0])  # (2,): a weight for each, the same for all items
B = torch.tensor([[0.0, 0.0, 0.0, 1.0], [0.5, 0.0, 0.0, 0.0]])  # (2, 4): a weight for each and each item
alone = taste + (c @ w)[:, None]
meets = taste + c @ B
print("c", tuple(c.shape), " B", tuple(B.shape), " c B", tuple((c @ B).shape), " scores", tuple(meets.shape))
order = {"taste": taste, "taste + c w": alone, "taste + c B": meets}
order = {name: scores.argsort(descending=True)[0].tolist() for name, scores in order.items()}
assert order["taste"] == order["taste + c w"] != order["taste + c B"]
print(order)
# %% [markdown] lang="en"
# `taste + c w` is what "just add the hour to the features of a linear model" does: it tells how much people watch at that
# hour, and ranks nothing. Context has to *multiply* the item.
#
# ## 3. A context as features
#
# Names become columns of 0 and 1. An hour is no name, and no length either: as a number, 23 and 0 are as far apart as
# hours can be. Put them on a circle: `(sin a, cos a)` with `a = 2π hour / 24`. One number would not do, since a sine
# alone gives two hours the same value.
# %% [markdown] lang="zh"
# `taste + c w` 正是"线性模型里加一个小时特征"的效果：它说的是那个钟点人们看得多不多，对排序毫无作用。上下文必须与物品*相乘*。
#
# ## 3. 写成特征的上下文
#
# 名称变成 0/1 的列。小时既不是名称，也不是长度：当作数字，23 点和 0 点相距最远。把它放到圆上：`(sin a, cos a)`，其中 `a = 2π hour / 24`。
# 只用一个数不够，因为单独的正弦会让两个不同的钟点取值相同。
# %%
from recsys_lessons.context import cyclic
from recsys_lessons.plots import PALETTE, Picture

hours = np.arange(24)
angle = 2 * np.pi * hours / 24
circle = np.stack([np.sin(angle), np.cos(angle)], axis=1)  # (24, 2)
assert torch.allclose(cyclic(hours, 24), torch.tensor(circle).float(), atol=1e-6)
assert np.isclose(np.linalg.norm(circle[23] - circle[0]), np.linalg.norm(circle[12] - circle[11]))
assert np.isclose(circle[3, 0], circle[9, 0]) and not np.allclose(circle[3], circle[9])  # one sine, two hours
purposes = pd.crosstab(train.interactions["hour"], train.interactions["purpose"], normalize="index")
asleep = purposes["sleep"].reindex(hours)  # an hour without events gets no bar and no dot
picture = Picture(9, 3.4)
line, clock = picture.subplots(1, 2, width_ratios=[1.5, 1])
line.bar(hours, asleep, color=PALETTE[0])
line.set(title="As a number: one night, two ends", xlabel="hour", ylabel="share that wants to fall asleep")
clock.scatter(circle[:, 0], circle[:, 1], s=30 + 400 * asleep, color=PALETTE[0])
for hour in range(0, 24, 3):
    clock.text(*(0.78 * circle[hour]), str(hour), ha="center", va="center", fontsize=9)
clock.set(title="On a circle: one place", aspect="equal", xticks=[], yticks=[], xlabel="sin", ylabel="cos")
clock.margins(0.15)
picture.suptitle("TinyLens, a generated world", fontsize=9)
picture
# %%
features = ContextFeatures(FIELDS).fit(train.interactions)
evening = {"hour": 20, "place": "home", "city": "Beijing", "company": "children", "purpose": "laugh"}
row = features.transform(evening)
print("one context", tuple(row.shape), " all of training", tuple(features.transform(train.interactions).shape))
print({name: round(value, 2) for name, value in zip(features.names, row[0].tolist(), strict=True) if value})
message = ""
try:
    features.transform({**evening, "city": "Lhasa"})
except ValueError as error:
    message = str(error)
assert "'Lhasa' was not seen in training" in message
print(message.split(" (")[0])
# %% [markdown] lang="en"
# That error is the weak side of features: a value that training has not seen has no column. `unseen="ignore"` gives it
# zeros: "none of the cities I know", the same for all that it does not know.
#
# ## 4. A context as words
#
# The other way writes the same row as a sentence and hands it to the text encoder. A part in square brackets is left out
# where its field is missing. Change the template and run the cell again: the encoder reads whatever you write.
# %% [markdown] lang="zh"
# 这个报错就是特征的短板：训练里没见过的取值，没有对应的列。`unseen="ignore"` 给它全 0，意思是"不是我认识的任何一个"，所有不认识的城市都一样。
#
# ## 4. 写成句子的上下文
#
# 另一种做法，是把同一行写成一句话，交给文本编码器。方括号里的部分，缺少字段时整段省去。改一改模板，再运行这个单元：你写什么，编码器就读什么。
# %%
from recsys_lessons import TextEncoder, as_words

TEMPLATE = {"en": "[{time}][, {place}][, {city}][, {company}][, {purpose}]"}
TEMPLATE["zh"] = "[{time}][，{place}][，{city}][，{company}][，{purpose}]"
said = "我今天要去北京参加一个会议。"  # Today I am going to Beijing for a meeting.
whole = {"weekday": 4, "hour": 20, "place": "home", "company": "children", "recent": ["Up", "Frozen"]}
for language in ("en", "zh"):
    print(as_words(evening, language=language, template=TEMPLATE[language])[0])
    print(as_words(whole, language=language)[0])
    print(as_words(meeting | {"query": said}, language=language)[0])
assert as_words({"place": "home"}, language="zh") == ["在家"] and as_words({}) == [""]
# %%
from recsys_lessons import center

encoder = TextEncoder(precision="fp32", progress=False)
items = world.data.items
text = {"en": encoder.encode(items["text"]), "zh": encoder.encode(items["text_zh"])}  # (600, 384)
some = train.interactions.sample(40, random_state=0)
sentences = as_words(some, language="zh", template="{place}，{company}，{purpose}")
vectors = encoder.encode(sentences, role="query")
raw = vectors @ vectors.T
centred = center(vectors, reference=vectors)
spread = {"raw": raw, "centred": centred @ centred.T}
different = torch.tensor([[a != b for b in sentences] for a in sentences])
for name, cosines in spread.items():
    low, high = cosines[different].quantile(torch.tensor([0.05, 0.95])).tolist()
    print(f"cosine of two different contexts, {name}: 90 % lie between {low:.2f} and {high:.2f}")
assert raw[different].min() > 0.7 and spread["centred"][different].quantile(0.05) < 0
wish = center(encoder.encode([said], role="query"), reference=text["zh"])
closeness = (wish @ center(text["zh"], reference=text["zh"]).T).numpy()  # (1, 600), in Chinese
best = (-closeness[0]).argsort()[:6]
found = {"title": items["title"].iloc[best], "filmed in": world.truth.items["city"].iloc[best]}
pd.DataFrame({"cosine": closeness[0, best].round(2)} | found)
# %% [markdown] lang="en"
# As in lesson 02, raw cosines are all alike, and only the centred ones tell contexts apart: the mean to take away is
# that of the training contexts (for a free sentence, of which the log has none, that of the videos). The last table is a
# context used as a *query*, with nothing trained. It finds what *resembles* the sentence: Beijing, a conference. That is
# not yet what people *choose* when they are in that situation.
#
# ## 5. Four steps to a list
#
# The textbook answer, encode, fuse, score, rank, with a shape for each. What people choose in a situation is learned
# from the log by ridge regression: one row per training event, the encoded context `C` (centred, mean length 1) on the
# left, a 1 for the item chosen on the right, less how often each item is chosen anyway. `B` then says, for every part of
# a context, which items are chosen more than usual. This is `how="bias"`. (In `how="fold_in"` the same regression aims
# at the item factors: the context moves the person's vector, as one more video in the history would.)
# %% [markdown] lang="zh"
# 和第 02 课一样，原始余弦都差不多，去均值之后才分得开；要减的是训练集上下文的均值(日志里没有自由的句子，就减视频的均值)。
# 最后那张表是把上下文当作*查询*，完全不训练，找到的是和这句话*相像*的视频：北京、会议；还不是人们在这种场景下会*选*的视频。
#
# ## 5. 四步得到列表
#
# 教科书的答案是编码、融合、打分、排序，这里每一步都给出形状。人们在某种场景下选什么，用岭回归从日志里学：每个训练事件一行，左边是编码后的上下文 `C`(去均值，平均长度缩放为 1)，
# 右边在被选中的物品处为 1，再减去各物品平时被选中的频率。学到的 `B` 说明：上下文的每个分量会让哪些物品比平常更常被选中。这就是 `how="bias"`。
# (`how="fold_in"` 是同样的回归，只是目标换成物品因子：上下文平移用户向量，就像历史里多了一部视频。)
# %%
features.unseen = "ignore"
encoded = features.transform(train.interactions).numpy()
mean = encoded.mean(axis=0)
length = np.sqrt(((encoded - mean) ** 2).sum(axis=1).mean())
C = (encoded - mean) / length  # (16109, 30)
chosen = np.eye(train.n_items)[train.item_rows(train.interactions["item_id"])]
ridge = 30.0
B = np.linalg.solve(C.T @ C + ridge * np.eye(C.shape[1]), C.T @ (chosen - chosen.mean(axis=0)))
print("C", C.shape, " chosen", chosen.shape, " B", B.shape)
assert np.allclose(B, with_features.map_, atol=1e-4)
lift = pd.DataFrame(B, index=features.names, columns=world.truth.items["topic"]).T.groupby(level=0).mean().T
shown = lift.loc[["purpose=work", "purpose=cook", "company=children", "place=travelling"]]
assert shown.idxmax(axis=1).to_list()[:3] == ["work", "food", "family"]
print("1000 x mean over the items of a topic (the model does not know topics):")
(1000 * shown).round(1)
# %%
people = [1, 3, 5]
history, now = train.matrix()[train.user_rows(people)], pd.DataFrame([meeting] * 3)
V = taste_only.item_factors_  # (600, 32)
c = (features.transform(now).numpy() - mean) / length  # 1 encode: (3, 30)
u = history @ V / (history @ V @ V.T).std(axis=1, keepdims=True)  # 2 fuse: taste on a scale of 1 ...
person = np.hstack([u, CHOSEN["weight"] * c / (C @ B).std()])  # ... beside the context, on the same: (3, 62)
scores = person @ np.hstack([V, B.T]).T  # 3 score: (3, 600) = u V' + c B
ranked = np.where(history.toarray() > 0, -np.inf, scores).argsort(axis=1)[:, ::-1][:, :5]  # 4 rank, without the seen
print("c", c.shape, " u", u.shape, " person", person.shape, " scores", scores.shape, " ranked", ranked.shape)
assert np.allclose(with_features.encode_context(now), c, atol=1e-5)
assert np.allclose(with_features.fuse(history, now), person, rtol=1e-3, atol=1e-3)
assert np.allclose(with_features.score(with_features.fuse(history, now)), scores, atol=1e-2)
assert (with_features.rank_items(scores.astype(np.float32), history, k=5) == ranked).all()
pd.DataFrame(items["title"].to_numpy()[ranked].T, columns=[f"user {user}" for user in people])


# %% [markdown] lang="en"
# Taste and context are each brought to a deviation of 1 before they are added, so that `weight` has a meaning; it is
# chosen on validation data. Weight 0 is the context-free twin. No column is a place *and* a city, so the strongest effect
# of travelling, videos filmed *there*, is averaged with what people at home in that city choose.
#
# ## 6. A program that cannot work
#
# "Contextual recommendation with BERT" is often published as a program of a few lines. This is the shortest version
# with its faults: one sentence, two people's histories, two items' features, glued side by side.
# %% [markdown] lang="zh"
# 兴趣和上下文相加之前，先各自缩放到标准差为 1，`weight` 才有意义；它要在验证集上选。权重为 0 就是不带上下文的孪生模型。
# 没有哪一列同时代表地点*和*城市，所以旅行时最强的影响，即更爱看*当地*拍的视频，会和本地人的选择混在一起取平均。
#
# ## 6. 一段不可能工作的程序
#
# 网上常见的"用 BERT 写基于上下文的推荐"只有短短几行。下面是带有同样错误的最短版本：一个句子、两个人的历史、两件物品的特征，并排拼在一起。
# %%
def program(sentence, histories, features):
    glued = torch.cat([sentence, histories, features], dim=1)
    U, S, Vt = torch.linalg.svd(glued, full_matrices=False)
    return U @ torch.diag(S) @ Vt  # printed as "recommendation scores"


sentence = encoder.encode([said], role="query")  # (1, 384)
histories = torch.tensor([[1.0, 0.0, 0.5], [0.0, 1.0, -0.5]])  # (2 people, 3)
two_items = torch.tensor([[0.2, 0.9, 0.1], [0.8, 0.1, 0.3]])  # (2 items, 3)
print("sentence", tuple(sentence.shape), " histories", tuple(histories.shape), " items", tuple(two_items.shape))
message = ""
try:
    program(sentence, histories, two_items)
except RuntimeError as error:
    message = str(error)
assert "Sizes of tensors must match" in message
print(message)
# %% [markdown] lang="en"
# One row cannot stand beside two. Repeat the sentence, so that the sizes agree. As in lesson 03 nothing is cut, so the
# input comes back. The other faults: who is glued to what? Number the items in another order, which must change nothing,
# and add a third item.
# %% [markdown] lang="zh"
# 1 行没法和 2 行并排。把句子重复一遍，让行数相等。和第 03 课一样，什么也没截掉，得到的还是输入。再看另外的错误：谁和什么粘在了一起？
# 把物品换个编号顺序(结果本不该变)，再添上第三件物品。
# %%
both = sentence.repeat(2, 1)
out = program(both, histories, two_items)
renumbered = program(both, histories, two_items.flip(0))
print("output", tuple(out.shape), " people x items would be", (2, 2))
print("person 1 stands beside", out[0, -3:].numpy().round(1) + 0.0, "or", renumbered[0, -3:].numpy().round(1) + 0.0)
message = ""
try:
    program(both, histories, torch.cat([two_items, two_items[:1]]))
except RuntimeError as error:
    message = str(error)
assert torch.allclose(out, torch.cat([both, histories, two_items], dim=1), atol=1e-4)  # the input: nothing learned
assert torch.allclose(out[0, -3:], two_items[0], atol=1e-4)
assert torch.allclose(renumbered[0, -3:], two_items[1], atol=1e-4)
assert "Sizes of tensors must match" in message
print("two people, three items:", message.split(" except")[0])
# %% [markdown] lang="en"
# A person stands beside an item because their row numbers agree. Nothing was trained, no column is an item, nothing is
# ranked, and a third item does not fit. The mend has four steps, and the known truth grades each: of everything *new*
# that the people of this world would choose on that journey, how much do ten videos hold? (The truth only measures.)
#
# 1. People, items and the sentence become rows of *one* space, the items' text vectors; products are people x items.
# 2. Taste is learned from everybody's likes instead of from texts.
# 3. What people choose in a situation is learned from the log.
# 4. What was seen is removed before the cut (the right column), and the list is tested on held-out events, as in
#    sections 1 and 7.
# %% [markdown] lang="zh"
# 人和物品站在一起，只因为行号碰巧相同。没有训练，没有哪一列是一件物品，没有排序，第三件物品也放不下。改法分四步，每一步都由已知的真相来评分：
# 在那次出差途中，这个世界里的人会选的全部*新*视频，十个推荐占了多少？(真相只用来衡量。)
#
# 1. 人、物品、句子都变成*同一个*空间(物品的文本向量)里的行；乘积的形状是人数 x 物品数。
# 2. 兴趣不再由文本得出，而是从所有人的喜欢里学。
# 3. 人们在某种场景下选什么，从日志里学。
# 4. 截取之前去掉看过的(右边一列)，并在留出的事件上检验列表，如第 1 节和第 7 节。
# %%
from recsys_lessons import ContentProfile
from recsys_lessons.recommenders.base import top_k

users, seen = train.users["user_id"].tolist(), train.matrix()
chance = world.truth.probability(users, pd.DataFrame([meeting] * len(users)))  # (400, 600)
chance[seen.nonzero()] = 0.0
chance /= chance.sum(axis=1, keepdims=True)


def standard(scores):
    return (scores - scores.mean(axis=1, keepdims=True)) / scores.std(axis=1, keepdims=True)


def held(scores, hide=seen):
    scores = scores.copy()
    taste_only.mask(scores, hide)
    return np.take_along_axis(chance, top_k(scores, 10), axis=1).sum(axis=1).mean()


# %%
by_words = 0.5 * standard(closeness)  # (1, 600), the same for all; the weight is a guess that nothing here chose
profile, likes = ContentProfile(text["zh"]).fit(train).scores(), taste_only.scores()
mended = {
    "(taste from likes, no sentence)": likes,
    "1 one space: text profile + sentence": standard(profile) + by_words,
    "2 taste from likes + sentence": standard(likes) + by_words,
    "3 context from the log + sentence": with_features.scores(context=meeting) + by_words,
    "(oracle)": Oracle(world.truth).fit(train).scores(context=meeting),
}
mended = {name: (held(scores, None), held(scores)) for name, scores in mended.items()}
columns = ["seen ones left in", "4 seen ones removed"]
mended = pd.DataFrame.from_dict(mended, orient="index", columns=columns)
before, after = mended[columns[0]], mended[columns[1]]
assert (after > before).all() and after.iloc[1:].is_monotonic_increasing
assert before.iloc[2] < before.iloc[1]  # better taste, more of the list spent on what was seen
assert after.iloc[0] < after.iloc[2] < 0.8 * after.iloc[3]  # the sentence helps, the log helps more
print("what ten videos hold of all that would be chosen; TinyLens (generated)")
mended.round(3)
# %% [markdown] lang="en"
# The sentence, as a query, adds something to the taste: it knows Beijing and meetings. The log adds more: it knows what
# people in such situations choose. And without the mask, a good model of taste spends its list on what was seen. The
# fields of step 3 were read off the sentence by us. Can the learned map not read the sentence itself? Train it on
# contexts rendered in words, then hand it a rendered context, and the free sentence.
# %% [markdown] lang="zh"
# 句子当查询，能给兴趣添一点东西：它知道北京，知道会议。日志添得更多：它知道人们在这类场景下会选什么。
# 不去掉看过的，好的兴趣模型反而让列表被看过的占满。第 3 步里的字段，是我们替它从句子里读出来的。学到的映射不能自己读这句话吗？用渲染成句子的上下文训练它，再分别给它一个渲染的上下文，和这句自由的话。
# %%
known_sentences = {}


def in_chinese(contexts):
    """Contexts to vectors (n, 384); each distinct sentence is encoded once."""
    written = as_words(contexts, language="zh", template="[{place}][，{company}][，{purpose}][{query}]")
    new = [one for one in dict.fromkeys(written) if one not in known_sentences]
    if new:
        known_sentences.update(zip(new, encoder.encode(new, role="query"), strict=True))
    return torch.stack([known_sentences[one] for one in written])


with_words = ContextualRecommender(encode=in_chinese, **CHOSEN).fit(train)
rendered = {"place": "travelling", "purpose": "work"}
asked = {"taste alone": None, "rendered: " + as_words(rendered, language="zh")[0]: rendered}
asked["free: " + said] = {"query": said}
grades = {name: held(with_words.scores(context=context)) for name, context in asked.items()}
free, taste_alone = grades["free: " + said], grades["taste alone"]
assert max(grades.values()) > 1.2 * taste_alone and free < 0.8 * max(grades.values())
pd.Series(grades, name="held by ten videos; TinyLens (generated)").round(3).to_frame()
# %% [markdown] lang="en"
# Not this one: the map has seen rendered sentences only. The encoder is the same, and so is the language; the *style* is
# not. So either log free sentences with their choices, or use the sentence as a query, or read the fields off it first.
#
# ## 7. Features against words
#
# The same five fields, both ways, over ten generated worlds. "Over twin" is the paired difference to the same model
# without context, with a 95 % interval over worlds; settings were chosen on other worlds. Below it, two rows
# are computed again in one world, and words meet features on the three fields that you just rendered.
# %% [markdown] lang="zh"
# 这一句就不行：映射只见过渲染出来的句子。编码器相同，语言也相同，不同的是*文体*。所以要么把自由的句子连同之后的选择记录下来，要么把句子当查询用，
# 要么先从句子里读出字段。
#
# ## 7. 特征对句子
#
# 同样的五个字段，两种写法，十个生成的世界。"over twin" 是与去掉上下文的同一模型的配对差值，区间是对世界的 95 % 区间；参数在另外的世界上选定。
# 再下面，在其中一个世界里把两行重算一遍，再让句子和特征在刚才渲染的三个字段上比一比。
# %%
from recsys_lessons import read_results

results = read_results("context_tinylens")
ten = results[~results["model"].str.startswith("never-seen")].set_index("model")
kinds = ["bias, features", "bias, words en", "bias, words zh", "fold-in, features", "fold-in, words en"]
kinds += ["fold-in, words zh", "query, words en", "query, words zh"]
columns = ["ndcg@10", "share of oracle", "over twin", "over twin, low", "over twin, high"]
per_world = {name: np.array(ten.loc[name, "by seed"]) for name in ten.index}
for how in ("bias", "fold-in"):
    assert (ten.loc[[f"{how}, features", f"{how}, words en", f"{how}, words zh"], "over twin, low"] > 0).all()
    assert (
        ten.loc[f"{how}, features", "over twin"]
        > 1.5 * ten.loc[["query, words en", "query, words zh"], "over twin"].max()
    )
    gained = ten.loc[[f"{how}, features", f"{how}, words en", f"{how}, words zh"], "over twin"].astype(float)
    assert gained.max() - gained.min() < 0.3 * gained.max()  # words and features differ by little
ten.loc[["SVD", *kinds, "oracle, no context", "oracle, context"], columns].round(3)


# %%
settings = results.attrs["settings"]
assert settings["bias, features"] == CHOSEN and settings["SVD"] == {"rank": CHOSEN["rank"]}
again = {"SVD": ndcg(taste_only), "bias, features": ndcg(with_features)}
for name, value in again.items():
    assert abs(value - per_world[name][0]) < 0.003  # the benchmark's first world
three = ["place", "company", "purpose"]
few = ContextualRecommender(encode=ContextFeatures(three, unseen="ignore"), **CHOSEN).fit(train)
by_kind = {"three fields as features": ndcg(few), "three fields as words": ndcg(with_words)}
gains = [value - again["SVD"] for value in by_kind.values()]
assert abs(gains[0] - gains[1]) < 0.25 * gains[0]
pd.Series(again | by_kind, name="NDCG@10 in world 0; TinyLens (generated)").round(3).to_frame()
# %% [markdown] lang="en"
# Learned from the log, words carry what features carry, and next to nothing more: with a closed set of values a sentence
# is the same information in a longer vector. As a plain query, words add far less: a sentence about a situation resembles
# items that *mention* it. Where could words win? Where a value has no column. For the next table training lost every
# event in a city (its videos and their texts stay), and people who travel to it are the test: once with the city told,
# once withheld. "From the name" is the difference.
# %% [markdown] lang="zh"
# 从日志里学，句子带来的和特征几乎一样：取值固定时，一句话就是同样的信息，只是向量更长。直接当查询，句子的增益小得多：描述场景的句子，像的是*提到*这个场景的物品。
# 那么句子能在哪里胜出？在取值没有对应列的地方。下一张表里，训练数据删去发生在某个城市的全部事件(视频和它们的文字还在)，
# 用到那个城市旅行的人来测试：一次告诉城市，一次不告诉，"from the name" 是两者之差。
# %%
unseen = results[results["model"].str.startswith("never-seen city: ")]
city = unseen.assign(model=unseen["model"].str.removeprefix("never-seen city: ")).set_index("model")
named = [name for name in city.index if "name" in name]
assert abs(city.loc["bias, features", "from the name"]) < 1e-6
assert (city.loc[named, "from the name"] > 0).all() and len(named) >= 2
for language in ("en", "zh"):
    alone_in_query = city.loc[f"taste, and the city's name as a query {language}", "from the name"]
    assert city.loc[f"query, words {language}", "from the name"] < 0.85 * alone_in_query
    assert city.loc[f"bias, words {language}", "low"] < 0 < city.loc[f"bias, words {language}", "high"]
chinese, english = ([name for name in named if name.endswith(one)] for one in (" zh", " en"))
assert city.loc[chinese, "from the name"].min() > city.loc[english, "from the name"].max()
assert (city.loc["oracle, context", "from the name"] > city.loc[named, "from the name"]).all()
city_columns = ["ndcg@10", "city withheld", "from the name", "low", "high", "top ten filmed there"]
city[city_columns].astype(float).round(3)
# %% [markdown] lang="en"
# Features gain exactly nothing from a name they do not know. The map learned on words gains nothing to speak of: it
# reads the name, but training never said what to do with it. Compared with the videos' texts the name does help: as
# one of five facts in a sentence, and more when it is said *alone*; in Chinese far more than in English. So blend:
# known values as features, an unseen one as a query.
#
# ## 8. Before, after or inside the model
#
# *Pre-filtering* trains on the events of one situation: simple, and every model sees a fraction of the data.
# *Post-filtering* trains on everything and multiplies by the smoothed lift `P(value | item) / P(value)`: simple, and the
# same lift for everybody. *Contextual modelling* puts context into the score. A factorization machine (FM; Rendle
# 2010) gives every column a vector and lets every pair meet; the sum over pairs needs no double loop.
# %% [markdown] lang="zh"
# 不认识的名字，特征从中得不到任何东西。在句子上学到的映射也几乎得不到：名字它读得出，但训练从没告诉它该怎么用。和视频的文字直接比较，名字才起作用：
# 夹在一句说了五件事的话里有用，*单独*说出来更有用；中文的收益比英文大得多。所以要混合：已知取值用特征，没见过的取值当查询。
#
# ## 8. 模型之前、之后，还是之内
#
# *预过滤*只用某一场景的事件训练：简单，但每个模型只看到一部分数据。*后过滤*用全部数据训练，再乘上平滑过的提升度 `P(取值 | 物品) / P(取值)`：简单，但对谁都是同一个提升度。
# *上下文建模*把上下文放进得分。因子分解机(factorization machine，FM；Rendle 2010)给每一列一个向量，任意两列相遇；对所有两两组合求和，不必写双重循环。
# %%
from recsys_lessons.recommenders.factorization_machine import fm_score

generator = torch.Generator().manual_seed(0)
x = torch.tensor([[1.0, 0.0, 0.0, 1.0, 0.5]])  # user 1 | item 1, item 2 | travelling, sin(hour)
bias, weights, factors = 0.1, torch.randn(5, generator=generator), torch.randn(5, 3, generator=generator)
on_item_1 = x + torch.tensor([[0.0, 1.0, 0.0, 0.0, 0.0]])
columns_of_fm = range(5)
pairs = sum(
    (factors[i] @ factors[j] * on_item_1[0, i] * on_item_1[0, j]).item() for i in columns_of_fm for j in range(i)
)
slow = bias + (on_item_1 @ weights).item() + pairs
sums, squares = on_item_1 @ factors, on_item_1**2 @ factors**2  # (1, 3) each: linear in the number of columns
quick = bias + (on_item_1 @ weights).item() + 0.5 * (sums**2 - squares).sum().item()
assert np.isclose(slow, quick, atol=1e-5)
assert np.isclose(quick, fm_score(on_item_1, bias, weights, factors).item(), atol=1e-5)
person_here = x @ factors  # v_user + sum of x_c v_c: somebody in a situation, (1, 3)
by_item = weights[1:3] + (person_here @ factors[1:3].T)[0]  # all that can change the order of items
on_item_2 = x + torch.tensor([[0.0, 0.0, 1.0, 0.0, 0.0]])
gap = (fm_score(on_item_1, bias, weights, factors) - fm_score(on_item_2, bias, weights, factors)).item()
assert np.isclose((by_item[0] - by_item[1]).item(), gap, atol=1e-5)
print(f"pairs one by one {slow:.3f}, in linear time {quick:.3f}; person {tuple(person_here.shape)}")
# %%
from recsys_lessons import PostFilter, PreFilter

places = ["pre-filter by purpose, popularity", "post-filter by all fields, popularity", "pre-filter by purpose, SVD"]
places += ["post-filter by all fields, SVD", "factorization machine, context"]
places += ["factorization machine with texts, context", "bias, features"]
pre, post = PreFilter(Popularity, "purpose").fit(train), PostFilter(Popularity(), "purpose").fit(train)
work = train.with_interactions(train.interactions[train.interactions["purpose"] == "work"])
assert np.allclose(pre.scores(1, context=meeting), Popularity().fit(work).scores(1))  # a model of those events alone
lift_of_work = post.lift_["purpose"].loc["work"].groupby(world.truth.items["topic"].to_numpy()).mean()
assert lift_of_work.idxmax() == "work"
assert (
    ten.loc[places[1:2] + places[3:4], "ndcg@10"].min() > ten.loc[places[2], "ndcg@10"] < ten.loc[places[0], "ndcg@10"]
)
assert ten.loc[places, "over rival"].min() == ten.loc["pre-filter by purpose, SVD", "over rival"] > 0
assert ten.loc["post-filter by all fields, SVD", "ndcg@10"] > 0.75 * ten.loc["bias, features", "ndcg@10"]
print("lift of purpose=work, mean over a topic:", lift_of_work.round(1).to_dict())
ten.loc[places, ["ndcg@10", "rival", "over rival", "over rival, low", "over rival, high"]].round(3)
# %% [markdown] lang="en"
# "Rival" is the best model of the kind without context, with settings of its own. All of them gain. Pre-filtering gains
# least on top of SVD: cut into eight, the data are too few for taste, and pre-filtered popularity does better. The
# post-filter, an afternoon's work, comes close to the models, since in this world a context moves everybody in the same
# direction. Where it moves people in different ones, neither a lift per item, nor `c B`, nor an FM of pairs can follow:
# that takes a product of person, context *and* item.
#
# ## 9. The placebo
#
# A contextual model has more parameters and one more knob. Is it the *context* that helps? Hand every event the context
# of another, drawn at random, in training **and** test, and fit again. Nothing may be gained. Shuffling the test alone
# is no placebo: it feeds wrong contexts to a model that trusts them, which falls whatever the context is worth.
# %% [markdown] lang="zh"
# "rival" 是同类中不带上下文的最好的模型，参数单独选过。每一种都有增益。预过滤加在 SVD 上增益最小：切成八份，数据不够学兴趣，还不如预过滤的热门榜。
# 后过滤一个下午就能做完，却接近建模的做法，因为在这个世界里，同一个上下文把所有人都往同一个方向推。若方向因人而异，每个物品一个提升度、`c B`、
# 只有两两项的 FM 就都跟不上了：那需要人、上下文、物品三者的乘积。
#
# ## 9. 安慰剂
#
# 带上下文的模型参数更多，还多一个旋钮。起作用的真是*上下文*吗？把每个事件的上下文随机换成别的事件的，训练集**和**测试集都换，重新拟合，结果不许有任何增益。
# 只打乱测试集不算安慰剂：那是给相信上下文的模型喂错误信息，不管上下文值多少，它都会跌。
# %%
from recsys_lessons import shuffle_context

shuffled_train, shuffled_test = shuffle_context(train, seed=0), shuffle_context(test, seed=1)
assert shuffled_train.interactions[["user_id", "item_id", "timestamp"]].equals(
    train.interactions[["user_id", "item_id", "timestamp"]]
)
refitted = ContextualRecommender(encode=ContextFeatures(FIELDS, unseen="ignore"), **CHOSEN).fit(shuffled_train)
tables = {"real context": (with_features, test), "placebo: shuffled, fitted again": (refitted, shuffled_test)}
tables["no placebo: only the test shuffled"] = (with_features, shuffled_test)
over = pd.Series({name: ndcg(*one) - ndcg(taste_only) for name, one in tables.items()})
assert over.iloc[0] > 0 > over.iloc[1] and over.iloc[2] < 0
over.round(3).to_frame("NDCG@10 over the twin without context; TinyLens (generated)")
# %%
with_placebo = ten.dropna(subset=["placebo over twin"])
assert (with_placebo["placebo over twin, low"] <= 0).all() and with_placebo["placebo over twin"].mean() < 0
picture = Picture(8.5, 1.1 + 0.3 * len(with_placebo))
axes = picture.subplots()
for shift, column, colour in ((0.14, "over twin", PALETTE[0]), (-0.14, "placebo over twin", PALETTE[4])):
    middle = with_placebo[column].astype(float)
    reach = [middle - with_placebo[f"{column}, low"], with_placebo[f"{column}, high"] - middle]
    y = np.arange(len(middle))[::-1] + shift
    axes.errorbar(middle, y, xerr=np.array(reach, dtype=float), fmt="o", color=colour, capsize=2, label=column)
axes.axvline(0, color="black", linewidth=0.8)
axes.set(yticks=np.arange(len(with_placebo))[::-1], yticklabels=with_placebo.index, xlabel="NDCG@10 over the twin")
picture.suptitle("Context and its placebo, ten generated worlds (TinyLens), 95 % intervals")
axes.legend(frameon=False, loc="upper center", bbox_to_anchor=(0.4, -0.1), ncols=2)
picture
# %% [markdown] lang="en"
# The real contexts gain, the placebo does not: it *costs*: what was learned from noise moves the lists too, in this
# lesson's model at the same scale as a real context. A weight chosen on validation would show that, and go to 0. (The
# twin has the model's settings, the rival above its own: hence two gains for pre-filtered SVD.)
#
# ## 10. What MovieLens timestamps can carry
#
# Real data again. A rating has one context: a moment. Two hopes. *The date*: what is popular changes, so count only the
# last N days; N was chosen on earlier years. *The clock*: hour, weekday and month as context, beside their placebo. But
# people rate by the page, long after watching (lesson 01): the clock says when they rated.
# %% [markdown] lang="zh"
# 真实的上下文有增益，安慰剂没有，反而*吃亏*：从噪声里学到的东西同样会改动列表，在这一课的模型里，尺度还和真实上下文一样。若在验证集上选权重，
# 就会看出这一点，把权重降到 0。(twin 用该模型自己的参数，前面的 rival 另选参数，所以预过滤 SVD 有两个不同的增益。)
#
# ## 10. MovieLens 的时间戳能说明什么
#
# 回到真实数据。一条评分只有一个上下文：时刻。有两个希望。*日期*：流行的东西会变，所以只数最近 N 天，N 在更早的年份上选。*钟点*：小时、星期、月份作上下文，旁边放上安慰剂。
# 但人们是在页面上成批打分的，离看电影已经很久(第 01 课)：钟点说的是打分的时间。
# %%
real = read_results("context_movielens").set_index("model")
dates = [name for name in real.index if name.startswith("popularity")]
clock = [name for name in real.index if name.startswith(("post-filter", "factorization")) and "no clock" not in name]
honest = [name for name in clock if not name.endswith("shuffled")]
assert not (real.loc[honest, "gain low"] > 0).any()  # no clock beats its twin
assert not (real.loc[honest, "over placebo low"] > 0).any()
picked = real.loc["popularity, window chosen on earlier years"]
assert picked["gain low"] < 0 < picked["gain high"] and picked["over twin"] < real.loc[dates, "over twin"].max()
assert (real.loc[[name for name in honest if name.startswith("factorization")], "gain high"] < 0).any()
kept = ["ndcg@10", "over twin", "gain low", "gain high", "over placebo", "over placebo low", "over placebo high"]
real.loc[[*dates, *clock], kept].astype(float).round(3)
# %% [markdown] lang="en"
# The clock adds nothing that shows: no version beats its twin or its placebo, and some fall below the twin. The date: the
# window *chosen on earlier years* is ahead, but its interval holds zero, so the gain is not shown. Longer windows do
# better and their intervals do not hold zero, but who picks those has picked on the test.
#
# ## Say it in an interview
#
# **"Build a contextual recommender with a pretrained language model."** I log what was known before the list, one row
# an event, and encode it: features for a closed set of values, a sentence where values are open or unseen, both centred.
# Context meets the items in a product, learned from the log by ridge regression or an FM, and is added to the taste on
# one scale with a weight from validation; seen items go, the top k stay. I split by time and report the paired
# difference to the same model without context, beside a placebo that was fitted again. In a world with known truth I
# also report the share of the oracle, since choices are random. If the interval holds zero, context stays out.
#
# *Follow-ups.* "Today I am going to Beijing for a meeting": where does this sentence enter, and what can it not do? Words
# and features come out equal: which do you ship?
#
# *Practice*: in `exercises/04_context.ipynb`, `cyclic_time`, `render_context`, `contextual_bias`, `fm_score`, and the
# whole answer in four steps, `context_rows`, `encode_context`, `fuse_context`, `rank_in_context`; in `questions/`,
# `contextual-recommender-with-a-language-model`, `a-bert-program-for-contextual-recommendation`, `does-context-help`,
# `context-as-features-or-as-words`, `before-after-or-inside-the-model`, `factorization-machine-in-linear-time`,
# `encode-an-hour-of-the-day`.
#
# **References.** Adomavicius and Tuzhilin 2011, *Context-aware recommender systems*. Rendle 2010, *Factorization
# machines*. Koren 2009, *Collaborative filtering with temporal dynamics*. Devlin et al. 2019, *BERT: Pre-training of
# deep bidirectional transformers for language understanding*. Reimers and Gurevych 2019, *Sentence-BERT*. Wang et al.
# 2024, *Multilingual E5 text embeddings: a technical report*. Ojala and Garriga 2010, *Permutation tests for studying
# classifier performance*.
# %% [markdown] lang="zh"
# 钟点看不出作用：哪一种都没有胜过孪生模型或安慰剂，有的还不如孪生模型。日期：*在更早年份上选定*的窗口略胜，但区间包含 0，
# 不能算数。更长的窗口更好，区间也不含 0，可是去挑它们，就等于在测试集上挑。
#
# ## 面试时怎么说
#
# **"请用预训练语言模型构建一个基于上下文的推荐系统。"** 我记录生成列表之前就知道的东西，每个事件一行，然后编码：取值固定的用特征，取值开放或没见过的用句子，都要去均值。
# 上下文与物品做乘积，权重用岭回归或 FM 从日志里学；再与兴趣分放到同一尺度相加，比重在验证集上选；去掉看过的，取前 k 个。按时间划分，报告与去掉上下文的同一模型的配对差值，
# 旁边放一个重新拟合的安慰剂。在真相已知的世界里，还报告 oracle 占比，因为选择本身是随机的。区间若包含 0，上下文就不上线。
#
# *追问*："我今天要去北京参加一个会议。"这句话从哪里进来，又做不到什么？句子和特征打平，上线哪一个？
#
# *练习*：`exercises/zh/04_context.ipynb` 里的 `cyclic_time`、`render_context`、`contextual_bias`、`fm_score`，以及分四步写出完整答案的
# `context_rows`、`encode_context`、`fuse_context`、`rank_in_context`；`questions/` 里的 `contextual-recommender-with-a-language-model`、
# `a-bert-program-for-contextual-recommendation`、`does-context-help`、`context-as-features-or-as-words`、`before-after-or-inside-the-model`、
# `factorization-machine-in-linear-time`、`encode-an-hour-of-the-day`。
#
# **参考文献**：Adomavicius, Tuzhilin 2011, *Context-aware recommender systems*；Rendle 2010, *Factorization machines*；Koren 2009,
# *Collaborative filtering with temporal dynamics*；Devlin 等 2019, *BERT: Pre-training of deep bidirectional transformers for
# language understanding*；Reimers, Gurevych 2019, *Sentence-BERT*；Wang 等 2024, *Multilingual E5 text embeddings: a
# technical report*；Ojala, Garriga 2010, *Permutation tests for studying classifier performance*。
# %% [markdown] lang="en"
# ## On one page
#
# | idea | formula | shapes |
# | --- | --- | --- |
# | hour on a circle | `(sin a, cos a)`, `a = 2π hour / 24` | n x 2 |
# | encode | features, or `encoder(words)`; minus the mean of training | n x d |
# | learned map | `B = (CᵀC + λI)⁻¹ Cᵀ (Y - mean)` | d x items |
# | bias | `s = u Vᵀ + weight · c B` | n x items |
# | fold-in | `s = (u + weight · c M) Vᵀ` | M: d x r |
# | query | `s = u Vᵀ + weight · cos(c, e - mean)` | nothing trained |
# | FM pairs | `½ Σ_f ((Σ v_if x_i)² - Σ v_if² x_i²)` | linear in columns |
# | post-filter | `s · (n_vi + m P(v)) / (n_i + m) / P(v)` | one lift per value and item |
# | placebo | contexts shuffled in training and test, fitted again | gain must be 0 or less |
#
# Three sentences to remember: **Without the item in it, a context term moves nothing. Words equal features on known
# values; they earn their cost on unseen ones, said alone. A gain counts against the twin and beside a refitted placebo.**
# %% [markdown] lang="zh"
# ## 一页小结
#
# | 概念 | 公式 | 形状 |
# | --- | --- | --- |
# | 圆上的钟点 | `(sin a, cos a)`，`a = 2π hour / 24` | n x 2 |
# | 编码 | 特征，或 `encoder(句子)`；减去训练集均值 | n x d |
# | 学到的映射 | `B = (CᵀC + λI)⁻¹ Cᵀ (Y - 均值)` | d x 物品数 |
# | 偏置 | `s = u Vᵀ + weight · c B` | n x 物品数 |
# | 折入 | `s = (u + weight · c M) Vᵀ` | M：d x r |
# | 查询 | `s = u Vᵀ + weight · cos(c, e - 均值)` | 不训练 |
# | FM 两两项 | `½ Σ_f ((Σ v_if x_i)² - Σ v_if² x_i²)` | 与列数成线性 |
# | 后过滤 | `s · (n_vi + m P(v)) / (n_i + m) / P(v)` | 每个取值、每个物品一个提升度 |
# | 安慰剂 | 训练和测试都打乱上下文，重新拟合 | 增益不得大于 0 |
#
# 记住三句话：**上下文项里没有物品，排序就不会动。取值已知时句子与特征打平；取值没见过时，单独说出来的词才值得它的成本。增益要和孪生模型比，旁边放重新拟合的安慰剂。**
