"""From a model's name to a folder on this machine, and from the folder to a network."""

from __future__ import annotations

import hashlib
import json
from contextlib import contextmanager
from pathlib import Path

import torch

from recsys_lessons.assets import REGISTRY, asset_path
from recsys_lessons.hub import WEIGHTS, download_model

__all__ = ["fingerprint", "folder_pooling", "folder_prefixes", "load_quietly", "model_folder"]


def model_folder(model: str | Path) -> Path:
    """Where a model lies: a registered asset, a folder, or a hub name; what is on disk first.

    Raises:
        AssetError: it is on neither, or the hub does not answer within 15 seconds.
        ValueError: a folder without `config.json`.
    """
    name = str(model)
    if name in REGISTRY:
        return asset_path(name)
    folder = Path(model).expanduser()
    if folder.is_dir():
        if not (folder / "config.json").is_file():
            raise ValueError(f"{folder} has no config.json; pass a folder that `save_pretrained` wrote.")
        return folder
    if folder.is_absolute() or name.startswith((".", "~")) or name.count("/") > 1:
        raise ValueError(
            f"there is no folder {folder}; pass one that exists, a hub name, or one of {sorted(REGISTRY)}."
        )
    return _on_disk(name) or download_model(name)


def _on_disk(name: str) -> Path | None:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:
        folder = Path(snapshot_download(name, local_files_only=True))
    except LocalEntryNotFoundError:
        return None
    except HFValidationError as error:
        raise ValueError(f"{name!r} is no folder and no name that a hub could have: {error}") from error
    # A download cut short leaves a snapshot without weights.
    return folder if any(any(folder.glob(pattern)) for pattern in WEIGHTS) else None


def fingerprint(folder: Path) -> bytes:
    """32 bytes that change with any file that decides what a text becomes: configuration, tokenizer, weights."""
    state = hashlib.sha256()
    files = {path for pattern in ("*.json", "*.txt", "*.model", *WEIGHTS) for path in folder.glob(pattern)}
    for path in sorted(files - {folder / "manifest.json"}):
        state.update(f"{path.name} {path.stat().st_size}\n".encode())
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                state.update(block)
    return state.digest()


def load_quietly(folder: Path) -> torch.nn.Module:
    """The network in fp32, without a pooler (nothing here uses it) and without the loader's own bars.

    Raises:
        ValueError: the folder's weights do not fit its configuration, or are missing.
    """
    from transformers import AutoModel

    with _quiet():
        try:
            try:
                return AutoModel.from_pretrained(folder, add_pooling_layer=False)
            except TypeError:  # architectures that never had one
                return AutoModel.from_pretrained(folder)
        except (OSError, RuntimeError) as error:
            raise ValueError(f"{folder} cannot be loaded as a text encoder: {error}") from error


def _read_json(path: Path) -> dict:
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def folder_pooling(folder: Path) -> str:
    """What the folder's sentence-transformers files say, "cls" or "mean"; "mean" where they say nothing."""
    return "cls" if _read_json(folder / "1_Pooling" / "config.json").get("pooling_mode_cls_token") else "mean"


def folder_prefixes(folder: Path) -> dict[str, str]:
    """Role to the text that goes in front, as the folder's sentence-transformers files say."""
    prompts = dict(_read_json(folder / "config_sentence_transformers.json").get("prompts") or {})
    # sentence-transformers 5 calls the searched side "document"; the older word is "passage".
    if "passage" not in prompts and prompts.get("document"):
        prompts["passage"] = prompts["document"]
    return prompts


@contextmanager
def _quiet():
    from transformers.utils import logging

    level, bar = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bar:
            logging.enable_progress_bar()
