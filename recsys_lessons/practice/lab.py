"""Start JupyterLab on the course. Its authentication stays as it is by default: on, with a token."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from recsys_lessons.errors import RecsysLessonsError
from recsys_lessons.language import language

__all__ = ["course_folder", "lab_command", "run_lab"]

_START = Path("notebooks", "00_start_here.ipynb")


def course_folder() -> Path:
    """The folder with the notebooks: the current one or one above it, else the one this package is worked on in.

    Raises:
        RecsysLessonsError: there is none, as after an installation from a wheel, which holds no notebooks.
    """
    here = Path.cwd()
    for folder in (here, *here.parents, Path(__file__).resolve().parents[2]):
        if (folder / _START).is_file():
            return folder
    raise RecsysLessonsError(
        f"no {_START.as_posix()} in {here} or above it; the package holds no notebooks. "
        "Clone the course, go into its folder, and run recsys-lessons lab there."
    )


def lab_command(root: Path, notebook: str, *, port: int | None = None, browser: bool = True) -> list[str]:
    """The command that opens a lesson of the course in `root`, in the reader's language where that edition is there.

    Raises:
        RecsysLessonsError: there is no such notebook.
    """
    name = Path(notebook).stem if notebook.endswith(".ipynb") else notebook
    chinese = Path("notebooks", "zh", f"{name}.ipynb")
    wanted = chinese if language() == "zh" and (root / chinese).is_file() else Path("notebooks", f"{name}.ipynb")
    if not (root / wanted).is_file():
        there = ", ".join(sorted(path.stem for path in (root / "notebooks").glob("*.ipynb")))
        raise RecsysLessonsError(f"no lesson {notebook!r} in {root / 'notebooks'}; there are {there}.")
    command = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={root}"]
    command += [f"--LabApp.default_url=/lab/tree/{quote(wanted.as_posix())}"]
    command += [f"--ServerApp.port={port}"] if port else []
    return command + ([] if browser else ["--no-browser"])


def run_lab(notebook: str, *, port: int | None = None, browser: bool = True, more: Sequence[str] = ()) -> int:
    """Run JupyterLab until it ends, and return its exit status. Ctrl-C is its own to answer.

    Args:
        more: options of JupyterLab's own, passed on as they are.
    """
    root = course_folder()
    command = [*lab_command(root, notebook, port=port, browser=browser), *more]
    process = subprocess.Popen(command, cwd=root, env=os.environ)
    before = {name: signal.getsignal(name) for name in (signal.SIGINT, signal.SIGTERM)}
    signal.signal(signal.SIGINT, lambda *_: None)  # the terminal sends it to JupyterLab as well, which asks
    signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    try:
        status = process.wait()
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)
    return status if status >= 0 else 128 - status
