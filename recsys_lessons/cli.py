"""The command line: `recsys-lessons lab | assets | check | hint | progress | posters | questions | tinylens`.

Heavy libraries are imported inside the commands that need them, so that `--help` answers at once.
"""

from __future__ import annotations

import os
import sys
import traceback
import warnings
from pathlib import Path
from typing import Annotated, Optional

import typer

from recsys_lessons.cli_assets import assets_app
from recsys_lessons.cli_posters import POSTERS_EPILOG, posters
from recsys_lessons.cli_questions import QUESTIONS_EPILOG, questions
from recsys_lessons.cli_tinylens import TINYLENS_EPILOG, tinylens
from recsys_lessons.errors import RecsysLessonsError
from recsys_lessons.language import LANGUAGES, language

__all__ = ["app", "main"]

app = typer.Typer(
    name="recsys-lessons",
    help="A course on recommenders with pretrained models, in English and Chinese.",
    epilog="First steps:\n\nrecsys-lessons assets pull\n\nrecsys-lessons lab",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(assets_app, name="assets")
app.command("posters", epilog=POSTERS_EPILOG)(posters)
app.command("questions", epilog=QUESTIONS_EPILOG)(questions)
app.command("tinylens", epilog=TINYLENS_EPILOG)(tinylens)

# typer reads annotations at run time, and on Python 3.10 only Optional is understood by every version of it
Text = Optional[str]  # noqa: UP045
_UsageError = typer.BadParameter.__base__  # click's, or that of the copy of click that newer versions of typer bring


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit status: 0 done, 1 it did not work out, 2 a wrong argument."""
    arguments = sys.argv[1:] if arguments is None else arguments
    with warnings.catch_warnings():
        warnings.showwarning = lambda message, *_, **__: _say(f"warning: {message}")
        return _run(arguments)


def _run(arguments: list[str]) -> int:
    try:
        status = app(arguments, prog_name="recsys-lessons", standalone_mode=False)
        return status if isinstance(status, int) else 0
    except _UsageError as error:
        if not error.format_message().strip():
            return 2  # no arguments at all: the help is on the screen already
        context = getattr(error, "ctx", None)
        command = context.command_path if context is not None else "recsys-lessons"
        return _complain(f"{error.format_message()} Try: {command} --help", 2)
    except (typer.Abort, KeyboardInterrupt):
        return _complain("stopped.", 130)
    except BrokenPipeError:  # the reader has seen enough, as in `... | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 0
    except (RecsysLessonsError, OSError) as error:
        if os.environ.get("RECSYS_LESSONS_DEBUG"):
            traceback.print_exc()
        return _complain(str(error), 1)


def _complain(message: str, status: int) -> int:
    _say(message)
    return status


def _say(message: str) -> None:
    """One line on stderr."""
    print(f"recsys-lessons: {' '.join(message.split())}", file=sys.stderr)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"recsys-lessons {sys.modules[__package__].__version__}")
        raise typer.Exit


def _speak(lang: str | None) -> None:
    if lang is not None:
        if lang not in LANGUAGES:
            raise typer.BadParameter(f"--lang is {lang!r}; use en or zh.")
        os.environ["RECSYS_LESSONS_LANG"] = lang  # read by language(), here and in the processes that are started


Lang = Annotated[Text, typer.Option(metavar="en|zh", help="Speak English or Chinese.")]


@app.callback()
def options(
    lang: Lang = None,
    debug: Annotated[bool, typer.Option("--debug", help="Show a traceback with an error.")] = False,
    version: Annotated[
        bool, typer.Option("--version", help="Show the version.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    _speak(lang)
    if debug:
        os.environ["RECSYS_LESSONS_DEBUG"] = "1"
    try:
        language()
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


@app.command(epilog="Examples:\n\nrecsys-lessons lab\n\nrecsys-lessons lab --lang zh --no-browser --port 8899")
def lab(
    more: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Argument(metavar="[-- OPTION]...", show_default=False, help="After --: options of JupyterLab's own."),
    ] = None,
    notebook: Annotated[str, typer.Option(metavar="NAME", help="The lesson to open.")] = "00_start_here",
    port: Annotated[Optional[int], typer.Option(help="The port; by default JupyterLab chooses.")] = None,  # noqa: UP045
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Show the address, open no browser.")] = False,
    lang: Lang = None,
) -> None:
    """Open the course in JupyterLab."""
    from recsys_lessons.practice.lab import run_lab

    _speak(lang)
    raise typer.Exit(run_lab(notebook, port=port, browser=not no_browser, more=more or ()))


@app.command(
    epilog="Examples:\n\nrecsys-lessons check exercises/00_start_here.ipynb"
    "\n\nrecsys-lessons check my.ipynb --exercise recall_at_k"
)
def check(
    notebook: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Argument(exists=True, dir_okay=False, help="Your notebook; without one, the exercises are listed."),
    ] = None,
    exercise: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option("--exercise", "-e", metavar="NAME", show_default=False, help="Only this one; may be repeated."),
    ] = None,
    timeout: Annotated[float, typer.Option(min=1, help="Seconds for the notebook and its checks.")] = 60.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print the results as JSON.")] = False,
) -> None:
    """Run a notebook in a process of its own and check its exercises. Exits with 0 only if all of them pass."""
    if notebook is None:
        if exercise:
            raise typer.BadParameter("--exercise needs a notebook.")
        _print_progress()
        return
    from recsys_lessons.practice.exercises import lesson_of
    from recsys_lessons.practice.grading import check_notebook, exercises_of
    from recsys_lessons.practice.records import record_attempt

    if notebook.resolve().parent.name == "zh":
        os.environ.setdefault("RECSYS_LESSONS_LANG", "zh")
    for name in exercise or ():
        lesson_of(name)
    results = check_notebook(notebook, exercise or exercises_of(notebook), timeout=timeout)
    for result in results:
        record_attempt(result.exercise, result.status)
    if as_json:
        import json

        rows = [{"exercise": one.exercise, "status": one.status, "details": dict(one.rows())} for one in results]
        typer.echo(json.dumps(rows, ensure_ascii=False, indent=2))
    else:
        typer.echo("\n".join(repr(result) for result in results))
    raise typer.Exit(0 if all(result.passed for result in results) else 1)


@app.command(epilog="Examples:\n\nrecsys-lessons hint recall_at_k\n\nrecsys-lessons hint recall_at_k --level 1")
def hint(
    name: Annotated[str, typer.Argument(help="The exercise.")],
    level: Annotated[Optional[int], typer.Option(min=1, max=3, help="1 to 3; by default the next.")] = None,  # noqa: UP045
) -> None:
    """Show the next hint for an exercise."""
    from recsys_lessons.practice import hint as next_hint

    typer.echo(repr(next_hint(name, level)))


@app.command()
def progress() -> None:
    """Show how far you are."""
    _print_progress()


def _print_progress() -> None:
    from rich.console import Console
    from rich.progress_bar import ProgressBar
    from rich.table import Table

    from recsys_lessons.practice.exercise import in_words
    from recsys_lessons.practice.overview import HEADINGS, overview
    from recsys_lessons.practice.result import label

    table = Table()
    for name in ("lesson", "exercise", "status", "attempts", "hints"):
        table.add_column(in_words(HEADINGS[name]), justify="right" if name in ("attempts", "hints") else "left")
    for lesson, rows in overview().lessons().items():
        passed = sum(row.status == "passed" for row in rows)
        done = in_words(HEADINGS["done"]).format(passed=passed, all=len(rows))
        table.add_row(lesson, ProgressBar(len(rows), passed, width=16), done)
        for row in rows:
            counts = (str(row.standing.attempts), str(row.standing.hints))
            table.add_row("", row.exercise, label(row.status), *counts)
        table.add_section()
    Console().print(table)


if __name__ == "__main__":
    raise SystemExit(main())
