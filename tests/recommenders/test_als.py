import numpy as np
import pytest
import torch

from recsys_lessons.recommenders.als import ALS


def loss(model, matrix) -> float:
    confidence = 1 + model.alpha * matrix
    error = (confidence * (matrix - model.user_factors_ @ model.item_factors_.T) ** 2).sum()
    return error + model.reg * ((model.user_factors_**2).sum() + (model.item_factors_**2).sum())


def test_every_turn_lowers_the_loss(likes):
    matrix = likes.matrix().toarray().astype(np.float64)
    losses = [loss(ALS(rank=4, iterations=n).fit(likes), matrix) for n in (1, 2, 4, 8, 40)]
    assert losses == sorted(losses, reverse=True) and losses[0] > 1.01 * losses[-1]


def test_a_users_factor_solves_the_weighted_least_squares_over_all_cells(likes):
    model = ALS(rank=4, alpha=2.0, reg=0.7, iterations=3).fit(likes)
    for user, row in enumerate(likes.matrix().toarray()[:5].astype(np.float64)):
        items, weight = model.item_factors_.astype(np.float64), np.diag(1 + 2.0 * row)
        expected = np.linalg.solve(items.T @ weight @ items + 0.7 * np.eye(4), items.T @ weight @ row)
        np.testing.assert_allclose(model.user_factors_[user], expected, atol=1e-4)


def test_from_the_same_start_it_gives_what_implicit_gives(likes):
    als = pytest.importorskip("implicit.cpu.als")
    mine = ALS(rank=4, alpha=3.0, reg=0.5, iterations=6, seed=1).fit(likes)
    start = np.random.default_rng(1).standard_normal((30, 4), dtype=np.float32) * 0.1
    peer = als.AlternatingLeastSquares(4, regularization=0.5, alpha=1.0, iterations=6, use_cg=False, num_threads=1)
    peer.item_factors, peer.user_factors = start, np.zeros((40, 4), dtype=np.float32)
    peer.fit(likes.matrix() * (1 + 3.0), show_progress=False)  # its confidence is the value itself
    np.testing.assert_allclose(mine.item_factors_, peer.item_factors, atol=1e-3)


def test_rows_of_any_length_are_solved_alike(likes):
    """Batches of like rows are padded; the padding must not be seen."""
    model = ALS(rank=4, iterations=2).fit(likes)
    items = torch.from_numpy(model.item_factors_)
    together = model._solve(likes.matrix(), items)
    alone = torch.cat([model._solve(likes.matrix()[[row]], items) for row in range(40)])
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=1e-4)


def test_the_seed_starts_it_and_decides_little(likes):
    same, again, other = (ALS(rank=2, iterations=60, seed=s).fit(likes).scores() for s in (0, 0, 1))
    assert np.array_equal(same, again)
    np.testing.assert_allclose(same, other, atol=0.05)


def test_arguments_that_do_not_fit_are_named():
    for wrong, message in (({"rank": 0}, "rank is 0"), ({"alpha": 0}, "alpha is 0"), ({"reg": 0}, "reg is 0")):
        with pytest.raises(ValueError, match=message):
            ALS(**wrong)
