"""The interview questions: one YAML file each, in `questions/`. What one holds stands in `question_schema.py`."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path

from pydantic import ValidationError

from recsys_lessons.errors import RecsysLessonsError
from recsys_lessons.paths import bundled
from recsys_lessons.practice._plain_yaml import Document, one_line, read_yaml
from recsys_lessons.practice.exercises import close_matches
from recsys_lessons.practice.question_schema import FollowUp, Link, Point, Question, RedFlag, Source, Text

__all__ = ["find_question", "load_questions", "questions_folder", "read_question"]

_KEYS = {key for part in (Question, Text, Point, RedFlag, FollowUp, Link, Source) for key in part.model_fields}
_EXPECTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "date_type": "a date such as 2026-03-14",
    "tuple_type": "a list, each entry on a line after `- `",
    "model_type": "keys with values",
}


def questions_folder() -> Path:
    """`questions/` of the checkout where there is one, else the copy that an installed package brings.

    Raises:
        RecsysLessonsError: there is neither.
    """
    return bundled("questions")


def load_questions(folder: Path | str | None = None) -> dict[str, Question]:
    """Every question by its id, in the order of the ids.

    Args:
        folder: of files named `ID.yaml`, one question each; by default the course's own.

    Raises:
        RecsysLessonsError: no such folder, no question in it, two with one id, or a file that `read_question` refuses.
    """
    folder = questions_folder() if folder is None else Path(folder)
    if not folder.is_dir():
        raise RecsysLessonsError(f"{folder} is no folder; name one that holds question files.")
    found = sorted(path for path in folder.iterdir() if path.suffix.lower() in (".yaml", ".yml"))
    paths = [path for path in found if not path.name.startswith(".")]  # drafts that editors leave
    if not paths:
        raise RecsysLessonsError(f"{folder} holds no question; each is a file named ID.yaml.")
    questions: dict[str, tuple[Path, Question]] = {}
    for path in paths:
        question = _parse(path)
        if question.id in questions:
            other = questions[question.id][0].name
            raise RecsysLessonsError(f"{path}: {other} has the id {question.id!r} too; change one of the two.")
        questions[question.id] = path, question
    for path, question in questions.values():
        _check_name(path, question)
    return {name: questions[name][1] for name in sorted(questions)}


def find_question(name: str) -> Question:
    """The course's question of that id.

    Raises:
        RecsysLessonsError: there is none; the message lists ids like it.
    """
    bank = load_questions()
    if name not in bank:
        raise RecsysLessonsError(f"there is no question {name!r}; {close_matches(name, bank)}.")
    return bank[name]


def read_question(path: Path | str) -> Question:
    """The question in one file.

    Raises:
        RecsysLessonsError: it cannot be read, is no plain YAML, does not hold what `Question` asks for, or is not named
            like its id. The message gives file, line, column, key, what is expected and what to do.
    """
    path = Path(path)
    question = _parse(path)
    _check_name(path, question)
    return question


def _check_name(path: Path, question: Question) -> None:
    if path.name != f"{question.id}.yaml":
        raise RecsysLessonsError(f"{path}: the id is {question.id!r}; rename the file {question.id}.yaml, or the id.")


def _parse(path: Path) -> Question:
    document = read_yaml(path)
    try:
        return Question.model_validate(document.values)
    except ValidationError as error:
        errors = error.errors(include_url=False)
        below = {one["loc"][:end] for one in errors for end in range(len(one["loc"]))}
        found = []
        for one in errors:
            if one["type"] == "too_short" and one["loc"] in below:
                continue  # pydantic counts the valid entries only: the error is the one below
            missing, unknown = one["type"] == "missing", one["type"] == "extra_forbidden"
            found.append((missing, document.position(one["loc"], key=unknown), _complaint(one, document)))
        _, (line, column), complaint = min(found)  # a misspelt key before the key that is therefore missing
        more = f" ({len(found) - 1} more in this file)" if len(found) > 1 else ""
        raise RecsysLessonsError(f"{path}:{line}:{column}: {complaint}.{more}") from None


def _complaint(error: dict, document: Document) -> str:
    """What one error of pydantic says, in words that name the key, what is expected and the fix."""
    kind, place, value, context = error["type"], error["loc"], error["input"], error.get("ctx", {})
    key = _key(place)
    if kind == "extra_forbidden":
        return f"{key} is no known key; remove it{_meant(place[-1], _KEYS)}"
    if kind == "missing" and isinstance(place[-1], int):
        return f"{_key(place[:-1])} has too few entries; add one"
    if kind == "missing":
        return f"{key} is missing; add it"
    if kind in ("too_short", "too_long"):
        bound = f"at least {context['min_length']}" if kind == "too_short" else f"at most {context['max_length']}"
        return f"{key} has {len(value)} entries, expected {bound}"
    if kind == "literal_error":
        meant = _meant(str(value), context["expected"].split("'")[1::2])
        return f"{key} is `{one_line(value)}`, expected {context['expected']}{meant}"
    if kind == "value_error":
        return f"{key}: {context['error']}"
    expected = _EXPECTED.get(kind)
    if expected is None:
        return f"{key} is {one_line(value)}; {error['msg'].lower()}"
    return f"{key} is {_found(value, document.written(place))}, expected {expected}{_fix(kind, value)}"


def _meant(word: str, known: Iterable[str]) -> str:
    like = difflib.get_close_matches(word, list(known), n=1)
    return f", or did you mean {like[0]!r}" if like else ""


def _found(value: object, written: str | None) -> str:
    """The value as written, and what YAML makes of it."""
    if value is None:
        return "empty"
    if isinstance(value, (tuple, dict)):
        return "a list" if isinstance(value, tuple) else "keys with values"
    names = {bool: "true or false", int: "a number", float: "a number", str: "text"}
    return f"`{one_line(written or value)}`, which is {names.get(type(value), 'a date')} in YAML"


def _fix(kind: str, value: object) -> str:
    if kind == "string_type" and not isinstance(value, (tuple, dict, type(None))):
        return "; put it in quotes"
    return "; remove the quotes" if kind in ("int_type", "date_type") and isinstance(value, str) else ""


def _key(place: tuple) -> str:
    """`rubric[0].title.zh` for ("rubric", 0, "title", "zh")."""
    words = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place)
    return f"`{one_line(words.removeprefix('.'))}`" if place else "the document"
