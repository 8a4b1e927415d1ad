"""What every encoder shares, written once: pooling, centring, token-budget batches, the encoding loop with its cache.

An encoder of one modality says how an item becomes model input and how the model's output becomes a vector; order,
batches, progress, the cache and what is kept after an interruption are settled here.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, nullcontext
from typing import NamedTuple, TypeVar

import numpy as np
import torch
from torch import Tensor
from tqdm.auto import tqdm

from recsys_lessons.encoders.cache import EmbeddingCache

__all__ = [
    "Masked",
    "ahead",
    "center",
    "cls_pooling",
    "digest",
    "encode_in_batches",
    "mean_pooling",
    "token_budget_batches",
]

_T = TypeVar("_T")
_R = TypeVar("_R")
_BLOCK = 4096  # items held at a time: enough to sort by length, few enough for memory


class Masked(NamedTuple):
    """Vectors of one modality, and which of them there are.

    Attributes:
        vectors: (n, dim) float32 on the CPU. The row of a missing item is NaN: what forgets the mask fails loudly.
        mask: (n,) bool, True where the item has this modality and it could be read.
    """

    vectors: Tensor
    mask: Tensor


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
    mean = reference.mean(dim=0)
    apart = embeddings - mean
    # A row that equals the mean differs from it by rounding, which is no direction.
    size = embeddings.norm(dim=1).clamp(min=float(mean.norm()))
    return torch.nn.functional.normalize(apart.masked_fill((apart.norm(dim=1) <= 1e-5 * size)[:, None], 0.0), dim=1)


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
        raise ValueError(f"the token budget is {budget}; it must be 1 or more, e.g. 1024.")
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
    workers: int = 1,
) -> Tensor:
    """Embed each item once: from the cache where it holds it, by the model otherwise; in the given order.

    Vectors are stored about once a second and when the run ends, however it ends, so that an interrupted run goes on
    where it stopped. Batches do not depend on which worker is first, so two runs give the same vectors.

    Args:
        keys: (n,) one digest per item; equal keys are embedded once.
        dim: length of a vector.
        lengths: rows to tokens, asked only for rows that are computed, and for at most 4,096 of them at a time: a
            hundred thousand tokenised texts need not be in memory at once.
        embed: rows to (rows, dim). With several workers it is called from several threads.
        budget: tokens a batch may hold.
        cache: where vectors are kept, or None.
        progress: show a bar while something is computed.
        unit: what the bar counts.
        workers: batches computed at the same time, see `ahead`.

    Returns:
        (n, dim) float32 on the CPU.
    """
    result = torch.empty((len(keys), dim), dtype=torch.float32)
    first: dict[bytes, int] = {}
    for row, key in enumerate(keys):
        first.setdefault(key, row)
    todo: list[int] = []
    for block in _blocks(list(first.values())):
        known = cache.read([keys[row] for row in block]) if cache else {}
        done = [row for row in block if keys[row] in known]
        todo += [row for row in block if keys[row] not in known]
        if done:
            result[done] = torch.from_numpy(np.stack([known[keys[row]] for row in done]))
    batches = (
        [block[i] for i in batch] for block in _blocks(todo) for batch in token_budget_batches(lengths(block), budget)
    )
    workers = max(1, min(workers, len(todo)))  # a single text, such as a query, is computed on all cores
    bar = tqdm(total=len(todo), desc="Encoding", unit=unit, disable=not (progress and todo), leave=False)
    with bar, closing(ahead(embed, batches, workers)) as computed, cache or nullcontext():
        for rows, vectors in computed:
            vectors = vectors.float().cpu()
            result[rows] = vectors
            if cache:
                cache.add({keys[row]: vector for row, vector in zip(rows, vectors.numpy(), strict=True)})
            bar.update(len(rows))
    twins = [row for row, key in enumerate(keys) if first[key] != row]
    result[twins] = result[[first[keys[row]] for row in twins]]
    return result


def ahead(work: Callable[[_T], _R], items: Iterable[_T], workers: int) -> Iterator[tuple[_T, _R]]:
    """Each item with `work(item)`, in order, up to `workers` of them computed at the same time by threads.

    On a CPU this beats one batch spread over all cores: the cores share no loop, so none waits for another after every
    layer, and what Python does between two layers costs one core and not all. torch's arithmetic runs outside Python's
    lock, so threads are enough. Items are drawn only a little ahead of what is taken.

    An error in a worker is raised here. Whatever happens, the caller's number of torch threads is as it was.
    """
    if workers == 1:
        for item in items:
            yield item, work(item)
        return
    threads = torch.get_num_threads()
    share = max(1, threads // workers)  # of the cores, for each worker
    pool = ThreadPoolExecutor(workers, "encode", initializer=torch.set_num_threads, initargs=(share,))
    waiting: deque[tuple[_T, Future]] = deque()
    try:
        for item in items:
            waiting.append((item, pool.submit(work, item)))
            if len(waiting) > 2 * workers:
                item, future = waiting.popleft()
                yield item, future.result()
        while waiting:
            item, future = waiting.popleft()
            yield item, future.result()
    finally:
        try:
            pool.shutdown(cancel_futures=True)
        finally:
            # set_num_threads holds for the thread that calls it, and for threads that start later.
            torch.set_num_threads(threads)


def _blocks(rows: list[int]) -> Iterator[list[int]]:
    for start in range(0, len(rows), _BLOCK):
        yield rows[start : start + _BLOCK]


def digest(*parts: bytes) -> bytes:
    """A key for the cache: 20 bytes that depend on every part and on where one ends and the next begins."""
    state = hashlib.blake2b(digest_size=20)
    for part in parts:
        state.update(len(part).to_bytes(8, "little"))
        state.update(part)
    return state.digest()
