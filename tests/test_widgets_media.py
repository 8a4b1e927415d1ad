import base64

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from recsys_lessons.data.dataset import Dataset
from recsys_lessons.encoders.base import Masked
from recsys_lessons.widgets_media import ModalityNeighbours


@pytest.fixture
def catalogue(tmp_path):
    """Eight items: words tell the first four from the others, sounds the even ones; the last lacks a sound."""
    Image.new("RGB", (30, 20), "red").save(tmp_path / "a.png")
    covers = np.array([str(tmp_path / "a.png"), *[None] * 6, str(tmp_path / "gone.png")], dtype=object)
    items = pd.DataFrame(
        {
            "item_id": range(100, 108),
            "title": [f"Item <b>{i}" for i in range(8)],
            "cover": pd.Series(covers, dtype=object),
        }
    )
    events = pd.DataFrame({"user_id": [1], "item_id": [100]})
    return Dataset(items, pd.DataFrame({"user_id": [1]}), events)


@pytest.fixture
def modalities():
    random = torch.Generator().manual_seed(0)
    noise = 0.05 * torch.randn(8, 2, generator=random)
    words = torch.tensor([[1.0, 0.0]] * 4 + [[0.0, 1.0]] * 4) + noise
    sounds = torch.tensor([[1.0, 0.0], [0.0, 1.0]] * 4) - noise
    sounds[7] = torch.nan
    return {"text": words, "audio": Masked(sounds, torch.arange(8) < 7)}


def ids(widget, by="fused"):
    return widget.neighbours(by)["item_id"].tolist()


def test_each_modality_has_neighbours_of_its_own(catalogue, modalities):
    widget = ModalityNeighbours(catalogue, modalities, 100, k=3)
    assert set(ids(widget, "text")) == {101, 102, 103} and set(ids(widget, "audio")) == {102, 104, 106}


def test_the_fused_row_follows_the_weights(catalogue, modalities):
    widget = ModalityNeighbours(catalogue, modalities, 100, k=3)
    assert ids(widget)[0] == 102, "alike in both"
    widget._sliders["audio"].value = 0.0
    assert ids(widget) == ids(widget, "text")
    before = widget._result.value
    widget._sliders["audio"].value, widget._sliders["text"].value = 1.0, 0.0
    assert ids(widget) == ids(widget, "audio") and widget._result.value != before


def test_without_any_weight_or_modality_it_says_so(catalogue, modalities):
    widget = ModalityNeighbours(catalogue, modalities, 107, weights={"text": 0.0, "audio": 0.0})
    assert ids(widget) == ids(widget, "audio") == [] and "nothing to fuse" in widget._result.value
    assert "This item has no sound" in widget._result.value


def test_what_lacks_a_modality_is_nobodys_neighbour_by_it(catalogue, modalities):
    widget = ModalityNeighbours(catalogue, modalities, 101, k=8)
    assert 107 not in ids(widget, "audio") and 107 in ids(widget) and 101 not in ids(widget)


def test_titles_are_escaped_and_pictures_shown_where_there_are_any(catalogue, modalities):
    widget = ModalityNeighbours(catalogue, modalities, 100)
    assert "<b>0" not in widget.still() and "Item &lt;b&gt;0" in widget.still()
    picture = widget.still().split("base64,")[1].split('"')[0]
    assert base64.b64decode(picture)[:2] == b"\xff\xd8" and widget.still().count("base64,") == 1


def test_another_item_is_found_by_the_words_of_its_title(catalogue, modalities):
    widget = ModalityNeighbours(catalogue, modalities)
    assert widget.item == 100
    widget._search.value = "<b>5"
    assert widget.item == 105 and len(widget._pick.options) == 1
    widget._search.value = "nowhere <i>"
    assert widget.item == 105 and "nowhere &lt;i&gt;" in widget._note.value
    widget.item = 103
    assert widget.item == 103 and "Item &lt;b&gt;3" in widget._result.value


@pytest.mark.parametrize(
    ("more", "named"),
    [
        ({"k": 0}, "k is 0"),
        ({"weights": {"smell": 1.0}}, "'smell'"),
        ({"weights": {"text": 3.0}}, "from 0 to 2"),
    ],
)
def test_wrong_arguments_are_named(catalogue, modalities, more, named):
    with pytest.raises(ValueError, match=named):
        ModalityNeighbours(catalogue, modalities, **more)
    with pytest.raises(ValueError, match="3 rows"):
        ModalityNeighbours(catalogue, {"text": torch.ones(3, 2)})
    with pytest.raises(ValueError, match="by is 'cover'"):
        ModalityNeighbours(catalogue, modalities).neighbours("cover")


def test_the_chinese_edition_speaks_chinese(catalogue, modalities, monkeypatch):
    monkeypatch.setenv("RECSYS_LESSONS_LANG", "zh")
    assert "的近邻" in ModalityNeighbours(catalogue, modalities).still()
