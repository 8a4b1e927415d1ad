"""The process in which a learner's notebook runs: `python -m recsys_lessons.practice.worker`, started by `grading.py`.

One JSON request a line on stdin, one JSON reply a line on what was stdout. The notebook gets neither: its input is
empty and its prints go to stderr. Nothing here judges anything; the answers are compared in the parent, out of reach.
"""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from recsys_lessons.practice.exercise import Trouble, is_a_stub, trouble_of
from recsys_lessons.practice.values import LIMIT, TooLarge, decode, encode

__all__ = ["main"]

_CELL = re.compile(r"^<ipython-input-(\d+)-")


def main() -> None:
    """Answer requests until there are no more: {"load": path} and {"call": name, "arguments": [...]}."""
    requests, replies = _private_channels()
    shell = _shell()
    troubles: list[tuple[str, Trouble]] = []
    for line in requests:
        request = json.loads(line)
        if "load" in request:
            troubles = _load(shell, Path(request["load"]))
            reply: dict[str, Any] = {"loaded": True}
        else:
            reply = _call(shell, request, troubles)
        sys.stdout.flush()
        sys.stderr.flush()
        replies.write(json.dumps(reply).encode("ascii") + b"\n")
        replies.flush()


def _private_channels() -> tuple[IO[bytes], IO[bytes]]:
    """Move the two pipes to numbers of their own, where no print, C library or child process writes by chance."""
    requests, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    return requests, replies


def _shell():
    """An IPython shell, so that magics work, without the person's own profile and history."""
    os.environ["IPYTHONDIR"] = tempfile.mkdtemp(prefix="recsys-lessons-ipython-", dir=os.environ.get("TMPDIR"))
    os.environ.setdefault("MPLBACKEND", "Agg")
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    return InteractiveShell.instance(config=config)


def _load(shell, path: Path) -> list[tuple[str, Trouble]]:
    """Run every code cell in the notebook's own folder. A cell that fails does not keep the next from running.

    Returns:
        (the cell's text, what it raised) of those that failed.
    """
    os.chdir(path.parent)
    sys.path.insert(0, "")
    notebook = json.loads(path.read_text(encoding="utf-8"))
    cells = [cell["source"] for cell in notebook["cells"] if cell["cell_type"] == "code"]
    troubles = []
    for number, source in enumerate(cells, start=1):
        text = source if isinstance(source, str) else "".join(source)
        if not text.strip():
            shell.execution_count += 1
            continue
        done = shell.run_cell(text, store_history=True)
        error = done.error_before_exec or done.error_in_exec
        if error is not None:
            troubles.append((text, _in_cell(error, number)))
        shell.execution_count = number + 1  # a cell's number is in the name of its file, which tells where errors are
    return troubles


def _in_cell(error: BaseException, number: int) -> Trouble:
    trouble, line, code = trouble_of(error), None, ""
    if isinstance(error, SyntaxError):
        line, code = error.lineno, (error.text or "").strip()
    frames = error.__traceback__
    while frames is not None:  # the last line of this cell that it passed through
        found = _CELL.match(frames.tb_frame.f_code.co_filename)
        if found and int(found[1]) == number:
            line = frames.tb_lineno
        frames = frames.tb_next
    return Trouble(trouble.kinds, trouble.message, line, code, number)


def _call(shell, request: dict, troubles: list[tuple[str, Trouble]]) -> dict:
    name = request["call"]
    function = shell.user_ns.get(name)
    if not callable(function):
        blamed = sorted(troubles, key=lambda one: f"def {name}" not in one[0])  # its own cell before any other
        return {"missing": True, "trouble": asdict(blamed[0][1]) if blamed else None}
    arguments = [decode(one) for one in request["arguments"]]
    try:
        output = function(*arguments)
        try:
            return {"output": encode(output), "after": [encode(one) for one in arguments]}
        except TooLarge as error:
            return {"too large": str(error), "limit": LIMIT}
    except BaseException as error:  # SystemExit and KeyboardInterrupt too: they would end the worker
        if is_a_stub(error):
            return {"stub": True}
        trouble = trouble_of(error, function)
        found = _CELL.match(getattr(getattr(function, "__code__", None), "co_filename", ""))
        return {"raised": {**asdict(trouble), "cell": int(found[1]) if found else None}}


if __name__ == "__main__":
    main()
