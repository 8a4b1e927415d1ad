import numpy as np
import pytest

from recsys_lessons.recommenders import ease
from recsys_lessons.recommenders.ease import EASE


def full_weights(model) -> np.ndarray:
    weights = np.zeros((30, 30))
    weights[np.ix_(model.active_, model.active_)] = model.weights_
    return weights


def test_each_item_is_predicted_by_ridge_regression_on_the_others(likes):
    matrix = likes.matrix().toarray().astype(np.float64)
    weights = full_weights(EASE(ridge=3.0).fit(likes))
    for item in (0, 7, 24, 29):
        others = np.delete(np.arange(30), item)
        left = matrix[:, others]
        expected = np.linalg.solve(left.T @ left + 3 * np.eye(29), left.T @ matrix[:, item])
        np.testing.assert_allclose(weights[others, item], expected, atol=1e-5)
        assert weights[item, item] == 0


def test_items_without_interactions_are_left_out_and_score_zero(likes):
    model = EASE(ridge=3.0).fit(likes)
    assert set(model.active_) == set(likes.item_rows(likes.active_items()))
    assert not model.scores()[:, 25:].any()


def test_arguments_and_catalogues_that_do_not_fit_are_named(likes, monkeypatch):
    with pytest.raises(ValueError, match="ridge is 0"):
        EASE(ridge=0)
    monkeypatch.setattr(ease, "_MOST_ITEMS", 10)
    with pytest.raises(ValueError, match="items have interactions.*use ItemNeighbours"):
        EASE().fit(likes)
