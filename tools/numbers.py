"""Numbers in the READMEs come from results/: `python -m tools.numbers` writes them in, and a test compares.

    <!-- number: FILE / MODEL / COLUMN -->0.107<!-- /number -->

FILE is results/FILE.json, MODEL the value of the row's first column, COLUMN the name of another. Three digits are shown
after the point, or as many as the file has. Between `<!-- promises -->` and `<!-- /promises -->` stands all of
results/promises.json as a table.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

__all__ = ["FILES", "filled", "language_of", "look_up", "promises"]

FILES = ("README.md", "README.zh.md")
_PROMISES = re.compile(r"(?<=<!-- promises -->\n).*?(?=<!-- /promises -->)", re.DOTALL)
_HEADS = {
    "en": ("promise", "claim", "experiment", "difference [95 %]", "verdict"),
    "zh": ("承诺", "说法", "实验", "差值 [95 %]", "结论"),
}
_IN_CHINESE = {
    "intent": "理解意图",
    "context": "利用上下文",
    "several modalities": "处理多模态",
    "cold start": "缓解冷启动",
    "changing interests": "跟上兴趣变化",
    "holds": "成立",
    "not shown": "未得到证实",
    "fails": "不成立",
}
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


def promises(results: Path, lang: str) -> str:
    """results/promises.json as a table in Markdown."""
    rows = json.loads((results / "promises.json").read_text(encoding="utf-8"))["rows"]
    lines = [_HEADS[lang], ["---"] * 5]
    for row in rows:
        digits = 0 if abs(row["difference"]) >= 10 else 3
        number = (
            f"[{row['difference']:+.{digits}f}]({row['source']}) [{row['low']:.{digits}f}, {row['high']:.{digits}f}]"
        )
        if lang == "zh":
            words = _IN_CHINESE[row["promise"]], row["claim zh"], row["experiment zh"]
            lines.append((*words, number, _IN_CHINESE[row["verdict"]]))
        else:
            lines.append((row["promise"], row["claim"], row["experiment"], number, row["verdict"]))
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def filled(text: str, results: Path, lang: str = "en") -> str:
    """The text with every marked number, and the table of promises, as results/ has it today."""
    if _PROMISES.search(text):
        table = promises(results, lang)
        text = _PROMISES.sub(lambda _: table, text)
    return _MARK.sub(
        lambda mark: f"<!-- number: {mark['place']} -->{look_up(mark['place'], results)}<!-- /number -->", text
    )


def language_of(name: str) -> str:
    return "zh" if ".zh." in name else "en"


def main() -> int:
    root = Path.cwd()
    for name in FILES:
        path = root / name
        before = path.read_text(encoding="utf-8")
        try:
            after = filled(before, root / "results", language_of(name))
        except ValueError as error:
            print(f"{name}: {error}", file=sys.stderr)
            return 1
        if after != before:
            path.write_text(after, encoding="utf-8")
            print(f"{name}: numbers brought up to date")
    return 0


if __name__ == "__main__":
    sys.exit(main())
