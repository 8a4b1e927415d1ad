"""What a learner touches: pick films and see the list change; ask in a sentence.

Every widget has a still picture beside it (`text/html`), so that a notebook reads well where nothing runs. All text
that comes from data or from a person is escaped.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence

import ipywidgets as ipw
import pandas as pd

from recsys_lessons._widget_parts import WithStill, table_html
from recsys_lessons.data.dataset import Dataset
from recsys_lessons.language import say
from recsys_lessons.recommenders.base import Recommender

__all__ = ["FilmPicker", "SentenceSearch"]

_WORDS = {
    "find": {"en": "Type part of a title, such as toy story", "zh": "输入片名的一部分(英文)，例如 toy story"},
    "add": {"en": "Add", "zh": "添加"},
    "clear": {"en": "Start again", "zh": "重新选择"},
    "none": {"en": "No title holds these words.", "zh": "没有片名包含这些词。"},
    "matches": {"en": "Found: {n}. The best known come first.", "zh": "找到 {n} 部，最知名的在前。"},
    "your films": {"en": "Your films:", "zh": "你选的电影："},
    "remove": {"en": "Your films (click one to remove it)", "zh": "你选的电影(点击可移除)"},
    "empty": {"en": "Nothing picked yet: this is what most people liked.", "zh": "还没有选电影：下面是最多人喜欢的。"},
    "film": {"en": "Film", "zh": "电影"},
    "why": {"en": "Because you picked", "zh": "因为你选了"},
    "score": {"en": "Score", "zh": "得分"},
    "ask": {"en": "Say what you would like to watch, in English or Chinese", "zh": "用中文或英文说说你想看什么"},
    "go": {"en": "Search", "zh": "搜索"},
}


def _say(name: str, **values: object) -> str:
    return say(_WORDS[name], **values)


class FilmPicker(WithStill):
    """Pick films you love; the list and its reasons follow at once.

    Args:
        dataset: where titles are searched.
        model: fitted; it folds in what was picked and explains its scores.
        fallback: fitted; it answers while nothing is picked.
        start: item ids picked from the beginning.
        k: length of the list.
    """

    def __init__(
        self, dataset: Dataset, model: Recommender, *, fallback: Recommender, start: Sequence = (), k: int = 10
    ):
        self.dataset, self.model, self.fallback, self.k = dataset, model, fallback, k
        self.picked: list = list(start)
        self._titles = dataset.items.set_index("item_id")["title"]
        dataset.item_rows(self.picked)  # unknown ids are named before anything is drawn
        wide = ipw.Layout(width="420px")
        self._find = ipw.Text(placeholder=_say("find"), layout=wide, continuous_update=True)
        self._matches = ipw.Select(options=[], rows=6, layout=wide)
        self._note = ipw.HTML()
        self._add = ipw.Button(description=_say("add"), button_style="primary", icon="plus")
        self._clear = ipw.Button(description=_say("clear"))
        self._heading = ipw.HTML()
        self._chips = ipw.HBox(layout=ipw.Layout(flex_flow="row wrap"))
        self._result = ipw.HTML()
        self._find.observe(self._on_find, names="value")
        self._add.on_click(lambda _: self.pick(self._matches.value))
        self._clear.on_click(lambda _: self._set([]))
        super().__init__(
            [
                self._find,
                self._note,
                self._matches,
                ipw.HBox([self._add, self._clear]),
                self._heading,
                self._chips,
                self._result,
            ]
        )
        self._set(self.picked)

    def pick(self, item: object) -> None:
        """Add one item id; None and what is picked already change nothing."""
        if item is not None and item not in self.picked:
            self._set([*self.picked, item])

    def drop(self, item: object) -> None:
        """Take one item id away."""
        self._set([one for one in self.picked if one != item])

    def recommendations(self) -> pd.DataFrame:
        """The list as a table: title, reasons, score; without reasons while nothing is picked."""
        if not self.picked:
            return self.fallback.recommend(history=[], k=self.k)[["title"]]
        table = self.model.recommend(history=self.picked, k=self.k)
        table["why"] = [self._reasons(item) for item in table["item_id"]]
        return table.assign(score=table["score"].map("{:.3f}".format))[["title", "why", "score"]]

    def still(self) -> str:
        table = self.recommendations()
        titles = ", ".join(html.escape(self._titles[item]) for item in self.picked)
        heading = f"{html.escape(_say('your films'))} {titles}" if self.picked else html.escape(_say("empty"))
        return f"<p>{heading}</p>{self._list(table)}"

    def _list(self, table: pd.DataFrame) -> str:
        return table_html(table, [_say("film"), _say("why"), _say("score")][: table.shape[1]])

    def _reasons(self, item: object) -> str:
        causes = self.model.explain(history=self.picked, item=item)
        causes = causes[causes["share"] >= 0.2].head(2)
        return "; ".join(causes["title"])

    def _set(self, items: list) -> None:
        self.picked = items
        chips = [
            ipw.Button(description=self._titles[item], icon="times", layout=ipw.Layout(width="auto")) for item in items
        ]
        for chip, item in zip(chips, items, strict=True):
            chip.on_click(lambda _, item=item: self.drop(item))
        self._chips.children = chips
        # The buttons name the films already; only the still has to say them in words.
        heading = _say("remove") if items else _say("empty")
        self._heading.value = f"<p>{html.escape(heading)}</p>"
        self._result.value = self._list(self.recommendations())

    def _on_find(self, change: dict) -> None:
        words = change["new"].strip()
        found = self.dataset.search(words, limit=50) if words else self.dataset.items.head(0)
        self._matches.options = list(zip(found["title"], found["item_id"], strict=True))
        self._note.value = html.escape(_say("matches", n=len(found)) if len(found) else _say("none") if words else "")


class SentenceSearch(WithStill):
    """Ask in a sentence.

    Args:
        rank: sentence -> DataFrame with a column `title`, best first.
        sentence: asked from the beginning.
    """

    def __init__(self, rank: Callable[[str], pd.DataFrame], sentence: str = ""):
        self.rank = rank
        self._ask = ipw.Text(
            value=sentence, placeholder=_say("ask"), layout=ipw.Layout(width="420px"), continuous_update=False
        )
        self._go = ipw.Button(description=_say("go"), button_style="primary", icon="search")
        self._result = ipw.HTML()
        self._ask.observe(lambda _: self._show(), names="value")
        self._go.on_click(lambda _: self._show())
        super().__init__([ipw.HBox([self._ask, self._go]), self._result])
        self._show()

    def still(self) -> str:
        sentence = self._ask.value.strip()
        if not sentence:
            return f"<p>{html.escape(_say('ask'))}</p>"
        return f"<p>{html.escape(sentence)}</p>{table_html(self.rank(sentence)[['title']], [_say('film')])}"

    def _show(self) -> None:
        self._result.value = self.still()
