"""What a check, a hint or the table of progress shows: plain text for a terminal, escaped HTML for a notebook."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

from recsys_lessons.practice.exercise import Crashed, Failed, NotAttempted, Text, Trouble, in_words

__all__ = ["STATUSES", "CheckResult", "Hint", "label", "outcome"]

STATUSES = ("passed", "failed", "not attempted", "timed out", "crashed")

_WORDS: dict[str, Text] = {
    "passed": {"en": "passed", "zh": "通过"},
    "failed": {"en": "failed", "zh": "未通过"},
    "not attempted": {"en": "not attempted", "zh": "尚未作答"},
    "timed out": {"en": "timed out", "zh": "超时"},
    "crashed": {"en": "crashed", "zh": "运行出错"},
    "rule": {"en": "does not hold", "zh": "不满足"},
    "looking at": {"en": "looked at", "zh": "正在检查"},
    "input": {"en": "input", "zh": "输入"},
    "expected": {"en": "expected", "zh": "期望"},
    "got": {"en": "got", "zh": "得到"},
    "error": {"en": "error", "zh": "错误"},
    "where": {"en": "where", "zh": "位置"},
    "note": {"en": "note", "zh": "说明"},
    "hint": {"en": "hint", "zh": "提示"},
}
_COLOURS = {"passed": "#2e8b57", "failed": "#c0392b", "crashed": "#c0392b", "timed out": "#b9770e"}
_SIGNS = {"passed": "✓", "failed": "✗", "not attempted": "○", "timed out": "⏱", "crashed": "✗"}
_LINE: Text = {"en": "line {line}{cell}", "zh": "{cell}第 {line} 行"}
_CELL: Text = {"en": " of code cell {cell}", "zh": "第 {cell} 个代码单元"}
# What a terminal would obey, and halves of characters, which it cannot print.
_CONTROL = re.compile(r"(?:\x1b\[|\x9b)[0-9;?]*[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def label(name: str) -> str:
    """A status or a heading in the reader's language."""
    return in_words(_WORDS[name])


@dataclass(frozen=True)
class CheckResult:
    """What came of one check.

    Attributes:
        exercise: its name. status: one of `STATUSES`.
        rule: what does not hold, or was looked at when the function crashed.
        input, expected, got: the smallest input that shows it, as code; what is right; what came.
        trouble: the exception that crashed it. note: a sentence more. seed: gives the same inputs again.
    """

    exercise: str
    status: str
    rule: Text | None = None
    input: str = ""
    expected: str = ""
    got: str = ""
    trouble: Trouble | None = None
    note: Text | None = None
    seed: int | None = None

    @property
    def passed(self) -> bool:
        return self.status == "passed"

    def rows(self) -> list[tuple[str, str]]:
        """(heading, text) of what there is to say below the status."""
        found = [
            ("looking at" if self.trouble else "rule", in_words(self.rule) if self.rule else ""),
            ("input", self.input),
            ("expected", self.expected),
            ("got", self.got),
            ("error", str(self.trouble) if self.trouble else ""),
            ("where", self._where()),
            ("note", in_words(self.note) if self.note else ""),
        ]
        return [(label(name), _CONTROL.sub("", text)) for name, text in found if text]

    def _where(self) -> str:
        if self.trouble is None or self.trouble.line is None:
            return ""
        cell = in_words(_CELL).format(cell=self.trouble.cell) if self.trouble.cell else ""
        place = in_words(_LINE).format(line=self.trouble.line, cell=cell)
        return f"{place}: {self.trouble.code}" if self.trouble.code else place

    def __repr__(self) -> str:
        first = f"{_SIGNS[self.status]} {self.exercise}: {label(self.status)}"
        return "\n".join([first, *(f"    {name}: {text}" for name, text in self.rows())])

    def _repr_html_(self) -> str:
        cells = (
            f'<tr><td style="text-align:left;vertical-align:top;padding:1px 12px 1px 0;opacity:.7">{html.escape(name)}'
            f'</td><td style="text-align:left;white-space:pre-wrap"><code>{html.escape(text)}</code></td></tr>'
            for name, text in self.rows()
        )
        head = f"{_SIGNS[self.status]} <b>{html.escape(self.exercise)}</b>: {html.escape(label(self.status))}"
        return _box(_COLOURS.get(self.status, "#7f8c8d"), head, f"<table>{''.join(cells)}</table>")


def outcome(exercise: str, seed: int | None, stopped: Exception | None) -> CheckResult:
    """The result of a check that ended with `stopped`; None where it ran through."""
    if isinstance(stopped, Failed):
        shown = (stopped.rule, stopped.input, stopped.expected, stopped.got)
        return CheckResult(exercise, "failed", *shown, seed=seed)
    if isinstance(stopped, Crashed):
        crash = (stopped.rule, stopped.input)
        return CheckResult(exercise, "crashed", *crash, trouble=stopped.trouble, seed=seed)
    if isinstance(stopped, NotAttempted):
        return CheckResult(exercise, "not attempted")
    return CheckResult(exercise, "passed", seed=seed)


@dataclass(frozen=True)
class Hint:
    """One hint: `level` from 1, `of` how many."""

    exercise: str
    level: int
    of: int
    text: Text

    def __repr__(self) -> str:
        return f"{self.exercise}, {label('hint')} {self.level}/{self.of}: {in_words(self.text)}"

    def _repr_html_(self) -> str:
        head = f"<b>{html.escape(self.exercise)}</b>, {html.escape(label('hint'))} {self.level}/{self.of}"
        return _box("#2874a6", head, f"<div>{html.escape(in_words(self.text))}</div>")


def _box(colour: str, head: str, body: str) -> str:
    """A block with a coloured edge; all else is the page's own, so that it reads on a light and on a dark ground."""
    style = f"border-left:4px solid {colour};padding:4px 12px;margin:4px 0"
    return f'<div class="rl-check" style="{style}"><div>{head}</div>{body}</div>'
