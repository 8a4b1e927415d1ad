"""`python -m tools.build`: make notebooks/, exercises/ and solutions/ out of sources/.

Both editions are executed, each in its own folder, so that the Chinese edition shows Chinese check messages and widget
labels; the code is the same, and the embeddings are cached by the time it runs. What is up to date is left alone; where
only prose changed, the outputs are carried over and nothing is run.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

from nbformat import NotebookNode

from tools.checking import blemishes, check, difference, find_orphans, is_executed
from tools.editions import Edition, core_hash, editions_of, read_notebook, write_notebooks
from tools.execute import TIMEOUT, execute
from tools.source import BuildError, find_sources, read_source

__all__ = ["build_source", "main"]

ROOT = Path(__file__).resolve().parents[1]


def main(arguments: list[str] | None = None, run: Callable = execute) -> int:
    """The command line. Returns the exit status: 0 done, 1 a notebook is wrong, 2 a wrong argument.

    Args:
        arguments: what follows the program's name; None takes it from the command line.
        run: executes one notebook in place; tests hand in one that starts no kernel.
    """
    options = _parser().parse_args(arguments)
    root = options.root.resolve()
    if options.check:
        if options.names or options.force:
            print("error: --check looks at everything and takes neither names nor --force.", file=sys.stderr)
            return 2
        return _report(*check(root))
    try:
        paths = _choose(options.names, root)
    except KeyError as error:
        print(f"error: {error.args[0]}", file=sys.stderr)
        return 2
    failed = 0
    for path in paths:
        try:
            build_source(path, root, force=options.force, timeout=options.timeout, run=run)
        except BuildError as error:
            print(f"error: {error}", file=sys.stderr)
            failed += 1
    for orphan in find_orphans(root):
        print(f"note: no source gives {orphan}; delete it.", file=sys.stderr)
    return 1 if failed else 0


def build_source(path: Path, root: Path, *, force: bool, timeout: float, run: Callable = execute) -> None:
    """Bring every notebook of one source up to date. All of them are written, or none is.

    Raises:
        BuildError: the source is wrong, a cell failed, or an output must not be committed.
    """
    source, core, made = read_source(path, root), core_hash(root), {}
    for edition in editions_of(source):
        print(f"{edition.path} ... ", end="", flush=True)
        start, notes = time.monotonic(), []
        old = None if force else read_notebook(root / edition.path)
        if old is not None and _is_current(edition, old, core):
            print("up to date")
            continue
        notebook = edition.notebook(core)
        if old is not None and _carry_outputs(old, notebook):
            done = "same code, outputs kept"
        else:
            try:
                run(notebook, edition, root, notes.append, timeout)
            except BaseException:
                print("failed")
                raise
            done = "executed"
        bad = next(blemishes(edition, notebook, root), None)
        print(f"{done}, {time.monotonic() - start:.1f} s" if not bad else "failed")
        for note in notes:
            print(f"  note: {note}")
        if bad:
            raise BuildError(f"{edition.path}: {bad}")
        made[root / edition.path] = notebook
    write_notebooks(made)


def _is_current(edition: Edition, old: NotebookNode, core: str) -> bool:
    return difference(edition, old) is None and is_executed(old) and old.metadata.recsys_lessons.get("core") == core


def _carry_outputs(old: NotebookNode, notebook: NotebookNode) -> bool:
    """Copy the outputs of `old` where its code and its core are those of `notebook`; False where they are not."""
    if old.get("metadata") != notebook.metadata or not is_executed(old):
        return False
    codes = [[cell for cell in each.cells if cell.cell_type == "code"] for each in (old, notebook)]
    if [(cell.get("id"), cell.source) for cell in codes[0]] != [(cell.id, cell.source) for cell in codes[1]]:
        return False
    for before, cell in zip(*codes, strict=True):
        cell.outputs, cell.execution_count = before.outputs, before.execution_count
    return True


def _choose(names: list[str], root: Path) -> list[Path]:
    """The sources that the names mean: `00_start_here`, `lessons/00_start_here`, or a path of the source."""
    known = {path.relative_to(root / "sources").with_suffix("").as_posix(): path for path in find_sources(root)}
    chosen = {} if names else dict(known)
    for name in names:
        wanted = name.removesuffix(".py").removeprefix("./").removeprefix("sources/")
        matches = {key: path for key, path in known.items() if wanted in (key, key.split("/")[-1])}
        if not matches:
            raise KeyError(f"no source is named {name!r}; there are: {', '.join(known) or 'none'}.")
        chosen |= matches
    return [path for key, path in known.items() if key in chosen]


def _report(problems: list[str], notes: list[str]) -> int:
    for problem in problems:
        print(problem, file=sys.stderr)
    for note in notes:
        print(f"note: {note}")
    if not problems:
        print("Every notebook is what its source gives.")
    return 1 if problems else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tools.build",
        description="Make notebooks/, exercises/ and solutions/ out of sources/, executed, in English and Chinese.",
        epilog="Without names: everything that is not up to date with its source and with the code it runs.",
    )
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help="a source, such as 00_start_here or lessons/00_start_here"
    )
    parser.add_argument("--check", action="store_true", help="run and write nothing; fail where a notebook is stale")
    parser.add_argument("--force", action="store_true", help="execute even what is up to date")
    parser.add_argument(
        "--timeout", type=float, default=TIMEOUT, metavar="S", help="seconds for one cell (%(default)s)"
    )
    parser.add_argument("--root", type=Path, default=ROOT, metavar="DIR", help="the repository (default: this one)")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
