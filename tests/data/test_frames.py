"""Anybody's own table: what is made of it, and what is said where nothing can be."""

import numpy as np
import pandas as pd
import pytest

from recsys_lessons.data.dataset import Dataset

NOON = pd.to_datetime([1427803200, 1427803201, 1427803202, 1427803203], unit="s")


@pytest.fixture
def log() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "user_id": ["ann", "ann", "bob", "bob"],
            "item_id": [7, 3, 7, 5],
            "rating": [5, 2, 4, 1],
            "timestamp": [100, 200, 300, 400],
            "device": list("xyxy"),
        }
    )


def test_interactions_alone_are_enough(log):
    data = Dataset.from_frame(log)
    assert data.items.to_dict("list") == {"item_id": [3, 5, 7], "title": ["3", "5", "7"]}
    assert data.users["user_id"].tolist() == ["ann", "bob"] and data.notes == ()
    assert data.matrix("rating").toarray().tolist() == [[2, 0, 5], [0, 1, 4]]
    assert data.interactions["device"].tolist() == list("xyxy")  # what we do not know stays


def test_the_callers_frames_are_not_changed(log):
    items = pd.DataFrame({"item_id": pd.Categorical([3, 5, 7]), "title": ["a", "b", "c"], "genres": ["x|y", "", None]})
    users = pd.DataFrame({"user_id": ["ann", "bob"]})
    log["timestamp"] = pd.to_datetime(log["timestamp"], unit="s")
    log.index = [9, 9, 9, 9]
    before = [frame.copy(deep=True) for frame in (log, items, users)]
    Dataset.from_frame(pd.concat([log, log]), items, users, min_rating=2)
    data = Dataset.from_frame(log, items, users, min_rating=2)
    data.interactions["rating"] = 0.0
    data.items["title"] = "changed"
    for frame, copy in zip((log, items, users), before, strict=True):
        pd.testing.assert_frame_equal(frame, copy)


def test_other_names_are_given_once_for_all_tables(log):
    theirs = {"user_id": "uid", "item_id": "movieId", "rating": "stars", "timestamp": "when"}
    items = pd.DataFrame({"movieId": [7, 5, 3], "name": ["Up", "Her", "Ran"]})
    frame = log.rename(columns=theirs)
    data = Dataset.from_frame(frame, items, user="uid", item="movieId", rating="stars", timestamp="when", title="name")
    assert data.items["item_id"].tolist() == [7, 5, 3]  # the order of the table of items is kept
    assert data.history("bob")["title"].tolist() == ["Up", "Her"]
    items = items.rename(columns={"movieId": "item_id"})
    assert Dataset.from_frame(frame, items, user="uid", item="movieId", rating="stars", timestamp="when", title="name")


def test_text_is_made_of_title_and_genres_where_there_is_none(log):
    items = pd.DataFrame({"item_id": [3, 5, 7], "title": ["Ran", "Her", "Up"], "genres": ["War|Drama", None, ["Fun"]]})
    assert Dataset.from_frame(log, items).items["text"].tolist() == ["Ran. War, Drama", "Her", "Up. Fun"]
    assert Dataset.from_frame(log, items.assign(text="own")).items["text"].tolist() == ["own"] * 3
    assert Dataset.from_frame(log, items[["item_id"]]).items["title"].tolist() == ["3", "5", "7"]
    assert "text" not in Dataset.from_frame(log, items[["item_id"]]).items  # an id is nothing to encode


@pytest.mark.parametrize(
    "ids",
    [
        pd.Series([1, 2, 1, 3], dtype="Int64"),
        pd.Series([1, 2, 1, 3], dtype="uint8"),
        pd.Series([1.0, 2.0, 1.0, 3.0]),
        pd.Series([1, 2, 1, 3], dtype=object),
        pd.Series([1, 2, 1, 3], dtype="category"),
    ],
    ids=str,
)
def test_whole_numbers_of_any_kind_are_ids(log, ids):
    data = Dataset.from_frame(log.assign(item_id=ids))
    assert data.item_rows([3, 1]).tolist() == [2, 0]
    assert data.interactions["item_id"].dtype.kind in "iu"


@pytest.mark.parametrize(
    "moments",
    [
        [1427803200, 1427803201, 1427803202, 1427803203],
        [1427803200.9, 1427803201.2, 1427803202.0, 1427803203.5],
        ["1427803200", "1427803201", "1427803202", "1427803203"],
        [1427803200000, 1427803201000, 1427803202000, 1427803203999],
        [1427803200000000, 1427803201000000, 1427803202000000, 1427803203000000],
        [1427803200 * 10**9, 1427803201 * 10**9, 1427803202 * 10**9, 1427803203 * 10**9],
        ["2015-03-31T12:00:00Z", "2015-03-31 12:00:01", "2015-03-31T14:00:02+02:00", "2015-03-31 12:00:03.5"],
        pd.to_datetime([1427803200, 1427803201, 1427803202, 1427803203], unit="s"),
        pd.to_datetime([1427803200, 1427803201, 1427803202, 1427803203], unit="s", utc=True).tz_convert(
            "Asia/Shanghai"
        ),
        list(pd.to_datetime([1427803200, 1427803201, 1427803202, 1427803203], unit="s").to_pydatetime()),
    ],
    ids="seconds fractions digits milli micro nano iso naive aware objects".split(),
)
def test_moments_in_any_form_become_seconds(log, moments):
    data = Dataset.from_frame(log.assign(timestamp=moments))
    assert data.interactions["timestamp"].tolist() == [1427803200, 1427803201, 1427803202, 1427803203]
    assert data.interactions["timestamp"].dtype == np.int64


def test_what_became_of_the_unit_is_noted_and_days_are_midnights(log):
    data = Dataset.from_frame(log.assign(timestamp=["2015-01-01", "2015-01-02", "1969-12-31", "2015-01-04"]))
    assert data.interactions["timestamp"].tolist() == [1420070400, 1420156800, -86400, 1420329600]
    assert data.notes == ("timestamp: dates became seconds since 1970, UTC",)
    data = Dataset.from_frame(log.assign(timestamp=log["timestamp"] + 10**12))
    assert data.notes == ("timestamp: milliseconds became seconds since 1970, UTC",)


def test_of_repeated_interactions_the_latest_counts_and_the_others_are_counted(log):
    more = pd.DataFrame(
        {"user_id": ["ann", "bob", "bob"], "item_id": [7, 5, 5], "rating": [1, 2, 3], "timestamp": [50, 400, 400]}
    )
    data = Dataset.from_frame(pd.concat([log, more]))
    assert data.interactions["rating"].tolist() == [5, 2, 4, 3]  # the older one goes; of two at once the last row stays
    assert data.notes == ("left out: 3 earlier interactions of the same user and item",)
    bare = Dataset.from_frame(pd.concat([log, more])[["user_id", "item_id", "rating"]])
    assert bare.interactions["rating"].tolist() == [2, 4, 1, 3]


def test_a_threshold_keeps_the_other_tables_whole(log):
    data = Dataset.from_frame(log, min_rating=4)
    assert len(data.interactions) == 2 and data.n_items == 3
    assert data.notes == ("an interaction is a rating of 4 or more: 2 of 4",)
    with pytest.raises(ValueError, match="min_rating is 6, and the highest rating is 5"):
        Dataset.from_frame(log, min_rating=6)
    with pytest.raises(ValueError, match="there are no ratings; name their column"):
        Dataset.from_frame(log.drop(columns="rating"), min_rating=4)


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("user_id", None, r"interactions.user_id is missing .* in row 2 \(1 in all\).*missing='drop'"),
        ("user_id", "", "user_id is missing .''. in row 2"),
        ("item_id", np.nan, r"item_id is missing \(nan\) in row 2"),
        ("rating", np.nan, "rating is missing .* or leave the column aside with rating=None"),
        ("timestamp", pd.NaT, "timestamp is missing .* timestamp=None"),
    ],
)
def test_a_missing_value_is_named_or_dropped_and_counted(log, column, value, message):
    values = log[column].astype(object)
    values[2] = value
    with pytest.raises(ValueError, match=message):
        Dataset.from_frame(log.assign(**{column: values}))
    data = Dataset.from_frame(log.assign(**{column: values}), missing="drop")
    assert len(data.interactions) == 3
    assert data.notes == (f"left out: 1 interactions with a missing value ({column} 1)",)
    assert data.n_users == 2 and data.interactions["item_id"].dtype.kind == "i"


@pytest.mark.parametrize(
    ("column", "values", "message"),
    [
        ("rating", [5, 4, "4,5", 1], r"rating is '4,5' in row 2 \(1 in all\).*decimal point"),
        ("rating", [5, 4, np.inf, 1], "rating is inf in row 2"),
        ("user_id", [1, "1", 2, 2], "user_id mixes strings and others: '1' in row 1, 1 in row 0"),
        ("user_id", [1.5, 2, 2, 2], "user_id is 1.5 in row 0"),
        ("user_id", [True, False, True, True], "user_id has the type bool"),
        ("user_id", [(1,), (2,), (1,), (2,)], r"user_id is \(1,\) in row 0"),
        (
            "timestamp",
            ["2015-01-01", "yesterday", "2015-01-01", "x"],
            r"timestamp is 'yesterday' in row 1 \(2 in all\)",
        ),
        ("timestamp", ["03/04/2015"] * 4, r"'03/04/2015' in row 0 .* nor an ISO date. .*pd.to_datetime"),
        ("timestamp", [1427803200000, 1427803200, 5, 5], "mixes units: 1427803200000 in row 0 looks like milliseconds"),
        ("timestamp", [20150331, 20150401, 20150402, 20150403], "dates written as numbers, such as 20150331"),
        ("timestamp", [1.0, np.inf, 2.0, 3.0], "timestamp is inf in row 1"),
        ("timestamp", [True, True, False, True], "timestamp is True in row 0"),
    ],
)
def test_a_value_that_is_none_is_named_with_its_row_and_a_fix(log, column, values, message):
    with pytest.raises(ValueError, match=message):
        Dataset.from_frame(log.assign(**{column: values}))


def test_rows_are_counted_in_the_callers_table_after_others_were_dropped(log):
    broken = log.assign(item_id=[np.nan, 3, 7, 5], rating=[5, 2, 4, "bad"])
    with pytest.raises(ValueError, match="rating is 'bad' in row 3"):
        Dataset.from_frame(broken, missing="drop")
    items = pd.DataFrame({"item_id": [3, 7], "title": ["a", "b"]})
    with pytest.raises(ValueError, match=r"item_id 5 \(row 3; 1 in all\) is not in items"):
        Dataset.from_frame(log.assign(item_id=[np.nan, 3, 7, 5]), items, missing="drop")


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        ({"user_id": "userId"}, {}, r"no column 'user_id'; it has \['userId', .*user=.*Did you mean 'userId'\?"),
        ({"item_id": "sku"}, {}, r"no column 'item_id'; it has .*item=\.$"),
        ({"rating": "Rating"}, {}, r"no column 'rating'.*rating=None.*Did you mean 'Rating'\?"),
        ({"timestamp": "when"}, {"timestamp": "wen"}, "no column 'wen'.*mean 'when'"),
        ({"device": "user"}, {"user": "user"}, "'user' to be used as 'user_id', and a column 'user_id' too"),
        ({}, {"rating": "timestamp"}, "one column cannot stand for two"),
        ({}, {"missing": "ignore"}, "missing is 'ignore'; it is 'raise' or 'drop'"),
    ],
)
def test_a_column_that_is_not_there_is_told_with_those_that_are(log, change, options, message):
    with pytest.raises(ValueError, match=message):
        Dataset.from_frame(log.rename(columns=change), **options)


def test_without_ratings_or_moments_both_are_left_out(log):
    bare = Dataset.from_frame(log[["user_id", "item_id"]])
    assert list(bare.interactions.columns) == ["user_id", "item_id"]
    told = Dataset.from_frame(log.rename(columns={"rating": "Rating"}), rating=None)
    assert "rating" not in told.interactions and "Rating" in told.interactions


def test_tables_that_do_not_fit_together_are_told_apart(log):
    items = pd.DataFrame({"item_id": ["3", "5", "7"], "title": list("abc")})
    with pytest.raises(ValueError, match=r"item_id has integers such as 7, and items.item_id has strings such as '3'"):
        Dataset.from_frame(log, items)
    items = pd.DataFrame({"item_id": [3, 5], "title": list("ab")})
    with pytest.raises(ValueError, match=r"interactions.item_id 7 \(row 0; 2 in all\) is not in items; add it there"):
        Dataset.from_frame(log, items)
    with pytest.raises(ValueError, match="items.item_id is missing in row 1"):
        Dataset.from_frame(log, pd.DataFrame({"item_id": [3, None], "title": list("ab")}))
    with pytest.raises(ValueError, match="items.title is missing in row 1, of item 5"):
        Dataset.from_frame(log, pd.DataFrame({"item_id": [3, 5, 7], "title": ["a", None, "c"]}))
    with pytest.raises(ValueError, match=r"items has no column 'title'.*mean 'titles'\?"):
        Dataset.from_frame(log, pd.DataFrame({"item_id": [3, 5, 7], "titles": list("abc")}))
    with pytest.raises(ValueError, match="item_id 3 stands twice"):
        Dataset.from_frame(log, pd.DataFrame({"item_id": [3, 3, 5, 7], "title": list("abcd")}))


def test_what_is_no_table_or_an_empty_one_is_told(log):
    with pytest.raises(TypeError, match=r"interactions is a list; make a DataFrame of it first"):
        Dataset.from_frame([("ann", 7)])
    with pytest.raises(ValueError, match="interactions has no rows"):
        Dataset.from_frame(log.head(0))
    with pytest.raises(ValueError, match="every one of the 4 interactions lacks"):
        Dataset.from_frame(log.assign(rating=np.nan), missing="drop")
    with pytest.raises(ValueError, match="two columns named 'rating'"):
        Dataset.from_frame(pd.concat([log, log["rating"]], axis=1))
