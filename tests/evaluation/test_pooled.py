import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from recsys_lessons.data.splits import split_last
from recsys_lessons.evaluation import evaluate, lists
from recsys_lessons.evaluation.pooled import pooled_auc
from recsys_lessons.recommenders.svd import SVDRecommender
from tests.evaluation.worlds import Given, noise


def test_pooled_auc_agrees_with_scikit_learn_over_all_pairs(likes, monkeypatch):
    monkeypatch.setattr(lists, "_CHUNK_BYTES", 4 * 30 * 3)
    train, test = split_last(likes)
    for levels in (None, 4):
        model = noise(likes, levels=levels).fit(train)
        found = evaluate(model, test, metrics=["auc"])["value"][0]
        ranked = train.matrix().toarray() == 0
        ranked &= test.matrix().toarray().any(axis=1)[:, None]
        assert found == pytest.approx(roc_auc_score(test.matrix().toarray()[ranked], model.scores()[ranked]))


def test_a_shift_of_all_scores_of_a_user_changes_auc_and_leaves_gauc(halves):
    train, test = halves
    table = noise(train).table
    shift = np.random.default_rng(3).integers(0, 5, size=(train.n_users, 1))
    before, after = (
        evaluate(Given(one).fit(train), test, metrics=["auc", "gauc"]).set_index("metric")["value"]
        for one in (table, table + shift)
    )
    assert before["gauc"] == pytest.approx(after["gauc"]) and abs(before["auc"] - after["auc"]) > 0.005


def test_the_interval_of_the_pooled_auc_is_as_wide_as_that_of_resampled_pools(halves):
    train, test = halves
    model = SVDRecommender(rank=4).fit(train)
    rows = np.flatnonzero(test.matrix().getnnz(axis=1))
    values = pooled_auc(model, test, None, rows)
    scores, ranked, truth = model.scores(), train.matrix().toarray() == 0, test.matrix().toarray()
    random = np.random.default_rng(0)
    pools = []
    for _ in range(400):
        some = rows[random.integers(len(rows), size=len(rows))]
        pools.append(roc_auc_score(truth[some][ranked[some]], scores[some][ranked[some]]))
    assert values.std() / np.sqrt(len(values)) == pytest.approx(np.std(pools), rel=0.2)
