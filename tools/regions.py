"""Solution regions, and the stub that a learner starts from.

The markers are nbgrader's, so that a course can import the solutions as assignments:

    def double(x):
        ### BEGIN SOLUTION
        return 2 * x
        ### END SOLUTION

becomes in the stub

    def double(x):
        return ...  # your answer here

A function that returns `...` is reported as not attempted, so a region that always returns leaves a `return`.
"""

from __future__ import annotations

import ast
import re
import textwrap
from dataclasses import dataclass

__all__ = ["ANSWER", "BEGIN", "END", "Region", "RegionError", "find_regions", "make_stub"]

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
ANSWER = "...  # your answer here"
_ALMOST = re.compile(r"#+\s*(begin|end)[\s_-]+solution", re.IGNORECASE)


@dataclass(frozen=True)
class Region:
    """Rows `begin` to `end`, from 0 and markers included, and the line that takes their place in the stub."""

    begin: int
    end: int
    replacement: str


class RegionError(ValueError):
    """Markers that do not pair up; `row`, from 0, is the row of the cell."""

    def __init__(self, row: int, message: str) -> None:
        super().__init__(message)
        self.row = row


def find_regions(code: str) -> tuple[Region, ...]:
    """The solution regions of a code cell, top to bottom.

    Raises:
        RegionError: a marker is misspelt or without its partner, or a region is empty or not whole statements.
    """
    lines, regions, begin = code.splitlines(), [], None
    for row, line in enumerate(lines):
        marker = line.strip()
        if marker not in (BEGIN, END):
            if _ALMOST.match(marker):  # left alone, it would print the answer in the stub
                raise RegionError(row, f"`{marker}` is no marker; write `{BEGIN}` or `{END}`.")
            continue
        if marker == BEGIN:
            if begin is not None:
                raise RegionError(row, f"`{BEGIN}` inside a region; close the one before with `{END}`.")
            begin = row
            continue
        if begin is None:
            raise RegionError(row, f"`{END}` without a `{BEGIN}` above it; add that or remove this.")
        regions.append(Region(begin, row, _replacement(lines[begin : row + 1], begin)))
        begin = None
    if begin is not None:
        raise RegionError(begin, f"`{BEGIN}` without an `{END}` below it in the same cell; add it.")
    return tuple(regions)


def make_stub(code: str) -> str:
    """The cell with every solution region replaced by one line that asks for an answer."""
    lines = code.splitlines()
    for region in reversed(find_regions(code)):
        lines[region.begin : region.end + 1] = [region.replacement]
    return "\n".join(lines)


def _replacement(lines: list[str], row: int) -> str:
    """The stub's line for a region, given with its markers; `row` is where it starts."""
    indent = lines[0][: len(lines[0]) - len(lines[0].lstrip())]
    inner = lines[1:-1]
    if not "".join(inner).strip():
        raise RegionError(row, "an empty solution region; write the solution between the markers.")
    if any(line.strip() and not line.startswith(indent) for line in [*inner, lines[-1]]):
        raise RegionError(
            row, "a solution region that leaves its block; indent both markers like the code between them."
        )
    try:  # inside a function, where a `return` may stand
        body = ast.parse("def _():\n" + textwrap.indent("\n".join(line[len(indent) :] for line in inner), "    "))
        statements = body.body[0].body
    except (SyntaxError, ValueError) as error:
        raise RegionError(row, "a solution region that is not whole statements; move the markers.") from error
    return indent + ("return " if _always_returns(statements) else "") + ANSWER


def _always_returns(statements: list[ast.stmt]) -> bool:
    """True where the statements end in a `return` on every path (`raise` aside)."""
    last = statements[-1]
    if isinstance(last, ast.If):
        return bool(last.orelse) and _always_returns(last.body) and _always_returns(last.orelse)
    if isinstance(last, ast.With):
        return _always_returns(last.body)
    return isinstance(last, ast.Return)
