"""What every encoder shares, written once: pooling, centring, token-budget batches, the encoding loop with its cache.

An encoder of one modality says how an item becomes model input and how the model's output becomes a vector; order,
batches, progress, the cache and what is kept after an interruption are settled here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch
from torch import Tensor
from tqdm.auto import tqdm

from recsys_lessons.encoders.cache import EmbeddingCache

__all__ = ["center", "cls_pooling", "digest", "encode_in_batches", "mean_pooling", "token_budget_batches"]


def mean_pooling(hidden: Tensor, mask: Tensor) -> Tensor:
    """The mean of a text's token vectors, padding left out (Reimers and Gurevych 2019).

    Args:
        hidden: (n, tokens, dim), the model's last hidden states.
        mask: (n, tokens), 1 for a real token and 0 for padding; integer, boolean or float.

    Returns:
        (n, dim) in `hidden`'s dtype. A row without a real token is zero.

    Raises:
        ValueError: the two disagree on n or on tokens.
    """
    _same_tokens(hidden, mask)
    weight = mask.to(hidden.dtype).unsqueeze(-1)
    return (hidden * weight).sum(dim=1) / weight.sum(dim=1).clamp(min=1)


def cls_pooling(hidden: Tensor, mask: Tensor) -> Tensor:
    """The vector of the first token, `[CLS]` in BERT (Devlin et al. 2019): (n, tokens, dim) to (n, dim)."""
    _same_tokens(hidden, mask)
    return hidden[:, 0]


def _same_tokens(hidden: Tensor, mask: Tensor) -> None:
    if hidden.ndim != 3 or mask.shape != hidden.shape[:2]:
        raise ValueError(
            f"hidden is {tuple(hidden.shape)} and mask is {tuple(mask.shape)}; "
            "pass hidden as (n, tokens, dim) and mask as (n, tokens)."
        )


def center(embeddings: Tensor, reference: Tensor) -> Tensor:
    """Subtract the mean of `reference` rows, then scale each row to length 1.

    Sentence encoders often put all texts into a narrow cone (e5's cosines lie between 0.7 and 1), so that one shared
    direction dominates every dot product (Mu and Viswanath 2018). Without the mean, the differences decide.

    Args:
        embeddings: (n, dim).
        reference: (m, dim), rows that training may see. Passing test rows here is a leak.

    Returns:
        (n, dim). A row equal to the mean stays zero.

    Raises:
        ValueError: the two have different `dim`, or `reference` has no row.
    """
    if embeddings.ndim != 2 or reference.ndim != 2 or embeddings.shape[1] != reference.shape[1] or not len(reference):
        raise ValueError(
            f"embeddings is {tuple(embeddings.shape)} and reference is {tuple(reference.shape)}; "
            "pass (n, dim) and (m, dim) with the same dim and at least one reference row."
        )
    return torch.nn.functional.normalize(embeddings - reference.mean(dim=0), dim=1)


def token_budget_batches(lengths: Sequence[int], budget: int) -> Iterator[list[int]]:
    """Group rows so that rows x longest row stays within `budget` tokens, padding included.

    Rows are taken from long to short: neighbours have like lengths, so that little is padded, and a batch too large for
    memory fails at the start and not at the end.

    Args:
        lengths: tokens of each row.
        budget: tokens a batch may hold; a row longer than that travels alone.

    Yields:
        lists of row numbers; together they hold every row once.

    Raises:
        ValueError: `budget` is below 1.
    """
    if budget < 1:
        raise ValueError(f"the token budget is {budget}; it must be 1 or more, e.g. 4096.")
    order = np.argsort(-np.asarray(lengths, dtype=np.int64), kind="stable").tolist()
    start = 0
    while start < len(order):
        size = max(1, budget // max(1, lengths[order[start]]))
        yield order[start : start + size]
        start += size


def encode_in_batches(
    keys: Sequence[bytes],
    *,
    dim: int,
    lengths: Callable[[list[int]], Sequence[int]],
    embed: Callable[[list[int]], Tensor],
    budget: int,
    cache: EmbeddingCache | None,
    progress: bool,
    unit: str,
) -> Tensor:
    """Embed each item once: from the cache where it holds it, by the model otherwise; in the given order.

    What a batch gave is stored at once, so that an interrupted run goes on where it stopped.

    Args:
        keys: (n,) one digest per item; equal keys are embedded once.
        dim: length of a vector.
        lengths: rows to tokens, asked only for rows that are computed.
        embed: rows to (rows, dim).
        budget: tokens a batch may hold.
        cache: where vectors are kept, or None.
        progress: show a bar while something is computed.
        unit: what the bar counts.

    Returns:
        (n, dim) float32 on the CPU.
    """
    result = torch.empty((len(keys), dim), dtype=torch.float32)
    first: dict[bytes, int] = {}
    for row, key in enumerate(keys):
        first.setdefault(key, row)
    known = cache.read(list(first)) if cache else {}
    for key, vector in known.items():
        result[first[key]] = torch.from_numpy(vector)
    todo = [row for key, row in first.items() if key not in known]
    with tqdm(total=len(todo), desc="Encoding", unit=unit, disable=not (progress and todo), leave=False) as bar:
        for batch in token_budget_batches(lengths(todo), budget) if todo else ():
            rows = [todo[i] for i in batch]
            vectors = embed(rows).float().cpu()
            result[rows] = vectors
            if cache:
                cache.write({keys[row]: vector for row, vector in zip(rows, vectors.numpy(), strict=True)})
            bar.update(len(rows))
    source = torch.tensor([first[key] for key in keys], dtype=torch.long)
    return result[source]


def digest(*parts: bytes) -> bytes:
    """A key for the cache: 20 bytes that depend on every part and on where one ends and the next begins."""
    state = hashlib.blake2b(digest_size=20)
    for part in parts:
        state.update(len(part).to_bytes(8, "little"))
        state.update(part)
    return state.digest()
