import io

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot
from PIL import Image

from recsys_lessons.plots import intervals, item_map


def points(n=20):
    return np.random.default_rng(0).random((n, 2))


def test_a_picture_is_the_same_bytes_each_time_and_touches_no_global_state():
    first, second = (item_map(points(), ["a", "b"] * 10, ["a"], labels=[(3, "here")])._repr_png_() for _ in range(2))
    assert first == second and pyplot.get_fignums() == []


def test_pictures_have_the_size_they_were_made_for():
    image = Image.open(io.BytesIO(item_map(points(), ["a"] * 20, ["a"])._repr_png_()))
    assert image.size == (900, 650)


def test_each_group_is_in_the_legend_and_each_label_on_the_map():
    axes = item_map(points(), ["a", "b"] * 10, ["b"], labels=[(0, "one"), (5, "two")]).axes[0]
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["b"]
    assert [text.get_text() for text in axes.texts] == ["one", "two"]


def test_too_many_colours_or_lengths_that_differ_are_refused():
    with pytest.raises(ValueError, match="8 groups"):
        item_map(points(), ["a"] * 20, list("abcdefgh"))
    with pytest.raises(ValueError, match="20 points and 3 groups"):
        item_map(points(), ["a"] * 3, ["a"])


def test_intervals_show_each_row_at_its_value():
    table = pd.DataFrame({"model": ["x", "y"], "value": [0.2, 0.4], "low": [0.1, 0.3], "high": [0.3, 0.6]})
    axes = intervals(table, label="model").axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["x", "y"]
    assert [text.get_text() for text in axes.texts] == ["0.200", "0.400"]
