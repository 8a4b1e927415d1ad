"""An item's neighbours by picture, by words, by sound and fused, side by side, with a slider for each weight."""

from __future__ import annotations

import base64
import html
from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any

import ipywidgets as ipw
import numpy as np
import pandas as pd
import torch

from recsys_lessons._widget_parts import WithStill, titles_of
from recsys_lessons.data.dataset import Dataset
from recsys_lessons.encoders.media import is_missing
from recsys_lessons.encoders.pictures import open_picture
from recsys_lessons.errors import MediaError
from recsys_lessons.fusion import ConcatFusion
from recsys_lessons.fusion.parts import Modalities, checked
from recsys_lessons.language import language, say
from recsys_lessons.recommenders.ranking import top_k

__all__ = ["ModalityNeighbours"]

_WORDS = {
    "item": {"en": "Item", "zh": "物品"},
    "search": {"en": "words of a title", "zh": "标题里的词"},
    "fused": {"en": "fused", "zh": "融合"},
    "none": {"en": "This item has no {name}.", "zh": "这个物品没有{name}。"},
    "nothing": {"en": "No weight is above 0: there is nothing to fuse.", "zh": "所有权重都是 0：没有可融合的。"},
    "no match": {"en": "No title holds “{words}”.", "zh": "没有标题含“{words}”。"},
    "neighbours": {"en": "Neighbours of “{title}”", "zh": "“{title}”的近邻"},
    "text": {"en": "words", "zh": "文字"},
    "overview": {"en": "plot", "zh": "剧情"},
    "cover": {"en": "picture", "zh": "图片"},
    "poster": {"en": "poster", "zh": "海报"},
    "audio": {"en": "sound", "zh": "声音"},
    "video": {"en": "video", "zh": "视频"},
}
_PICTURES = ("cover", "poster")
_SIDE = 84  # pixels of a thumbnail
_MATCHES = 30  # in the list of titles


def _say(key: str, **names: object) -> str:
    return say(_WORDS[key], **names)


def _named(modality: str) -> str:
    return _WORDS[modality][language()] if modality in _WORDS else modality


class ModalityNeighbours(WithStill):
    """Which items are alike depends on whom you ask: one row of neighbours a modality, and one of them fused.

    A row shows the items with the largest cosine to the chosen one, each with its picture. Move a weight, and the fused
    row follows; a weight of 0 leaves its modality out. Where widgets do not run, a still picture of it is shown.

    Args:
        dataset: whose item table has titles, and pictures in a column `cover` or `poster` if any.
        modalities: name to (n_items, dim) tensor or `Masked`; see `encode_items`.
        item: the item id to begin with; None: the first that has every modality.
        weights: to begin with, name to a number from 0 to 2; None: all 1.
        k: neighbours in a row.

    Raises:
        ValueError: tables that do not fit the data, an unknown weight, or k below 1. KeyError: an unknown item.
    """

    def __init__(
        self,
        dataset: Dataset,
        modalities: Modalities,
        item: Any = None,
        *,
        weights: Mapping[str, float] | None = None,
        k: int = 6,
    ):
        if k < 1:
            raise ValueError(f"k is {k}; show at least 1 neighbour.")
        self.dataset, self.k = dataset, k
        self.modalities = checked(modalities)
        n = len(next(iter(self.modalities.values())).mask)
        if n != dataset.n_items:
            raise ValueError(f"the modalities have {n} rows, and there are {dataset.n_items} items; pass one a row.")
        weights = dict.fromkeys(self.modalities, 1.0) if weights is None else dict(weights)
        for name, value in weights.items():
            if name not in self.modalities or not 0 <= value <= 2:
                raise ValueError(
                    f"weights has {name!r}: {value}; the modalities are {list(self.modalities)}, and a weight is a "
                    "number from 0 to 2."
                )
        every = torch.stack([one.mask for one in self.modalities.values()]).all(dim=0)
        first = int(every.int().argmax()) if item is None else int(dataset.item_rows([item])[0])
        self._ids = dataset.items["item_id"].tolist()
        self._titles = titles_of(dataset.items)
        self._alone = {name: _unit(ConcatFusion(), {name: one}) for name, one in self.modalities.items()}
        self._thumbnails: dict[int, str] = {}
        self._search = ipw.Text(placeholder=_say("search"), layout=ipw.Layout(width="220px"))
        self._pick = ipw.Dropdown(layout=ipw.Layout(width="460px"))
        self._sliders = {
            name: ipw.FloatSlider(
                value=weights.get(name, 0.0), min=0, max=2, step=0.05, description=_named(name), continuous_update=False
            )
            for name in self.modalities
        }
        self._note, self._result = ipw.HTML(), ipw.HTML()
        self._offer(first)
        self._search.observe(lambda _: self._find(), names="value")
        self._pick.observe(lambda _: self._show(), names="value")
        for slider in self._sliders.values():
            slider.observe(lambda _: self._show(), names="value")
        choice = ipw.HBox([self._search, self._pick])
        super().__init__([choice, self._note, ipw.HBox(list(self._sliders.values())), self._result])
        for row in (choice, self.children[2]):
            row.layout.flex_flow = "row wrap"
        self._show()

    @property
    def item(self) -> Any:
        """The item id whose neighbours are shown; it may be set."""
        return self._ids[self._pick.value]

    @item.setter
    def item(self, item_id: Any) -> None:
        self._offer(int(self.dataset.item_rows([item_id])[0]))

    @property
    def weights(self) -> dict[str, float]:
        """Where the sliders stand."""
        return {name: slider.value for name, slider in self._sliders.items()}

    def neighbours(self, by: str = "fused") -> pd.DataFrame:
        """rank, item_id, title and cosine of the nearest items by one modality, or "fused".

        It is empty where the item lacks the modality, or nothing has a weight.
        """
        if by != "fused" and by not in self._alone:
            raise ValueError(f"by is {by!r}; choose 'fused' or one of {list(self._alone)}.")
        vectors = self._fused() if by == "fused" else self._alone[by]
        row = self._pick.value
        if vectors is None or np.isnan(vectors[row]).any():
            return pd.DataFrame(columns=["rank", "item_id", "title", "cosine"])
        cosine = np.nan_to_num(vectors @ vectors[row], nan=-np.inf)  # who lacks it is nobody's neighbour
        cosine[row] = -np.inf
        best = [place for place in top_k(cosine[None], self.k)[0].tolist() if place >= 0 and np.isfinite(cosine[place])]
        ids = [self._ids[place] for place in best]
        return pd.DataFrame(
            {
                "rank": range(1, len(best) + 1),
                "item_id": ids,
                "title": [self._titles[one] for one in ids],
                "cosine": cosine[best],
            }
        )

    def still(self) -> str:
        chosen = ", ".join(f"{_named(name)} {value:g}" for name, value in self.weights.items())
        return f"<p>{html.escape(chosen)}</p>{self._rows_html()}"

    def _fused(self) -> np.ndarray | None:
        if not any(self.weights.values()):
            return None
        return _unit(ConcatFusion(self.weights), self.modalities)

    def _offer(self, row: int, rows: Sequence[int] | None = None) -> None:
        """Fill the list of titles, and choose one of them."""
        rows = list(range(min(_MATCHES, len(self._ids)))) if rows is None else list(rows)
        rows = rows if row in rows else [row, *rows]
        self._pick.options = [(self._titles[self._ids[one]], one) for one in rows]
        self._pick.value = row

    def _find(self) -> None:
        words = self._search.value.strip()
        parts = words.casefold().split()
        found = [
            row for row, one in enumerate(self._ids) if all(part in str(self._titles[one]).casefold() for part in parts)
        ][:_MATCHES]
        self._note.value = "" if found else f"<p>{html.escape(_say('no match', words=words))}</p>"
        if found:
            self._offer(found[0], found)

    def _show(self) -> None:
        if self._pick.value is not None:  # for a moment, while the list is filled
            self._result.value = self._rows_html()

    def _rows_html(self) -> str:
        row = self._pick.value
        title = html.escape(_say("neighbours", title=self._titles[self._ids[row]]))
        parts = [f"<p><b>{title}</b></p>{self._tile(row, '')}"]
        for name in (*self._alone, "fused"):
            table = self.neighbours(name)
            empty = _say("nothing") if name == "fused" else _say("none", name=_named(name))
            tiles = "".join(
                self._tile(int(self.dataset.item_rows([one.item_id])[0]), f"{one.cosine:.2f}")
                for one in table.itertuples()
            )
            tiles = tiles or f"<span>{html.escape(empty)}</span>"
            parts.append(
                f'<div style="margin-top:6px"><b>{html.escape(_named(name))}</b></div>'
                f'<div style="display:flex;flex-wrap:wrap;gap:8px">{tiles}</div>'
            )
        return f'<div class="rl-neighbours">{"".join(parts)}</div>'

    def _tile(self, row: int, below: str) -> str:
        title = html.escape(str(self._titles[self._ids[row]]))
        return (
            f'<div style="width:{_SIDE + 16}px;font-size:11px;line-height:1.25">{self._thumbnail(row, title)}'
            f"<div>{title}</div><div>{html.escape(below)}</div></div>"
        )

    def _thumbnail(self, row: int, title: str) -> str:
        if row not in self._thumbnails:
            self._thumbnails[row] = _picture_of(self.dataset.items, row)
        style = f"width:{_SIDE}px;height:{_SIDE}px"
        if not self._thumbnails[row]:
            return f'<div style="{style};background:#eee"></div>'
        return f'<img alt="{title}" style="{style}" src="data:image/jpeg;base64,{self._thumbnails[row]}">'


def _unit(fusion: ConcatFusion, modalities: Modalities) -> np.ndarray:
    """(n_items, dim) centred on the whole catalogue, rows of length 1; NaN where an item has nothing."""
    rows = torch.stack([one.mask for one in modalities.values()]).any(dim=0)
    return fusion.fit(modalities, rows=rows).transform(modalities).vectors.numpy()


def _picture_of(items: pd.DataFrame, row: int) -> str:
    """A small JPEG in base64, or "" where there is no picture or it cannot be read."""
    path = next((items[name].iloc[row] for name in _PICTURES if name in items.columns), None)
    if is_missing(path):
        return ""
    try:
        picture = open_picture(path, _SIDE)
    except MediaError:
        return ""
    buffer = BytesIO()
    picture.resize((_SIDE, _SIDE)).save(buffer, "JPEG", quality=70)
    return base64.b64encode(buffer.getvalue()).decode("ascii")
