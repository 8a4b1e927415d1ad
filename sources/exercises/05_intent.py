# %% [markdown] lang="en"
# # Exercises 05: a sentence becomes a ranking
#
# Three functions behind lesson 05: the search by shared words that vectors have to beat, the rules for what no cosine
# keeps, and the blend of a wish with a taste. **Time**: 50 minutes, in any number of sittings. **Before**: lesson
# `05_intent`; numpy, regular expressions.
#
# Write your answer in place of `...`, run the cell, then run the check below it. A check calls your function on fresh
# random inputs. Where an answer is wrong it names the rule that does not hold, and the smallest input that shows it.
# Stuck? Open a new cell and type `hint("bm25_scores")`. There are three hints an exercise, one more with each call.
#
# Every function returns new objects and leaves its arguments as they are.
# %% [markdown] lang="zh"
# # 练习 05：一句话变成一个排序
#
# 第 05 课背后的三个函数：向量必须胜过的、按共有词检索的 BM25；余弦守不住的条件，用规则来解析；以及查询和兴趣的融合。
# **用时**：50 分钟，可以分几次做。**基础**：第 05 课 `05_intent`；会用 numpy 和正则表达式。
#
# 把 `...` 换成你的答案，运行这个单元，再运行下面的检查。检查会用新生成的随机输入调用你的函数；
# 答案不对时，会告诉你哪条规则不满足，并给出能说明问题的最小输入。
# 卡住了就新建一个单元，输入 `hint("bm25_scores")`：每题有三级提示，每调用一次多给一级。
#
# 所有函数都返回新对象，不修改传入的参数。
# %%
import re

import numpy as np

from recsys_lessons.practice import check, hint, progress  # noqa: F401


# %% [markdown] lang="en"
# ## 1. `bm25_scores`
#
# **The interview question.** *Write BM25. What do k1 and b do, and why is it still the baseline that semantic search has
# to beat?* (Robertson and Zaragoza 2009.)
#
# ```python
# def bm25_scores(documents, query, k1, b): ...   # -> np.ndarray
# ```
#
# - `documents`: a list of N documents, each a list of terms. A document may be empty, but not all of them. `query`: a
#   list of terms, which may be empty.
# - `k1`: 0 or more, how slowly repetitions stop counting. `b`: between 0 and 1, how much long documents are held back.
# - Returns `(N,)` floats. Every term of the query adds to a document that holds it
#
# ln(1 + (N - n + 0.5) / (n + 0.5)) x f (k1 + 1) / (f + k1 (1 - b + b length / mean length)),
#
# with n the number of documents that hold the term, f how often this document holds it, and length its number of terms,
# repetitions included. The mean is over all documents. A term twice in the query adds twice; a term that no document
# has adds 0.
#
# **Example.** `documents = [["a"], ["b"]]`, `query = ["a"]`. Both lengths are the mean, so the second factor is
# 1 (k1 + 1) / (1 + k1) = 1 whatever k1 and b are. The first is ln(1 + 1.5 / 1.5) = ln 2: the answer is `[0.693, 0]`.
# %% [markdown] lang="zh"
# ## 1. `bm25_scores`
#
# **面试题**：*写出 BM25。k1 和 b 各起什么作用？为什么语义检索至今仍要和它比？* (Robertson 和 Zaragoza 2009)
#
# ```python
# def bm25_scores(documents, query, k1, b): ...   # -> np.ndarray
# ```
#
# - `documents`：N 篇文档的列表，每篇是词的列表。个别文档可以为空，但不会全空。`query`：词的列表，可以为空。
# - `k1`：不小于 0，重复出现的词多快不再加分。`b`：0 到 1 之间，长文档打多大的折扣。
# - 返回：形状 `(N,)` 的浮点数。查询里的每个词，给含有它的文档加上
#
# ln(1 + (N - n + 0.5) / (n + 0.5)) x f (k1 + 1) / (f + k1 (1 - b + b 长度 / 平均长度))，
#
# 其中 n 是含有这个词的文档数，f 是它在这篇文档里出现的次数，长度是这篇文档的词数，重复的也算。
# 平均长度对全部文档取。查询里出现两次的词加两次；没有任何文档包含的词加 0。
#
# **例子**：`documents = [["a"], ["b"]]`，`query = ["a"]`。两篇文档的长度都等于平均长度，
# 所以不管 k1 和 b 是多少，第二个因子都是 1 (k1 + 1) / (1 + k1) = 1。第一个因子是 ln(1 + 1.5 / 1.5) = ln 2，
# 答案是 `[0.693, 0]`。
# %%
def bm25_scores(documents, query, k1, b):
    ### BEGIN SOLUTION
    total = len(documents)
    lengths = np.array([len(document) for document in documents])
    slack = k1 * (1 - b + b * lengths / lengths.mean())
    scores = np.zeros(total)
    for term in query:
        f = np.array([document.count(term) for document in documents])
        holding = (f > 0).sum()
        weight = np.log(1 + (total - holding + 0.5) / (holding + 0.5))
        scores += weight * f * (k1 + 1) / np.where(f > 0, f + slack, 1.0)  # f = 0 adds 0, even where slack is 0
    return scores
    ### END SOLUTION


# %%
check("bm25_scores")
# %% [markdown] lang="en" tags=["solution"]
# BM25 needs no training, no GPU and no vectors, finds names and numbers that an encoder has never seen, and every score
# can be explained word by word. What it lacks is meaning: a synonym, or a query in another language, shares no word. The
# course's `BM25` keeps the weights as a sparse matrix, so that a query is one product.
# %% [markdown] lang="zh" tags=["solution"]
# BM25 不用训练、不用 GPU、不用向量，能找到编码器从没见过的人名和数字，每个得分都能逐词解释。
# 它缺的是语义：同义词，或者另一种语言的查询，没有一个共有的词。课程里的 `BM25` 把权重存成稀疏矩阵，一次查询就是一次乘法。
# %% tags=["solution"]
from recsys_lessons.recommenders.bm25 import BM25

rng = np.random.default_rng(0)
texts = [rng.choice(list("abcdefgh"), rng.integers(1, 12)).tolist() for _ in range(40)]
course = BM25([" ".join(text) for text in texts], k1=1.2, b=0.75, tokenize=str.split)
assert np.allclose(bm25_scores(texts, ["a", "h", "a", "z"], 1.2, 0.75), course.scores("a h a z")[0], atol=1e-5)

assert (bm25_scores([["comedy"], ["drama"]], ["喜剧"], 1.2, 0.75) == 0).all()  # no shared word, no score


# %% [markdown] lang="en"
# ## 2. `parse_wish`
#
# **The interview question.** *A user writes "a comedy, not scary, before 1990". Why is cosine similarity not enough, and
# how do you keep the constraints?*
#
# ```python
# def parse_wish(sentence, genres): ...   # -> (dict, str)
# ```
#
# - `sentence`: a text in English, Chinese or both. `genres`: a dict from a word (in small letters) to the genre it stands
#   for, such as `{"scary": "Horror", "恐怖片": "Horror"}`; it may be empty.
# - Four phrases are understood, and nothing else. X is a word of `genres` (the longest that fits), Y a year of four
#   digits:
#   - `not X` and `不要X` rule the genre of X out. `before Y` and `Y年以前` want something earlier than Y.
#   - English phrases are whole words with one space between them; capitals make no difference.
# - Returns a tuple of
#   1. a dict: under `"not"` the list of genres that are ruled out, sorted, each once; under `"before"` the earliest of
#      the years. A key is there only if something was said.
#   2. the rest: the sentence without these phrases, without the spaces and commas (`,` or `，`) right before each and
#      without a `的` right behind a Chinese one; at last without spaces and commas at its ends.
# - A word that is not in `genres` rules nothing out and stays, with its `not` or `不要`. So does a known word by itself.
#
# **Example.** `parse_wish("A comedy, not scary, before 1990", {"scary": "Horror", "comedy": "Comedy"})` is
# `({"not": ["Horror"], "before": 1990}, "A comedy")`.
# %% [markdown] lang="zh"
# ## 2. `parse_wish`
#
# **面试题**：*用户说："想看喜剧，不要恐怖片，1990年以前的"。为什么光靠余弦相似度不够？怎样保证这些条件？*
#
# ```python
# def parse_wish(sentence, genres): ...   # -> (dict, str)
# ```
#
# - `sentence`：英文、中文或混合的文本。`genres`：字典，从词(小写)到它代表的类型，例如
#   `{"scary": "Horror", "恐怖片": "Horror"}`；可以为空。
# - 只认四种短语，别的都不认。X 是 `genres` 里的词(取能匹配的最长的)，Y 是四位数的年份：
#   - `not X` 和 `不要X` 排除 X 的类型。`before Y` 和 `Y年以前` 要早于 Y 的。
#   - 英文短语按整词匹配，词间一个空格，不分大小写。
# - 返回元组：
#   1. 字典：`"not"` 是被排除的类型的列表，排好序，各出现一次；`"before"` 是最早的年份。说到了才有相应的键。
#   2. 剩余部分：句子去掉这些短语、每个短语前面紧挨着的空格和逗号(`,` 或 `，`)，以及中文短语后面紧跟的 `的`；
#      最后去掉两端的空格和逗号。
# - `genres` 里没有的词不排除任何东西，连同 `not` 或 `不要` 一起保留。单独出现的已知词也保留。
#
# **例子**：`parse_wish("想看喜剧，不要恐怖片，1990年以前的", {"恐怖片": "Horror", "喜剧": "Comedy"})` 得到
# `({"not": ["Horror"], "before": 1990}, "想看喜剧")`。
# %%
def parse_wish(sentence, genres):
    ### BEGIN SOLUTION
    words = "|".join(re.escape(word) for word in sorted(genres, key=len, reverse=True)) or "(?!)"  # (?!) never matches
    phrases = rf"\bnot ({words})\b|不要({words})的?|\bbefore (\d{{4}})\b|(\d{{4}})年以前的?"
    pattern = re.compile(rf"[\s,，]*(?:{phrases})", re.IGNORECASE)
    refused, years = set(), []
    for english, chinese, year, chinese_year in pattern.findall(sentence):
        if english or chinese:
            refused.add(genres[(english or chinese).lower()])
        else:
            years.append(int(year or chinese_year))
    limits = {"not": sorted(refused)} if refused else {}
    if years:
        limits["before"] = min(years)
    return limits, pattern.sub("", sentence).strip(" ,，")
    ### END SOLUTION


# %%
check("parse_wish")
# %% [markdown] lang="en" tags=["solution"]
# To a sentence encoder "not scary" lies beside "scary", since both are about the same thing. So what the catalogue's own
# columns can decide goes to rules, and what is left goes to the encoder. A rule that guesses is worse than none: it hides
# films in silence. `parse_constraints` of the course knows more words and more phrases, and lists what it did not
# understand.
# %% [markdown] lang="zh" tags=["solution"]
# 对句向量来说，"不要恐怖片"和"恐怖片"挨在一起，因为说的是同一件事。所以目录的列能判断的交给规则，剩下的交给编码器。
# 会猜的规则比没有规则更糟：它悄悄地把电影藏起来。课程里的 `parse_constraints` 认识更多的词和短语，并列出没读懂的部分。
# %% tags=["solution"]
from recsys_lessons.recommenders.constraints import parse_constraints

known = {"scary": "Horror", "恐怖片": "Horror"}
for sentence in ("something funny, not scary, before 1990", "想看喜剧，不要恐怖片，1990年以前的"):
    limits, rest = parse_wish(sentence, known)
    course = parse_constraints(sentence)
    print(limits, rest)
    assert limits == {"not": sorted(course.genres_out), "before": course.years[0][1] + 1} and rest == course.rest


# %% [markdown] lang="en"
# ## 3. `blend_query_and_taste`
#
# **The interview question.** *A user with a history types a query. How do you combine the scores of the query with those
# of the taste model, and what do you do with what the query rules out?*
#
# ```python
# def blend_query_and_taste(query_scores, taste_scores, weight, allowed): ...   # -> np.ndarray
# ```
#
# - `query_scores`, `taste_scores`: `(n, n_items)`, any finite numbers, on scales of their own. `weight`: the query's
#   share, between 0 and 1. `allowed`: `(n_items,)`, boolean, False where a constraint excludes the item.
# - Returns `(n, n_items)`: weight x standard(query) + (1 - weight) x standard(taste), and `-inf` where an item is not
#   allowed. `standard` works row by row over **all** items, allowed or not: less the mean, divided by the standard
#   deviation (the one that divides by n). A row whose scores are all the same becomes 0.
#
# **Example.** `query_scores = [[0.8, 0.9]]`, `taste_scores = [[5, 1]]`, `weight = 0.75`. Standardised, the query is
# `[-1, 1]` and the taste `[1, -1]`: the answer is `[[-0.5, 0.5]]`, and with `allowed = [True, False]` it is
# `[[-0.5, -inf]]`.
# %% [markdown] lang="zh"
# ## 3. `blend_query_and_taste`
#
# **面试题**：*一个有历史的用户输入了一句查询。怎样把查询得分和兴趣模型的得分合在一起？查询里排除的东西怎么处理？*
#
# ```python
# def blend_query_and_taste(query_scores, taste_scores, weight, allowed): ...   # -> np.ndarray
# ```
#
# - `query_scores`、`taste_scores`：形状 `(n, n_items)`，任意有限的数，各有各的尺度。`weight`：查询的占比，0 到 1。
#   `allowed`：形状 `(n_items,)` 的布尔数组，被条件排除的物品为 False。
# - 返回：形状 `(n, n_items)`，weight x 标准化(查询) + (1 - weight) x 标准化(兴趣)，不允许的物品为 `-inf`。
#   标准化逐行进行，在**全部**物品上算(不管允不允许)：减去均值，除以标准差(除以 n 的那种)。得分全都相同的一行记为 0。
#
# **例子**：`query_scores = [[0.8, 0.9]]`，`taste_scores = [[5, 1]]`，`weight = 0.75`。标准化之后，查询是 `[-1, 1]`，
# 兴趣是 `[1, -1]`，答案是 `[[-0.5, 0.5]]`；如果 `allowed = [True, False]`，则是 `[[-0.5, -inf]]`。
# %%
def blend_query_and_taste(query_scores, taste_scores, weight, allowed):
    ### BEGIN SOLUTION
    def standard(scores):
        centred = scores - scores.mean(axis=1, keepdims=True)
        spread = scores.std(axis=1, keepdims=True)
        return centred / np.where(spread > 0, spread, 1.0)

    scores = weight * standard(query_scores) + (1 - weight) * standard(taste_scores)
    return np.where(allowed, scores, -np.inf)
    ### END SOLUTION


# %%
check("blend_query_and_taste")
# %% [markdown] lang="en" tags=["solution"]
# A bonus or a malus of 10 would do for a while, until one score outweighs it; a constraint is kept only by what no score
# can reach. The weight is chosen on users who are in neither training nor test. `QueryRecommender` is the three
# exercises in one: it parses, encodes the rest, and blends in the same way.
# %% [markdown] lang="zh" tags=["solution"]
# 加减 10 分的做法能撑一阵子，直到某个得分超过它；只有任何得分都够不到的值才守得住条件。
# 权重要在既不属于训练也不属于测试的用户上选。`QueryRecommender` 就是这三题合在一起：解析、编码剩余部分、同样地融合。
# %% tags=["solution"]
from recsys_lessons.recommenders.intent import standardise

rng = np.random.default_rng(0)
query, taste, allowed = 0.8 + 0.05 * rng.random((4, 20)), 9 * rng.normal(size=(4, 20)), rng.random(20) < 0.8
blended = blend_query_and_taste(query, taste, 0.6, allowed)
assert np.allclose(blended[:, allowed], (0.6 * standardise(query) + 0.4 * standardise(taste))[:, allowed])
assert np.isneginf(blended[:, ~allowed]).all()
# %% [markdown] lang="en"
# ## Afterwards
#
# `progress()` shows what is passed. In a terminal, `recsys-lessons check exercises/05_intent.ipynb` checks this notebook
# in a process of its own. A worked answer to each exercise is in `solutions/05_intent.ipynb`.
#
# **To say it aloud.** BM25 adds, for each word of the query, a weight that is larger the rarer the word, times a count
# that saturates and is held back in long texts. Vectors add meaning and other languages, and cannot keep a "not": limits
# are parsed, nothing is guessed, and what they exclude gets -inf. Query and taste are standardised row by row before a
# weight between them means anything.
# %% [markdown] lang="zh"
# ## 做完之后
#
# `progress()` 显示哪些已经通过。在终端里运行 `recsys-lessons check exercises/zh/05_intent.ipynb`，
# 会在单独的进程里检查这本 notebook。每题的参考答案在 `solutions/zh/05_intent.ipynb`。
#
# **试着说出来**：BM25 对查询里的每个词，加上一个越罕见越大的权重，乘以一个会饱和、在长文档里打折扣的次数。
# 向量带来语义和跨语言，但守不住"不要"：条件用规则解析，绝不猜测，被排除的记为 -inf。
# 查询和兴趣先逐行标准化，它们之间的权重才有意义。
