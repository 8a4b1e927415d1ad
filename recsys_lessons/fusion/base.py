"""What the fusions share: one scale for all modalities, the mask, and what each modality contributed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from recsys_lessons.encoders.base import Masked
from recsys_lessons.fusion.parts import Modalities, check_whiten, checked, item_rows, scale_of, unit_rows

__all__ = ["Fusion", "permutation_contributions"]


def permutation_contributions(
    score: Callable[[dict[str, Masked]], Tensor], modalities: Modalities, *, shuffles: int = 10, seed: int = 0
) -> dict[str, Tensor]:
    """How much lower an item scores when one modality comes from another item: for fusions that are not linear.

    The rows of one modality are shuffled among the items that have it, everything else stays, and the difference of the
    scores is averaged over shuffles (after Breiman 2001). What two modalities say together is counted for both or for
    neither: these contributions do *not* add up to the score.

    Args:
        score: modalities to (n,) scores.
        shuffles, seed: how often, and from where the orders are drawn.

    Returns:
        name to (n,); 0 where the item lacks the modality, NaN where `score` is.
    """
    if shuffles < 1:
        raise ValueError(f"shuffles is {shuffles}; shuffle at least once.")
    clean = checked(modalities)
    random = np.random.default_rng(seed)
    before = torch.as_tensor(score(clean))
    found = {}
    for name, one in clean.items():
        there, drop = one.mask.nonzero()[:, 0], torch.zeros_like(before)
        for _ in range(shuffles):
            other = one.vectors.clone()
            other[there] = one.vectors[there[torch.from_numpy(random.permutation(len(there)))]]
            drop = drop + (before - torch.as_tensor(score({**clean, name: Masked(other, one.mask)}))) / shuffles
        found[name] = torch.where(one.mask | drop.isnan(), drop, 0.0)
    return found


class Fusion:
    """What the fusions share. Each modality is centred on `rows` and each of its rows scaled to length 1.

    So neither the size of an encoder's numbers nor their count decides, and a weight does. With `whiten`, each modality
    is whitened in between (see `parts.scale_of`). Means, whitenings and parameters come from `rows` alone.

    Args:
        whiten: None, or the shrinkage of a whitening, in units of a modality's mean variance; 1.0 is a good first try.

    Attributes:
        names_: the modalities, in order. scales_: name to mean and whitening.
        linear: whether the vector is a sum of one part a modality, so that contributions are exact.
    """

    linear = False

    def __init__(self, *, whiten: float | None = None):
        check_whiten(whiten)
        self.whiten = whiten

    def fit(
        self, modalities: Modalities, *, rows: Sequence[int] | np.ndarray | Tensor, targets: Tensor | None = None
    ) -> Fusion:
        """Learn from the items in `rows`, and return self.

        Args:
            modalities: name to (n, dim) tensor, or `Masked`.
            rows: of the items that training may see: row numbers, or a mask of n. Cold items among them are a leak.
            targets: (n, k), what a vector should tell, such as SVD's item factors; read in `rows` only.

        Raises:
            ValueError: tables that do not fit together, a modality that no item in `rows` has, or targets that are
                needed and not there.
        """
        clean = checked(modalities)
        n = len(next(iter(clean.values())).mask)
        rows = item_rows(rows, n)
        nowhere = [name for name, one in clean.items() if not one.mask[rows].any()]
        if nowhere:
            raise ValueError(f"no item in rows has the modality {nowhere[0]!r}; leave it out.")
        self.names_ = list(clean)
        self.scales_ = {name: scale_of(one.vectors[rows[one.mask[rows]]], self.whiten) for name, one in clean.items()}
        if targets is not None:
            targets = torch.as_tensor(targets).float()
            if targets.ndim != 2 or len(targets) != n or not torch.isfinite(targets[rows]).all():
                raise ValueError(f"targets is {tuple(targets.shape)}; pass ({n}, k), finite in `rows`.")
            targets = targets[rows]
        vectors, mask = self._standardised(clean)
        self._fit([one[rows] for one in vectors], mask[rows], targets)
        return self

    def transform(self, modalities: Modalities) -> Masked:
        """The fused vectors (n, dim), and a mask that is True where any modality that counts is present."""
        vectors, mask = self._standardised(self._again(modalities))
        fused = self._fuse(vectors, mask)
        return Masked(fused, ~fused.isnan().any(dim=1))

    def contributions(
        self, modalities: Modalities, direction: Tensor, *, shuffles: int = 10, seed: int = 0
    ) -> dict[str, Tensor]:
        """How much each modality adds to the scores `fused @ direction`: name to (n,).

        Exact where `linear`: the contributions add up to the score. Otherwise by `permutation_contributions`.

        Args:
            direction: (dim,), such as a person's profile. shuffles, seed: of the permutations.
        """
        direction = torch.as_tensor(direction).float()
        if self.linear:
            return {name: part @ direction for name, part in self.parts(modalities).items()}
        return permutation_contributions(
            lambda some: self.transform(some).vectors @ direction, modalities, shuffles=shuffles, seed=seed
        )

    def parts(self, modalities: Modalities) -> dict[str, Tensor]:
        """The summands of the fused vectors, name to (n, dim): zero where missing, NaN where all is missing."""
        if not self.linear:
            raise TypeError(f"{type(self).__name__} is not linear: its vector is no sum of one part a modality.")
        vectors, mask = self._standardised(self._again(modalities))
        zero = [torch.zeros_like(one) for one in vectors]
        return {name: self._fuse([*zero[:m], vectors[m], *zero[m + 1 :]], mask) for m, name in enumerate(self.names_)}

    def _again(self, modalities: Modalities) -> dict[str, Masked]:
        if not hasattr(self, "names_"):
            raise RuntimeError(f"{type(self).__name__} is not fitted yet; call fit(modalities, rows=...) first.")
        return checked(modalities, {name: len(self.scales_[name].mean) for name in self.names_})

    def _standardised(self, clean: dict[str, Masked]) -> tuple[list[Tensor], Tensor]:
        vectors = [unit_rows(clean[name], self.scales_[name]) for name in self.names_]
        return vectors, torch.stack([clean[name].mask for name in self.names_], dim=1)

    def _fit(self, vectors: list[Tensor], mask: Tensor, targets: Tensor | None) -> None:
        raise TypeError(f"{type(self).__name__} has no _fit(vectors, mask, targets).")

    def _fuse(self, vectors: list[Tensor], mask: Tensor) -> Tensor:
        raise TypeError(f"{type(self).__name__} has no _fuse(vectors, mask).")
