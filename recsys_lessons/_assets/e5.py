"""multilingual-e5-small from its 4-bit file to an ordinary Hugging Face folder (Wang et al. 2024).

The file, little-endian: magic "E5S1"; u32 version; 7 x i32 (hidden, layers, heads, feed-forward, vocabulary, positions,
token types); f32 layer-norm epsilon; i32 block size; 5 x i32 (pieces, bos, eos, pad, unk); u64 length of the pieces'
text; (pieces + 1) x u32 offsets into it; pieces x f32 scores; the text; i32 count and u32 byte length of a character
map, and the map; i32 number of tensors; for each its name, type, size and place. A weight in 4 bits is
(nibble - 8) x the scale of its block of 32.
"""

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np

from recsys_lessons._assets.e5_tokenizer import build_tokenizer
from recsys_lessons.errors import AssetError

__all__ = ["convert", "read_pieces", "read_tensors"]

_BLOCK = 32
_EPSILON = 1e-12  # the file keeps it in 32 bits, a configuration in 64
_LAYER = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}
_EMBEDDINGS = {
    "emb.word": "embeddings.word_embeddings.weight",
    "emb.pos": "embeddings.position_embeddings.weight",
    "emb.type": "embeddings.token_type_embeddings.weight",
    "emb.ln.w": "embeddings.LayerNorm.weight",
    "emb.ln.b": "embeddings.LayerNorm.bias",
}


class _Reader:
    """Reads numbers one after the other and never past the end."""

    def __init__(self, data: bytes):
        self.data, self.at = data, 0

    def take(self, pattern: str) -> tuple:
        size = struct.calcsize("<" + pattern)
        return struct.unpack("<" + pattern, self.bytes(size))

    def array(self, dtype: str, count: int) -> np.ndarray:
        return np.frombuffer(self.bytes(np.dtype(dtype).itemsize * count), dtype)

    def bytes(self, size: int) -> bytes:
        if size < 0 or self.at + size > len(self.data):
            raise AssetError(f"the 4-bit file ends at byte {len(self.data)}, and {size} bytes were due at {self.at}.")
        self.at += size
        return self.data[self.at - size : self.at]


def _header(reader: _Reader) -> dict[str, int | float]:
    magic = reader.bytes(4)
    if magic != b"E5S1":
        raise AssetError(f"the 4-bit file starts with {magic!r} and not with b'E5S1'.")
    names = ["version", "hidden", "layers", "heads", "feed_forward", "vocabulary", "positions", "types", "epsilon"]
    names += ["block", "pieces", "bos", "eos", "pad", "unk"]
    header = dict(zip(names, reader.take("I7ifi5i"), strict=True))
    if header["version"] != 1 or header["block"] != _BLOCK:
        raise AssetError(
            f"the 4-bit file has version {header['version']} and blocks of {header['block']}; 1 and 32 are known."
        )
    # A broken count must not ask for memory or loops: nothing here can exceed a byte of the file, and layers are few.
    for name in ("hidden", "layers", "heads", "feed_forward", "vocabulary", "positions", "types", "pieces"):
        if not 1 <= header[name] <= (1000 if name == "layers" else len(reader.data)):
            raise AssetError(f"the 4-bit file says {name} = {header[name]}, which it cannot hold.")
    for name in ("bos", "eos", "pad", "unk"):
        if not 0 <= header[name] < header["pieces"] <= header["vocabulary"]:
            raise AssetError(f"the 4-bit file says {name} = {header[name]} of {header['pieces']} pieces.")
    if not np.isclose(header["epsilon"], _EPSILON, atol=0):
        raise AssetError(f"the 4-bit file has layer-norm epsilon {header['epsilon']:g}; {_EPSILON:g} is known.")
    return header


def read_pieces(reader: _Reader, count: int) -> list[tuple[str, float]]:
    """The vocabulary: pieces and their log probabilities, by id."""
    (size,) = reader.take("Q")
    ends = reader.array("<u4", count + 1)
    scores = reader.array("<f4", count)
    text = reader.bytes(size)
    if ends[0] != 0 or ends[-1] != size or (np.diff(ends.astype(np.int64)) < 0).any():
        raise AssetError("the 4-bit file's vocabulary offsets do not cover its text.")
    try:
        return [(text[a:b].decode("utf-8"), float(s)) for a, b, s in zip(ends[:-1], ends[1:], scores, strict=True)]
    except UnicodeDecodeError as error:
        raise AssetError(f"the 4-bit file's vocabulary is not UTF-8: {error}") from error


def read_tensors(reader: _Reader) -> dict[str, np.ndarray]:
    """Every tensor as a flat float32 array, by its name in the file."""
    _, size = reader.take("iI")
    reader.bytes(size)  # the character map; `e5_tokenizer.py` says what it amounts to
    (count,) = reader.take("i")
    tensors = {}
    for _ in range(count):
        (length,) = reader.take("H")
        name = reader.bytes(length).decode("utf-8", "replace")
        kind, elements, offset, n_bytes = reader.take("BIQQ")
        place = _Reader(reader.data)
        place.at = offset
        if kind == 0 and n_bytes == 4 * elements:
            tensors[name] = place.array("<f4", elements)
        elif kind == 1 and elements % _BLOCK == 0 and n_bytes == elements // _BLOCK * 18:
            blocks = place.array("V18", elements // _BLOCK).view([("scale", "<f2"), ("nibbles", "u1", 16)])
            halves = np.concatenate([blocks["nibbles"] & 15, blocks["nibbles"] >> 4], axis=1).astype(np.float32) - 8
            tensors[name] = (halves * blocks["scale"].astype(np.float32)[:, None]).reshape(-1)
        else:
            raise AssetError(
                f"tensor {name!r} of the 4-bit file has type {kind}, {elements} elements, {n_bytes} bytes."
            )
    return tensors


def _hugging_face_name(name: str) -> str:
    if name in _EMBEDDINGS:
        return _EMBEDDINGS[name]
    layer, part, kind = name.split(".")
    return f"encoder.layer.{int(layer[1:])}.{_LAYER[part]}.{'weight' if kind == 'w' else 'bias'}"


def _shape(name: str, header: dict) -> tuple[int, ...]:
    hidden, wide = header["hidden"], header["feed_forward"]
    if name in _EMBEDDINGS:
        rows = {"emb.word": "vocabulary", "emb.pos": "positions", "emb.type": "types"}.get(name)
        return (header[rows], hidden) if rows else (hidden,)
    _, part, kind = name.split(".")
    if kind == "b":
        return (wide,) if part == "fi" else (hidden,)
    return {"fi": (wide, hidden), "fo": (hidden, wide), "aln": (hidden,), "oln": (hidden,)}.get(part, (hidden, hidden))


def convert(file: Path, folder: Path) -> None:
    """Write config, weights (fp32), tokenizer, and what sentence-transformers reads.

    Raises:
        AssetError: the file is cut short or is not laid out as described above.
    """
    from safetensors.numpy import save_file

    reader = _Reader(file.read_bytes())
    header = _header(reader)
    pieces = read_pieces(reader, header["pieces"])
    tensors = read_tensors(reader)
    expected = set(_EMBEDDINGS) | {
        f"l{i}.{part}.{kind}" for i in range(header["layers"]) for part in _LAYER for kind in "wb"
    }
    if set(tensors) != expected:
        raise AssetError(f"the 4-bit file's tensors differ from a BERT's: {sorted(set(tensors) ^ expected)[:5]}.")
    try:
        weights = {_hugging_face_name(name): value.reshape(_shape(name, header)) for name, value in tensors.items()}
    except ValueError as error:
        raise AssetError(f"a tensor of the 4-bit file does not have its shape: {error}") from error
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    for name, content in _small_files(header).items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(content, indent=2), encoding="utf-8")
    build_tokenizer(pieces, header).save(str(folder / "tokenizer.json"))


def _small_files(header: dict) -> dict[str, object]:
    return {
        "config.json": {
            "architectures": ["BertModel"],
            "model_type": "bert",
            "hidden_size": header["hidden"],
            "num_hidden_layers": header["layers"],
            "num_attention_heads": header["heads"],
            "intermediate_size": header["feed_forward"],
            "vocab_size": header["vocabulary"],
            "max_position_embeddings": header["positions"],
            "type_vocab_size": header["types"],
            "layer_norm_eps": _EPSILON,
            "hidden_act": "gelu",
            "pad_token_id": header["pad"],
            "torch_dtype": "float32",
        },
        "tokenizer_config.json": {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "model_max_length": header["positions"],
            "model_input_names": ["input_ids", "attention_mask"],
            "bos_token": "<s>",
            "cls_token": "<s>",
            "eos_token": "</s>",
            "sep_token": "</s>",
            "pad_token": "<pad>",
            "unk_token": "<unk>",
            "mask_token": "<mask>",
            "clean_up_tokenization_spaces": False,
        },
        "modules.json": [
            {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
            {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
            {"idx": 2, "name": "2", "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"},
        ],
        "1_Pooling/config.json": {
            "word_embedding_dimension": header["hidden"],
            "pooling_mode_cls_token": False,
            "pooling_mode_mean_tokens": True,
            "pooling_mode_max_tokens": False,
            "pooling_mode_mean_sqrt_len_tokens": False,
        },
        "sentence_bert_config.json": {"max_seq_length": header["positions"], "do_lower_case": False},
        "config_sentence_transformers.json": {
            "prompts": {"query": "query: ", "passage": "passage: "},
            "default_prompt_name": None,
            "similarity_fn_name": "cosine",
        },
    }
