"""What the fusions share: checked modalities, one scale for all, and a training loop that takes seconds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from recsys_lessons.encoders.base import Masked

__all__ = [
    "Modalities",
    "Scale",
    "check_weights",
    "check_whiten",
    "checked",
    "item_rows",
    "learn",
    "masked_softmax",
    "ridge",
    "scale_of",
    "unit_rows",
]

Modalities = Mapping[str, "Tensor | Masked"]


def checked(modalities: Modalities, known: Mapping[str, int] | None = None) -> dict[str, Masked]:
    """Every modality with its mask, the rows of missing items zero, so that no NaN can reach a sum.

    Args:
        modalities: name to (n, dim) tensor, or to `Masked`. A plain tensor has every item.
        known: name to dim, as at `fit`; the same names must come again.

    Returns:
        name to Masked, float32, in the order given (in the order of `known`, where that is given).

    Raises:
        TypeError: not a mapping. ValueError: no modality, an unknown or absent name, another dim than at `fit`, shapes
            that differ, or a value that is not finite where the mask says present.
    """
    if not isinstance(modalities, Mapping):
        raise TypeError(
            f'modalities is a {type(modalities).__name__}; pass tables by name: {{"text": text, "cover": cover}}.'
        )
    if not modalities:
        raise ValueError("modalities is empty; pass at least one table, such as {'text': text}.")
    found: dict[str, Masked] = {}
    for name, given in modalities.items():
        vectors, mask = given if isinstance(given, tuple) else (given, None)
        vectors = torch.as_tensor(vectors).float()
        if vectors.ndim != 2:
            raise ValueError(f"modality {name!r} is {tuple(vectors.shape)}; pass (n_items, dim).")
        mask = torch.ones(len(vectors), dtype=torch.bool) if mask is None else torch.as_tensor(mask)
        if mask.shape != vectors.shape[:1] or mask.dtype != torch.bool:
            raise ValueError(
                f"the mask of modality {name!r} is {tuple(mask.shape)} {mask.dtype}; pass ({len(vectors)},) bool, "
                "True where the item has it."
            )
        broken = mask & ~torch.isfinite(vectors).all(dim=1)
        if broken.any():
            row = int(broken.nonzero()[0])
            raise ValueError(
                f"modality {name!r} has a value that is not finite in row {row}, which its mask calls present; "
                "set the mask to False there, or encode the item again."
            )
        found[name] = Masked(vectors.masked_fill(~mask[:, None], 0.0), mask)
    lengths = {name: len(one.mask) for name, one in found.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"the modalities have {lengths} rows; pass one row per item, in the item table's order.")
    if known is None:
        return found
    if set(found) != set(known):
        strange, absent = sorted(set(found) - set(known)), sorted(set(known) - set(found))
        raise ValueError(
            f"the modalities are {list(found)} and the fusion was fitted on {list(known)}"
            + (f"; {strange[0]!r} is unknown" if strange else "")
            + (f"; {absent[0]!r} is absent (pass it with a mask of False where no item has it)" if absent else "")
            + "."
        )
    for name, dim in known.items():
        if found[name].vectors.shape[1] != dim:
            raise ValueError(f"modality {name!r} has dim {found[name].vectors.shape[1]} and had {dim} at fit.")
    return {name: found[name] for name in known}


def check_weights(weights: Mapping[str, float] | None, names: Sequence[str]) -> dict[str, float]:
    """A weight for every modality; all 1 where none are given.

    Raises:
        ValueError: a name that is no modality, a modality without a weight, a weight that is negative or not finite, or
            none above 0.
    """
    if weights is None:
        return dict.fromkeys(names, 1.0)
    strange, absent = [name for name in weights if name not in names], [name for name in names if name not in weights]
    if strange or absent:
        wrong = f"names {strange[0]!r}, which is no modality" if strange else f"has none for {absent[0]!r}"
        raise ValueError(f"weights {wrong}; the modalities are {list(names)}, and 0 leaves one out.")
    found = {name: float(weights[name]) for name in names}
    bad = [name for name, weight in found.items() if not (np.isfinite(weight) and weight >= 0)]
    if bad:
        raise ValueError(f"the weight of {bad[0]!r} is {found[bad[0]]}; it must be 0 or more, and finite.")
    if not any(found.values()):
        raise ValueError("every weight is 0; give at least one modality a weight above 0.")
    return found


def item_rows(rows: Sequence[int] | np.ndarray | Tensor, n: int) -> Tensor:
    """Rows that training may see, as (m,) int64, from row numbers or from a mask of n.

    Raises:
        ValueError: none, or one outside the table.
    """
    rows = torch.as_tensor(np.asarray(rows))
    if rows.dtype == torch.bool:
        if rows.shape != (n,):
            raise ValueError(f"rows is a mask of {tuple(rows.shape)}, and there are {n} items; pass ({n},).")
        rows = rows.nonzero()[:, 0]
    rows = rows.long()
    if rows.ndim != 1 or not len(rows):
        raise ValueError(f"rows is {tuple(rows.shape)}; pass the rows of at least one item that training may see.")
    if rows.min() < 0 or rows.max() >= n:
        raise ValueError(f"rows holds {int(rows.min())} to {int(rows.max())}, and the items are rows 0 to {n - 1}.")
    return rows


class Scale(NamedTuple):
    """How one modality is brought to the scale of the others: the mean (dim,), and a whitening (dim, dim) or None."""

    mean: Tensor
    whitening: Tensor | None


def scale_of(known: Tensor, whiten: float | None) -> Scale:
    """The scale of a modality from the rows that training may see and that have it.

    An encoder's vectors spread far along a few directions, which then make nearly every cosine; they are seldom those
    that people care about. Whitening divides each principal direction by its spread, x (C + a I)^(-1/2) with C the
    covariance (Mu and Viswanath 2018 and Su et al. 2021 do so to sentence vectors). The shrinkage a = whiten x the mean
    of C's eigenvalues (after Ledoit and Wolf 2004) leaves small directions, which are noise, small: near 0 all become
    alike, and a large number changes nothing.

    Args:
        known: (m, dim). whiten: None for no whitening, or above 0.
    """
    mean = known.mean(dim=0)
    if whiten is None:
        return Scale(mean, None)
    apart = (known - mean).double()
    values, directions = torch.linalg.eigh(apart.T @ apart / len(apart))
    spread = (values.clamp(min=0) + whiten * values.clamp(min=0).mean().clamp(min=1e-30)).rsqrt()
    whitening = (directions * (spread / spread.min())) @ directions.T  # the widest direction keeps its size
    return Scale(mean, whitening.float())


def check_whiten(whiten: float | None) -> None:
    if whiten is not None and not (np.isfinite(whiten) and whiten > 0):
        raise ValueError(f"whiten is {whiten}; pass None, or a shrinkage above 0, such as 1.0.")


def unit_rows(one: Masked, scale: Scale) -> Tensor:
    """Centred (and whitened) rows, each of length 1: (n, dim). A missing row, and one that equals the mean, is zero."""
    apart = (one.vectors - scale.mean) * one.mask[:, None]
    # A row that equals the mean differs from it by rounding, and that must not be blown up to a direction of length 1.
    size = torch.linalg.vector_norm(one.vectors, dim=1).clamp(min=float(scale.mean.norm()))
    apart = apart.masked_fill((apart.norm(dim=1) <= 1e-5 * size)[:, None], 0.0)
    return normalize(apart if scale.whitening is None else apart @ scale.whitening, dim=1)


def masked_softmax(logits: Tensor, mask: Tensor) -> Tensor:
    """Softmax over dimension 1, among what is present alone: (n, modalities, ...) and (n, modalities).

    What is missing gets 0 and the others share 1; a row with nothing present is zero.
    """
    mask = mask.reshape(*mask.shape, *[1] * (logits.ndim - 2))
    return torch.nan_to_num(logits.masked_fill(~mask, -torch.inf).softmax(dim=1)) * mask


def ridge(features: Tensor, targets: Tensor, strength: float) -> Tensor:
    """W that minimises sum |x W - t|^2 + strength |W|^2: (dim, k), through whichever system is smaller."""
    x, t = features.double(), targets.double()
    if len(x) < x.shape[1]:  # X'(XX' + sI)^-1 T is the same matrix
        return (x.T @ torch.linalg.solve(x @ x.T + strength * torch.eye(len(x), dtype=x.dtype), t)).float()
    return torch.linalg.solve(x.T @ x + strength * torch.eye(x.shape[1], dtype=x.dtype), x.T @ t).float()


def learn(
    build: Callable[[], nn.Module],
    vectors: list[Tensor],
    mask: Tensor,
    targets: Tensor,
    *,
    epochs: int,
    lr: float,
    decay: float,
    drop: float,
    seed: int,
) -> tuple[nn.Module, list[float]]:
    """Train a network, vectors and mask to targets, by Adam on the squared error; batches of 256.

    In training, each modality that is present is hidden with probability `drop`, but never the last one of an item:
    what is to work with a part missing must have seen parts missing (Neverova et al. 2016).

    Args:
        build: makes the network; called with the seed set.
        vectors: each (m, dim). mask: (m, modalities). targets: (m, k). All of rows that training may see.

    Returns:
        The network in eval mode, and the mean squared error of each epoch, in units of the targets' mean square.
    """
    scale = targets.pow(2).mean().sqrt().clamp(min=1e-12)
    random = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng(devices=[]):  # layers draw their first weights from torch's own generator
        torch.manual_seed(seed)
        network = build()
    optimiser = torch.optim.AdamW(network.parameters(), lr=lr, weight_decay=decay)
    losses = []
    for _ in range(epochs):
        total = 0.0
        for batch in torch.randperm(len(targets), generator=random).split(256):
            kept = mask[batch] & (torch.rand(len(batch), mask.shape[1], generator=random) >= drop)
            kept = torch.where(kept.any(dim=1, keepdim=True), kept, mask[batch])
            loss = (network([one[batch] for one in vectors], kept) - targets[batch] / scale).pow(2).mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            total += loss.item() * len(batch)
        losses.append(total / len(targets))
    return network.eval().requires_grad_(False), losses
