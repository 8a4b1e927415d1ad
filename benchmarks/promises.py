"""The promises, one row each: the claim, the experiment, the number with its interval, and the verdict.

    python benchmarks/promises.py

Measures nothing: it reads what the other scripts wrote into results/, and writes results/promises.json, which the
READMEs show (`python -m tools.numbers`). The verdict follows from the interval alone: "holds" where all of it is on the
claim's side of zero, "fails" where all of it is on the other, "not shown" where zero lies inside.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
import pandas as pd
from _report import RESULTS, write_result
from scipy import stats


@dataclass(frozen=True)
class Evidence:
    """Where the number of a claim stands: results/FILE.json, the row whose first column is `row`, and its columns.

    With `minus`, the difference is that of the rows' values "by seed", in pairs, with a t interval. `negate` turns the
    sign, where the file has the difference the other way round.
    """

    promise: str
    claim: str
    claim_zh: str
    experiment: str
    experiment_zh: str
    file: str
    row: str
    difference: str = ""
    low: str = ""
    high: str = ""
    minus: str = ""
    negate: bool = False


EVIDENCE = (
    Evidence(
        "context",
        "context helps",
        "上下文有用",
        "TinyLens, NDCG@10: SVD with a bias learned from the context's words, over SVD",
        "TinyLens，NDCG@10：SVD 加上由上下文句子学到的偏置，减去 SVD",
        "context_tinylens",
        "bias, words en",
        "over rival",
        "over rival, low",
        "over rival, high",
    ),
    Evidence(
        "context",
        "words say more of a context than features",
        "写成句子比写成特征更好",
        "TinyLens, NDCG@10: the same bias learned from words, over that from features",
        "TinyLens，NDCG@10：同一个偏置，由句子学到的减去由特征学到的",
        "context_tinylens",
        "bias, words en",
        minus="bias, features",
    ),
    Evidence(
        "context",
        "words know a city that was never seen",
        "没见过的城市，文字也认得",
        "TinyLens, travellers, NDCG@10: told the city's name as a query, over not told",
        "TinyLens，旅行中的人，NDCG@10：把城市名当作查询，减去不告诉它",
        "context_tinylens",
        "never-seen city: taste, and the city's name as a query en",
        "from the name",
        "low",
        "high",
    ),
    Evidence(
        "context",
        "weekday tells what people like",
        "星期几能说明人们喜欢什么",
        "MovieLens, NDCG@10: SVD filtered by weekday, over SVD",
        "MovieLens，NDCG@10：SVD 按星期几后过滤，减去 SVD",
        "context_movielens",
        "post-filter by weekday, SVD",
        "over twin",
        "gain low",
        "gain high",
    ),
    Evidence(
        "intent",
        "a sentence finds films by their theme",
        "一句话能按题材找到电影",
        "MovieLens, English wishes for a theme, NDCG@10: e5 over BM25",
        "MovieLens，英文的题材类愿望，NDCG@10：e5 减去 BM25",
        "intent",
        "e5, each side centred apart, theme, en",
        "over BM25",
        "over BM25 low",
        "over BM25 high",
    ),
    Evidence(
        "intent",
        "a vector keeps what a wish rules out, without rules",
        "不靠规则，向量也守得住愿望里的限制",
        "MovieLens, English wishes with a refusal, NDCG@10: e5 alone, over e5 with parsed constraints",
        "MovieLens，带有否定的英文愿望，NDCG@10：只用 e5，减去 e5 加解析出的约束",
        "intent",
        "e5, each side centred apart + constraints, negation, en",
        "over no constraints",
        "over no constraints low",
        "over no constraints high",
        negate=True,
    ),
    Evidence(
        "intent",
        "Chinese wishes are served as well as English ones",
        "中文愿望和英文愿望得到同样好的结果",
        "MovieLens, 60 pairs, NDCG@10: e5 on the Chinese sentence, over the English one",
        "MovieLens，60 对，NDCG@10：e5 在中文句子上，减去英文句子上",
        "intent",
        "e5 raw, all, gap en - zh",
        "ndcg@10",
        "low",
        "high",
        negate=True,
    ),
    Evidence(
        "intent",
        "a wish adds to a taste",
        "愿望能补充口味",
        "MovieLens, synthetic sentences, NDCG@10: sentence and SVD blended, over SVD",
        "MovieLens，合成的句子，NDCG@10：句子与 SVD 混合，减去 SVD",
        "intent_taste",
        "blend, en",
        "over taste",
        "over taste low",
        "over taste high",
    ),
    Evidence(
        "several modalities",
        "fusing beats the best single modality, where each knows something of its own",
        "各模态各知道一些别的模态不知道的事时，融合胜过最好的单一模态",
        "TinyLens, new videos, NDCG@10: words, cover, sound and clip, over the clip alone, the best of them; whitened",
        "TinyLens，新视频，NDCG@10：文字、封面、声音、短片，减去其中最好的短片；都经过白化",
        "multimodal_tinylens",
        "tuned weights: whitened profile",
        minus="video: whitened profile",
    ),
    Evidence(
        "several modalities",
        "a network trained on photographs hears",
        "在照片上训练的网络也听得懂声音",
        "TinyLens, new videos, NDCG@10: spectrograms alone, over chance",
        "TinyLens，新视频，NDCG@10：只用频谱图，减去随机",
        "multimodal_tinylens",
        "audio: profile",
        minus="chance",
    ),
    Evidence(
        "several modalities",
        "a plot adds to a title and its genres",
        "剧情简介能补充片名和类型",
        "MovieLens, new films, NDCG@10: title, genres and plot, whitened, with tuned weights, over title and genres",
        "MovieLens，新电影，NDCG@10：片名、类型加剧情（白化，权重经过选择），减去同样处理的片名和类型",
        "multimodal_movies",
        "title and plot, tuned weights: whitened profile",
        minus="title and genres: whitened profile",
    ),
    Evidence(
        "several modalities",
        "a poster adds to title and plot",
        "海报能补充片名和剧情",
        "MovieLens, new films, NDCG@10: all three, over title and plot, both whitened and with tuned weights",
        "MovieLens，新电影，NDCG@10：三者都用，减去片名加剧情，都经过白化和权重选择",
        "multimodal_movies",
        "tuned weights: whitened profile",
        minus="title and plot, tuned weights: whitened profile",
    ),
    Evidence(
        "several modalities",
        "the more modalities the better, whatever their weights",
        "模态越多越好，权重无所谓",
        "MovieLens, new films, NDCG@10: title, plot and poster side by side as they come, over title and genres",
        "MovieLens，新电影，NDCG@10：片名、剧情、海报原样拼接，减去片名和类型",
        "multimodal_movies",
        "naive concatenation: profile",
        minus="title and genres: profile",
    ),
    Evidence(
        "cold start",
        "words order films that nobody has rated",
        "没有人评过分的电影，靠文字也能排序",
        "MovieLens, cold films, NDCG@10: e5 profile over what clicks alone know (chance)",
        "MovieLens，冷电影，NDCG@10：e5 画像减去只看点击(等于随机)",
        "cold_items",
        "n=0, films with 30+ likes",
        "SVD over content",
        "SVD over content low",
        "SVD over content high",
        negate=True,
    ),
    Evidence(
        "cold start",
        "a pretrained encoder orders them better than TF-IDF",
        "预训练编码器比 TF-IDF 排得好",
        "MovieLens, all cold films, NDCG@10: e5's map over TF-IDF's (among well-known films TF-IDF leads: lesson 06)",
        "MovieLens，全部冷电影，NDCG@10：e5 的映射减去 TF-IDF 的(只看知名电影时 TF-IDF 领先：第 06 课)",
        "quality_cold",
        "e5 of title, year and genres: map to SVD factors",
        "over TF-IDF map",
        "low",
        "high",
    ),
    Evidence(
        "cold start",
        "a blend by the number of clicks beats both of its parts",
        "按点击数加权的混合胜过它的两个部分",
        "MovieLens, films with ten likes, NDCG@10: blend over the better of SVD and e5 profile",
        "MovieLens，有十个喜欢的电影，NDCG@10：混合减去 SVD 与 e5 画像中较好的一个",
        "cold_items",
        "n=10, films with 30+ likes",
        "blend: gain",
        "blend: low",
        "blend: high",
    ),
    Evidence(
        "cold start",
        "a sentence about oneself is worth more than nothing",
        "一句自我介绍聊胜于无",
        "TinyLens, no clicks, NDCG@10: sentence beside popularity, over popularity",
        "TinyLens，没有点击，NDCG@10：热门加一句自我介绍，减去热门",
        "cold_users",
        "TinyLens, 0 likes",
        "sentence over popularity",
        "sentence over popularity: low",
        "sentence over popularity: high",
    ),
    Evidence(
        "cold start",
        "exploring new items pays",
        "探索新物品划算",
        "TinyLens, 3,000 rounds, regret avoided: LinUCB over greedy, both on words",
        "TinyLens，3,000 轮，少掉的遗憾：LinUCB 比贪心，都用文字",
        "exploration",
        "LinUCB, words",
        "difference",
        "difference low",
        "difference high",
        negate=True,
    ),
    Evidence(
        "changing interests",
        "text follows a change better than ids",
        "兴趣变了以后，文本比 id 跟得快",
        "TinyLens, weeks 2-3 after a sudden change, share of the oracle (no context): transformer on text over ids",
        "TinyLens，突变后第 2、3 周，占不看上下文的真值上限的份额：文本上的 Transformer 减去 id 孪生模型",
        "drift_tinylens",
        "sequential, text minus sequential, ids; step",
        "weeks 2-3",
        "weeks 2-3 low",
        "weeks 2-3 high",
    ),
    Evidence(
        "changing interests",
        "forgetting follows a change, without any pretrained model",
        "会遗忘就跟得上变化，不需要预训练模型",
        "TinyLens, weeks 4-7 after a sudden change, share of the oracle (no context): recency-weighted SVD, over SVD",
        "TinyLens，突变后第 4 到 7 周，占不看上下文的真值上限的份额：按新近加权的 SVD 减去 SVD",
        "drift_tinylens",
        "RecencySVD minus SVD; step",
        "weeks 4-7",
        "weeks 4-7 low",
        "weeks 4-7 high",
    ),
    Evidence(
        "changing interests",
        "forgetting costs nothing where nothing changed",
        "兴趣没变的人，遗忘没有代价",
        "TinyLens, the same weeks, people who did not change: recency-weighted SVD, over SVD",
        "TinyLens，同样几周，兴趣没变的人：按新近加权的 SVD 减去 SVD",
        "drift_tinylens",
        "RecencySVD minus SVD; unchanged",
        "weeks 4-7",
        "weeks 4-7 low",
        "weeks 4-7 high",
    ),
    Evidence(
        "changing interests",
        "a sequence is modelled better on text than on ids",
        "序列模型用文本比用 id 好",
        "MovieLens, people over more than 30 days, NDCG@10: transformer on text over its twin on ids",
        "MovieLens，评分跨度超过 30 天的人，NDCG@10：文本上的 Transformer 减去 id 孪生模型",
        "drift_movielens",
        "sequential, text over sequential, ids; as recorded; over 30 days",
        "gain",
        "low",
        "high",
    ),
    Evidence(
        "changing interests",
        "that model beats a factorisation that knows no order",
        "这个模型胜过不看顺序的矩阵分解",
        "MovieLens, the same people, NDCG@10: transformer on text over SVD",
        "MovieLens，同一批人，NDCG@10：文本上的 Transformer 减去 SVD",
        "drift_movielens",
        "sequential, text over SVD; as recorded; over 30 days",
        "gain",
        "low",
        "high",
    ),
    Evidence(
        "changing interests",
        "recent likes tell more, once the page's order is set aside",
        "排除页面顺序之后，近期的喜欢更能说明问题",
        "MovieLens, people over more than 30 days, sessions shuffled, NDCG@10: recency-weighted SVD over SVD",
        "MovieLens，跨度超过 30 天的人，会话内打乱，NDCG@10：按新近加权的 SVD 减去 SVD",
        "drift_movielens",
        "RecencySVD, days over SVD; shuffled in sessions; over 30 days",
        "gain",
        "low",
        "high",
    ),
)


def measured(one: Evidence) -> dict:
    """The row of the table.

    Raises:
        ValueError: the file has no such row, or no such column.
    """
    if one.minus:
        pairs = np.subtract(*(_row(one.file, name)["by seed"] for name in (one.row, one.minus)))
        reach = stats.t.ppf(0.975, len(pairs) - 1) * pairs.std(ddof=1) / np.sqrt(len(pairs))
        value, low, high = pairs.mean(), pairs.mean() - reach, pairs.mean() + reach
    else:
        row = _row(one.file, one.row)
        missing = {one.difference, one.low, one.high} - row.keys()
        if missing:
            raise ValueError(f"results/{one.file}.json, row {one.row!r}, has no column {sorted(missing)}.")
        value, low, high = (float(row[name]) for name in (one.difference, one.low, one.high))
    if one.negate:
        value, low, high = -value, -high, -low
    return {
        "claim": one.claim,
        "claim zh": one.claim_zh,
        "promise": one.promise,
        "experiment": one.experiment,
        "experiment zh": one.experiment_zh,
        "difference": round(float(value), 4),
        "low": round(float(low), 4),
        "high": round(float(high), 4),
        "verdict": "holds" if low > 0 else "fails" if high < 0 else "not shown",
        "source": f"results/{one.file}.json",
    }


def _row(file: str, name: str) -> dict:
    rows = json.loads((RESULTS / f"{file}.json").read_text(encoding="utf-8"))["rows"]
    found = [row for row in rows if str(next(iter(row.values()))) == name]
    if len(found) != 1:
        raise ValueError(f"results/{file}.json has {len(found)} rows {name!r}.")
    return found[0]


def _seeds(file: str) -> list[int]:
    return json.loads((RESULTS / f"{file}.json").read_text(encoding="utf-8"))["seeds"]


def main() -> None:
    table = pd.DataFrame([measured(one) for one in EVIDENCE])
    write_result("promises", table, seeds=sorted({seed for one in EVIDENCE for seed in _seeds(one.file)}), packages=[])
    print(table[["promise", "claim", "difference", "low", "high", "verdict"]].to_string(index=False))


if __name__ == "__main__":
    main()
