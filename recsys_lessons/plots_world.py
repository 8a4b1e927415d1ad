"""A picture of a TinyLens world: what there is to watch, when and why people watch, and interests that move."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from recsys_lessons.plots import PALETTE, Picture

__all__ = ["world_picture"]

_DAY = 86_400
_INK, _PALE = "#333333", "#8a8a8a"
_DARK = "#4d4d4d"  # an eighth colour beside the seven of the palette
_PURPOSES = ("exercise", "work", "learn", "cook", "travel", "laugh", "relax", "sleep")  # roughly as a day goes


def world_picture(world: Any, users: list | None = None) -> Picture:
    """The world on one page.

    Above: videos by topic and subtopic, and what people watch for at each hour. Below, for a few people: bands for the
    share of each topic in what they would choose through the months, in the contexts they were in (from the truth), a
    dot for each video that they did watch, and the date on which an interest moved.

    Args:
        world: a TinyLens. users: up to four user ids; None picks a person who does not change, one who changes at once,
            and one who changes gradually.

    Raises:
        ValueError: no user, or more than four. KeyError: a user who is not in the world.
    """
    users = _chosen(world) if users is None else list(users)
    if not 1 <= len(users) <= 4:
        raise ValueError(f"there are {len(users)} users to draw; the page has room for one to four.")
    world.data.user_rows(users)
    colours = _colours(world)
    figure = Picture(11, 4.9 + 1.55 * len(users))
    top, below = figure.subfigures(2, 1, height_ratios=[4.4, 0.5 + 1.55 * len(users)])
    left, right = top.subplots(1, 2, width_ratios=[1.15, 1])
    _topics(left, world, colours)
    _hours(right, world)
    rows = below.subplots(len(users), 1, sharex=True, squeeze=False)[:, 0]
    for axes, user in zip(rows, users, strict=True):
        _interests(axes, world, user, colours)
    rows[-1].set_xlabel("bands: what they would choose (the truth); dots: what they watched", color=_PALE, fontsize=9)
    facts = f"{world.data.n_items:,} videos, {world.data.n_users:,} people, {len(world.data.interactions):,} choices"
    top.suptitle(f"TinyLens: {facts}, and why each was made", fontsize=14, color=_INK)
    return figure


def _colours(world: Any) -> dict[str, str]:
    return dict(zip(sorted(set(world.truth.items["topic"])), (*PALETTE, _DARK), strict=False))


def _chosen(world: Any) -> list:
    """Of each kind the person who watched most."""
    counts = world.data.interactions["user_id"].value_counts()
    table = world.truth.users.assign(count=world.truth.users["user_id"].map(counts))
    best = table.sort_values(["count", "user_id"], ascending=[False, True]).drop_duplicates("drift")
    best = best.set_index("drift")["user_id"]
    return [best[kind] for kind in ("none", "step", "gradual") if kind in best]


def _topics(axes: Axes, world: Any, colours: dict[str, str]) -> None:
    """One bar a topic, one piece a subtopic, as long as it has videos."""
    counts = world.truth.items.groupby(["topic", "subtopic"]).size()
    for row, (topic, colour) in enumerate(colours.items()):
        left = 0
        for subtopic, count in counts[topic].sort_values(ascending=False).items():
            axes.barh(row, count, left=left, height=0.82, color=colour, edgecolor="white", linewidth=2, alpha=0.85)
            dark = (
                sum(int(colour[place : place + 2], 16) * part for place, part in ((1, 0.3), (3, 0.6), (5, 0.1))) < 140
            )
            longest = max(len(word) for word in subtopic.split())
            size, name = max(4.2, min(6.5, 4.8 * count / longest)), subtopic.replace(" ", "\n")
            axes.text(left + count / 2, row, f"{name}\n{count}", ha="center", va="center", fontsize=size,
                      linespacing=0.95, color="white" if dark else _INK)  # fmt: skip
            left += count
    axes.set(yticks=range(len(colours)), yticklabels=list(colours), xticks=[], xlim=(0, None))
    axes.set_title("what there is: videos by topic and subtopic", fontsize=10, loc="left", color=_INK)
    axes.invert_yaxis()
    axes.tick_params(length=0, labelcolor=_INK)
    axes.spines[:].set_visible(False)


def _hours(axes: Axes, world: Any) -> None:
    """Purpose by hour: how much more often than over the whole day."""
    events = world.data.interactions
    table = pd.crosstab(events["purpose"], events["hour"]).reindex(index=_PURPOSES, columns=range(24), fill_value=0)
    usual = table.sum(axis=1) / table.to_numpy().sum()
    # As if twenty usual events had been seen in each hour too, so that an hour with few events says little.
    lift = (table + 20 * usual.to_numpy()[:, None]) / (table.sum() + 20) / usual.to_numpy()[:, None]
    axes.imshow(lift, cmap="YlGnBu", aspect="auto", vmin=0.2, vmax=3.5)
    axes.set(
        yticks=range(len(_PURPOSES)),
        yticklabels=_PURPOSES,
        xticks=range(0, 24, 3),
        xticklabels=[f"{hour}:00" for hour in range(0, 24, 3)],
    )
    axes.set_xticks(np.arange(-0.5, 24), minor=True)
    axes.set_yticks(np.arange(-0.5, len(_PURPOSES)), minor=True)
    axes.grid(which="minor", color="white", linewidth=1.5)
    axes.tick_params(which="both", length=0, labelcolor=_INK)
    axes.spines[:].set_visible(False)
    axes.set_title("why they watch: purpose by hour (darker: more than usual)", fontsize=10, loc="left", color=_INK)


def _interests(axes: Axes, world: Any, user: Any, colours: dict[str, str]) -> None:
    """Bands of topics through time, dots of events, and lines at the known dates."""
    truth = world.truth
    events = world.data.interactions[world.data.interactions["user_id"] == user]
    first = int(world.data.interactions["timestamp"].min()) // _DAY * _DAY
    days = np.linspace(0, world.arguments["n_days"], 91)
    at = (events["timestamp"].to_numpy() - first) / _DAY
    columns = [(truth.items["topic"] == topic).to_numpy() for topic in colours]
    # The date matters only through the share of the change that has happened by then: few shares, many days.
    moved = truth.moved([user] * len(days), first + days * _DAY)
    chances = {}
    for share in np.unique(moved):
        then = events.drop(columns=["user_id", "item_id"]).assign(timestamp=first + days[moved == share][0] * _DAY)
        chosen = truth.probability([user] * len(events), then)
        chances[share] = np.stack([chosen[:, column].sum(axis=1) for column in columns])
    near = np.exp(-0.5 * ((at - days[:, None]) / 9.0) ** 2) + 1e-9  # their situations of about three weeks
    near /= near.sum(axis=1, keepdims=True)
    bands = np.stack([chances[share] @ weight for share, weight in zip(moved, near, strict=True)], axis=1)
    axes.stackplot(days, bands, colors=list(colours.values()), alpha=0.85, edgecolor="white", linewidth=0.8)
    topics = truth.items.set_index("item_id").loc[events["item_id"], "topic"]
    axes.scatter(at, np.full(len(at), -0.09), c=[colours[topic] for topic in topics], s=22, linewidths=0, clip_on=False)
    what = "no change"
    for change in truth.changes[truth.changes["user_id"] == user].itertuples():
        begin, end = (change.timestamp - first) / _DAY, (change.until - first) / _DAY
        for moment in {begin, end}:
            axes.axvline(moment, ymin=0, color="black", linewidth=1.2, linestyle=(0, (4, 2)))
        how = f"at once on day {begin:.0f}" if begin == end else f"from day {begin:.0f} to day {end:.0f}"
        what = f"{change.from_topic} gives way to {change.to_topic}, {how}"
    axes.set(xlim=(0, days[-1]), ylim=(-0.18, 1), yticks=[])
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0, labelcolor=_PALE)
    axes.set_xticks(np.arange(0, days[-1] + 1, 30), [f"day {day:.0f}" for day in np.arange(0, days[-1] + 1, 30)])
    axes.set_title(f"user {user}: {what}", fontsize=10, loc="left", color=_INK)
    _name_bands(axes, days, bands, list(colours))


def _name_bands(axes: Axes, days: np.ndarray, bands: np.ndarray, topics: list[str]) -> None:
    """Each topic that gets wide is named once, where it is widest."""
    floor = np.cumsum(bands, axis=0) - bands
    inside = slice(4, len(days) - 4)
    for row, topic in enumerate(topics):
        place = 4 + int(bands[row, inside].argmax())
        if bands[row, place] > 0.13:
            axes.text(days[place], floor[row, place] + bands[row, place] / 2, topic, ha="center", va="center",
                      fontsize=8.5, color=_INK, bbox={"boxstyle": "round,pad=0.2", "fc": "white", "ec": "none",
                                                      "alpha": 0.75})  # fmt: skip
