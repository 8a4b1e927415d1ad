"""Truncated SVD of a large sparse matrix: ours beside scipy, scikit-learn and torch, at the same energy, in one run.

    python benchmarks/svd.py [--users 50000 --items 20000 --per-user 18 --ranks 32 64 128 --repeats 5]

The matrix is generated: people of 40 groups of taste, items of falling popularity. A solver that iterates is given the
fewest iterations with which it reaches 99.9 % of the energy (sum of squared singular values) that ARPACK finds, so that
nobody wins by stopping early. All solvers take turns within every repeat, and the best of the repeats counts.
Prints one table and writes results/svd.json.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable

import numpy as np
import pandas as pd
import torch
from _report import write_result
from scipy import sparse
from scipy.sparse.linalg import LinearOperator, eigsh, svds
from sklearn.utils.extmath import randomized_svd

from recsys_lessons.recommenders.linear_algebra import truncated_svd

SEED = 0
ENERGY = 0.999


def generated(n_users: int, n_items: int, per_user: int, groups: int = 40) -> sparse.csr_matrix:
    """Zeros and ones: half of what a user meets is popular, half belongs to the user's group of taste."""
    random = np.random.default_rng(SEED)
    popularity = random.permutation(1 / np.arange(1, n_items + 1) ** 0.8)
    item_group, user_group = random.integers(groups, size=n_items), random.integers(groups, size=n_users)
    users = np.repeat(np.arange(n_users), per_user)
    items = random.choice(n_items, size=len(users), p=popularity / popularity.sum())
    by_taste = random.random(len(users)) < 0.5
    for group in range(groups):
        members = np.flatnonzero(item_group == group)
        who = np.flatnonzero(by_taste & (user_group[users] == group))
        items[who] = random.choice(members, size=len(who), p=popularity[members] / popularity[members].sum())
    matrix = sparse.csr_matrix((np.ones(len(users), dtype=np.float32), (users, items)), shape=(n_users, n_items))
    matrix.data[:] = 1.0
    return matrix


def to_torch(matrix: sparse.csr_matrix) -> torch.Tensor:
    parts = (torch.from_numpy(part.astype(np.int64)) for part in (matrix.indptr, matrix.indices))
    return torch.sparse_csr_tensor(*parts, torch.from_numpy(matrix.data), size=matrix.shape, check_invariants=False)


def gram_eigenvalues(matrix: sparse.csr_matrix, rank: int) -> np.ndarray:
    back = matrix.T.tocsr()
    product = LinearOperator(2 * [matrix.shape[1]], matvec=lambda x: back @ (matrix @ x), dtype=np.float32)
    squares, right = eigsh(product, k=rank, tol=1e-3, v0=np.ones(matrix.shape[1], dtype=np.float32))
    values = np.sqrt(squares)
    _left = (matrix @ right) / values  # what the others return as well
    return values


def solvers(matrix: sparse.csr_matrix, rank: int, target: float) -> dict[str, Callable[[], np.ndarray]]:
    """Name to a call that returns singular values, each at its fewest iterations for the target energy."""

    def scikit(n_iter: int) -> np.ndarray:
        return randomized_svd(matrix, rank, n_oversamples=32, n_iter=n_iter, random_state=SEED)[1]

    def lowrank(niter: int) -> np.ndarray:
        torch.manual_seed(SEED)
        return torch.svd_lowrank(to_torch(matrix), q=rank + 32, niter=niter)[1][:rank].numpy()

    def fewest(solve: Callable[[int], np.ndarray]) -> int:
        return next(n for n in range(1, 40) if (solve(n) ** 2).sum() >= target)

    scikit_n, lowrank_n = fewest(scikit), fewest(lowrank)
    return {
        "recsys_lessons truncated_svd": lambda: truncated_svd(matrix, rank, seed=SEED)[1],
        "scipy svds (ARPACK)": lambda: svds(matrix, k=rank, v0=np.ones(min(matrix.shape), dtype=np.float32))[1],
        "scipy eigsh on X'X, tol 1e-3": lambda: gram_eigenvalues(matrix, rank),
        f"scikit-learn randomized_svd, {scikit_n} iterations": lambda: scikit(scikit_n),
        f"torch svd_lowrank, {lowrank_n} iterations": lambda: lowrank(lowrank_n),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__.split("\n")[0], formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    parser.add_argument("--users", type=int, default=50_000, help="rows")
    parser.add_argument("--items", type=int, default=20_000, help="columns")
    parser.add_argument("--per-user", type=int, default=18, help="interactions of a user, repetitions included")
    parser.add_argument("--ranks", type=int, nargs="+", default=[32, 64, 128], help="singular values wanted")
    parser.add_argument("--repeats", type=int, default=5, help="the best of these counts")
    wanted = parser.parse_args()
    warnings.filterwarnings("ignore", message="Sparse CSR tensor support is in beta")
    matrix = generated(wanted.users, wanted.items, wanted.per_user)
    rows = []
    for rank in wanted.ranks:
        reference = float((svds(matrix.astype(np.float64), k=rank, random_state=SEED)[1] ** 2).sum())
        calls = solvers(matrix, rank, ENERGY * reference)
        seconds = dict.fromkeys(calls, float("inf"))
        energy = {}
        for _ in range(wanted.repeats):
            for name, call in calls.items():
                start = time.perf_counter()
                values = call()
                seconds[name] = min(seconds[name], time.perf_counter() - start)
                energy[name] = float((values.astype(np.float64) ** 2).sum()) / reference
        ours = next(iter(seconds.values()))
        rows += [(rank, name, seconds[name], energy[name], seconds[name] / ours) for name in calls]
    columns = ["rank", "solver", "seconds", "energy", "times ours"]
    table = pd.DataFrame(rows, columns=columns).round({"seconds": 3, "energy": 5, "times ours": 2})
    print(f"{matrix.shape[0]:,} x {matrix.shape[1]:,}, {matrix.nnz:,} non-zeros, {torch.get_num_threads()} threads")
    print(table.to_string(index=False))
    write_result("svd", table, seeds=[SEED], packages=("numpy", "scipy", "scikit-learn", "torch"))


if __name__ == "__main__":
    main()
