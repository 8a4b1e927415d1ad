"""A whole catalogue at once: each modality that the item table has, through its encoder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor

from recsys_lessons.data.dataset import Dataset
from recsys_lessons.encoders.audio import AudioEncoder
from recsys_lessons.encoders.base import Masked
from recsys_lessons.encoders.image import ImageEncoder
from recsys_lessons.encoders.text import TextEncoder
from recsys_lessons.encoders.video import VideoEncoder

__all__ = ["MODALITIES", "encode_items"]

# What a column of the item table holds. A table may have any of them.
MODALITIES = {
    "text": TextEncoder,
    "overview": TextEncoder,
    "cover": ImageEncoder,
    "poster": ImageEncoder,
    "audio": AudioEncoder,
    "video": VideoEncoder,
}


def encode_items(
    dataset: Dataset,
    modalities: Sequence[str] | None = None,
    *,
    encoders: Mapping[str, Any] | None = None,
    progress: bool = True,
) -> dict[str, Masked]:
    """Vectors of every item, one matrix a modality, rows in the item table's order.

    Args:
        dataset: its item table has some of the columns text, overview, cover, poster, audio, video. An item without one
            holds None there (or "" for words).
        modalities: which columns, in which order; None: all there are.
        encoders: column to an encoder, where the default one will not do: {"cover": ImageEncoder("resnet50")}. With it,
            a column of any name is encoded. The defaults leave out a file that cannot be read, with a warning that
            names it; an encoder of your own with `on_error="raise"` stops there.
        progress: show bars of the default encoders.

    Returns:
        modality to `Masked`: vectors (n_items, dim), NaN where an item lacks the modality, and mask (n_items,).

    Raises:
        ValueError: a modality is no column or has no encoder, or there is none at all.
    """
    own = dict(encoders or {})
    columns = [name for name in (*MODALITIES, *own) if name in dataset.items.columns]
    chosen = list(dict.fromkeys(columns)) if modalities is None else list(modalities)
    for name in [*chosen, *own]:
        if name not in dataset.items.columns:
            raise ValueError(f"there is no column {name!r} to encode; items has {list(dataset.items.columns)}.")
        if name not in MODALITIES and name not in own:
            raise ValueError(
                f"{name!r} has no encoder of its own; pass encoders={{{name!r}: TextEncoder()}} or another. Known are "
                f"{', '.join(MODALITIES)}."
            )
    if not chosen:
        raise ValueError(
            f"items has none of the columns {', '.join(MODALITIES)}; it has {list(dataset.items.columns)}. Name a "
            "column and its encoder: encode_items(dataset, encoders={'caption': TextEncoder()})."
        )
    return {name: _encoded(dataset, name, own.get(name), progress) for name in chosen}


def _encoded(dataset: Dataset, name: str, encoder: Any, progress: bool) -> Masked:
    if encoder is None:
        kind = MODALITIES[name]
        options = {} if kind is TextEncoder else {"on_error": "missing"}
        encoder = kind(progress=progress, **options)
    values = dataset.items[name]
    if isinstance(encoder, TextEncoder):
        return _words(encoder, values)
    return encoder.encode(values)


def _words(encoder: TextEncoder, values: Any) -> Masked:
    """A text encoder takes no missing text; here an item without words is one without this modality."""
    import torch

    there = values.notna().to_numpy() & (values.fillna("").astype(str).str.strip() != "").to_numpy()
    mask = torch.from_numpy(there)
    vectors: Tensor = torch.full((len(values), encoder.dim), float("nan"))
    if there.any():
        vectors[mask] = encoder.encode(values[there])
    return Masked(vectors, mask)
