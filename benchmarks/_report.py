"""How a benchmark's table is kept: results/NAME.json, with the command, seeds and versions that made it."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pandas as pd

RESULTS = Path(__file__).resolve().parents[1] / "results"


def processor() -> str:
    """The processor's name and the cores this process may use."""
    name = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        lines = info.read_text(encoding="utf-8", errors="replace").splitlines()
        name = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), name)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{name}, {cores} cores"


def write_result(name: str, table: pd.DataFrame, *, seeds: Sequence[int], packages: Sequence[str], **facts) -> Path:
    """Write a table as results/NAME.json and return the path.

    Args:
        name: of the file. table: its rows. seeds: all that were used. packages: whose versions are noted, where
            installed. facts: anything else that a reader needs, such as the number of people.
    """
    versions = {"python": platform.python_version()}
    for package in packages:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            continue
    command = " ".join(["python", f"benchmarks/{Path(sys.argv[0]).name}", *sys.argv[1:]])
    content = {"command": command, "seeds": list(seeds), "processor": processor(), "versions": versions, **facts}
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    rows = table.astype(object).where(table.notna(), None).to_dict("records")
    path.write_text(json.dumps(content | {"rows": rows}, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path
