"""Run one check, in this process, with a limit on its time where the platform has one to give."""

from __future__ import annotations

import secrets
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from recsys_lessons.practice.exercise import Crashed, Exercise, Failed, NotAttempted, Subject, trouble_of
from recsys_lessons.practice.result import CheckResult, outcome

__all__ = ["TIMEOUT", "judge", "run_check", "timed_out"]

TIMEOUT = 20.0
"""Seconds for a check in a notebook."""


class OutOfTime(BaseException):
    """Not an Exception, so that a learner's `except Exception` does not swallow it."""


def run_check(exercise: Exercise, function: Callable, seed: int | None = None, timeout: float = TIMEOUT) -> CheckResult:
    """Check a function that is defined in this process.

    Args:
        seed: of the random inputs; a fresh one when None.
        timeout: seconds. It needs SIGALRM and the main thread; elsewhere, as on Windows, there is no limit.
    """
    try:
        with _limit(timeout):
            return judge(exercise, Subject(exercise.name, function), seed)
    except OutOfTime:
        return timed_out(exercise.name, timeout)
    except SystemExit as error:  # it would end the notebook's kernel
        return outcome(exercise.name, seed, Crashed(trouble_of(error, function)))


def judge(exercise: Exercise, subject: Subject, seed: int | None = None) -> CheckResult:
    """Put the exercise's check to a subject, wherever its function runs."""
    import numpy as np

    seed = secrets.randbelow(2**32) if seed is None else seed
    stopped = None
    try:
        exercise.check(subject, np.random.default_rng(seed))
    except (Failed, Crashed, NotAttempted) as error:
        stopped = error
    return outcome(exercise.name, seed, stopped)


def timed_out(name: str, timeout: float) -> CheckResult:
    """The result of a check that took more than `timeout` seconds."""
    note = {
        "en": f"it took more than {timeout:g} s; look for a loop that does not end.",
        "zh": f"运行超过 {timeout:g} 秒；请检查是否有停不下来的循环。",
    }
    return CheckResult(name, "timed out", note=note)


@contextmanager
def _limit(seconds: float) -> Iterator[None]:
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(*_: object) -> None:
        raise OutOfTime

    start = time.monotonic()
    handler = signal.signal(signal.SIGALRM, stop)
    left, interval = signal.setitimer(signal.ITIMER_REAL, seconds, 1.0)  # again each second: a bare except may eat one
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)
        if left:  # somebody else's alarm, such as a test runner's
            signal.setitimer(signal.ITIMER_REAL, max(0.01, left - (time.monotonic() - start)), interval)
