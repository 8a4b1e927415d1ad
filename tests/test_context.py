import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from recsys_lessons.context import ContextFeatures, as_words, cyclic, shuffle_context, since_last, with_clock
from recsys_lessons.data.dataset import Dataset

FRIDAY = {"weekday": 4, "hour": 20, "place": "home", "company": "children"}
VOCABULARY = {
    "place": ["home", "office", "commuting", "outdoors", "travelling"],
    "city": "Beijing,Shanghai,Chengdu,Xi'an,Guangzhou,Hangzhou,Harbin,Qingdao,Kunming,Xiamen".split(","),
    "company": ["alone", "partner", "children", "friends", "colleagues"],
    "purpose": ["relax", "laugh", "learn", "cook", "exercise", "travel", "work", "sleep"],
}


@pytest.fixture
def contexts() -> pd.DataFrame:
    return pd.DataFrame({"hour": [0, 6, 23], "place": ["home", "office", "home"], "since_last": [np.nan, 1.0, 3.0]})


def events(**columns) -> Dataset:
    n = len(next(iter(columns.values())))
    table = pd.DataFrame({"user_id": [1] * n, "item_id": range(n)} | columns)
    items = pd.DataFrame({"item_id": range(n), "title": [f"t{i}" for i in range(n)]})
    return Dataset(items, pd.DataFrame({"user_id": [1, 2]}), table)


@given(st.floats(-1e4, 1e4), st.sampled_from([7.0, 24.0]))
def test_a_value_and_the_same_one_period_later_are_one_place_on_the_circle(value, period):
    first, later = cyclic([value, value + period], period)
    assert torch.allclose(first, later, atol=1e-3) and first.norm().item() == pytest.approx(1, abs=1e-5)


def test_midnight_stands_beside_eleven_at_night_and_six_is_sine_one():
    hours = cyclic(range(24), 24)
    assert torch.cdist(hours[23:], hours[:1]).item() == pytest.approx(torch.cdist(hours[:1], hours[1:2]).item())
    assert hours[6].tolist() == pytest.approx([1, 0], abs=1e-6)
    with pytest.raises(ValueError, match="period is 0"):
        cyclic([1], 0)


def test_the_clock_is_read_in_utc_with_monday_first():
    monday_eight = int(pd.Timestamp("2024-01-01 08:30").timestamp())
    table = with_clock(pd.DataFrame({"timestamp": [monday_eight, monday_eight + 6 * 86_400]}))
    assert table["hour"].tolist() == [8, 8] and table["weekday"].tolist() == [0, 6]
    with pytest.raises(ValueError, match="timestamp is missing in row 1"):
        with_clock(pd.DataFrame({"timestamp": [0.0, np.nan]}))
    with pytest.raises(ValueError, match="no column 'timestamp'"):
        with_clock(pd.DataFrame({"hour": [1]}))


def test_days_since_the_last_event_look_backwards_only():
    data = events(timestamp=[86_400 * 5, 86_400, 86_400 * 3])
    gaps = since_last(data).interactions["since_last"]
    assert gaps.tolist()[0] == 2 and np.isnan(gaps[1]) and gaps[2] == 2
    early = since_last(data.with_interactions(data.interactions[data.interactions["timestamp"] < 86_400 * 4]))
    assert early.interactions["since_last"].tolist()[1] == 2  # a later event changes nothing before it


def test_the_placebo_keeps_events_and_contexts_and_breaks_only_their_bond():
    data = events(timestamp=range(50), place=["home", "office"] * 25, hour=[1, 2] * 25, rating=[4.0] * 50)
    shuffled = shuffle_context(data, seed=1).interactions
    same = ["user_id", "item_id", "timestamp", "rating"]
    assert shuffled[same].equals(data.interactions[same])
    assert shuffled["place"].value_counts().to_dict() == {"home": 25, "office": 25}
    assert ((shuffled["place"] == "home") == (shuffled["hour"] == 1)).all()  # a context moves as one block
    assert not shuffled["place"].equals(data.interactions["place"])
    assert shuffle_context(data, seed=1).interactions.equals(shuffled)


def test_features_have_a_column_per_value_and_a_circle_per_clock(contexts):
    features = ContextFeatures().fit(contexts)
    table = features.transform(contexts)
    names = ["hour sin", "hour cos", "place=home", "place=office", "since_last", "since_last=none"]
    assert features.names == names and table.shape == (3, 6) and table.dtype == torch.float32
    assert table[1].tolist()[:4] == pytest.approx([1, 0, 0, 1], abs=1e-6)
    assert table[0, 4:].tolist() == [0, 1] and table[1:, 4].sum().item() == pytest.approx(0, abs=1e-6)
    assert features.transform({"hour": 6, "place": "office", "since_last": 1.0})[0].equal(table[1])


def test_any_other_column_is_a_number_or_a_name():
    table = pd.DataFrame({"weather": ["rain", "sun"], "degrees": [10, 30]})
    features = ContextFeatures(["weather", "degrees"]).fit(table)
    assert features.names == ["weather=rain", "weather=sun", "degrees", "degrees=none"]
    assert features.transform(table)[:, 2].tolist() == [-1, 1]


def test_what_training_has_not_seen_is_named_or_says_nothing(contexts):
    strict, mild = ContextFeatures().fit(contexts), ContextFeatures(unseen="ignore").fit(contexts)
    odd = {"hour": 6, "place": "gym", "since_last": 1.0}
    with pytest.raises(ValueError, match=r"place 'gym' was not seen in training \(home, office\), in row 0"):
        strict.transform(odd)
    with pytest.raises(ValueError, match="the context has no 'place'"):
        strict.transform({"hour": 6, "since_last": 1.0})
    with pytest.raises(ValueError, match="hour is missing, in row 0"):
        strict.transform(odd | {"place": "home", "hour": None})
    for silent in (odd, {"hour": 6, "since_last": 1.0}, odd | {"place": None}):
        assert mild.transform(silent)[0, 2:4].tolist() == [0, 0]
    assert mild.transform({"place": "home"})[0].tolist() == [0, 0, 1, 0, 0, 1]


def test_wrong_questions_to_the_features_are_answered(contexts):
    with pytest.raises(ValueError, match="unseen is 'skip'"):
        ContextFeatures(unseen="skip")
    with pytest.raises(ValueError, match="pass a list"):
        ContextFeatures("place")
    with pytest.raises(ValueError, match="no field 'city'"):
        ContextFeatures(["city"]).fit(contexts)
    with pytest.raises(ValueError, match="none of the fields"):
        ContextFeatures().fit(contexts[[]])
    with pytest.raises(ValueError, match="not fitted"):
        ContextFeatures().transform(contexts)
    with pytest.raises(TypeError, match="pass a table, or dicts"):
        ContextFeatures().fit(contexts).transform("Friday")


def test_a_context_is_a_sentence_in_both_languages():
    recent = {"recent": ["Toy Story", "Frozen"], "since_last": 3.1}
    assert as_words(FRIDAY | recent) == [
        "Friday evening, at home, with the children, three days since the last visit; just watched: Toy Story, Frozen"
    ]
    recent = {"recent": "玩具总动员; 冰雪奇缘"}
    assert as_words(FRIDAY | recent, language="zh") == ["周五晚上，在家，和孩子一起；刚看过：玩具总动员、冰雪奇缘"]
    assert as_words(FRIDAY | {"since_last": 2}, language="zh")[0].endswith("距上次来已有两天")


def test_what_is_missing_leaves_no_trace():
    wish = "我今天要去北京参加一个会议。"
    table = [{"query": wish}, {"hour": 2}, {"weekday": 6}, {"place": "home"}, {"place": None, "hour": np.nan}]
    assert as_words(table, language="zh") == [wish, "深夜", "周日", "在家", ""]
    assert as_words({"hour": 11})[0] == "around noon"
    assert as_words({"weekday": 0, "hour": 1}) == ["late Monday night"]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_value_of_the_vocabulary_has_words_of_its_own(language):
    for field, values in VOCABULARY.items():
        words = [as_words({field: value}, language=language)[0] for value in values]
        assert len(set(words)) == len(values)
        assert all((word != value or value in ("outdoors", "alone")) for word, value in zip(words, values, strict=True))
        if language == "zh":
            assert not any(letter.isascii() and letter.isalpha() for word in words for letter in word)
    times = [as_words({"hour": hour}, language=language)[0] for hour in range(24)]
    assert times[23] == times[0] and len(set(times)) == 7


def test_an_unknown_value_is_written_as_it_is():
    assert as_words({"place": "gym", "city": "Oslo"}) == ["gym, Oslo"]


def test_a_template_is_the_learners_own():
    weather = {"weather": "rain", "hour": 8, "place": "home"}
    assert as_words(weather, template="{weather}[, {place}][, with {company}]") == ["rain, at home"]
    with pytest.raises(ValueError, match="names no field"):
        as_words(weather, template="nothing")
    with pytest.raises(ValueError, match="lacks a field of ' in {city}'"):
        as_words(weather, template="[{place}] in {city}")


def test_values_that_cannot_be_are_named():
    with pytest.raises(ValueError, match="hour is 25; it is a number from 0 to 23"):
        as_words({"hour": 25})
    with pytest.raises(ValueError, match="weekday is 'Friday'"):
        as_words({"weekday": "Friday"})
    with pytest.raises(ValueError, match="since_last is -1"):
        as_words({"since_last": -1})
    with pytest.raises(ValueError, match="language is 'fr'"):
        as_words({"hour": 1}, language="fr")
