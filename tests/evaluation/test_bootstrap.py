import numpy as np
import pytest

from recsys_lessons.evaluation import bootstrap_interval


def test_the_interval_covers_the_true_mean_about_as_often_as_it_says():
    random = np.random.default_rng(0)
    covered = [
        low <= 0.3 <= high
        for low, high in (bootstrap_interval(random.exponential(0.3, 200), draws=200, seed=i) for i in range(200))
    ]
    assert 0.88 <= np.mean(covered) <= 0.99


def test_the_interval_is_the_same_for_the_same_seed(monkeypatch):
    values = np.random.default_rng(0).random(50)
    whole = bootstrap_interval(values)
    assert whole == bootstrap_interval(values) != bootstrap_interval(values, seed=1)
    monkeypatch.setattr("recsys_lessons.evaluation.bootstrap._BLOCK_BYTES", 3 * 8 * 50)
    assert bootstrap_interval(values) == whole
    assert bootstrap_interval(np.array([0.4])) == pytest.approx((0.4, 0.4))


@pytest.mark.parametrize(
    ("values", "options", "message"),
    [
        ([], {}, "no values"),
        ([1.0, float("nan")], {}, r"1 of 2 values are NaN \(the first at 1\)"),
        ([1.0], {"draws": 0}, "draws is 0"),
        ([1.0], {"level": 95}, "level is 95"),
    ],
)
def test_an_interval_that_cannot_be_is_refused(values, options, message):
    with pytest.raises(ValueError, match=message):
        bootstrap_interval(values, **options)
