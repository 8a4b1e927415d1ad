"""What several checks ask first: is it the right kind of thing at all? What its values are comes after."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from recsys_lessons.practice.compare import VALUES, difference
from recsys_lessons.practice.exercise import Crashed, Failed, Subject, Text
from recsys_lessons.practice.values import describe

__all__ = ["must_be_of_kind"]


def must_be_of_kind(subject: Subject, rule: Text, cases: Iterable[tuple], right: Callable) -> list:
    """What the subject returns for each case; type, shape and dtype are as in `right(*case)`.

    Raises:
        Failed: `rule`, at the first answer of another kind. Wrong values pass. Crashed, NotAttempted: from the subject.
    """
    answers = []
    for case in cases:
        try:
            got = subject(*case)
        except Crashed as crash:
            raise Crashed(crash.trouble, crash.input, crash.rule and rule) from crash
        expected = right(*case)
        if difference(got, expected) not in (None, VALUES):
            raise Failed(rule, subject.written(case), describe(expected), describe(got))
        answers.append(got)
    return answers
