"""Chance that is the same on any machine: everything is made of uniform numbers by additions and comparisons."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

__all__ = ["Draws"]


class Draws:
    """Random draws of one room of the world.

    numpy promises the stream of bits of PCG64, and not the way to its distributions, which has changed between
    versions. So only `Generator.random` is used.

    Args:
        seed: of the world. room: each room has a stream of its own, so that more people do not change the items.
    """

    def __init__(self, seed: int, room: int):
        self._generator = np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, room])))

    def uniform(self, low: float = 0.0, high: float = 1.0) -> float:
        return low + (high - low) * float(self._generator.random())

    def uniforms(self, *shape: int) -> np.ndarray:
        return self._generator.random(shape)

    def chance(self, probability: float) -> bool:
        return float(self._generator.random()) < probability

    def below(self, n: int) -> int:
        """One of 0, ..., n - 1."""
        return int(self._generator.random() * n)

    def normals(self, n: int) -> np.ndarray:
        """(n,) close to normal, within -6 and 6: the sum of twelve uniform numbers (its mean is 6, its variance 1)."""
        return self._generator.random((12, n)).sum(axis=0) - 6.0

    def one(self, of: Sequence):
        return of[self.below(len(of))]

    def some(self, of: Sequence, n: int) -> list:
        """n different ones, or all of them where there are fewer, in random order."""
        return [of[place] for place in self.order(len(of))[:n]]

    def order(self, n: int) -> np.ndarray:
        """(n,) the numbers 0, ..., n - 1, shuffled."""
        return np.argsort(self._generator.random(n), kind="stable")

    def weighted(self, weights: Sequence[float]) -> int:
        """A place, with a probability in proportion to its weight."""
        heap = np.cumsum(np.asarray(weights, dtype=np.float64))
        return min(int(np.searchsorted(heap, self._generator.random() * heap[-1], side="right")), len(heap) - 1)
