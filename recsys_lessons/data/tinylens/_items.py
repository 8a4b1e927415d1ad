"""The catalogue: who made each video, what is in it, what its words say, and what is known about it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from recsys_lessons.data.tinylens import _phrases
from recsys_lessons.data.tinylens._draws import Draws
from recsys_lessons.data.tinylens._vocabulary import CITIES, MOODS, STYLES, SUBTOPICS, TEMPOS, TOPIC_OF, TOPICS

__all__ = ["Catalogue", "make_catalogue"]

MISLEADING = 0.08  # of the captions speak of another topic
NO_CAPTION = 0.08
NO_FACT = 0.08  # of the facts "about" and "filmed_in", each
_GIVEN = "An Bo Chen Dan Fang Gang Hai Hong Jia Jun Lan Lei Mei Min Ning Ping Qing Rui Shan Tao Wen Xia Yan Yu".split()
_FAMILY = "Bai Cai Deng Du Gao Guo Han He Hu Jiang Li Liu Lu Ma Peng Qian Shen Song Sun Tang Wang Xu Zhao Zhou".split()


class Catalogue(NamedTuple):
    """Tables of one world's items: what everybody sees, what is known, and the truth."""

    items: pd.DataFrame
    knowledge: pd.DataFrame
    truth: pd.DataFrame


def make_catalogue(n_items: int, seed: int) -> Catalogue:
    """Items 1, ..., n_items."""
    draws = Draws(seed, 1)
    creators = _creators(max(len(TOPICS), n_items // 12), draws)
    # A long tail: the item on place r is shown in proportion to r ** -0.6.
    exposure = np.empty(n_items)
    exposure[draws.order(n_items)] = np.round(np.arange(1, n_items + 1) ** -0.6, 6)
    quality = np.round(0.4 * draws.normals(n_items), 3)
    rows, truth = [], []
    for place in range(n_items):
        # Each creator makes at least one video, about the main subtopic, so that no topic is empty in a small world.
        first = place < len(creators)
        creator = creators[place if first else draws.weighted([one["share"] for one in creators])]
        subtopic = creator["subtopics"][0 if first else draws.weighted((0.6, 0.28, 0.12))]
        city = creator["city"] if draws.chance(0.6) else draws.one(tuple(CITIES))
        about = {"topic": TOPIC_OF[subtopic], "subtopic": subtopic, "city": city, "creator": creator["name"]}
        # Looks and sounds are drawn without regard to the rest, so that words cannot give them away.
        about |= {"style": draws.one(STYLES), "mood": draws.one(MOODS), "tempo": draws.one(TEMPOS)}
        words, misleading, lacks = _words(subtopic, city, draws)
        lacks += [fact for fact in ("about", "filmed_in") if draws.chance(NO_FACT)]
        rows.append({"item_id": place + 1, **words, "creator": creator["name"]})
        facts = {"quality": quality[place], "exposure": exposure[place], "misleading": misleading}
        truth.append({"item_id": place + 1, **about, **facts, "lacks": "; ".join(lacks)})
    items, known = pd.DataFrame(rows), pd.DataFrame(truth)
    return Catalogue(items, _knowledge(known, creators), known)


def _creators(n: int, draws: Draws) -> list[dict]:
    """Each has a home, a main subtopic (topics take turns, and so do their subtopics), one near it, and one far."""
    names = [f"{family} {given}" for family in _FAMILY for given in _GIVEN]
    names = draws.some(names, n)
    shuffled = {topic: draws.some(group, len(group)) for topic, group in TOPICS.items()}
    rounds = [(turn % 4, topic) for turn in range(n // 8 + 1) for topic in draws.some(list(TOPICS), 8)]
    mains = [shuffled[topic][turn] for turn, topic in rounds[:n]]
    creators = []
    for name, main in zip(names, mains, strict=True):
        near = draws.one([other for other in TOPICS[TOPIC_OF[main]] if other != main])
        far = draws.one([other for other in SUBTOPICS if TOPIC_OF[other] != TOPIC_OF[main]])
        life = {"city": draws.one(tuple(CITIES)), "share": draws.uniform(0.6, 1.4)}
        creators.append({"name": name, "subtopics": (main, near, far), **life})
    return creators


def _words(subtopic: str, city: str, draws: Draws) -> tuple[dict[str, str], bool, list[str]]:
    """Title and caption in two languages; whether the caption misleads; and what is lacking."""
    title_phrase, caption_phrase = draws.some(_phrases.phrases()[subtopic], 2)
    has_caption, misleading = not draws.chance(NO_CAPTION), draws.chance(MISLEADING)
    misleading &= has_caption
    if misleading:
        other = draws.one([other for other in SUBTOPICS if TOPIC_OF[other] != TOPIC_OF[subtopic]])
        caption_phrase = draws.one(_phrases.phrases()[other])
    at = _phrases.in_words(city, draws)
    named_in_title, named_in_caption = draws.chance(0.45), draws.chance(0.5)
    form = draws.one(_phrases.PLACED_TITLES if named_in_title else _phrases.TITLES)
    title, title_zh = _phrases.sentence(form, title_phrase, at, 2 + draws.below(8))
    first, second = (
        draws.one(_phrases.CAPTIONS),
        draws.one(_phrases.PLACED_AFTER if named_in_caption else _phrases.AFTER),
    )
    form = (first[0] + second[0], first[1] + second[1])
    caption, caption_zh = _phrases.sentence(form, caption_phrase, at, 0) if has_caption else ("", "")
    words = {"title": title, "title_zh": title_zh, "caption": caption, "caption_zh": caption_zh}
    return words, misleading, [] if has_caption else ["caption"]


def _knowledge(truth: pd.DataFrame, creators: list[dict]) -> pd.DataFrame:
    """What an encyclopaedia would say, less the facts that items lack. Items by their id, all else by name."""
    rows: list[tuple[str, str, str]] = []
    for item in truth.itertuples():
        head, lacks = f"item {item.item_id}", item.lacks.split("; ")
        rows.append((head, "made_by", item.creator))
        rows += [(head, "about", item.subtopic)] * ("about" not in lacks)
        rows += [(head, "filmed_in", item.city)] * ("filmed_in" not in lacks)
    rows += [(creator["name"], "lives_in", creator["city"]) for creator in creators]
    rows += [(subtopic, "part_of", topic) for subtopic, topic in TOPIC_OF.items()]
    rows += [(name, "in_region", city.region) for name, city in CITIES.items()]
    rows += [(landmark, "stands_in", name) for name, city in CITIES.items() for landmark, _ in city.landmarks]
    return pd.DataFrame(rows, columns=["head", "relation", "tail"])
