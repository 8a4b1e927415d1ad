"""`recsys-lessons questions`: the interview bank, listed, asked, and answered on request."""

from __future__ import annotations

from typing import Annotated, Optional

import typer

__all__ = ["QUESTIONS_EPILOG", "questions"]

QUESTIONS_EPILOG = (
    "Examples:\n\nrecsys-lessons questions\n\nrecsys-lessons questions which-svd"
    "\n\nrecsys-lessons questions which-svd --answer"
)

_WORDS = {
    "answer": {"en": "A strong answer", "zh": "参考答案"},
    "rubric": {"en": "What is listened for", "zh": "评分要点"},
    "weak": {"en": "weak", "zh": "差"},
    "fair": {"en": "fair", "zh": "中"},
    "strong": {"en": "strong", "zh": "好"},
    "flags": {"en": "Red flags", "zh": "危险信号"},
    "follow_ups": {"en": "Follow-ups", "zh": "追问"},
    "learn": {"en": "Learn and practise", "zh": "学习与练习"},
    "hints": {"en": "Hints", "zh": "提示"},
    "more": {"en": "Say your answer aloud first, then add --answer.", "zh": "先把答案说出来，再加上 --answer 对照。"},
}


def questions(
    name: Annotated[Optional[str], typer.Argument(metavar="[ID]", help="One question; all by default.")] = None,  # noqa: UP045
    answer: Annotated[bool, typer.Option("--answer", "-a", help="Show the answer, the rubric, follow-ups.")] = False,
    hint: Annotated[int, typer.Option(min=0, max=3, help="Show this many of the three hints.")] = 0,
) -> None:
    """List the interview questions, ask one, or show its answer."""
    from recsys_lessons.practice.questions import find_question, load_questions

    if name is None:
        if answer or hint:
            raise typer.BadParameter("--answer and --hint need a question; `recsys-lessons questions` lists them.")
        _print_all(load_questions())
    else:
        _print_one(find_question(name), answer, hint)


def _print_all(bank: dict) -> None:
    from rich.console import Console
    from rich.table import Column, Table
    from rich.text import Text

    from recsys_lessons.language import say

    columns = {"en": ("question", "level", "min", "asked"), "zh": ("题目", "级别", "分钟", "问法")}
    names = [say({lang: texts[i] for lang, texts in columns.items()}) for i in range(4)]
    table = Table(Column(names[0], no_wrap=True), names[1], Column(names[2], justify="right"), names[3])
    for one in bank.values():
        table.add_row(one.id, one.level, str(one.minutes), Text(_said(one.prompt)))
    Console().print(table)


def _print_one(question, answer: bool, hints: int) -> None:
    from rich.console import Console
    from rich.markdown import Markdown

    lines = [f"# {question.id}", f"*{question.kind}, {question.level}, {question.minutes} min*", _said(question.prompt)]
    if hints:
        lines += [f"## {_word('hints')}", *(f"{n}. {_said(one)}" for n, one in enumerate(question.hints[:hints], 1))]
    if answer:
        lines += [f"## {_word('answer')}", _said(question.answer), f"## {_word('rubric')}"]
        for point in question.rubric:
            lines.append(f"**{_said(point.title)}** ({point.weight})")
            voices = (("weak", point.zero), ("fair", point.one), ("strong", point.two))
            lines.append("\n".join(f"- {_word(kind)}: {_said(voice)}" for kind, voice in voices))
        lines += [f"## {_word('flags')}", *(f"- {_said(one.says)} → {_said(one.truth)}" for one in question.red_flags)]
        lines += [f"## {_word('follow_ups')}", *(f"- {_said(f.ask)} → {_said(f.expect)}" for f in question.follow_ups)]
        places = [f"`notebooks/{link.lesson}.ipynb`: {link.section}" for link in question.lessons]
        places += [f"`recsys-lessons hint {name}`" for name in question.exercises]
        lines += [f"## {_word('learn')}", *(f"- {place}" for place in places)]
        lines += [f"- {one.author} {one.year}, *{one.title}*" for one in question.sources]
    else:
        lines.append(f"*{_word('more')}*")
    Console().print(Markdown("\n\n".join(lines)))


def _said(text) -> str:
    from recsys_lessons.language import language

    return getattr(text, language())


def _word(name: str) -> str:
    from recsys_lessons.language import say

    return say(_WORDS[name])
