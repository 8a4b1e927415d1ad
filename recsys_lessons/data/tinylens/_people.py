"""The people: what each loves and avoids, how they live, and, for some, when an interest moves."""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd

from recsys_lessons.data.tinylens._draws import Draws
from recsys_lessons.data.tinylens._vocabulary import CITIES, MOODS, SPOKEN, STYLES, SUBTOPICS, TEMPOS, TOPIC_OF, TOPICS

__all__ = ["DAY", "People", "START", "make_people"]

START = 1_704_067_200  # 2024-01-01 00:00 UTC, a Monday
DAY = 86_400
STEP, GRADUAL = 0.2, 0.2  # shares of the people whose interest moves at once, and over 30 to 45 days


class People(NamedTuple):
    """Tables of one world's people.

    `tastes` has the columns user_id, attribute, before, after: the weight of an item's attribute in the person's
    utility, before and after the change; attributes that are not named weigh nothing.
    """

    users: pd.DataFrame
    truth: pd.DataFrame
    tastes: pd.DataFrame
    changes: pd.DataFrame


def make_people(n_users: int, catalogue: pd.DataFrame, seed: int, n_days: int) -> People:
    """Users 1, ..., n_users. `catalogue` is the truth about the items: people follow creators that exist."""
    draws = Draws(seed, 2)
    makers = {subtopic: sorted(set(group["creator"])) for subtopic, group in catalogue.groupby("subtopic")}
    # Exact shares, to random people: of 400, 80 and 80.
    kinds = ["step"] * round(STEP * n_users) + ["gradual"] * round(GRADUAL * n_users)
    kinds += ["none"] * (n_users - len(kinds))
    kinds = [kinds[place] for place in draws.order(n_users)]
    users, truth, tastes, changes = [], [], [], []
    for user_id, kind in enumerate(kinds, start=1):
        life = _life(draws)
        loved, avoided = _interests(draws)
        before = _taste(loved, avoided, life["home_city"], makers, draws)
        after = dict(before)
        if kind != "none":
            origin, goal = _move(after, loved, avoided, makers, draws)
            begin = START + int(draws.uniform(0.3, 0.7) * n_days * DAY)
            span = int(draws.uniform(30, 45) * DAY) if kind == "gradual" else 0
            changes.append((user_id, begin, begin + span, kind, origin, goal))
        users.append({"user_id": user_id, **_about(loved, avoided, life, draws)})
        truth.append({"user_id": user_id, **life, "drift": kind})
        for attribute in sorted(before | after):
            row = (user_id, attribute, round(before.get(attribute, 0.0), 3), round(after.get(attribute, 0.0), 3))
            tastes.append(row)
    return People(
        pd.DataFrame(users),
        pd.DataFrame(truth),
        pd.DataFrame(tastes, columns=["user_id", "attribute", "before", "after"]),
        pd.DataFrame(changes, columns=["user_id", "timestamp", "until", "kind", "from_topic", "to_topic"]),
    )


def _life(draws: Draws) -> dict:
    children, partner = draws.chance(0.4), draws.chance(0.55)
    return {
        "home_city": draws.one(tuple(CITIES)),
        "rhythm": ("early", "usual", "late")[draws.weighted((0.25, 0.45, 0.3))],
        "job": ("office", "shifts", "at home")[draws.weighted((0.6, 0.2, 0.2))],
        "has_partner": partner or (children and draws.chance(0.7)),
        "has_children": children,
        "sensitivity": round(draws.uniform(0.7, 1.3), 3),  # factor on all effects of the context
        "activity": round(draws.uniform(0.5, 1.5), 3),  # factor on the number of videos watched
    }


def _interests(draws: Draws) -> tuple[list[str], list[str]]:
    """Two to four loved subtopics, mostly of different topics, and two topics that are avoided."""
    loved = draws.some(SUBTOPICS, 2 + draws.below(3))
    others = [topic for topic in TOPICS if topic not in {TOPIC_OF[subtopic] for subtopic in loved}]
    return loved, draws.some(others, 2)


def _taste(loved: list[str], avoided: list[str], home: str, makers: dict, draws: Draws) -> dict[str, float]:
    taste: dict[str, float] = {}
    for subtopic in loved:
        _love(taste, subtopic, makers, draws)
    for topic in avoided:
        taste[f"topic {topic}"] = -draws.uniform(1.0, 2.5)
    taste[f"city {home}"] = draws.uniform(0.5, 1.0)
    away = draws.one([city for city in CITIES if city != home])
    taste[f"city {away}"] = draws.uniform(0.4, 1.0)
    for kind, of in (("style", STYLES), ("mood", MOODS), ("tempo", TEMPOS)):
        best, worst = draws.some(of, 2)
        taste[f"{kind} {best}"], taste[f"{kind} {worst}"] = draws.uniform(0.5, 1.5), -draws.uniform(0.2, 1.2)
    return taste


def _love(taste: dict[str, float], subtopic: str, makers: dict, draws: Draws) -> None:
    taste[f"subtopic {subtopic}"] = draws.uniform(2.0, 3.2)
    topic = f"topic {TOPIC_OF[subtopic]}"
    taste[topic] = max(taste.get(topic, 0.0), 0.0) + draws.uniform(0.5, 1.1)
    for creator in draws.some(makers.get(subtopic, []), 1):
        taste[f"creator {creator}"] = draws.uniform(0.5, 1.2)


def _move(taste: dict[str, float], loved: list[str], avoided: list[str], makers: dict, draws: Draws) -> tuple[str, str]:
    """The topic that is loved most is left, with all that was loved in it, for a new one; in place. Returns both."""
    love = dict.fromkeys((TOPIC_OF[subtopic] for subtopic in loved), 0.0)
    for subtopic in loved:
        love[TOPIC_OF[subtopic]] += taste[f"subtopic {subtopic}"]
    origin = max(love, key=lambda topic: love[topic] + taste[f"topic {topic}"])
    left = [subtopic for subtopic in loved if TOPIC_OF[subtopic] == origin]
    for subtopic in left:
        taste[f"subtopic {subtopic}"] = 0.0
        for creator in makers.get(subtopic, []):
            taste.pop(f"creator {creator}", None)
    taste[f"topic {origin}"] = -0.5
    goal = draws.one([topic for topic in TOPICS if topic not in avoided and topic not in {TOPIC_OF[s] for s in loved}])
    for subtopic in draws.some(TOPICS[goal], max(2, len(left))):
        _love(taste, subtopic, makers, draws)
    return origin, goal


_LIKES = (
    ("I like {a} and {b}.", "我喜欢{a}和{b}。"),
    ("Mostly I am here for {a}; {b} is fine too.", "我主要来看{a}，{b}也不错。"),
    ("Give me {a} any day, and now and then {b}.", "{a}怎么都看不腻，偶尔也看看{b}。"),
)
_ALONE = (("I like {a}.", "我喜欢{a}。"), ("I am here for {a}.", "我是冲着{a}来的。"))


def _about(loved: list[str], avoided: list[str], life: dict, draws: Draws) -> dict[str, str]:
    """What somebody might say about themselves on the first day: true, and not all of it."""
    a, b = (SPOKEN[subtopic] for subtopic in draws.some(loved, 2))
    english, chinese = draws.one(_LIKES if draws.chance(0.6) else _ALONE)
    parts = [(english.format(a=a[0], b=b[0]), chinese.format(a=a[1], b=b[1]))]
    if draws.chance(0.5):
        parts.insert(0, (f"I live in {life['home_city']}.", f"我住在{CITIES[life['home_city']].zh}。"))
    if life["has_children"] and draws.chance(0.5):
        parts.append(("We have children.", "家里有孩子。"))
    if draws.chance(0.4):
        name = SPOKEN[draws.one(avoided)]
        parts.append((f"No {name[0]}, please.", f"不想看{name[1]}。"))
    return {"about": " ".join(part[0] for part in parts), "about_zh": "".join(part[1] for part in parts)}
