import dataclasses

import numpy as np
import pytest

from recsys_lessons._widget_parts import moves
from recsys_lessons.recommenders.base import NotFittedError
from recsys_lessons.recommenders.context_filters import PostFilter
from recsys_lessons.recommenders.recency import RecencySVD
from recsys_lessons.recommenders.svd import SVDRecommender
from recsys_lessons.widgets_context import ContextPanel, RecencySlider


@pytest.fixture
def world(likes):
    """Films of odd numbers are watched with children, the others alone, in the evening."""
    events = likes.interactions.copy()
    odd = events["item_id"] % 2 == 1
    events["company"] = np.where(odd, "children", "alone")
    events["hour"] = np.where(odd, 18, 22)
    events["weekday"] = events["item_id"] % 7
    return likes.with_interactions(events)


@pytest.fixture
def model(world):
    return PostFilter(SVDRecommender(rank=4), ["company", "hour"], smoothing=1.0).fit(world)


@pytest.fixture
def panel(model):
    return ContextPanel(model, 1000, k=6)


def order(widget):
    return widget.recommendations()["item_id"].tolist()


def days(n):
    return 86_400 * n


@pytest.fixture
def drifting(likes):
    """User 1000 liked films of one kind a year ago, and one film of the other kind yesterday."""
    events = likes.interactions[likes.interactions["user_id"] != 1000]
    old, new = [500, 506, 512], [503]
    own = [(1000, item, 5.0, place) for place, item in enumerate(old)] + [(1000, new[0], 5.0, days(365))]
    table = type(events)(own, columns=["user_id", "item_id", "rating", "timestamp"])
    return likes.with_interactions(type(events)(np.vstack([events, table]), columns=events.columns).astype(int))


@pytest.fixture
def slider(drifting):
    return RecencySlider(RecencySVD(rank=4).fit(drifting), drifting, 1000, (1, 30, None), start=None)


def test_what_is_said_reaches_the_model_and_the_list_follows(panel, model):
    assert panel.context == {} and order(panel) == model.recommend(1000, k=6)["item_id"].tolist()
    panel._choices["company"].value = "children"
    assert panel.context == {"company": "children"}
    expected = model.recommend(1000, context={"company": "children"}, k=6)["item_id"].tolist()
    assert order(panel) == expected != model.recommend(1000, k=6)["item_id"].tolist()
    assert f"Film {expected[0]}" in panel._result.value and "with the children" in panel._sentence.value


def test_arrows_count_places_against_the_list_without_a_context(panel, model):
    assert set(panel.recommendations()["moved"]) == {"="}
    panel.say(company="children", hour=18)
    before = model.recommend(1000, k=30).set_index("item_id")["rank"]
    for row in panel.recommendations().itertuples():
        step = before[row.item_id] - row.rank
        assert row.moved == (f"↑ {step}" if step > 0 else f"↓ {-step}" if step < 0 else "=")
    gone = [item for item in before.index[:6] if item not in order(panel)]
    assert gone and all(f"Film {item}" in panel.still().split("No longer")[1] for item in gone)
    assert moves([7, 8, 9], {8: 1, 7: 2}) == ["↑ 1", "↓ 1", "new"]


def test_the_list_can_be_compared_with_another_models(model, world):
    plain = SVDRecommender(rank=2).fit(world)
    panel = ContextPanel(model, 1000, against=plain, k=6)
    first = plain.recommend(1000, k=30).set_index("item_id")["rank"]
    assert [f"{abs(first[item] - place)}" for place, item in enumerate(order(panel), 1)] == [
        moved.split()[-1].replace("=", "0") for moved in panel.recommendations()["moved"]
    ]


def test_one_button_takes_everything_back(panel):
    start = order(panel)
    panel.say(company="children", hour=18, weekday=3)
    assert len(panel.context) == 3 and order(panel) != start
    panel._reset.click()
    assert panel.context == {} and order(panel) == start and "no context" in panel.still()


def test_several_fields_at_once_rank_once(panel, model, monkeypatch):
    asked = []
    monkeypatch.setattr(
        model, "recommend", lambda *_, **rest: asked.append(rest) or type(model).recommend(model, *_, **rest)
    )
    panel.say(company="children", hour=18, weekday=3)
    assert len(asked) == 1


def test_a_panel_names_what_it_cannot_use(model, world):
    with pytest.raises(ValueError, match="SVDRecommender makes no use of a context"):
        ContextPanel(SVDRecommender(rank=2).fit(world), 1000)
    with pytest.raises(KeyError, match="unknown user id 1"):
        ContextPanel(model, 1)
    with pytest.raises(ValueError, match="no field 'city' in the training data; there are hour, weekday, company"):
        ContextPanel(model, 1000, ["city"])
    with pytest.raises(ValueError, match="company 'cat' is not in the training data; choose from 'alone', 'children'"):
        ContextPanel(model, 1000, start={"company": "cat"})
    with pytest.raises(NotFittedError, match="PostFilter is not fitted"):
        ContextPanel(PostFilter(SVDRecommender(), "company"), 1000)


def test_only_the_wanted_fields_are_shown_and_a_start_is_said(model):
    panel = ContextPanel(model, 1000, ["company"], start={"company": "alone"})
    assert list(panel._choices) == ["company"] and panel.context == {"company": "alone"}
    with pytest.raises(ValueError, match="the panel has no field 'hour'"):
        panel.say(hour=18)


def test_weights_of_the_history_follow_the_half_life_and_add_up_to_one(slider):
    assert slider.history()["item_id"].tolist() == [503, 512, 506, 500]  # the latest first
    assert slider.history()["weight"].tolist() == pytest.approx([0.25] * 4)
    slider.half_life = 30
    old = 2 ** (-365 / 30)
    assert slider.history()["weight"].tolist() == pytest.approx(
        [1 / (1 + 3 * old)] + [old / (1 + 3 * old)] * 3, rel=1e-3
    )
    assert slider.history()["days"].tolist() == pytest.approx([0, 365, 365, 365], abs=0.01)


def test_the_list_is_that_of_a_model_with_this_half_life(slider, drifting):
    history = {500: 0.0, 506: 1.0, 512: 2.0, 503: float(days(365))}
    lists = {}
    for half_life in (1, 30, None):
        slider.half_life = half_life
        lists[half_life] = order(slider)
        alone = RecencySVD(rank=4, half_life=half_life).fit(drifting)
        assert lists[half_life] == alone.recommend(history=history, k=10)["item_id"].tolist()
    assert lists[1] != lists[None] and set(slider.recommendations()["moved"]) == {"="}


def test_a_slider_leaves_the_model_that_it_was_given_as_it_is(drifting):
    model = RecencySVD(rank=4, half_life=7.0).fit(drifting)
    RecencySlider(model, drifting, 1000, (1, 30)).half_life = 30
    assert model.half_life == 7.0


def test_a_function_makes_each_model_once(drifting):
    made = []

    def make(half_life):
        made.append(half_life)
        return RecencySVD(rank=4, half_life=half_life)

    slider = RecencySlider(make, drifting, 1000, (1, 30, None))
    for stop in (1, 30, None, 1):
        slider.half_life = stop
    assert sorted(made, key=str) == [1, 30, None]


def test_positions_are_counted_where_the_model_counts_them(drifting):
    slider = RecencySlider(RecencySVD(rank=4, unit="positions").fit(drifting), drifting, 1000, (1, None))
    slider.half_life = 1
    assert slider.history()["weight"].tolist() == pytest.approx([8 / 15, 4 / 15, 2 / 15, 1 / 15])
    assert "1 item<" in slider.still()


def test_a_long_history_is_summed_up(drifting):
    slider = RecencySlider(RecencySVD(rank=4).fit(drifting), drifting, 1000, (1, None), start=None, show=1)
    assert "and 3 earlier, together 75%" in slider.still() and "Film 500" not in slider._past.value


def test_a_slider_names_what_it_cannot_use(drifting):
    model = RecencySVD(rank=4).fit(drifting)
    with pytest.raises(KeyError, match="unknown user id 1"):
        RecencySlider(model, drifting, 1)
    with pytest.raises(ValueError, match="half_life is -1"):
        RecencySlider(model, drifting, 1000, (1, -1))
    with pytest.raises(ValueError, match="start is 5"):
        RecencySlider(model, drifting, 1000, (1, 2), start=5)
    with pytest.raises(ValueError, match="no column 'timestamp'"):
        RecencySlider(model, drifting.with_interactions(drifting.interactions.drop(columns="timestamp")), 1000)


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "<img src=x onerror=y>"])
def test_texts_of_the_data_are_escaped(world, drifting, text):
    nasty = dataclasses.replace(world, items=world.items.assign(title=text))
    nasty = nasty.with_interactions(nasty.interactions.assign(place=text))
    model = PostFilter(SVDRecommender(rank=4), ["place", "company"], smoothing=1.0).fit(nasty)
    panel = ContextPanel(model, 1000, start={"place": text, "company": "children"}, k=6)
    assert "No longer" in panel.still()  # those titles too
    also = dataclasses.replace(drifting, items=drifting.items.assign(title=text))
    slider = RecencySlider(RecencySVD(rank=4).fit(also), also, 1000)
    for shown in (panel.still(), panel._result.value, panel._sentence.value, slider.still(), slider._past.value):
        assert "<script" not in shown and "<img" not in shown
        assert "&lt;" in shown


def test_a_page_that_is_only_read_gets_the_still(panel, slider):
    for widget in (panel, slider):
        data = widget._repr_mimebundle_()
        assert "application/vnd.jupyter.widget-view+json" in data and "rl-recommendations" in data["text/html"]


def test_labels_values_and_titles_follow_the_language(world, drifting, monkeypatch):
    monkeypatch.setenv("RECSYS_LESSONS_LANG", "zh")
    chinese = dataclasses.replace(
        world, items=world.items.assign(title_zh=[f"电影 {i}" for i in world.items["item_id"]])
    )
    model = PostFilter(SVDRecommender(rank=4), "company").fit(chinese)
    panel = ContextPanel(model, 1000, start={"company": "children"})
    labels = [label for label, _ in panel._choices["company"].options]
    assert labels == ["未指定", "一个人", "和孩子一起"] and "和孩子一起" in panel.still() and "电影 5" in panel.still()
    assert "半衰期" in RecencySlider(RecencySVD(rank=4).fit(drifting), drifting, 1000).still()
