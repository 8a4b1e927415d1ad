import dataclasses

import pandas as pd
import pytest

from recsys_lessons.recommenders.popularity import Popularity
from recsys_lessons.recommenders.svd import SVDRecommender
from recsys_lessons.widgets import FilmPicker, SentenceSearch


@pytest.fixture
def picker(likes):
    return FilmPicker(likes, SVDRecommender(rank=4).fit(likes), fallback=Popularity().fit(likes), start=[500])


def titles(picker):
    return picker.recommendations()["title"].tolist()


def test_picking_and_dropping_changes_the_list_and_never_shows_what_was_picked(picker):
    seen = [titles(picker)]
    for item in (506, 512):
        picker.pick(item)
        seen.append(titles(picker))
        assert not {f"Film {one}" for one in picker.picked} & set(titles(picker))
    assert len({tuple(one) for one in seen}) == 3
    picker.drop(512)
    assert titles(picker) == seen[1] and picker.picked == [500, 506]
    picker.pick(506)
    picker.pick(None)
    assert picker.picked == [500, 506]


def test_with_nothing_picked_the_fallback_answers(picker, likes):
    picker.drop(500)
    assert titles(picker) == Popularity().fit(likes).recommend(history=[], k=10)["title"].tolist()
    assert "Nothing picked yet" in picker.still()


def test_reasons_are_among_what_was_picked(picker):
    picker.pick(506)
    reasons = {part for cell in picker.recommendations()["why"] for part in cell.split("; ") if part}
    assert reasons and reasons <= {"Film 500", "Film 506"}


def test_the_search_box_offers_titles_and_the_button_adds_the_chosen_one(picker):
    picker._find.value = "film 53"
    offered = [title for title, _ in picker._matches.options]
    assert offered and all("53" in title for title in offered)
    picker._matches.index = 0
    picker._add.click()
    assert picker.picked[-1] == picker._matches.value
    picker._find.value = "no such film"
    assert picker._matches.options == () and "No title" in picker._note.value
    picker._clear.click()
    assert picker.picked == []


def test_titles_are_escaped(likes):
    items = likes.items.assign(title=[f"<script>{i}</script>" for i in likes.items["item_id"]])
    nasty = dataclasses.replace(likes, items=items)
    picker = FilmPicker(nasty, SVDRecommender(rank=4).fit(nasty), fallback=Popularity().fit(nasty), start=[500])
    assert "<script>" not in picker.still() and "&lt;script&gt;" in picker.still()


def test_a_page_that_is_only_read_gets_the_still(picker):
    data = picker._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in data and "rl-recommendations" in data["text/html"]


def test_an_unknown_film_to_start_with_is_named(likes):
    model = Popularity().fit(likes)
    with pytest.raises(KeyError, match="unknown item id 1"):
        FilmPicker(likes, model, fallback=model, start=[1])


def test_a_sentence_is_asked_when_it_is_entered_and_shown_escaped():
    asked = []

    def rank(sentence):
        asked.append(sentence)
        return pd.DataFrame({"title": [f"about {sentence}"]})

    search = SentenceSearch(rank)
    assert asked == []
    search._ask.value = "<b>动画片</b>"
    assert asked[-1] == "<b>动画片</b>" and "<b>" not in search.still() and "动画片" in search.still()


def test_labels_follow_the_language(likes, monkeypatch):
    monkeypatch.setenv("RECSYS_LESSONS_LANG", "zh")
    model = Popularity().fit(likes)
    assert "片名" in FilmPicker(likes, model, fallback=model)._find.placeholder
