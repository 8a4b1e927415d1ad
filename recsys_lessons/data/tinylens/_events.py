"""What happens: when people watch, in which context, and what they choose."""

from __future__ import annotations

import numpy as np
import pandas as pd
from tqdm.auto import tqdm

from recsys_lessons.data.tinylens._draws import Draws
from recsys_lessons.data.tinylens._people import DAY, START
from recsys_lessons.data.tinylens._truth import Truth
from recsys_lessons.data.tinylens._vocabulary import CITIES, COMPANIES, PLACES, PURPOSES

__all__ = ["make_events"]

PER_USER = 50  # videos watched in 180 days, on average
_TRIP_RATE = 60  # one trip in so many days
_HOURS = {  # relative frequency of watching at 0, 1, ..., 23 o'clock
    "early": (0, 0, 0, 0, 1, 3, 6, 7, 5, 3, 2, 3, 5, 3, 2, 2, 3, 5, 6, 7, 6, 3, 1, 0),
    "usual": (1, 0, 0, 0, 0, 1, 3, 5, 4, 2, 2, 3, 5, 4, 2, 2, 3, 5, 6, 7, 8, 7, 4, 2),
    "late": (5, 3, 1, 0, 0, 0, 1, 2, 3, 2, 2, 3, 5, 4, 2, 2, 3, 4, 5, 6, 7, 8, 8, 7),
}


def make_events(truth: Truth, seed: int, n_days: int, progress: bool) -> pd.DataFrame:
    """One row per event, sorted by time: user_id, item_id, timestamp, hour, weekday, place, city, company, purpose."""
    draws = Draws(seed, 3)
    parts = []
    for user in tqdm(
        truth.users.to_dict("records"), desc="TinyLens", unit="user", delay=1, leave=False, disable=not progress
    ):
        contexts = _contexts(user, draws, n_days, len(truth.items))
        chosen = _choices(truth, user["user_id"], contexts, draws)
        contexts.insert(0, "user_id", user["user_id"])
        contexts.insert(1, "item_id", truth.items["item_id"].to_numpy()[chosen])
        parts.append(contexts)
    events = pd.concat(parts, ignore_index=True)
    return events.sort_values(["timestamp", "user_id"], ignore_index=True)


def _choices(truth: Truth, user_id: int, contexts: pd.DataFrame, draws: Draws) -> list[int]:
    """Rows of the items that are chosen, one an event: in proportion to exposure x exp(utility), none twice.

    Adding Gumbel noise to log(weight) and taking the largest is a draw in proportion to the weights (Gumbel 1954), and
    leaving items out of it is a draw among the others.
    """
    weight = truth.utility([user_id] * len(contexts), contexts).astype(np.float64) + truth.log_exposure
    noise = -np.log(-np.log(np.maximum(draws.uniforms(*weight.shape), 1e-300)))
    weight += noise
    chosen: list[int] = []
    for row in weight:
        row[chosen] = -np.inf
        chosen.append(int(row.argmax()))
    return chosen


def _contexts(user: dict, draws: Draws, n_days: int, n_items: int) -> pd.DataFrame:
    """When one user watches, and in which context; timestamps rise."""
    trips = _trips(user, draws, n_days)
    days = [(1.5 if day % 7 >= 5 else 1.0) * (2.5 if day in trips else 1.0) for day in range(n_days)]
    count = max(5, round(PER_USER * n_days / 180 * user["activity"]))
    count = min(count, n_items // 2)  # nobody runs out of videos
    stamps: set[int] = set()
    while len(stamps) < count:
        day, hour = draws.weighted(days), draws.weighted(_HOURS[user["rhythm"]])
        stamps.add(START + day * DAY + hour * 3600 + draws.below(3600))
    rows = []
    for stamp in sorted(stamps):
        day, hour = (stamp - START) // DAY, (stamp - START) % DAY // 3600
        rows.append((stamp, hour, day % 7, *_situation(user, hour, day % 7, trips.get(day), draws)))
    return pd.DataFrame(rows, columns=["timestamp", "hour", "weekday", "place", "city", "company", "purpose"])


def _trips(user: dict, draws: Draws, n_days: int) -> dict[int, str]:
    """Day: the city travelled to. Two to five days each."""
    away = [city for city in CITIES if city != user["home_city"]]
    trips = {}
    for _ in range(max(1, round(n_days / _TRIP_RATE)) + draws.below(2)):
        first, city = draws.below(n_days), draws.one(away)
        trips |= {day: city for day in range(first, min(n_days, first + 2 + draws.below(4)))}
    return trips


def _situation(user: dict, hour: int, weekday: int, trip: str | None, draws: Draws) -> tuple[str, str, str, str]:
    """Place, city, company, purpose: each depends on the clock and on those before it."""
    place = PLACES[draws.weighted(_place_weights(user, hour, weekday, trip))]
    company = COMPANIES[draws.weighted(_company_weights(user, hour, weekday, place))]
    purpose = PURPOSES[draws.weighted(_purpose_weights(hour, weekday, place, company))]
    return place, trip or user["home_city"], company, purpose


def _place_weights(user: dict, hour: int, weekday: int, trip: str | None) -> tuple[float, ...]:
    """Weights of home, office, commuting, outdoors, travelling."""
    if trip:
        return (0, 0, 0, 0, 1)
    if hour >= 22 or hour < 6:
        return (95, 0, 0, 5, 0)
    if user["job"] == "office" and weekday < 5:
        if 9 <= hour < 18:
            return (5, 80, 0, 15, 0)
        if hour in (7, 8, 18):
            return (30, 0, 65, 5, 0)
    if user["job"] == "shifts" and 8 <= hour < 20:
        return (35, 35, 15, 15, 0)
    return (60, 0, 5, 35, 0) if weekday >= 5 else (75, 0, 5, 20, 0)


def _company_weights(user: dict, hour: int, weekday: int, place: str) -> tuple[float, ...]:
    """Weights of alone, partner, children, friends, colleagues."""
    partner, children = 1.0 * user["has_partner"], 1.0 * user["has_children"]
    if place == "office":
        return (5, 0, 0, 0.5, 5)
    if place == "commuting":
        return (9, 0.5 * partner, 0.5 * children, 0.5, 0.5)
    if place == "travelling":
        return (3, 3 * partner, 3 * children, 3, 1.5)
    awake = 1.0 if 7 <= hour < 21 else 0.0
    return (4, 3 * partner, 4 * children * awake, (3 if weekday >= 5 else 1.5) if 10 <= hour < 23 else 0.2, 0.2)


def _purpose_weights(hour: int, weekday: int, place: str, company: str) -> list[float]:
    """Weights of relax, laugh, learn, cook, exercise, travel, work, sleep."""
    weight = {
        "relax": 2.0,
        "laugh": 1.5,
        "learn": 1.2,
        "cook": 0.3,
        "exercise": 0.4,
        "travel": 0.5,
        "work": 0.2,
        "sleep": 0.0,
    }
    if hour >= 22 or hour < 5:
        weight |= {"sleep": 6.0, "cook": 0.0, "exercise": 0.1, "work": 0.1}
    if place == "home" and hour in (10, 11, 16, 17, 18):
        weight["cook"] += 4.0
    if place == "outdoors" or 5 <= hour < 9:
        weight["exercise"] += 2.5
    if place == "office":
        weight |= {"work": 5.0, "learn": 2.0, "cook": 0.0, "exercise": 0.1}
    if place == "travelling":
        weight |= {"travel": 4.0, "cook": 0.0, "work": 2.0 if company == "colleagues" else 0.2}
    if company == "friends":
        weight["laugh"] += 2.0
    if company == "children":
        weight |= {"work": 0.0, "sleep": 4.0 if hour >= 20 else 0.3, "learn": 0.8}
    if weekday >= 5:
        weight["travel"] += 0.6
    return [weight[purpose] for purpose in PURPOSES]
