"""Numbers in the READMEs come from results/: `python -m tools.numbers` writes them in, and a test compares.

    <!-- number: FILE / MODEL / COLUMN -->0.107<!-- /number -->

FILE is results/FILE.json, MODEL the value of the row's first column, COLUMN the name of another. Three digits are shown
after the point, or as many as the file has.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

__all__ = ["FILES", "filled", "look_up"]

FILES = ("README.md", "README.zh.md")
_MARK = re.compile(r"<!-- number: (?P<place>.+?) -->(?P<shown>.*?)<!-- /number -->", re.DOTALL)


def look_up(place: str, results: Path) -> str:
    """The number that `FILE / MODEL / COLUMN` names, as it is shown.

    Raises:
        ValueError: no such file, row or column; the message lists those there are.
    """
    parts = [part.strip() for part in place.split(" / ")]
    if len(parts) != 3:
        raise ValueError(f"{place!r} does not name a number; write FILE / MODEL / COLUMN.")
    file, model, column = parts
    path = results / f"{file}.json"
    if not path.is_file():
        raise ValueError(f"{place!r}: there is no results/{file}.json; run the benchmark that writes it.")
    rows = json.loads(path.read_text(encoding="utf-8"))["rows"]
    found = [row for row in rows if str(next(iter(row.values()))) == model]
    if len(found) != 1:
        known = [next(iter(row.values())) for row in rows]
        raise ValueError(f"{place!r}: results/{file}.json has {len(found)} rows {model!r}; it has {known}.")
    if column not in found[0]:
        raise ValueError(f"{place!r}: results/{file}.json has no column {column!r}; it has {list(found[0])}.")
    value = found[0][column]
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def filled(text: str, results: Path) -> str:
    """The text with every marked number as results/ has it today."""
    return _MARK.sub(
        lambda mark: f"<!-- number: {mark['place']} -->{look_up(mark['place'], results)}<!-- /number -->", text
    )


def main() -> int:
    root = Path.cwd()
    for name in FILES:
        path = root / name
        before = path.read_text(encoding="utf-8")
        try:
            after = filled(before, root / "results")
        except ValueError as error:
            print(f"{name}: {error}", file=sys.stderr)
            return 1
        if after != before:
            path.write_text(after, encoding="utf-8")
            print(f"{name}: numbers brought up to date")
    return 0


if __name__ == "__main__":
    sys.exit(main())
