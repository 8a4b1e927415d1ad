"""Fusions that learn how the modalities act together, in seconds on a CPU: product, gates, attention."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from recsys_lessons.fusion.base import Fusion
from recsys_lessons.fusion.operators import attend, gate, hadamard
from recsys_lessons.fusion.parts import Modalities, learn, masked_softmax

__all__ = ["AttentionFusion", "GatedFusion", "HadamardFusion"]


class _Network(nn.Module):
    """h_m = tanh(W_m u_m + b_m) for every modality, a way to fuse them, and a linear head that is only for training."""

    def __init__(self, dims: list[int], dim: int, k: int):
        super().__init__()
        self.maps = nn.ModuleList(nn.Linear(one, dim) for one in dims)
        self.head = nn.Linear(dim, k)

    def hidden(self, vectors: list[Tensor], mask: Tensor) -> list[Tensor]:
        # Rows of length 1 have small numbers; scaled to size 1, a layer's usual first weights suit them.
        found = [way(one * one.shape[1] ** 0.5).tanh() for way, one in zip(self.maps, vectors, strict=True)]
        return [one * mask[:, m : m + 1] for m, one in enumerate(found)]

    def forward(self, vectors: list[Tensor], mask: Tensor) -> Tensor:
        return self.head(self.fuse(vectors, mask))


class _Product(_Network):
    def fuse(self, vectors: list[Tensor], mask: Tensor) -> Tensor:
        return hadamard(self.hidden(vectors, mask), mask)


class _Gates(_Network):
    def __init__(self, dims: list[int], dim: int, k: int):
        super().__init__(dims, dim, k)
        self.gates = nn.Linear(dim * len(dims), dim * len(dims))

    def logits(self, vectors: list[Tensor], mask: Tensor) -> Tensor:
        together = torch.cat(self.hidden(vectors, mask), dim=1)
        return self.gates(together).reshape(len(together), len(vectors), -1)

    def fuse(self, vectors: list[Tensor], mask: Tensor) -> Tensor:
        return gate(self.hidden(vectors, mask), mask, self.logits(vectors, mask))


class _Attention(_Network):
    def __init__(self, dims: list[int], dim: int, k: int):
        super().__init__(dims, dim, k)
        self.keys = nn.Linear(dim, dim)
        self.query = nn.Linear(dim, 1, bias=False)

    def logits(self, vectors: list[Tensor], mask: Tensor) -> Tensor:
        return self.query(self.keys(torch.stack(self.hidden(vectors, mask), dim=1)).tanh())[..., 0]

    def fuse(self, vectors: list[Tensor], mask: Tensor) -> Tensor:
        return attend(self.hidden(vectors, mask), mask, self.logits(vectors, mask))


class _Learned(Fusion):
    """The arguments that these fusions share.

    Args:
        dim: length of the fused vector. epochs: passes over the items. lr: learning rate of Adam. decay: pull of the
            weights towards zero. drop: how often a modality is hidden in training, so that the fusion knows what to do
            where one is missing. whiten: as for every `Fusion`. seed: of the first weights, the order and what is
            hidden.

    Attributes:
        network_: in eval mode. losses_: each epoch's squared error, in units of the targets' mean square.
    """

    _network: type[_Network]

    def __init__(
        self,
        dim: int = 64,
        *,
        epochs: int = 30,
        lr: float = 1e-3,
        decay: float = 0.1,
        drop: float = 0.2,
        whiten: float | None = None,
        seed: int = 0,
    ):
        super().__init__(whiten=whiten)
        if dim < 1 or epochs < 1:
            raise ValueError(f"dim is {dim} and epochs is {epochs}; both must be 1 or more.")
        if not (lr > 0 and decay >= 0 and 0 <= drop < 1):
            raise ValueError(f"lr is {lr}, decay {decay}, drop {drop}; lr > 0, decay >= 0 and 0 <= drop < 1.")
        self.dim = dim
        self.epochs = epochs
        self.lr = lr
        self.decay = decay
        self.drop = drop
        self.seed = seed

    def _fit(self, vectors: list[Tensor], mask: Tensor, targets: Tensor | None) -> None:
        if targets is None:
            raise ValueError(
                f"{type(self).__name__} learns and needs to know what for: pass targets=..., (n, k), such as SVD's "
                "item factors. ConcatFusion needs none."
            )
        known = mask.any(dim=1)  # an item that has nothing teaches nothing
        dims = [one.shape[1] for one in vectors]
        self.network_, self.losses_ = learn(
            lambda: self._network(dims, self.dim, targets.shape[1]),
            [one[known] for one in vectors],
            mask[known],
            targets[known],
            epochs=self.epochs,
            lr=self.lr,
            decay=self.decay,
            drop=self.drop,
            seed=self.seed,
        )

    def _fuse(self, vectors: list[Tensor], mask: Tensor) -> Tensor:
        return self.network_.fuse(vectors, mask)

    def shares(self, modalities: Modalities) -> Tensor:
        """Each item's share of each modality, as the gates or the attention chose it: (n, modalities).

        A share says how the parts were mixed. It does not say what they did to a score: a large share of a small or of
        an idle vector changes nothing (Jain and Wallace 2019); for that, `contributions`.
        """
        vectors, mask = self._standardised(self._again(modalities))
        logits = self.network_.logits(vectors, mask)
        shares = masked_softmax(logits, mask)
        return shares.mean(dim=2) if shares.ndim == 3 else shares


class HadamardFusion(_Learned):
    """f = h_1 * ... * h_M, number by number, with h_m = tanh(W_m u_m + b_m); what is missing counts as 1.

    The W_m are learned so that a linear head on f gives the targets: low-rank bilinear pooling (Kim et al. 2017). Not
    linear in the modalities, so contributions are by permutation.
    """

    _network = _Product

    def shares(self, modalities: Modalities) -> Tensor:
        raise TypeError("a product has no shares: take half of a factor away and half of the product is gone.")


class GatedFusion(_Learned):
    """f_d = sum over m of z_md h_md, with h_m = tanh(W_m u_m + b_m) and z_d = softmax over the present m of (G [h])_md.

    Each number of the vector chooses its modality, item by item, having seen all of them: a gated multimodal unit
    (Arevalo et al. 2017), whose gates look at the h here and at the inputs there. Not linear: contributions are by
    permutation.
    """

    _network = _Gates


class AttentionFusion(_Learned):
    """f = sum over m of a_m h_m, with h_m = tanh(W_m u_m + b_m) and a = softmax over the present m of q tanh(K h_m).

    One share a modality and item (additive attention, after Bahdanau et al. 2015). Not linear: contributions are by
    permutation.
    """

    _network = _Attention
