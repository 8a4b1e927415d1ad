"""What generates the world: the utility of any item to any user, in any context, on any date."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
import pandas as pd

from recsys_lessons.data.tinylens._vocabulary import CITIES, COMPANIES, PLACES, PURPOSES

__all__ = ["Truth"]

_KNOWN = {"place": PLACES, "city": tuple(CITIES), "company": COMPANIES, "purpose": PURPOSES}
_RANGES = {"hour": 24, "weekday": 7}
_KINDS = ("topic", "subtopic", "city", "style", "mood", "tempo", "creator")


class Truth:
    """The tables that the world was made from, and what follows from them.

    utility(user, item, context, date) = quality of the item
        + sum over its attributes of the user's taste for that attribute on that date
        + sensitivity of the user x sum of the context's effects on its attributes.

    Attributes:
        items: item_id, topic, subtopic, city, creator (words and knowledge show these); style (pictures alone show it);
            mood, tempo (sound and motion alone show them); quality; exposure, how often an item is shown; misleading,
            whether the caption speaks of another topic; lacks, "; " between what is missing ("caption", "about",
            "filmed_in": the last two from the knowledge table).
        users: user_id, home_city, rhythm, job, has_partner, has_children, sensitivity, activity, drift ("none", "step",
            "gradual").
        tastes: user_id, attribute ("topic food"), before, after: weights before and after the change of interest.
        changes: user_id, timestamp, until (seconds; both the same for a step), kind, from_topic, to_topic.
        context_effects: field, value, attribute, weight. "city here": items filmed in the city the context names.
    """

    def __init__(
        self,
        items: pd.DataFrame,
        users: pd.DataFrame,
        tastes: pd.DataFrame,
        changes: pd.DataFrame,
        context_effects: pd.DataFrame,
    ):
        self.items, self.users, self.tastes = items, users, tastes
        self.changes, self.context_effects = changes, context_effects

    def utility(self, users: Sequence, contexts: pd.DataFrame | None = None) -> np.ndarray:
        """What each item is worth to each user, in that user's context.

        Args:
            users: (n,) user ids; one may stand several times.
            contexts: n rows with some of timestamp, hour, weekday, place, city, company, purpose; other columns are
                not looked at. A field that is absent or NaN has no effect. The timestamp (seconds) decides which
                interest holds; without it, the last one does.

        Returns:
            (n, n_items) float32, columns in the item table's order.

        Raises:
            KeyError: a user who is not in the world. ValueError: not one context per user, or a value of a field that
                the world does not know.
        """
        return self._utility(users, contexts).astype(np.float32)

    def probability(self, users: Sequence, contexts: pd.DataFrame | None = None) -> np.ndarray:
        """What each user chooses, had nothing been seen before: exposure x exp(utility), normalised.

        Arguments, errors: as for `utility`. Returns: (n, n_items) float32, each row sums to 1. Of items that were
        watched before none is chosen again: set them to 0 and normalise.
        """
        weight = self._utility(users, contexts) + self.log_exposure
        weight = np.exp(weight - weight.max(axis=1, keepdims=True))
        return (weight / weight.sum(axis=1, keepdims=True)).astype(np.float32)

    def moved(self, users: Sequence, timestamps: Sequence) -> np.ndarray:
        """(n,) how much of the change of interest has happened at that moment, 0 to 1; 0 where there is none. A missing
        timestamp stands for the end of time."""
        rows, stamps = self._rows(users), np.asarray(timestamps, dtype=np.float64)
        start, end = self._change_of[rows].T
        span = np.maximum(end - start, 1.0)
        share = np.where(np.isnan(stamps), 1.0, np.clip((stamps - start + (end == start)) / span, 0.0, 1.0))
        return np.where(np.isnan(start), 0.0, share)

    def causes(self, user, item, context: pd.DataFrame | None = None) -> pd.DataFrame:
        """Why this item is worth that much to this user in this context (one row, or None).

        Returns:
            DataFrame with `cause` and `contribution`, which add up to the utility plus log(exposure).
        """
        row, column = self._rows([user])[0], int(np.flatnonzero(self.items["item_id"] == item)[0])
        context = pd.DataFrame(index=[0]) if context is None else context
        moved = float(self.moved([user], context["timestamp"] if "timestamp" in context else [np.nan])[0])
        taste = (1 - moved) * self._before[row] + moved * self._after[row]
        mine = [columns[column] for columns in self._columns_of_items]
        found = [("shown often", self.log_exposure[column]), ("quality", float(self.items["quality"].iloc[column]))]
        found += [(f"taste for {self.attributes[place]}", taste[place]) for place in mine if taste[place]]
        for effect in self.context_effects.groupby(["field", "value"], sort=False):
            part = self.effects(context, effect[1])[0]
            name = " ".join(effect[0]).replace(" any", "")
            found += [
                (f"{name}: {self.attributes[place]}", self._sensitivity[row] * part[place])
                for place in mine
                if part[place]
            ]
        return pd.DataFrame(found, columns=["cause", "contribution"])

    @cached_property
    def log_exposure(self) -> np.ndarray:
        """(n_items,) float64."""
        return np.log(self.items["exposure"].to_numpy())

    def _utility(self, users: Sequence, contexts: pd.DataFrame | None) -> np.ndarray:
        rows = self._rows(users)
        contexts = pd.DataFrame(index=range(len(rows))) if contexts is None else contexts
        if len(contexts) != len(rows):
            raise ValueError(f"there are {len(rows)} users and {len(contexts)} contexts; pass one context per user.")
        stamps = contexts["timestamp"] if "timestamp" in contexts else np.full(len(rows), np.nan)
        moved = self.moved(users, stamps)[:, None]
        weights = (1 - moved) * self._before[rows] + moved * self._after[rows]
        weights += self._sensitivity[rows, None] * self.effects(contexts)
        # Attribute by attribute and in a fixed order: a matrix product may add in another order on another machine.
        total = np.repeat(self.items["quality"].to_numpy(dtype=np.float64)[None, :], len(rows), axis=0)
        for columns in self._columns_of_items:
            total += weights[:, columns]
        return total

    def effects(self, contexts: pd.DataFrame, table: pd.DataFrame | None = None) -> np.ndarray:
        """(n, n_attributes) what each context adds to each attribute's weight, before the user's sensitivity.

        The attributes are those of `self.attributes`; `table` holds the effects, None all of `context_effects`.
        """
        added = np.zeros((len(contexts), len(self.attributes)))
        values = {field: _checked(contexts[field], field) for field in (*_RANGES, *_KNOWN) if field in contexts}
        for effect in (self.context_effects if table is None else table).itertuples():
            if effect.field not in values:
                continue
            hit = np.flatnonzero(_matches(values[effect.field], effect.field, effect.value))
            if effect.attribute != "city here":
                added[hit, self._column[effect.attribute]] += effect.weight
            elif "city" in values:
                here = values["city"][hit]
                known = np.array([isinstance(city, str) for city in here], dtype=bool)
                columns = [self._column[f"city {city}"] for city in here[known]]
                added[hit[known], columns] += effect.weight
        return added

    @cached_property
    def attributes(self) -> tuple[str, ...]:
        """All attributes that weigh, such as "topic food" or "city Beijing"."""
        named = {f"{kind} {value}" for kind in _KINDS for value in self.items[kind]}
        named |= set(self.tastes["attribute"]) | set(self.context_effects["attribute"]) - {"city here"}
        return tuple(sorted(named | {f"city {city}" for city in CITIES}))

    @cached_property
    def _column(self) -> dict[str, int]:
        return {attribute: column for column, attribute in enumerate(self.attributes)}

    @cached_property
    def _columns_of_items(self) -> list[np.ndarray]:
        return [np.array([self._column[f"{kind} {value}"] for value in self.items[kind]]) for kind in _KINDS]

    @cached_property
    def _user_index(self) -> pd.Index:
        return pd.Index(self.users["user_id"])

    @cached_property
    def _sensitivity(self) -> np.ndarray:
        return self.users["sensitivity"].to_numpy(dtype=np.float64)

    @cached_property
    def _before(self) -> np.ndarray:
        return self._taste("before")

    @cached_property
    def _after(self) -> np.ndarray:
        return self._taste("after")

    def _taste(self, when: str) -> np.ndarray:
        table = np.zeros((len(self.users), len(self.attributes)))
        columns = [self._column[attribute] for attribute in self.tastes["attribute"]]
        table[self._rows(self.tastes["user_id"]), columns] = self.tastes[when]
        return table

    @cached_property
    def _change_of(self) -> np.ndarray:
        """(n_users, 2) begin and end of each user's change, NaN where there is none."""
        table = np.full((len(self.users), 2), np.nan)
        table[self._rows(self.changes["user_id"])] = self.changes[["timestamp", "until"]]
        return table

    def _rows(self, users: Sequence) -> np.ndarray:
        ids = list(users)
        rows = self._user_index.get_indexer(ids) if ids else np.array([], dtype=np.int64)
        if (rows < 0).any():
            unknown = ids[int(np.flatnonzero(rows < 0)[0])]
            raise KeyError(f"user {unknown!r} is not in this world; its {len(self.users)} users are in truth.users.")
        return rows


def _checked(column: pd.Series, field: str) -> np.ndarray:
    """The field's values, None where nothing is said."""
    values = np.array([None if value is None or value != value else value for value in column.tolist()], dtype=object)
    good = (lambda value: 0 <= value < _RANGES[field]) if field in _RANGES else _KNOWN[field].__contains__
    for row, value in enumerate(values):
        if value is not None and not good(value):
            allowed = f"0 to {_RANGES[field] - 1}" if field in _RANGES else ", ".join(_KNOWN[field])
            raise ValueError(f"{field} is {value!r} in context {row}; this world knows {allowed}.")
    return values


def _matches(values: np.ndarray, field: str, wanted: str) -> np.ndarray:
    if wanted == "any":
        return np.array([value is not None for value in values], dtype=bool)
    if field not in _RANGES:
        return values == wanted
    first, last = (int(end) for end in wanted.split("-"))
    inside = (lambda v: first <= v <= last) if first <= last else (lambda v: v >= first or v <= last)
    return np.array([value is not None and inside(value) for value in values], dtype=bool)
