"""What pictures, sounds and videos share on their way to vectors: missing items, keys, errors that name row and file.

A worker takes a few items, decodes them, and runs the network over what they gave; while one worker decodes, another
computes. Decoded inputs are dropped as soon as the network has seen them, so that memory does not grow with the number
of items, nor with the length of one.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor
from tqdm.auto import tqdm

from recsys_lessons.devices import cpu_workers
from recsys_lessons.encoders._keys import content_key, describe, is_missing
from recsys_lessons.encoders.base import Masked, ahead, encode_in_batches
from recsys_lessons.encoders.cache import EmbeddingCache
from recsys_lessons.errors import MediaError

__all__ = ["check_on_error", "content_key", "describe", "encode_media", "is_missing", "listed", "media_workers"]

_SHOWN = 3  # failures that a warning spells out
_FIX = 'Mend or replace it, or pass on_error="missing" to leave out what cannot be read.'


class _ReadableOnly(EmbeddingCache):
    """A cache that does not remember failures: a file may be mended by tomorrow, or its decoder installed."""

    def add(self, vectors: dict[bytes, np.ndarray]) -> None:
        super().add({key: vector for key, vector in vectors.items() if not np.isnan(vector).any()})


def check_on_error(on_error: str) -> None:
    """Raises ValueError where `on_error` is neither "raise" nor "missing"."""
    if on_error not in ("raise", "missing"):
        raise ValueError(f"on_error is {on_error!r}; use 'raise', or 'missing' to leave out what cannot be read.")


def media_workers() -> int:
    """How many items to decode at the same time, on any device: one for each core that torch may use, at most 8.

    Also where a GPU computes: it is faster than one core that decodes.
    """
    return cpu_workers("cpu")


def listed(items: Iterable[Any], what: str) -> list[Any]:
    """The items as a list.

    Raises:
        TypeError: one item instead of a list of them, or a whole table.
    """
    if isinstance(items, (str, bytes, bytearray, memoryview, Path)) or hasattr(items, "getpixel"):
        raise TypeError(f"encode takes a list of {what}s and got one: {describe(items)}. Write encode([{what}]).")
    if hasattr(items, "columns"):
        names = list(items.columns)
        raise TypeError(f"encode takes one column and got a table with {names}; write table['...'].")
    return list(items)


def encode_media(
    items: Sequence[Any],
    *,
    decode: Callable[[Any], Iterable[Tensor]],
    embed: Callable[[Tensor], Tensor],
    pool: Callable[[Tensor], Tensor],
    dim: int,
    batch: int,
    inputs: int = 1,
    workers: int = 1,
    on_error: Literal["raise", "missing"] = "raise",
    cache: Path | None = None,
    progress: bool = True,
    unit: str = "item",
) -> Masked:
    """Turn items into vectors, each from one or from many inputs of the network.

    Args:
        items: paths, bytes, or objects that `decode` knows. None, NaN, pandas' NA and "" are missing: no error.
        decode: item to chunks of inputs, each (m, ...) with the same shape after m; at least one input in all. An
            iterator is read chunk by chunk, so that an hour of sound is never in memory. Called from several threads.
            A path comes as a `Path`. Raises MediaError with the reason alone: row and file are added here.
        embed: (b, ...) inputs to (b, features); b is at most `batch`. Called from several threads.
        pool: (inputs of one item, features) to (dim,).
        dim: length of a vector.
        batch: inputs that go through the network together, also those of several items.
        inputs: how many inputs an item gives, about. Decides how many items a worker takes at a time.
        workers: items decoded and embedded at the same time, by threads.
        on_error: "raise" stops at the first item that cannot be read. "missing" gives it a row of NaN, and one
            warning counts such items and names the first.
        cache: a file with vectors by the content of items, or None. It must differ for whatever changes a vector.
        progress: show a bar.
        unit: what the bar counts.

    Returns:
        vectors (n, dim) float32 with NaN where an item is missing, and mask (n,).

    Raises:
        MediaError: `on_error` is "raise" and an item cannot be read; the message names row, file, reason and fix.
        TypeError: an item is of a kind that has no place here.
    """
    check_on_error(on_error)
    items = [Path(item) if isinstance(item, str) and not is_missing(item) else item for item in items]
    failures: dict[int, str] = {}

    def failed(row: int, error: MediaError) -> None:
        if on_error == "raise":
            raise MediaError(f"row {row}, {describe(items[row])}: {error} {_FIX}") from error
        failures[row] = str(error)

    keys: dict[int, bytes] = {}
    for row, key in _keys(items, workers, progress, unit):
        if isinstance(key, MediaError):
            failed(row, key)
        else:
            keys[row] = key
    rows = list(keys)

    def vectors_of(places: list[int]) -> Tensor:
        mine = {place: items[rows[place]] for place in places}
        out = torch.full((len(places), dim), float("nan"))
        for slot, (place, result) in enumerate(_outputs(mine, decode, embed, batch)):
            try:
                out[slot] = _pooled(result, pool, dim)
            except MediaError as error:
                failed(rows[place], error)
        return out

    group = max(1, min(batch // max(1, inputs), -(-len(rows) // max(1, workers))))
    found = encode_in_batches(
        list(keys.values()),
        dim=dim,
        lengths=lambda block: [1] * len(block),
        embed=vectors_of,
        budget=group,
        cache=_ReadableOnly(cache, dim) if cache else None,
        progress=progress,
        unit=unit,
        workers=workers,
    )
    vectors = torch.full((len(items), dim), float("nan"))
    vectors[rows] = found
    mask = ~torch.isnan(vectors).any(dim=1)
    _warn(items, failures, keys, mask)
    return Masked(vectors, mask)


def _keys(items: Sequence[Any], workers: int, progress: bool, unit: str) -> Iterator[tuple[int, bytes | MediaError]]:
    """Row and key of every item that is not missing, or why it cannot be read; the files are read by threads."""

    def key(row: int) -> bytes | MediaError:
        try:
            return content_key(items[row])
        except MediaError as error:
            return error
        except TypeError as error:
            raise TypeError(f"row {row}: {error}") from error

    rows = [row for row, item in enumerate(items) if not is_missing(item)]
    bar = tqdm(total=len(rows), desc="Reading", unit=unit, disable=not progress, leave=False, delay=2)
    with bar, closing(ahead(key, rows, max(1, min(workers, len(rows))))) as found:
        for row, result in found:
            bar.update()
            yield row, result


def _outputs(
    items: dict[int, Any], decode: Callable[[Any], Iterable[Tensor]], embed: Callable[[Tensor], Tensor], batch: int
) -> Iterator[tuple[int, Tensor | MediaError]]:
    """Each item's place with its (inputs, features), or with why there are none; batches run across items."""
    results: dict[int, list[Tensor] | MediaError] = {place: [] for place in items}
    waiting: list[tuple[int, Tensor]] = []  # inputs that have not been through the network, fewer than `batch`

    def run(full_only: bool) -> None:
        while (held := sum(len(chunk) for _, chunk in waiting)) and (held >= batch or not full_only):
            taken, room = [], batch
            while waiting and room:
                place, chunk = waiting.pop(0)
                if len(chunk) > room:
                    waiting.insert(0, (place, chunk[room:]))
                taken.append((place, chunk[:room]))
                room -= len(taken[-1][1])
            outputs = embed(torch.cat([chunk for _, chunk in taken])).float().cpu()
            for (place, _), part in zip(taken, outputs.split([len(chunk) for _, chunk in taken]), strict=True):
                if not isinstance(results[place], MediaError):
                    results[place].append(part)

    for place, item in items.items():
        try:
            for chunk in decode(item):
                waiting.append((place, chunk))
                run(full_only=True)
        except MediaError as error:
            results[place] = error
            waiting[:] = [(other, chunk) for other, chunk in waiting if other != place]
    run(full_only=False)
    for place, result in results.items():
        yield (
            place,
            result
            if isinstance(result, MediaError)
            else torch.cat(result)
            if result
            else MediaError("nothing in it could be decoded."),
        )


def _pooled(result: Tensor | MediaError, pool: Callable[[Tensor], Tensor], dim: int) -> Tensor:
    if isinstance(result, MediaError):
        raise result
    vector = pool(result)
    if vector.shape != (dim,):
        raise ValueError(f"an item's vector has the shape {tuple(vector.shape)}, and ({dim},) was said.")
    if not torch.isfinite(vector).all():
        raise MediaError('the network gave numbers that are not finite; precision="fp32" may help.')
    return vector


def _warn(items: Sequence[Any], failures: dict[int, str], keys: dict[int, bytes], mask: Tensor) -> None:
    """One warning for everything that could not be read, equal items included."""
    reasons = {keys.get(row, row): reason for row, reason in failures.items()}
    lost = [row for row, item in enumerate(items) if not mask[row] and not is_missing(item)]
    if lost:
        named = [f"row {row}, {describe(items[row])}: {reasons[keys.get(row, row)]}" for row in lost[:_SHOWN]]
        more = f" And {len(lost) - _SHOWN} more." if len(lost) > _SHOWN else ""
        warnings.warn(
            f"{len(lost)} of {len(items)} items could not be read and count as missing. {' '.join(named)}{more}",
            stacklevel=4,
        )
