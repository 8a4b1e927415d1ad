"""Check a whole notebook without trusting it: it runs in a process of its own, its answers are compared in this one.

Inputs are drawn here, sent over, and what comes back is compared here, so that a notebook that rewrites the checker
changes only its own copy. It is no sandbox: the notebook runs with the rights of whoever started the check.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Sequence
from pathlib import Path

from recsys_lessons.errors import RecsysLessonsError
from recsys_lessons.practice.checking import judge, timed_out
from recsys_lessons.practice.child import Child, Died, OutOfTime
from recsys_lessons.practice.exercise import Crashed, Exercise, NotAttempted, Subject, Trouble
from recsys_lessons.practice.exercises import LESSONS, find_exercise
from recsys_lessons.practice.result import CheckResult
from recsys_lessons.practice.values import decode, encode

__all__ = ["TIMEOUT", "check_notebook", "exercises_of"]

TIMEOUT = 60.0
"""Seconds for a notebook, its own cells included."""

_NAMED = re.compile(r"""\bcheck\(\s*["']([^"'\n]+)["']""")


def exercises_of(path: Path) -> list[str]:
    """The exercises that a notebook answers for: those of the lesson it is named after, and those its cells check.

    Both, so that deleting a cell does not delete the exercise.

    Raises:
        RecsysLessonsError: it is no notebook, or names an exercise that does not exist, or none at all.
    """
    lines = [line for text in _code_of(path) for line in text.splitlines() if not line.lstrip().startswith("#")]
    named = [name for line in lines for name in _NAMED.findall(line)]
    names = list(dict.fromkeys([*LESSONS.get(path.stem, ()), *named]))
    if not names:
        raise RecsysLessonsError(
            f'{path} names no exercise: no cell holds check("..."), and no lesson is called {path.stem!r}; '
            "say which with --exercise NAME."
        )
    return names


def _code_of(path: Path) -> list[str]:
    """The notebook's code cells. Raises RecsysLessonsError where it is none."""
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        cells = [cell["source"] for cell in notebook["cells"] if cell["cell_type"] == "code"]
        return [source if isinstance(source, str) else "".join(source) for source in cells]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise RecsysLessonsError(f"{path} is not a notebook ({type(error).__name__}: {error}).") from error


def check_notebook(path: Path, names: Sequence[str], *, timeout: float = TIMEOUT) -> list[CheckResult]:
    """Run the notebook and check these exercises.

    Args:
        path: the notebook; it runs in its own folder.
        names: of exercises.
        timeout: seconds for all of it.

    Returns:
        a result for each name, in order.

    Raises:
        RecsysLessonsError: no exercise has that name, or the file is no notebook.
    """
    _code_of(path)
    # Everything that the comparison needs is imported before the notebook runs, which may write files named like it.
    exercises = [find_exercise(name) for name in names]
    for exercise in exercises:
        exercise.reference  # noqa: B018
    end = time.monotonic() + timeout
    results: list[CheckResult] = []
    child: Child | None = None
    try:
        for exercise in exercises:
            try:
                if time.monotonic() >= end:  # the reply to a question asked before may still come: ask no other
                    raise OutOfTime
                if child is None:
                    child = Child()
                    child.ask({"load": str(path.resolve())}, end)
                results.append(judge(exercise, _Remote(exercise.name, child, end)))
            except OutOfTime:
                results.append(timed_out(exercise.name, timeout))
            except Died as died:
                child.close()
                child = None  # the next exercise gets a new process: one that ends its own says nothing of others
                results.append(_dead(exercise, died))
    finally:
        if child is not None:
            child.close()
    return results


class _Remote(Subject):
    """A function in the child."""

    def __init__(self, name: str, child: Child, end: float) -> None:
        super().__init__(name, self._no_function)
        self.child, self.end = child, end

    @staticmethod
    def _no_function(*_: object) -> None:
        raise AssertionError("the function is in another process")

    def run(self, arguments: tuple) -> tuple[object, tuple]:
        """Have the child call it. Raises NotAttempted and Crashed as `Subject.run`, OutOfTime and Died."""
        reply = self.child.ask({"call": self.name, "arguments": [encode(one) for one in arguments]}, self.end)
        written = self.written(arguments)
        if "stub" in reply:
            raise NotAttempted
        if "missing" in reply:
            if reply.get("trouble"):  # it is not there because a cell failed
                raise Crashed(_trouble(reply["trouble"]), rule=None)
            raise NotAttempted
        if "raised" in reply:
            raise Crashed(_trouble(reply["raised"]), written)
        if "too large" in reply:
            raise Crashed(Trouble(("ValueError",), str(reply["too large"])), written)
        try:
            after = tuple(decode(one) for one in reply["after"])
            if len(after) != len(arguments):
                raise ValueError(f"{len(after)} arguments came back of {len(arguments)}")
            return decode(reply["output"]), after
        except (ValueError, KeyError, TypeError) as error:
            raise Crashed(Trouble(("ValueError",), f"its answer cannot be read: {error}"), written) from error


def _trouble(record: object) -> Trouble:
    """A record of an exception; it comes from the learner's process, so nothing in it is taken for granted."""
    record = record if isinstance(record, dict) else {}
    kinds = tuple(str(kind)[:100] for kind in record.get("kinds") or ["Exception"])
    line, cell = (record.get(key) if isinstance(record.get(key), int) else None for key in ("line", "cell"))
    return Trouble(kinds, str(record.get("message", ""))[:500], line, str(record.get("code", ""))[:200], cell)


def _dead(exercise: Exercise, died: Died) -> CheckResult:
    last = died.last or "-"
    note = {
        "en": f"the notebook's process ended ({died.how}). The last that it wrote:\n{last}",
        "zh": f"notebook 的进程已退出({died.how})。最后的输出：\n{last}",
    }
    return CheckResult(exercise.name, "crashed", note=note)
