"""The leading singular vectors of a large sparse matrix, and the linear map from features to them."""

from __future__ import annotations

import warnings

import numpy as np
import torch
from scipy import sparse
from torch import Tensor

from recsys_lessons.devices import pick_device

__all__ = ["ridge_map", "truncated_svd"]

_EXACT = 1500  # below this many rows or columns, all eigenvectors of the smaller Gram matrix are the quicker way
_STRIP = 48  # columns of a dense block multiplied at once: a strip of 20,000 rows stays in a processor's cache


def truncated_svd(
    matrix: sparse.csr_matrix,
    rank: int,
    *,
    seed: int = 0,
    extra: int = 16,
    settled: float = 5e-4,
    max_iterations: int = 50,
    device: str | torch.device = "cpu",
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """U, S, V of the best rank-`rank` approximation U S V' of a sparse matrix (Eckart and Young 1936).

    A small matrix is solved exactly, in fp64, by the eigenvectors of X X' or X'X, whichever is smaller. A large one is
    solved in fp32 by block power iteration on X'X: a random block is multiplied by X and by X' again and again, and
    made orthonormal each time, until it spans the leading right singular vectors (Rutishauser 1970; Halko, Martinsson
    and Tropp 2011). `extra` columns beyond `rank` save iterations, and so does a shift of the spectrum (Feng, Yu and
    Xie 2022): X'X - a I, with a at half of the smallest eigenvalue in sight, tells large from small more sharply.

    Args:
        matrix: (n_rows, n_columns), scipy sparse, finite.
        rank: singular values wanted, from 1 to min(n_rows, n_columns).
        seed: of the first block; matters only where the iteration is used.
        extra: columns carried along beyond `rank`.
        settled: stop when the energy (sum of squared singular values) grew by less than this share in one iteration.
            The default leaves more than 99.9 % of the energy that is to be had; 1e-6 or less gives near exact vectors.
        max_iterations: a warning tells when it was reached before the energy settled.
        device: "cpu", "cuda", "auto". MPS has no sparse product and is replaced by the CPU.

    Returns:
        U (n_rows, rank), S (rank,) from large to small, V (n_columns, rank). Signs are fixed: the largest entry of
        every column of V is positive. Directions beyond the matrix's own rank have S = 0 and U = V = 0.

    Raises:
        TypeError: a dense matrix. ValueError: a rank outside the matrix, or values that are not finite.
    """
    if not sparse.issparse(matrix):
        raise TypeError(f"truncated_svd takes a scipy sparse matrix and got a {type(matrix).__name__}; use csr_matrix.")
    if not 1 <= rank <= min(matrix.shape):
        raise ValueError(
            f"rank is {rank}, and a matrix of {matrix.shape[0]} x {matrix.shape[1]} has ranks 1 to {min(matrix.shape)}."
        )
    matrix = matrix.tocsr()
    if not np.isfinite(matrix.data).all():
        row = int(np.searchsorted(matrix.indptr, np.flatnonzero(~np.isfinite(matrix.data))[0], side="right")) - 1
        raise ValueError(f"the matrix has a value that is not finite in row {row}; fill it or drop it.")
    if min(matrix.shape) <= max(_EXACT, rank + extra):
        left, values, right = _exact(matrix.astype(np.float64), rank)
    else:
        left, values, right = _iterated(matrix, rank, seed, extra, settled, max_iterations, pick_device(device))
    # A pair of singular vectors may be turned round together, and solvers do: fix it by the largest entry.
    sign = np.sign(right[np.abs(right).argmax(axis=0), np.arange(rank)])
    return left * sign, values, right * sign


def _exact(matrix: sparse.csr_matrix, rank: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    wide = matrix.shape[0] <= matrix.shape[1]
    gram = (matrix @ matrix.T if wide else matrix.T @ matrix).toarray()
    squares, vectors = np.linalg.eigh(gram)
    squares, vectors = squares[::-1][:rank], np.ascontiguousarray(vectors[:, ::-1][:, :rank])
    # Squaring loses half of the digits: what is below this share of the largest is rounding, not signal.
    values = np.sqrt(np.where(squares > squares[0] * 1e-12, squares, 0.0))
    vectors = vectors * (values > 0)
    other = (matrix.T if wide else matrix) @ vectors
    other /= np.where(values > 0, values, 1.0)
    return (vectors, values, other) if wide else (other, values, vectors)


def _iterated(
    matrix: sparse.csr_matrix,
    rank: int,
    seed: int,
    extra: int,
    settled: float,
    max_iterations: int,
    device: torch.device,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    device = torch.device("cpu") if device.type == "mps" else device
    forward, back = _to_torch(matrix, device), _to_torch(matrix.T.tocsr(), device)
    start = np.random.default_rng(seed).standard_normal((matrix.shape[0], rank + extra), dtype=np.float32)
    block, _ = _orthonormal(_product(back, torch.from_numpy(start).to(device)))
    energy = shift = 0.0
    for _ in range(max_iterations):
        image = _product(back, _product(forward, block)) - shift * block
        block, stretch = _orthonormal(image)
        before, energy = energy, float((stretch[-rank:] + shift).sum())
        if energy - before < settled * energy:
            break
        if stretch[0] > shift:  # the smallest is still overstated by no more than the shift
            shift = float(shift + stretch[0]) / 2
    else:
        warnings.warn(
            f"the energy of rank {rank} had not settled after {max_iterations} iterations; raise max_iterations.",
            stacklevel=4,
        )
    block, _ = _orthonormal(block)  # once more: one pass in fp32 leaves the small directions a little askew
    image = _product(forward, block)
    squares, turn = torch.linalg.eigh((image.T @ image).double())
    squares, turn = squares.flip(0)[:rank].clamp(min=0), turn.flip(1)[:, :rank].to(block.dtype)
    values = torch.where(squares > squares[0] * 1e-9, squares, 0.0).sqrt().to(block.dtype)
    alive = (values > 0).to(block.dtype)
    left = (image @ turn) * (alive / torch.where(values > 0, values, 1.0))
    return left.cpu().numpy(), values.cpu().numpy(), (block @ (turn * alive)).cpu().numpy()


def _to_torch(matrix: sparse.csr_matrix, device: torch.device) -> Tensor:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Sparse CSR tensor support is in beta")
        return torch.sparse_csr_tensor(
            torch.from_numpy(matrix.indptr.astype(np.int64)),
            torch.from_numpy(matrix.indices.astype(np.int64)),
            torch.from_numpy(matrix.data.astype(np.float32)),
            size=matrix.shape,
            check_invariants=False,  # scipy's matrices hold them, and the check is slow
        ).to(device)


def _product(matrix: Tensor, block: Tensor) -> Tensor:
    """Sparse (m, n) times dense (n, columns), a strip of columns at a time."""
    return torch.cat([matrix @ strip.contiguous() for strip in block.split(_STRIP, dim=1)], dim=1)


def _orthonormal(block: Tensor) -> tuple[Tensor, Tensor]:
    """An orthonormal basis of the block's columns, by the eigenvectors of its small Gram matrix, and how far each
    direction was stretched, from small to large."""
    squares, turn = torch.linalg.eigh((block.T @ block).double())
    stretch = squares.clamp(min=float(squares[-1]) * 1e-14).sqrt()
    return block @ (turn / stretch).to(block.dtype), stretch


def ridge_map(features: np.ndarray, targets: np.ndarray, weights: np.ndarray, ridge: float) -> np.ndarray:
    """The linear map W that minimises sum_i weights_i |features_i W - targets_i|^2 + ridge |W|^2, in closed form.

    Args:
        features: (n, dim). targets: (n, rank). weights: (n,), not negative.
        ridge: strength of the pull towards zero, above 0.

    Returns:
        (dim, rank).
    """
    if len(features) < features.shape[1]:  # the same map from the smaller system: X'S (S X X' S + ridge I)^-1 S T
        root = np.sqrt(weights)[:, None]
        scaled = features * root
        return scaled.T @ np.linalg.solve(scaled @ scaled.T + ridge * np.eye(len(features)), root * targets)
    weighted = features * weights[:, None]
    return np.linalg.solve(features.T @ weighted + ridge * np.eye(features.shape[1]), weighted.T @ targets)
