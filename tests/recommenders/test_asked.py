import numpy as np
import pandas as pd
import pytest

from recsys_lessons.recommenders.asked import history_matrix
from recsys_lessons.recommenders.base import Recommender
from recsys_lessons.recommenders.popularity import Popularity


class Echo(Recommender):
    """Scores are what it was told: the values of the histories, or the hour of the context."""

    def __init__(self, times=None):
        self.uses_times, self.uses_context = times, times is None

    def _fit(self, matrix):
        pass

    def _scores(self, histories, rows, contexts=None):
        if self.uses_times:
            return histories.toarray()
        return np.zeros(histories.shape) + (0 if contexts is None else contexts["hour"].to_numpy()[:, None])


@pytest.fixture
def dated(likes):
    table = likes.interactions.reset_index(drop=True)
    return likes.with_interactions(table.assign(timestamp=1_700_000_000 + np.arange(len(table))))


def test_seconds_keep_their_last_digit(dated):
    model = Echo("days").fit(dated)
    one = dated.interactions.iloc[0]
    row, column = dated.user_rows([one.user_id])[0], dated.item_rows([one.item_id])[0]
    assert model.matrix_[row, column] == one.timestamp


def test_seconds_of_a_history_keep_their_last_digit_too(dated):
    item = dated.items["item_id"].tolist()[0]
    for kind in ("order", "days"):
        assert float(history_matrix([{item: 1_700_000_001}], dated, kind, "Echo")[0, 0]) == 1_700_000_001


def test_a_plain_list_says_the_order_and_a_mapping_says_when(dated):
    ids = dated.items["item_id"].tolist()[:3]
    assert Echo("order").fit(dated).scores(history=ids)[0, :3].tolist() == [1, 2, 3]
    assert Echo("order").fit(dated).scores(history=[ids[0], ids[1], ids[0]])[0, :2].tolist() == [3, 2]
    told = dict(zip(ids, [30, 10, 20], strict=True))
    for kind in ("order", "days"):
        assert Echo(kind).fit(dated).scores(history=[told, {}])[:, :3].tolist() == [[30, 10, 20], [0, 0, 0]]
    with pytest.raises(ValueError, match=r"Echo takes a history as \{item_id: timestamp\}"):
        Echo("days").fit(dated).scores(history=ids)


def test_a_time_that_is_none_is_refused(dated):
    with pytest.raises(ValueError, match="timestamp that is not finite"):
        Echo("days").fit(dated).scores(history={dated.items["item_id"].tolist()[0]: float("nan")})


def test_a_model_of_time_wants_times(dated):
    bare = dated.with_interactions(dated.interactions.drop(columns="timestamp"))
    with pytest.raises(ValueError, match="no column 'timestamp'"):
        Echo("order").fit(bare)


def test_one_context_serves_all_and_several_serve_one_each(likes):
    model = Echo().fit(likes)
    users = likes.users["user_id"].tolist()[:2]
    assert model.scores(users, context={"hour": 7})[:, 0].tolist() == [7, 7]
    assert model.scores(users, context=[{"hour": 7}, {"hour": 8}])[:, 0].tolist() == [7, 8]
    table = pd.DataFrame({"hour": [7, 8]}, index=[5, 3])
    assert model.scores([users[0], users[0]], context=table)[:, 0].tolist() == [7, 8]
    assert model.scores(history=[[], []], context=table)[:, 0].tolist() == [7, 8]
    assert model.scores(users[0])[:, 0].tolist() == [0]


def test_in_pieces_each_list_keeps_its_own_context(likes, monkeypatch):
    monkeypatch.setattr("recsys_lessons.recommenders.base._CHUNK_BYTES", 2 * 4 * 30)
    users = likes.users["user_id"].tolist()[:5]
    table = Echo().fit(likes).recommend(users, context=[{"hour": hour} for hour in range(5)], k=1)
    assert table["score"].tolist() == [0, 1, 2, 3, 4]


def test_a_wrong_number_of_contexts_and_a_wrong_kind_are_named(likes):
    model = Echo().fit(likes)
    with pytest.raises(ValueError, match="2 contexts for 1 lists"):
        model.scores(likes.users["user_id"].tolist()[0], context=[{"hour": 1}, {"hour": 2}])
    with pytest.raises(TypeError, match="context is a str"):
        model.scores(likes.users["user_id"].tolist()[0], context="Friday")
    with pytest.raises(ValueError, match="Popularity makes no use of a context"):
        Popularity().fit(likes).recommend(context={"hour": 1})
