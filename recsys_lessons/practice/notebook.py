"""What a learner types in a notebook: `check("recall_at_k")`, `hint("recall_at_k")`, `progress()`."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from types import FrameType

from recsys_lessons.practice.checking import TIMEOUT, run_check
from recsys_lessons.practice.exercises import find_exercise
from recsys_lessons.practice.overview import Overview, overview
from recsys_lessons.practice.records import record_attempt, record_hint, standings
from recsys_lessons.practice.result import CheckResult, Hint

__all__ = ["WORKER", "check", "hint", "progress"]

WORKER = "RECSYS_LESSONS_WORKER"
"""Set in the process in which the command line runs a learner's notebook: a check there is the parent's to make."""


def check(
    name: str, function: Callable | None = None, *, seed: int | None = None, timeout: float = TIMEOUT
) -> CheckResult:
    """Check your function of that name, and record the result.

    Args:
        name: of the exercise.
        function: to check; by default what the notebook defines under `name`.
        seed: of the random inputs, to see the same ones again; fresh ones by default.
        timeout: seconds, where the platform has a limit to give.

    Returns:
        what a notebook shows below the cell.

    Raises:
        RecsysLessonsError: no exercise has that name.
    """
    exercise = find_exercise(name)
    if os.environ.get(WORKER):
        note = {"en": "checked by the process that runs this notebook.", "zh": "由运行本 notebook 的进程检查。"}
        return CheckResult(name, "not attempted", note=note)
    if function is None:
        function = _names(sys._getframe(1)).get(name)
    if function is None or not callable(function):
        return CheckResult(name, "not attempted", note=_no_function(name, function))
    result = run_check(exercise, function, seed, timeout)
    record_attempt(name, result.status)
    return result


def hint(name: str, level: int | None = None) -> Hint:
    """The next hint for an exercise, or the one of that level, from 1.

    Raises:
        RecsysLessonsError: no exercise has that name. ValueError: there is no such level.
    """
    exercise = find_exercise(name)
    of = len(exercise.hints)
    if level is None:
        seen = standings()[name].hints if name in standings() else 0
        level = min(seen + 1, of)
    if level not in range(1, of + 1):
        raise ValueError(f"level is {level!r}; {name} has hints of level 1 to {of}.")
    if not os.environ.get(WORKER):
        record_hint(name, level)
    return Hint(name, level, of, exercise.hints[level - 1])


def progress() -> Overview:
    """Every exercise by lesson, and how far you are. Kept on this machine only."""
    return overview()


def _names(caller: FrameType) -> dict:
    """What the notebook defines; without a notebook, what the calling module does."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    return shell.user_ns if shell is not None else caller.f_globals


def _no_function(name: str, found: object) -> dict[str, str]:
    if found is None or found is ...:
        return {
            "en": f"there is no function {name} yet; run the cell that defines it.",
            "zh": f"还没有函数 {name}；请先运行定义它的单元。",
        }
    kind = type(found).__name__
    return {
        "en": f"{name} is of type {kind} and no function; define it with def {name}(...).",
        "zh": f"{name} 的类型是 {kind}，不是函数；请用 def {name}(...) 定义。",
    }
