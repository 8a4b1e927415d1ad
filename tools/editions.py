"""The editions of a source: which files it gives, and what stands in each before it is executed."""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from tools.regions import make_stub
from tools.source import LANGUAGES, Cell, Source

# Chinese characters and the full-width punctuation around them
_CHINESE = re.compile("[\u3001-\u301f\u4e00-\u9fff\uff01-\uff5e\u201c\u201d]")

__all__ = ["FOLDERS", "Edition", "core_hash", "editions_of", "paths_of", "read_notebook", "write_notebooks"]

FOLDERS = {"lessons": ("notebooks",), "exercises": ("exercises", "solutions")}
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
LANGUAGE_INFO = {  # without the version of Python, which would differ from machine to machine
    "codemirror_mode": {"name": "ipython", "version": 3},
    "file_extension": ".py",
    "mimetype": "text/x-python",
    "name": "python",
    "nbconvert_exporter": "python",
    "pygments_lexer": "ipython3",
}


@dataclass(frozen=True)
class Edition:
    """One notebook of a source: `folder` is where it lies, `language` whom it speaks to."""

    source: Source
    folder: str
    language: str

    @property
    def path(self) -> str:
        """Where the notebook lies, relative to the root."""
        parts = (self.folder, *(["zh"] if self.language == "zh" else []), f"{self.source.name}.ipynb")
        return "/".join(parts)

    @property
    def is_stub(self) -> bool:
        return self.folder == "exercises"

    @property
    def cells(self) -> list[Cell]:
        """The source's cells that stand in this edition, in the notebook's order."""
        return [cell for cell in self.source.cells if self._holds(cell)]

    def _holds(self, cell: Cell) -> bool:
        return not (self.is_stub and "solution" in cell.tags)

    def place(self, index: int) -> str:
        """`file:line` of the source for the notebook's cell number `index`, from 0."""
        return f"{self.source.path}:{self.cells[index].lines[self.language]}"

    def notebook(self, core: str) -> NotebookNode:
        """The notebook without outputs. `core` is the hash of the code that its outputs come from."""
        named = zip(_cell_ids(self.source), self.source.cells, strict=True)
        cells = [self._notebook_cell(cell, name) for name, cell in named if self._holds(cell)]
        origin = {"core": core, "language": self.language, "source": self.source.path}
        metadata = {"kernelspec": KERNEL, "language_info": LANGUAGE_INFO, "recsys_lessons": origin}
        # A round trip through JSON gives every notebook its own plain copy, shared with nothing.
        content = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
        return nbformat.from_dict(json.loads(json.dumps(content)))

    def _notebook_cell(self, cell: Cell, name: str) -> dict:
        text = cell.text[self.language]
        metadata: dict = {"tags": list(cell.tags)} if cell.tags else {}
        if cell.kind == "prose":
            text = join_chinese_lines(text) if self.language == "zh" else text
            return {"cell_type": "markdown", "id": name, "metadata": metadata, "source": text}
        if cell.regions and not self.is_stub:  # nbgrader clears a region only in a cell that says it is a solution
            metadata["nbgrader"] = {
                "grade": False, "grade_id": name, "locked": False, "schema_version": 3, "solution": True, "task": False,
            }  # fmt: skip
        source = make_stub(text) if self.is_stub else text
        rest = {"execution_count": None, "metadata": metadata, "outputs": [], "source": source}
        return {"cell_type": "code", "id": name, **rest}


def join_chinese_lines(text: str) -> str:
    """Take out the line breaks of a wrapped Chinese paragraph, which a browser would show as spaces between characters.

    A break stays next to a Latin word, where a space is wanted, after a heading, and in text with a code block.
    """
    if "```" in text:
        return text
    lines: list[str] = []
    for line in text.split("\n"):
        previous = lines[-1] if lines else ""
        if not previous.startswith("#") and _CHINESE.search(previous[-1:]) and _CHINESE.match(line.lstrip()):
            lines[-1] = previous + line.lstrip()
        else:
            lines.append(line)
    return "\n".join(lines)


def editions_of(source: Source) -> list[Edition]:
    """Every notebook that the source gives, English before Chinese (whose embeddings are warm by then)."""
    return [Edition(source, folder, language) for folder in FOLDERS[source.group] for language in LANGUAGES]


def paths_of(path: Path, root: Path) -> list[str]:
    """Where the notebooks of the source at `path` lie, known from its name alone."""
    source = Source(path.relative_to(root).as_posix(), path.parent.name, path.stem, ())
    return [edition.path for edition in editions_of(source)]


def _cell_ids(source: Source) -> list[str]:
    """An id for each cell: a hash of the source's name, the kind, and the order among its kind.

    So rewriting prose changes no id, adding prose changes no code cell's id, and both languages have the same ids.
    """
    counts, names = {"prose": 0, "code": 0}, []
    for cell in source.cells:
        counts[cell.kind] += 1
        key = f"{source.group}/{source.name}/{cell.kind}/{counts[cell.kind]}"
        names.append(f"{cell.kind}-{counts[cell.kind]:02d}-{hashlib.sha256(key.encode()).hexdigest()[:8]}")
    return names


def core_hash(root: Path) -> str:
    """A hash of the code that outputs come from: all of `recsys_lessons/`, and these tools."""
    core, tools = root / "recsys_lessons", Path(__file__).parent
    files = [(path.relative_to(root).as_posix(), path) for path in core.rglob("*") if path.is_file()]
    files += [(f"tools/{path.name}", path) for path in tools.glob("*.py")]
    digest = hashlib.sha256()
    for name, path in sorted(files):
        if "__pycache__" not in name and not path.name.startswith("."):
            content = path.read_bytes().replace(b"\r\n", b"\n")  # a checkout on Windows is the same code
            digest.update(f"{name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()[:12]


def read_notebook(path: Path) -> NotebookNode | None:
    """The notebook at `path`, or None where there is none that can be read."""
    try:
        return nbformat.v4.reads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, AttributeError, KeyError, TypeError):
        return None


def write_notebooks(notebooks: dict[Path, NotebookNode]) -> None:
    """Write all, each at once or not at all. Equal content is left alone, so that its time of change stays."""
    texts = {}
    for path, notebook in notebooks.items():
        nbformat.validate(notebook)
        text = nbformat.writes(notebook, version=nbformat.NO_CONVERT, sort_keys=True)
        texts[path] = text.rstrip("\n").encode() + b"\n"
    for path, text in texts.items():
        if path.is_file() and path.read_bytes() == text:
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-", suffix=".tmp")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(text)
            os.chmod(draft, 0o644)  # mkstemp gives 0600
            os.replace(draft, path)
        except BaseException:
            Path(draft).unlink(missing_ok=True)
            raise
