"""Texts to vectors, through any BERT-like encoder (Devlin et al. 2019; Reimers and Gurevych 2019)."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path

import torch
from torch import Tensor

from recsys_lessons.devices import cpu_workers, pick_device, pick_precision
from recsys_lessons.encoders.base import cls_pooling, digest, encode_in_batches, mean_pooling
from recsys_lessons.encoders.cache import EmbeddingCache
from recsys_lessons.encoders.models import fingerprint, folder_pooling, folder_prefixes, load_quietly, model_folder
from recsys_lessons.paths import cache_dir

__all__ = ["TextEncoder"]

_POOLINGS = {"mean": mean_pooling, "cls": cls_pooling}


class TextEncoder:
    """A pretrained text encoder and the vectors it gives.

    Args:
        model: a registered asset, a Hugging Face folder, or a name on the hub. What is on disk comes first; the hub is
            asked only for what is not.
        pooling: "mean", "cls", or "auto": what the folder's sentence-transformers files say, else "mean".
        normalize: scale every vector to length 1, so that a dot product is a cosine.
        prefixes: text put in front, by role, e.g. {"query": "query: ", "passage": "passage: "}. None takes what
            the folder's `config_sentence_transformers.json` says; a role without a prefix gets none.
        max_tokens: longer texts are cut, and a warning counts them. None: as many as the model takes.
        batch_tokens: tokens in a batch, padding included. None: 1,024 on a CPU, 32,768 elsewhere.
        workers: batches computed at the same time. None: one for each core on a CPU, at most 8, and 1 elsewhere.
        device: "auto", "cpu", "cuda", "cuda:1", "mps".
        precision: "fp32" (the default, so that machines agree), "bf16", "fp16", or "auto": bf16 where it is fast.
            The same text gives the same vector to 1e-6 whatever stands beside it, and to 1e-4 on any device, in fp32;
            in half precision its cosine to that of fp32 is 0.9999 or more (multilingual-e5-small on titles).
        cache: keep vectors on disk, so that no text is encoded twice with the same model and settings.
        progress: show a bar while texts are encoded.

    Attributes:
        folder: where the model lies on this machine.
        dim: length of a vector.

    Raises:
        AssetError: the model is neither on disk nor to be had.
        ValueError: an argument is not among those above, or the folder holds no text encoder.
    """

    def __init__(
        self,
        model: str | Path = "multilingual-e5-small",
        *,
        pooling: str = "auto",
        normalize: bool = True,
        prefixes: dict[str, str] | None = None,
        max_tokens: int | None = None,
        batch_tokens: int | None = None,
        workers: int | None = None,
        device: str = "auto",
        precision: str = "fp32",
        cache: bool = True,
        progress: bool = True,
    ):
        if pooling not in ("auto", *_POOLINGS):
            raise ValueError(f"pooling is {pooling!r}; use 'auto', 'mean' or 'cls'.")
        for name, value in {"max_tokens": max_tokens, "batch_tokens": batch_tokens, "workers": workers}.items():
            if value is not None and value < 1:
                raise ValueError(f"{name} is {value}; it must be 1 or more, or None.")
        self.model = str(model)
        self.device = pick_device(device)
        self.dtype = pick_precision(precision, self.device)
        self.folder = model_folder(model)
        self.pooling = folder_pooling(self.folder) if pooling == "auto" else pooling
        self.normalize = normalize
        self.prefixes = dict(folder_prefixes(self.folder) if prefixes is None else prefixes)
        self.max_tokens = max_tokens
        self.batch_tokens = batch_tokens or (1024 if self.device.type == "cpu" else 32768)
        self.workers = workers
        self.cache = cache
        self.progress = progress

    def __repr__(self) -> str:
        kind = str(self.dtype).removeprefix("torch.")
        return f"TextEncoder({self.model!r}, dim={self.dim}, pooling={self.pooling!r}, device='{self.device}', {kind})"

    @cached_property
    def _config(self):
        from transformers import AutoConfig

        return AutoConfig.from_pretrained(self.folder)

    @cached_property
    def tokenizer(self):
        """The model's own tokenizer, a `transformers` one."""
        from transformers import AutoTokenizer

        return AutoTokenizer.from_pretrained(self.folder)

    @cached_property
    def network(self) -> torch.nn.Module:
        """The model, on its device, in its precision, not training; loaded when first needed."""
        return load_quietly(self.folder).to(self.device, self.dtype).eval()

    @property
    def dim(self) -> int:
        return int(self._config.hidden_size)

    @cached_property
    def _token_limit(self) -> int:
        # RoBERTa counts positions from the padding id on, so that two of its 514 are never used.
        offset = (self._config.pad_token_id or 0) + 1 if "roberta" in self._config.model_type else 0
        limits = [self.tokenizer.model_max_length, getattr(self._config, "max_position_embeddings", 512) - offset]
        return min([*limits, self.max_tokens or limits[0]])

    def encode(self, texts: Iterable[str], *, role: str = "passage") -> Tensor:
        """Encode texts.

        Args:
            texts: any number of strings: a list, a Series, an array, a generator.
            role: whose prefix goes in front: "passage" for what is searched, "query" for what somebody asks.

        Returns:
            (n, dim) float32 on the CPU, in the order of `texts`.

        Raises:
            TypeError: one string, or a whole table, instead of a list of strings.
            ValueError: a text is missing or no string; the message names the rows.
        """
        texts = _checked(texts)
        prefix = self.prefixes.get(role, "")
        full = [prefix + text for text in texts]
        cache = EmbeddingCache(self._cache_file, self.dim) if self.cache else None
        tokens: dict[int, list[int]] = {}
        seen = cut = 0

        def lengths(rows: list[int]) -> list[int]:
            nonlocal seen, cut
            self.network  # noqa: B018 - loaded now, by this thread, and not by two workers at once
            ids, longer = self._tokenize([full[row] for row in rows])
            seen, cut = seen + len(rows), cut + longer
            tokens.update(zip(rows, ids, strict=True))
            return [len(one) for one in ids]

        vectors = encode_in_batches(
            [digest(text.encode("utf-8")) for text in full],
            dim=self.dim,
            lengths=lengths,
            embed=lambda rows: self._pool(*self._forward([tokens.pop(row) for row in rows])),
            budget=self.batch_tokens,
            cache=cache,
            progress=self.progress,
            unit="text",
            workers=self.workers or cpu_workers(self.device),
        )
        self._warn(cut, seen)
        return vectors

    def hidden_states(self, texts: Iterable[str], *, role: str = "passage") -> tuple[Tensor, Tensor]:
        """What the model says of every token, before pooling.

        Returns:
            hidden (n, tokens, dim) float32 and mask (n, tokens) of 0 and 1, both on the CPU.
        """
        prefix = self.prefixes.get(role, "")
        ids, cut = self._tokenize([prefix + text for text in _checked(texts)])
        self._warn(cut, len(ids))
        hidden, mask = self._forward(ids)
        return hidden.float().cpu(), mask.cpu()

    def tokens(self, text: str) -> list[str]:
        """The pieces a text is cut into, the special ones included, without prefix."""
        return self.tokenizer.convert_ids_to_tokens(self._tokenize(_checked([text]))[0][0])

    def _tokenize(self, texts: Sequence[str]) -> tuple[list[list[int]], int]:
        """Token ids of each text, and how many texts were cut. The tokenizer also returns what it cuts off, so that
        few texts at a time keep a table of whole books small."""
        ids, cut = [], 0
        for start in range(0, len(texts), 256):
            part = list(texts[start : start + 256])
            encoded = self.tokenizer(part, truncation=True, max_length=self._token_limit, return_attention_mask=False)
            ids += encoded["input_ids"]
            cut += sum(bool(one.overflowing) for one in encoded.encodings or ())
        return ids, cut

    def _warn(self, cut: int, seen: int) -> None:
        if cut:
            warnings.warn(
                f"{cut} of {seen} texts have more than {self._token_limit} tokens; the rest is cut off.", stacklevel=3
            )

    @torch.inference_mode()
    def _forward(self, ids: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
        rows = [torch.tensor(one, dtype=torch.long) for one in ids]
        padded = torch.nn.utils.rnn.pad_sequence(rows, True, self.tokenizer.pad_token_id or 0).to(self.device)
        lengths = torch.tensor([len(row) for row in rows], device=self.device)
        mask = (torch.arange(padded.shape[1], device=self.device) < lengths[:, None]).long()
        return self.network(input_ids=padded, attention_mask=mask).last_hidden_state, mask

    def _pool(self, hidden: Tensor, mask: Tensor) -> Tensor:
        # Pooled in fp32: a mean over 500 half-precision numbers loses digits.
        vectors = _POOLINGS[self.pooling](hidden.float(), mask)
        return torch.nn.functional.normalize(vectors, dim=1) if self.normalize else vectors

    @cached_property
    def _cache_file(self) -> Path:
        settings = f"{self.pooling} {self.normalize} {self._token_limit} {self.dtype}".encode()
        return cache_dir() / "embeddings" / f"{digest(fingerprint(self.folder), settings).hex()}.sqlite"


def _checked(texts: Iterable[str]) -> list[str]:
    if isinstance(texts, (str, bytes)):
        raise TypeError(f"encode takes a list of texts and got one: {texts[:40]!r}. Write encode([text]).")
    if hasattr(texts, "columns"):
        raise TypeError(f"encode takes one column and got a table with {list(texts.columns)}; write table['text'].")
    texts = list(texts)
    missing = [row for row, text in enumerate(texts) if _is_missing(text)]
    if missing:
        raise ValueError(
            f"{len(missing)} of {len(texts)} texts are missing ({_places(missing)}). Fill them, or drop those items: "
            'dataset.items.dropna(subset=["text"]).'
        )
    other = [row for row, text in enumerate(texts) if not isinstance(text, str)]
    if other:
        row = other[0]
        raise ValueError(
            f"{len(other)} of {len(texts)} texts are no strings ({_places(other)}); row {row} is "
            f"{texts[row]!r}, a {type(texts[row]).__name__}. Convert them with str()."
        )
    # A lone surrogate (half an emoji, from a cut string) is no text that a tokenizer takes: it becomes U+FFFD.
    return [
        text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace") for text in texts
    ]


def _is_missing(text: object) -> bool:
    # None, NaN, and pandas' own NA, which answers a comparison with NA
    return text is None or type(text).__name__ in ("NAType", "NaTType") or (isinstance(text, float) and text != text)


def _places(rows: list[int]) -> str:
    return f"row{'s' * (len(rows) > 1)} {', '.join(map(str, rows[:5]))}{', ...' if len(rows) > 5 else ''}"
