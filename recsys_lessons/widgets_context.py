"""What a learner touches about the moment: set a context and see the list move; let a history fade and see why."""

from __future__ import annotations

import copy
import html
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import ipywidgets as ipw
import numpy as np
import pandas as pd
from scipy import sparse

from recsys_lessons._widget_parts import WithStill, bar, moves, places, table_html, titles_of
from recsys_lessons.context import as_words
from recsys_lessons.data.dataset import Dataset
from recsys_lessons.language import language, say
from recsys_lessons.recommenders.base import NotFittedError, Recommender
from recsys_lessons.recommenders.recency import ages, recency_weights

__all__ = ["ContextPanel", "RecencySlider"]

_WORDS = {
    "hour": {"en": "Hour", "zh": "几点"},
    "weekday": {"en": "Day", "zh": "星期"},
    "place": {"en": "Place", "zh": "地点"},
    "city": {"en": "City", "zh": "城市"},
    "company": {"en": "With whom", "zh": "和谁"},
    "purpose": {"en": "What for", "zh": "目的"},
    "unsaid": {"en": "not said", "zh": "未指定"},
    "reset": {"en": "Say nothing", "zh": "全部清除"},
    "user": {"en": "User {user}", "zh": "用户 {user}"},
    "nothing": {"en": "no context: the list as it always is", "zh": "没有上下文：平常的列表"},
    "item": {"en": "Item", "zh": "物品"},
    "moved": {"en": "Moved", "zh": "升降"},
    "left": {"en": "No longer among the first {k}:", "zh": "掉出前 {k} 名："},
    "half-life": {"en": "Half-life", "zh": "半衰期"},
    "days": {"en": "{n:g} day{s}", "zh": "{n:g} 天"},
    "positions": {"en": "{n:g} item{s}", "zh": "{n:g} 个物品"},
    "never": {"en": "nothing is forgotten", "zh": "从不遗忘"},
    "history": {"en": "History, the latest first", "zh": "历史，最近的在前"},
    "age": {"en": "Age", "zh": "距最近一次"},
    "age in days": {"en": "{n:.1f} days", "zh": "{n:.1f} 天"},
    "weight": {"en": "Weight", "zh": "权重"},
    "rest": {"en": "and {n} earlier, together {share:.0%}", "zh": "还有更早的 {n} 个，合计 {share:.0%}"},
    "list": {"en": "The list, and how it moved against forgetting nothing", "zh": "推荐列表，以及与从不遗忘相比的升降"},
}
_UNSAID = ""  # of a choice that is left open: a slider of choices cannot stand at None
_FIELDS = ("hour", "weekday", "place", "city", "company", "purpose")


def _say(name: str, **values: object) -> str:
    return say(_WORDS[name], **values)


def _ranked(found: pd.DataFrame, titles: Mapping, before: Mapping) -> pd.DataFrame:
    named = [titles[item] for item in found["item_id"]]
    return found[["rank", "item_id"]].assign(title=named, moved=moves(found["item_id"], before))


def _list_html(table: pd.DataFrame) -> str:
    return table_html(table[["rank", "title", "moved"]], ["", _say("item"), _say("moved")])


class ContextPanel(WithStill):
    """Say where somebody is, when, with whom and what for; the list follows at once, and what moved is told.

    Args:
        model: fitted, with `uses_context`.
        user: whose list it is.
        fields: which of hour, weekday, place, city, company and purpose can be said; None: those that the training
            data has. Values are those of the training data.
        start: the context said from the beginning.
        against: fitted; what the list is compared with. None: the same model without a context.
        k: length of the list.

    Raises:
        ValueError: a model without context, an unknown field or value. KeyError: an unknown user.
    """

    def __init__(
        self,
        model: Recommender,
        user: Any,
        fields: Sequence[str] | None = None,
        *,
        start: Mapping[str, Any] | None = None,
        against: Recommender | None = None,
        k: int = 10,
    ):
        if not model.uses_context:
            raise ValueError(
                f"{type(model).__name__} makes no use of a context, so nothing would move; pass a contextual model."
            )
        for one in (model, against or model):
            if not hasattr(one, "train_"):
                raise NotFittedError(f"{type(one).__name__} is not fitted yet; call fit(train) first.")
        model.train_.user_rows([user])  # an unknown one is named before anything is drawn
        self.model, self.user, self.k = model, user, k
        self._before = places((against or model).recommend(user, k=model.train_.n_items))
        self._titles = titles_of(model.train_.items)
        self._choices = {field: self._choice(field) for field in self._checked(fields)}
        self._sentence, self._result = ipw.HTML(), ipw.HTML()
        self._reset = ipw.Button(description=_say("reset"))
        self.say(**(start or {}))
        for choice in self._choices.values():
            choice.observe(lambda _: self._quiet or self._show(), names="value")
        self._reset.on_click(lambda _: self.say(**dict.fromkeys(self._choices)))
        # A wide table beside them must not squeeze the choices away.
        panel = ipw.VBox([*self._choices.values(), self._reset], layout=ipw.Layout(flex="0 0 auto"))
        super().__init__(
            [ipw.HBox([panel, ipw.VBox([self._sentence, self._result], layout=ipw.Layout(min_width="0"))])]
        )

    @property
    def context(self) -> dict:
        """What is said: field to value, without the fields that are left open."""
        return {field: choice.value for field, choice in self._choices.items() if choice.value != _UNSAID}

    def say(self, **context: Any) -> None:
        """Set some of the fields; None leaves one open again. Raises ValueError as the panel does."""
        for field, value in context.items():
            if field not in self._choices:
                raise ValueError(f"the panel has no field {field!r}; it has {', '.join(self._choices)}.")
            known = [one for _, one in self._choices[field].options[1:]]
            if value is not None and value not in known:
                raise ValueError(
                    f"{field} {value!r} is not in the training data; choose from {', '.join(map(repr, known))}."
                )
        self._quiet = True  # one new list for all of them
        for field, value in context.items():
            self._choices[field].value = _UNSAID if value is None else value
        self._quiet = False
        self._show()

    def recommendations(self) -> pd.DataFrame:
        """rank, item_id, title, and how far each item has come against the list without a context."""
        found = self.model.recommend(self.user, context=self.context or None, k=self.k)
        return _ranked(found, self._titles, self._before)

    def still(self) -> str:
        return f"<p>{self._heading()}</p>{self._list()}"

    def _heading(self) -> str:
        words = as_words(self.context, language=language())[0] if self.context else _say("nothing")
        return f"<b>{html.escape(_say('user', user=self.user))}</b>: {html.escape(words)}"

    def _list(self) -> str:
        table = self.recommendations()
        shown = set(table["item_id"])
        gone = [item for item, place in self._before.items() if place <= self.k and item not in shown]
        titles = "; ".join(html.escape(str(self._titles[item])) for item in gone)
        note = f"<p>{html.escape(_say('left', k=self.k))} {titles}</p>" if gone else ""
        return _list_html(table) + note

    def _show(self) -> None:
        self._sentence.value, self._result.value = f"<p>{self._heading()}</p>", self._list()

    def _checked(self, fields: Sequence[str] | None) -> list[str]:
        known = [field for field in _FIELDS if field in self.model.train_.interactions.columns]
        if isinstance(fields, str):
            raise ValueError(f"fields is {fields!r}; pass a list, such as [{fields!r}].")
        for field in fields or ():
            if field not in known:
                raise ValueError(f"there is no field {field!r} in the training data; there are {', '.join(known)}.")
        if not known:
            raise ValueError(f"the training data has no context; it has none of {', '.join(_FIELDS)}.")
        return list(fields or known)

    def _choice(self, field: str) -> ipw.Dropdown | ipw.SelectionSlider:
        values = sorted(self.model.train_.interactions[field].dropna().unique().tolist())
        labels = [f"{value}:00" if field == "hour" else _in_words(field, value) for value in values]
        options = [(_say("unsaid"), _UNSAID), *zip(labels, values, strict=True)]
        if field == "hour":
            return ipw.SelectionSlider(options=options, description=_say(field), continuous_update=False)
        return ipw.Dropdown(options=options, description=_say(field))


def _in_words(field: str, value: Any) -> str:
    """A value as the course's words write it: "with the children"; an unknown one as it is."""
    return as_words({field: value}, language=language(), template=f"{{{field}}}")[0]


class RecencySlider(WithStill):
    """Move the half-life; the weights of a person's history change, and the list with them.

    Args:
        model: a fitted model with a `half_life`, such as `RecencySVD(32)`, of which copies are asked; or a function
            from a half-life (None: nothing is forgotten) to an unfitted one, which is fitted to `dataset` at each stop.
        dataset: where the history and the titles come from; with a `timestamp`.
        user: whose history it is.
        half_lives: the stops of the slider, in days (or in what the model's `unit` says); None forgets nothing.
        start: the stop it begins at; the middle one when not said.
        k: length of the list. show: how many items of the history are shown.

    Raises:
        ValueError: no timestamps, no stop or one that is not above 0, a user without history. KeyError: an unknown
            user.
    """

    def __init__(
        self,
        model: Recommender | Callable[[float | None], Recommender],
        dataset: Dataset,
        user: Any,
        half_lives: Sequence[float | None] = (1, 3, 7, 14, 30, 90, None),
        *,
        start: float | None | str = "middle",
        k: int = 10,
        show: int = 12,
    ):
        stops = list(half_lives)
        for stop in stops:
            recency_weights(np.zeros(1), stop)
        if not stops or (start != "middle" and start not in stops):
            raise ValueError(f"start is {start!r} and half_lives {stops}; pass at least one stop, and start at a stop.")
        self.model, self.dataset, self.user, self.k, self.show = model, dataset, user, k, show
        self._stops = stops
        self._titles = titles_of(dataset.items)
        self._history = _history(dataset, user)
        self._models: dict[float | None, Recommender] = {}
        self._before = places(self._of(None).recommend(history=self._history, k=dataset.n_items))
        unit = "positions" if self._unit() == "positions" else "days"
        labels = [_say("never") if stop is None else _say(unit, n=stop, s="s" * (stop != 1)) for stop in stops]
        self._slider = ipw.SelectionSlider(
            options=list(zip(labels, range(len(stops)), strict=True)),
            value=len(stops) // 2 if start == "middle" else stops.index(start),
            description=_say("half-life"),
            continuous_update=False,
            layout=ipw.Layout(width="460px"),
        )
        self._past, self._result = ipw.HTML(), ipw.HTML()
        self._slider.observe(lambda _: self._show(), names="value")
        super().__init__([self._slider, ipw.HBox([self._past, self._result])])
        self._show()

    @property
    def half_life(self) -> float | None:
        """Where the slider stands; it may be set to another stop."""
        return self._stops[self._slider.value]

    @half_life.setter
    def half_life(self, value: float | None) -> None:
        if value not in self._stops:
            raise ValueError(f"half_life {value!r} is no stop of the slider; it stops at {self._stops}.")
        self._slider.value = self._stops.index(value)

    def history(self) -> pd.DataFrame:
        """item_id, title, days (before the latest) and weight, which add up to 1; the latest first."""
        stamps = np.array(list(self._history.values()), dtype=np.float64)
        row = sparse.csr_matrix((stamps, np.arange(len(stamps)), [0, len(stamps)]), shape=(1, len(stamps)))
        weight = recency_weights(ages(row, self._unit()), self.half_life)
        table = pd.DataFrame({"item_id": list(self._history), "title": [self._titles[one] for one in self._history]})
        return table.assign(days=(stamps.max() - stamps) / 86_400, weight=weight / weight.sum())

    def recommendations(self) -> pd.DataFrame:
        """rank, item_id, title, and how far each item has come against forgetting nothing."""
        found = self._of(self.half_life).recommend(history=self._history, k=self.k)
        return _ranked(found, self._titles, self._before)

    def still(self) -> str:
        heading = f"{_say('user', user=self.user)} · {_say('half-life')}: {self._slider.label}"
        return f"<p><b>{html.escape(heading)}</b></p>{self._past_html()}{self._list_html()}"

    def _past_html(self) -> str:
        table = self.history()
        shown, rest = table.head(self.show), table.iloc[self.show :]
        widest = table["weight"].max()
        cells = pd.DataFrame(
            {
                "title": shown["title"],
                "age": [_say("age in days", n=days) for days in shown["days"]],
                "bar": [bar(weight, widest) for weight in shown["weight"]],
            }
        )
        note = _say("rest", n=len(rest), share=rest["weight"].sum()) if len(rest) else ""
        head = f"<p>{html.escape(_say('history'))}</p>"
        body = table_html(cells, [_say("item"), _say("age"), _say("weight")], markup=("bar",))
        return f"{head}{body}<p>{html.escape(note)}</p>"

    def _list_html(self) -> str:
        return f"<p>{html.escape(_say('list'))}</p>{_list_html(self.recommendations())}"

    def _show(self) -> None:
        self._past.value, self._result.value = self._past_html(), self._list_html()

    def _unit(self) -> str:
        return getattr(self._of(None), "unit", "days")

    def _of(self, half_life: float | None) -> Recommender:
        """The model at a stop; each is made once."""
        if half_life not in self._models:
            if isinstance(self.model, Recommender):
                one = copy.copy(self.model)
                one.half_life = half_life
            else:
                one = self.model(half_life).fit(self.dataset)
            self._models[half_life] = one
        return self._models[half_life]


def _history(dataset: Dataset, user: Any) -> dict:
    """Item id to the time of its latest event, the latest item first."""
    if "timestamp" not in dataset.interactions.columns:
        raise ValueError(f"interactions has no column 'timestamp'; it has {list(dataset.interactions.columns)}.")
    dataset.user_rows([user])
    events = dataset.interactions[dataset.interactions["user_id"] == user].sort_values("timestamp", kind="stable")
    if events.empty:
        raise ValueError(f"user {user!r} has no interactions; choose somebody with a history.")
    last = events.drop_duplicates("item_id", keep="last")[::-1]
    return dict(zip(last["item_id"], last["timestamp"].astype(float), strict=True))
