"""What must hold of the committed notebooks. Cells are compared with their sources, outputs with nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from nbformat import NotebookNode

from tools.editions import FOLDERS, Edition, core_hash, editions_of, paths_of, read_notebook
from tools.execute import WIDGET
from tools.source import BuildError, find_sources, read_source

__all__ = ["MAX_BYTES", "blemishes", "check", "difference", "find_orphans", "is_executed"]

MAX_BYTES = 500_000
MACHINE = "a path of one machine; show only the name"
UNWANTED = (  # what differs from machine to machine or from run to run, and what to do about it
    (r"(?<![\w.:/-])/(?:home|Users|root|tmp|private|usr|opt|mnt)/[\w.~-]+", MACHINE),
    (r"\b[A-Z]:\\+Users\\", MACHINE),
    (r"\bat 0x[0-9a-fA-F]{6,}", "an address in memory; end the line with `;` or show the value"),
    (r"\d(?:it/s|s/it)\b|\|\s*\d+/\d+ \[\d\d:\d\d", "a progress bar; write it to stderr"),
    (r"\b(?:Wall time|CPU times):", "a time; do not print it"),
    (r"id=\"T_[0-9a-f]{5}", "a table's random id; give the pandas Styler a uuid"),
)


def check(root: Path) -> tuple[list[str], list[str]]:
    """Compare the notebooks below `root` with their sources.

    Returns:
        (problems, notes), one line each. A note is no failure: a changed core may or may not change an output.
    """
    problems: list[str] = []
    older, core = 0, core_hash(root)
    for path in find_sources(root):
        try:
            source = read_source(path, root)
        except BuildError as error:
            problems.append(str(error))
            continue
        for edition in editions_of(source):
            notebook = read_notebook(root / edition.path)
            problem = _problem(edition, notebook, root)
            problems += [f"{edition.path}: {problem}"] if problem else []
            older += problem is None and notebook.metadata.recsys_lessons.get("core") != core
    for orphan in find_orphans(root):
        problems.append(f"{orphan}: no source gives this notebook; delete it, or write its source in sources/.")
    notes = [f"{older} notebooks were executed with other code than this; `python -m tools.build` runs them again."]
    return problems, notes if older else []


def _problem(edition: Edition, notebook: NotebookNode | None, root: Path) -> str | None:
    """The first thing wrong with the notebook on disk, and the command that mends it."""
    mend = f"run `python -m tools.build {edition.source.group}/{edition.source.name}`"
    if notebook is None:
        return f"{'not a notebook' if (root / edition.path).exists() else 'missing'}; {mend}."
    stale = difference(edition, notebook)
    if stale:
        return f"stale, {stale}; edit the source, not the notebook, then {mend}."
    if not is_executed(notebook):
        return f"not executed top to bottom; {mend} --force."
    bad = next(blemishes(edition, notebook, root), None)
    if bad:
        return f"{bad} ({mend} --force)"
    size = (root / edition.path).stat().st_size
    return f"{size} bytes, at most {MAX_BYTES}; make its pictures smaller." if size > MAX_BYTES else None


def difference(edition: Edition, notebook: NotebookNode) -> str | None:
    """Where the notebook differs from what its source gives, outputs and the core's hash aside; None if nowhere."""
    expected = edition.notebook(core="")
    for index, (wanted, found) in enumerate(zip(expected.cells, notebook.get("cells", []), strict=False)):
        for key in ("cell_type", "id", "source", "metadata"):
            if wanted[key] != found.get(key):
                return f"the {key.replace('_', ' ')} of cell {index + 1} is not that of {edition.place(index)}"
    if len(expected.cells) != len(notebook.get("cells", [])):
        return f"{len(notebook.get('cells', []))} cells where {edition.source.path} gives {len(expected.cells)}"
    metadata = {**notebook.get("metadata", {})}
    metadata["recsys_lessons"] = {**metadata.get("recsys_lessons", {}), "core": ""}
    if metadata != expected.metadata or (notebook.nbformat, notebook.nbformat_minor) != (4, 5):
        return "the notebook's metadata is not what the build writes"
    return None


def is_executed(notebook: NotebookNode) -> bool:
    """True where every code cell was run once, from the first to the last."""
    counts = [cell.get("execution_count") for cell in notebook.cells if cell.cell_type == "code"]
    return counts == list(range(1, len(counts) + 1))


def blemishes(edition: Edition, notebook: NotebookNode, root: Path) -> Iterator[str]:
    """One line for each output that must not be committed, with its place in the source."""
    own = "|".join(re.escape(str(path)) for path in (root.resolve(), Path.home()) if len(path.parts) > 1)
    unwanted = [*UNWANTED, (rf"(?<![\w.:/-])(?:{own})\b", MACHINE)] if own else UNWANTED
    for index, cell in enumerate(notebook.cells):
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                yield f"{edition.place(index)}: an error as output: {output.ename}."
            if output.output_type == "stream" and output.name == "stderr":
                yield f"{edition.place(index)}: stderr as output."
            if WIDGET in output.get("data", {}):
                yield f"{edition.place(index)}: a widget without its state as output."
            text = "\n".join([output.get("text", ""), *_texts(output.get("data", {}))])
            for pattern, what in unwanted:
                found = re.search(pattern, text)
                if found:
                    yield f"{edition.place(index)}: the output holds `{found[0]}`, {what}."


def _texts(data: dict) -> Iterator[str]:
    """The texts of an output that a person reads: no pictures in base64."""
    return (value for key, value in data.items() if isinstance(value, str) and (key[:5] == "text/" or "svg" in key))


def find_orphans(root: Path) -> list[str]:
    """Notebooks in the built folders that no source gives, relative to `root`."""
    expected = {name for path in find_sources(root) for name in paths_of(path, root)}
    folders = [root / folder for group in FOLDERS.values() for folder in group]
    found = [path.relative_to(root).as_posix() for folder in folders for path in sorted(folder.rglob("*.ipynb"))]
    return [name for name in found if name not in expected and ".ipynb_checkpoints" not in name]
