import numpy as np
import pytest
import torch
from scipy import sparse
from scipy.sparse.linalg import svds
from sklearn.linear_model import Ridge

from recsys_lessons.recommenders import linear_algebra
from recsys_lessons.recommenders.linear_algebra import ridge_map, truncated_svd


def interactions(n_users: int, n_items: int, groups: int = 12, seed: int = 0) -> sparse.csr_matrix:
    """Zeros and ones with groups of taste, so that the leading directions stand out from the noise as in real data."""
    random = np.random.default_rng(seed)
    taste = random.dirichlet(np.full(groups, 0.2), n_users) @ random.dirichlet(np.full(n_items, 0.05), groups)
    return sparse.csr_matrix((random.random((n_users, n_items)) < 12 * taste).astype(np.float32))


@pytest.mark.parametrize("shape", [(40, 90), (90, 40), (60, 60)])
def test_a_small_matrix_is_solved_exactly(shape):
    matrix = interactions(*shape)
    left, values, right = np.linalg.svd(matrix.toarray().astype(np.float64), full_matrices=False)
    U, S, V = truncated_svd(matrix, 7)
    np.testing.assert_allclose(S, values[:7], rtol=1e-9)
    np.testing.assert_allclose(U * S @ V.T, left[:, :7] * values[:7] @ right[:7], atol=1e-8)


@pytest.mark.parametrize("shape", [(2600, 1700), (1700, 2600)])
@pytest.mark.parametrize("settled", [5e-4, 1e-7])
def test_a_large_matrix_reaches_the_energy_and_the_subspace_of_arpack(shape, settled):
    matrix = interactions(*shape)
    left, values, right = svds(matrix.astype(np.float64), k=16, random_state=0)
    U, S, V = truncated_svd(matrix, 16, settled=settled)
    assert 0.999 < (S**2).sum() / (values**2).sum() < 1 + 1e-5
    for mine, theirs in ((U, left.T), (V, right)):
        np.testing.assert_allclose(mine.T @ mine, np.eye(16), atol=2e-5)
        # the mean squared cosine of the angles between the two subspaces
        assert np.linalg.norm(theirs @ mine) ** 2 / 16 > (0.98 if settled > 1e-5 else 0.9999)
    assert (np.diff(S) <= 1e-3).all()
    np.testing.assert_allclose(matrix @ V, U * S, atol=2e-2)


def test_a_gpu_gives_what_the_cpu_gives():
    if not torch.cuda.is_available():
        pytest.skip("no CUDA here")
    matrix = interactions(2600, 1700)
    near, far = (truncated_svd(matrix, 8, settled=1e-8, max_iterations=200, device=one) for one in ("cpu", "cuda"))
    np.testing.assert_allclose(near[1], far[1], rtol=1e-3)
    assert np.linalg.norm(near[2].T @ far[2]) ** 2 / 8 > 0.9999


@pytest.mark.filterwarnings("ignore:the energy of rank")
def test_the_shift_comes_closer_in_as_many_iterations_as_the_plain_iteration():
    matrix = interactions(2600, 1700).astype(np.float64)
    block = np.linalg.qr(matrix.T @ np.random.default_rng(0).standard_normal((2600, 24), dtype=np.float32))[0]
    for _ in range(6):
        block = np.linalg.qr(matrix.T @ (matrix @ block))[0]
    plain = (np.linalg.svd(matrix @ block, compute_uv=False)[:8] ** 2).sum()
    best = (truncated_svd(matrix, 8, settled=1e-9, max_iterations=300)[1] ** 2).sum()
    shifted = (truncated_svd(matrix, 8, extra=16, settled=1e-9, max_iterations=6)[1] ** 2).sum()
    assert best - shifted < 0.8 * (best - plain)


def test_settling_later_comes_closer():
    matrix = interactions(2600, 1700)
    energies = [(truncated_svd(matrix, 16, settled=settled)[1] ** 2).sum() for settled in (0.2, 1e-3, 1e-7)]
    assert energies[0] < energies[1] < energies[2]


def test_the_seed_of_the_iteration_is_all_that_is_random(monkeypatch):
    matrix = interactions(2600, 1700)
    first, second, other = (truncated_svd(matrix, 8, seed=seed)[2] for seed in (3, 3, 4))
    assert np.array_equal(first, second) and not np.array_equal(first, other)


def test_signs_are_fixed_whatever_the_solver_says(monkeypatch):
    matrix = interactions(300, 200)
    exact = truncated_svd(matrix, 3)[2]
    monkeypatch.setattr(linear_algebra, "_EXACT", 10)
    iterated = truncated_svd(matrix, 3, settled=1e-9, max_iterations=200)[2]
    for vectors in (exact, iterated):
        assert (vectors.max(axis=0) >= -vectors.min(axis=0)).all()
    np.testing.assert_allclose(exact, iterated, atol=1e-3)


@pytest.mark.parametrize("exact", [1500, 10])
def test_directions_that_the_matrix_does_not_have_are_zero_and_not_noise(exact, monkeypatch):
    monkeypatch.setattr(linear_algebra, "_EXACT", exact)
    matrix = sparse.csr_matrix(np.outer(np.arange(1, 81.0), np.ones(90)) + np.outer(np.ones(80), np.arange(90.0)))
    U, S, V = truncated_svd(matrix, 6)
    assert (S[2:] <= 1e-3 * S[0]).all() and np.isfinite(U).all() and np.isfinite(V).all()
    np.testing.assert_allclose(U * S @ V.T, matrix.toarray(), atol=0.05)


def test_a_matrix_without_entries_has_only_zeros():
    U, S, V = truncated_svd(sparse.csr_matrix((20, 30)), 4)
    assert not U.any() and not S.any() and not V.any()


def test_energy_that_does_not_settle_in_time_is_said(monkeypatch):
    with pytest.warns(UserWarning, match="rank 8 had not settled after 2 iterations"):
        truncated_svd(interactions(2600, 1700), 8, settled=1e-9, max_iterations=2)


def test_what_cannot_be_decomposed_is_named():
    matrix = interactions(30, 20)
    with pytest.raises(TypeError, match="sparse matrix and got a ndarray"):
        truncated_svd(matrix.toarray(), 3)
    for rank in (0, 21):
        with pytest.raises(ValueError, match=f"rank is {rank}, and a matrix of 30 x 20 has ranks 1 to 20"):
            truncated_svd(matrix, rank)
    matrix.data[matrix.indptr[4]] = np.inf
    with pytest.raises(ValueError, match="not finite in row 4"):
        truncated_svd(matrix, 3)


def test_the_map_is_weighted_ridge_regression():
    random = np.random.default_rng(0)
    features, targets, weights = (
        random.standard_normal((30, 6)),
        random.standard_normal((30, 3)),
        random.integers(0, 9, 30),
    )
    expected = Ridge(alpha=2.5, fit_intercept=False).fit(features, targets, sample_weight=weights).coef_.T
    np.testing.assert_allclose(ridge_map(features, targets, weights, 2.5), expected, atol=1e-8)


def test_ridge_map_is_the_same_whichever_of_its_two_systems_is_smaller():
    random = np.random.default_rng(1)
    features, targets = random.standard_normal((6, 40)), random.standard_normal((6, 3))
    weights = np.array([1.0, 2.0, 0.0, 5.0, 1.0, 3.0])
    left = features.T @ (features * weights[:, None]) + 2.5 * np.eye(40)
    expected = np.linalg.solve(left, (features * weights[:, None]).T @ targets)
    np.testing.assert_allclose(ridge_map(features, targets, weights, 2.5), expected, atol=1e-9)
