"""How far a learner is: lessons, their exercises, a bar."""

from __future__ import annotations

import html
from dataclasses import dataclass

from recsys_lessons.practice.exercise import Text, in_words
from recsys_lessons.practice.exercises import LESSONS
from recsys_lessons.practice.records import Standing, standings
from recsys_lessons.practice.result import label

__all__ = ["HEADINGS", "Overview", "Row", "overview"]

HEADINGS: dict[str, Text] = {
    "lesson": {"en": "lesson", "zh": "课程"},
    "exercise": {"en": "exercise", "zh": "练习"},
    "status": {"en": "status", "zh": "状态"},
    "attempts": {"en": "checks", "zh": "检查次数"},
    "hints": {"en": "hints seen", "zh": "看过的提示"},
    "done": {"en": "{passed} of {all} passed", "zh": "已通过 {passed} / {all}"},
}


@dataclass(frozen=True)
class Row:
    """One exercise. What was passed once stays passed, whatever was tried afterwards."""

    lesson: str
    exercise: str
    standing: Standing

    @property
    def status(self) -> str:
        return "passed" if self.standing.passed else self.standing.status


@dataclass(frozen=True)
class Overview:
    """All exercises, in the course's order."""

    rows: tuple[Row, ...]

    def lessons(self) -> dict[str, list[Row]]:
        """The rows by lesson."""
        found: dict[str, list[Row]] = {}
        for row in self.rows:
            found.setdefault(row.lesson, []).append(row)
        return found

    def __repr__(self) -> str:
        lines = []
        for lesson, rows in self.lessons().items():
            passed = sum(row.status == "passed" for row in rows)
            filled = round(10 * passed / len(rows))
            lines.append(f"{lesson}  [{'#' * filled}{'-' * (10 - filled)}]  {_done(passed, len(rows))}")
            lines += [f"    {row.exercise}: {label(row.status)}" for row in rows]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        left = 'style="text-align:left;padding:2px 14px 2px 0"'
        names = [in_words(HEADINGS[name]) for name in ("lesson", "exercise", "status", "attempts", "hints")]
        head = "".join(f"<th {left}>{html.escape(name)}</th>" for name in names)
        body = ""
        for lesson, rows in self.lessons().items():
            passed = sum(row.status == "passed" for row in rows)
            bar = (
                '<span style="display:inline-block;width:120px;height:8px;border:1px solid #2e8b57">'
                f'<span style="display:block;width:{round(100 * passed / len(rows))}%;height:8px;background:#2e8b57">'
                f"</span></span> {html.escape(_done(passed, len(rows)))}"
            )
            body += f'<tr><td {left}><b>{html.escape(lesson)}</b></td><td colspan="4" {left}>{bar}</td></tr>'
            for row in rows:
                texts = ("", row.exercise, label(row.status), str(row.standing.attempts), str(row.standing.hints))
                body += "<tr>" + "".join(f"<td {left}>{html.escape(text)}</td>" for text in texts) + "</tr>"
        return f'<table class="rl-progress"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def _done(passed: int, all: int) -> str:
    return in_words(HEADINGS["done"]).format(passed=passed, all=all)


def overview() -> Overview:
    """What is on record now."""
    known = standings()
    return Overview(
        tuple(Row(lesson, name, known.get(name, Standing())) for lesson, names in LESSONS.items() for name in names)
    )
