"""Late fusion: one model a modality, and their scores brought to one scale and added up."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from recsys_lessons.fusion.parts import check_weights

__all__ = ["late_fusion"]


def late_fusion(
    scores: Mapping[str, np.ndarray],
    masks: Mapping[str, np.ndarray] | None = None,
    weights: Mapping[str, float] | None = None,
    *,
    rescale: str = "spread",
) -> np.ndarray:
    """Scores of one model a modality, to one score: s = sum of w_m z_m / r, over the modalities that an item has.

    z_m is a person's scores of modality m, less their mean and divided by their deviation over the items that have it:
    without that, the model with the larger numbers decides. With r = sqrt(sum of w_m^2) ("spread") an item's score
    spreads as far whatever it lacks. With r = sum of w_m ("mean"), the mean of three opinions is nearer to 0 than one
    opinion, so that both ends of the list fill with items that lack something.

    Args:
        scores: name to (n, n_items). What stands where an item lacks the modality is not read.
        masks: name to (n_items,) bool; None where every item has everything.
        weights: name to a number, 0 or more; None for all 1.
        rescale: "spread" or "mean".

    Returns:
        (n, n_items) float64. An item that has nothing gets 0: the average, for want of an opinion.

    Raises:
        ValueError: shapes that differ, an unknown name, a score that is not finite where the item has the modality, or
            another rescale.
    """
    if rescale not in ("spread", "mean"):
        raise ValueError(f"rescale is {rescale!r}; choose 'spread' or 'mean'.")
    if not scores:
        raise ValueError("scores is empty; pass the scores of at least one modality by name.")
    weights = check_weights(weights, list(scores))
    strange = [name for name in masks or {} if name not in scores]
    if strange:
        raise ValueError(f"masks names {strange[0]!r}, of which there are no scores; there are {list(scores)}.")
    shape = np.asarray(next(iter(scores.values()))).shape
    total, size = np.zeros(shape), np.zeros(shape[-1])
    for name, given in scores.items():
        table = np.asarray(given, dtype=np.float64)
        here = np.ones(shape[-1], dtype=bool) if not masks or name not in masks else np.asarray(masks[name])
        if table.ndim != 2 or table.shape != shape or here.shape != shape[-1:] or here.dtype != bool:
            raise ValueError(
                f"the scores of {name!r} are {table.shape} and its mask {here.shape} {here.dtype}; pass scores (n, "
                f"n_items), here {shape}, and a bool mask (n_items,)."
            )
        if not np.isfinite(table[:, here]).all():
            raise ValueError(f"{name!r} has a score that is not finite for an item that has it; see its mask.")
        if not here.any():
            continue
        part = table[:, here]
        spread = part.std(axis=1, keepdims=True)
        flat = spread <= 1e-9 * np.abs(part).max(axis=1, keepdims=True)  # equal scores are no opinion
        z = np.where(flat, 0.0, (part - part.mean(axis=1, keepdims=True)) / np.where(flat, 1.0, spread))
        total[:, here] += weights[name] * z
        size[here] += weights[name] ** 2 if rescale == "spread" else weights[name]
    size = np.sqrt(size) if rescale == "spread" else size
    return total / np.where(size > 0, size, 1.0)
