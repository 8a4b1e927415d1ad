"""The model hub, asked with patience but not for ever."""

from __future__ import annotations

import threading
from pathlib import Path

from recsys_lessons.errors import AssetError

__all__ = ["DEADLINE", "WEIGHTS", "download_model"]

DEADLINE = 15.0  # seconds for the hub's first answer; a download that has begun may take as long as it takes
WEIGHTS = ("*.safetensors", "pytorch_model*.bin")
_SMALL_FILES = ("*.json", "*.txt", "*.model", "1_Pooling/*.json", "2_Normalize/*.json")


def download_model(name: str, *, local_dir: Path | None = None, safe_only: bool = False) -> Path:
    """Fetch a model's configuration, tokenizer and weights; nothing else in the repository, and no code.

    Args:
        name: such as "intfloat/multilingual-e5-small".
        local_dir: where to put the files; None for the hub's own cache.
        safe_only: refuse a model whose weights are pickled.

    Returns:
        The folder.

    Raises:
        AssetError: the hub is switched off, says no, or does not answer within `DEADLINE` seconds.
    """
    from huggingface_hub import HfApi, constants, snapshot_download

    def give_up(why: str) -> AssetError:
        return AssetError(
            f"the model {name!r} is not on this machine, and {constants.ENDPOINT} {why}. Check the name and the "
            "network, set HF_ENDPOINT to a mirror, or use a folder or a registered asset (recsys-lessons assets list)."
        )

    if constants.HF_HUB_OFFLINE:
        raise give_up("was not asked, since HF_HUB_OFFLINE is set")
    answer: dict = {}

    def ask() -> None:
        try:
            answer["info"] = HfApi().model_info(name, timeout=DEADLINE)
        except Exception as error:  # whatever went wrong in the thread is told by the caller
            answer["error"] = error

    # The client retries on its own for as long as it likes; a thread lets us stop waiting.
    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(DEADLINE)
    if "error" in answer:
        text = str(answer["error"]).strip() or type(answer["error"]).__name__
        raise give_up(f"says: {text.splitlines()[0]}") from answer["error"]
    if "info" not in answer:
        raise give_up(f"did not answer within {DEADLINE:g} seconds")
    safe = any(entry.rfilename.endswith(".safetensors") for entry in answer["info"].siblings)
    if safe_only and not safe:
        raise give_up("has no safetensors weights")
    patterns = [*_SMALL_FILES, WEIGHTS[0] if safe else WEIGHTS[1]]
    return Path(snapshot_download(name, allow_patterns=patterns, local_dir=local_dir))
