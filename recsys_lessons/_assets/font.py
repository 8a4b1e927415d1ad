"""A font file, as it is."""

from __future__ import annotations

import shutil
from pathlib import Path

__all__ = ["convert"]


def convert(file: Path, folder: Path) -> None:
    """Keep the file under its own name."""
    shutil.copyfile(file, folder / "NotoSansCJKsc-Regular.otf")
