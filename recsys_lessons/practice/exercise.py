"""What an exercise is, and the words in which its check speaks.

A check calls the learner's function on inputs that grow from the smallest that can go wrong, one rule after another.
The first answer that is not right ends it, so what a learner sees is the smallest input that shows the mistake.
"""

from __future__ import annotations

import copy
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import import_module

from recsys_lessons.language import language
from recsys_lessons.practice.compare import VALUES, Text, difference
from recsys_lessons.practice.values import as_code, describe

__all__ = [
    *("Crashed", "Exercise", "Failed", "NotAttempted", "Subject", "Text", "Trouble"),
    *("in_words", "is_a_stub", "must_raise", "must_return", "trouble_of"),
]

_INPUTS: Text = {
    "en": "the inputs are left as they were (an in-place operation changed one)",
    "zh": "不修改传入的参数(有原地操作改动了它)",
}
_RUNS: Text = {"en": "it runs on every allowed input", "zh": "对所有允许的输入都能运行"}


def in_words(text: Text) -> str:
    """The text in the reader's language. Braces stay as they are: the texts of an exercise often hold code."""
    return text[language()]


@dataclass(frozen=True)
class Exercise:
    """One function to write.

    Attributes:
        name: of the function, and of the exercise.
        lesson: the notebook it belongs to, such as "00_start_here".
        title, question: what is to be written, and the interview question that it answers.
        difficulty: "easy", "medium" or "hard". minutes: what it takes.
        signature: the `def` line.
        hints: three, from a nudge to nearly the answer.
        check: check(subject, rng) calls the subject on random inputs and raises `Failed` at the first wrong answer.
        agrees_with: "module:function" of the package, which gives the same answers.
        mutants: wrong answers that people really give, by what they get wrong; the check must catch each.
    """

    name: str
    lesson: str
    title: Text
    question: Text
    difficulty: str
    minutes: int
    signature: str
    hints: tuple[Text, Text, Text]
    check: Callable
    agrees_with: str
    mutants: dict[str, Callable]

    @property
    def reference(self) -> Callable:
        """The package's own function. Loaded when asked for, since it may bring a heavy library with it."""
        module, function = self.agrees_with.split(":")
        return getattr(import_module(module), function)


class NotAttempted(Exception):
    """The function is still the stub: it returned `...` or raised NotImplementedError."""


class Failed(Exception):
    """A wrong answer: the rule that does not hold, the input that shows it, what was right and what came."""

    def __init__(self, rule: Text, input: str, expected: str, got: str) -> None:
        super().__init__(rule["en"], input, expected, got)
        self.rule, self.input, self.expected, self.got = rule, input, expected, got


@dataclass(frozen=True)
class Trouble:
    """An exception of the learner's code: its class and the classes above it, and where in their code it was raised."""

    kinds: tuple[str, ...]
    message: str
    line: int | None = None
    code: str = ""
    cell: int | None = None

    def __str__(self) -> str:
        return f"{self.kinds[0]}: {self.message}" if self.message else self.kinds[0]


class Crashed(Exception):
    """The learner's function raised; `rule` is what was being looked at, None where it was not even called."""

    def __init__(self, trouble: Trouble, input: str = "", rule: Text | None = _RUNS) -> None:
        super().__init__(str(trouble), input)
        self.trouble, self.input, self.rule = trouble, input, rule


def is_a_stub(error: BaseException) -> bool:
    """`raise NotImplementedError()`, which nbgrader leaves in a stub. torch raises it too, but says what is missing."""
    return type(error) is NotImplementedError and not error.args


def trouble_of(error: BaseException, function: object = None) -> Trouble:
    """The exception as a record, with the last line of the learner's own file that it passed through."""
    frames = traceback.extract_tb(error.__traceback__)
    code = getattr(function, "__code__", None)
    own = [frame for frame in frames if code and frame.filename == code.co_filename]
    kinds = tuple(kind.__name__ for kind in type(error).__mro__ if issubclass(kind, BaseException))
    try:
        message = error.msg if isinstance(error, SyntaxError) else str(error)
    except Exception:  # a learner's own exception may have a broken __str__
        message = ""
    return Trouble(kinds, message[:500], own[-1].lineno if own else None, (own[-1].line or "") if own else "")


class Subject:
    """The learner's function, handled with care: what it may not touch is copied, what it raises becomes `Crashed`."""

    def __init__(self, name: str, function: Callable) -> None:
        self.name, self.function = name, function

    def __call__(self, *arguments: object) -> object:
        """What the function returns.

        Raises:
            NotAttempted, Crashed: as they say. Failed: it changed an argument.
        """
        output, after = self.run(arguments)
        if output is ...:
            raise NotAttempted
        for before, now in zip(arguments, after, strict=True):
            if difference(now, before) is not None:
                raise Failed(_INPUTS, self.written(arguments), as_code(before), as_code(now))
        return output

    def run(self, arguments: tuple) -> tuple[object, tuple]:
        """(what the function returned, the arguments as they are now). A function elsewhere has its own way here."""
        given = copy.deepcopy(arguments)
        try:
            return self.function(*given), given
        except Exception as error:
            if is_a_stub(error):
                raise NotAttempted from error
            raise Crashed(trouble_of(error, self.function), self.written(arguments)) from error

    def written(self, arguments: Iterable[object]) -> str:
        """The call as Python that can be pasted into a cell."""
        return f"{self.name}({', '.join(as_code(one) for one in arguments)})"


def must_return(
    subject: Subject, rule: Text, cases: Iterable[tuple], right: Callable, *, about_kind: bool = False
) -> None:
    """Call the subject on every case, smallest first, and compare with `right(*case)`: type, shape, dtype, values.

    Args:
        about_kind: `rule` speaks of the shape or dtype itself, and is named for those too.

    Raises:
        Failed: at the first wrong answer. It names `rule` where only the values are wrong, else what kind of thing
            should have come. Crashed, NotAttempted: from the subject.
    """
    for case in cases:
        try:
            got = subject(*case)
        except Crashed as crash:
            raise Crashed(crash.trouble, crash.input, crash.rule and rule) from crash
        expected = right(*case)
        wrong = difference(got, expected)
        if wrong is not None:
            named = rule if wrong is VALUES or about_kind else wrong
            raise Failed(named, subject.written(case), describe(expected), describe(got))


def must_raise(subject: Subject, rule: Text, cases: Iterable[tuple], kind: str) -> None:
    """Call the subject on every case; each must raise `kind` or a subclass of it.

    Raises:
        Failed: it returned something, or raised something else.
    """
    for case in cases:
        try:
            got = describe(subject(*case))
        except Crashed as crash:
            if crash.rule is None:
                raise
            if kind in crash.trouble.kinds:
                continue
            got = str(crash.trouble)
        raise Failed(rule, subject.written(case), kind, got)
