"""Read a percent-format source, and refuse what would make a bad notebook, naming the file and the line.

A source is Python text that jupytext reads. Prose is written twice, English first and its Chinese sibling right after;
code is written once, in English. Both siblings become one `Cell`, so that no later step can tear them apart.
"""

from __future__ import annotations

import io
import re
import tokenize
from dataclasses import dataclass
from pathlib import Path

import jupytext

from tools.regions import Region, RegionError, find_regions

__all__ = ["GROUPS", "LANGUAGES", "MAX_LINES", "BuildError", "Cell", "Source", "find_sources", "read_source"]

GROUPS = ("lessons", "exercises")
LANGUAGES = ("en", "zh")
MAX_LINES = 25
TAGS = ("parameters", "solution", "nbval-check-output")
"""Tags with a meaning here. A mistyped `solution` would print an answer in a stub, so an unknown tag is an error; and
`raises-exception` is not among them, because nbval passes such a cell whether or not it raises."""

_MARKER = re.compile(r"^#\s*%%(\s|$)")
_CHINESE = re.compile(r"[\u3400-\u9fff]")
_CHINESE_OR_ITS_SIGNS = re.compile(r"[\u3001-\u303f\u3400-\u9fff\uff01-\uff65]")


class BuildError(Exception):
    """A source that cannot become a notebook; one message that names the place and the fix."""


@dataclass(frozen=True)
class Cell:
    """One cell of every edition.

    Attributes:
        kind: "prose" or "code".
        text: language to text; a code cell has the same text under both.
        lines: language to the number of the cell's `# %%` line in the source, from 1.
        tags: its tags, in the order written.
        regions: the solution regions of a code cell.
    """

    kind: str
    text: dict[str, str]
    lines: dict[str, int]
    tags: tuple[str, ...] = ()
    regions: tuple[Region, ...] = ()


@dataclass(frozen=True)
class Source:
    """A lesson's or an exercise's source: `path` relative to the root, `group` one of `GROUPS`."""

    path: str
    group: str
    name: str
    cells: tuple[Cell, ...]


def find_sources(root: Path) -> list[Path]:
    """Every source below `root`, lessons first, each group in the order of its names."""
    return [path for group in GROUPS for path in sorted((root / "sources" / group).glob("*.py"))]


def read_source(path: Path, root: Path) -> Source:
    """Read one source.

    Raises:
        BuildError: the file cannot be read as a bilingual source; the message starts with `file:line:`.
    """
    name, group = path.relative_to(root).as_posix(), path.parent.name
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise BuildError(f"{name}: byte {error.start} is not UTF-8; save the file as UTF-8.") from error
    raw = _raw_cells(text, name)
    cells: list[Cell] = []
    while raw:
        kind, code, metadata, line = raw.pop(0)
        _check_metadata(kind, metadata, f"{name}:{line}")
        if kind == "code":
            cells.append(_code_cell(code, metadata, line, name, group))
        else:
            cells.append(_prose_cell(code, metadata, line, raw, name))
        if "solution" in cells[-1].tags and group != "exercises":
            raise BuildError(f"{name}:{line}: the tag 'solution' belongs in sources/exercises/; remove it.")
    return Source(name, group, path.stem, tuple(cells))


def _raw_cells(text: str, name: str) -> list[tuple[str, str, dict, int]]:
    """(kind, text, metadata, line) of every cell as jupytext sees it, with the line that jupytext does not tell."""
    notebook = jupytext.reads(text, fmt="py:percent")
    numbered = list(enumerate(text.splitlines(), start=1))
    lines = [number for number, line in numbered if _MARKER.match(line)]
    written = [number for number, line in numbered if line.strip()]
    if not lines:
        raise BuildError(f'{name}:1: no cells; start each with `# %%` or `# %% [markdown] lang="en"`.')
    if written[0] != lines[0] and not text.startswith("# ---"):  # jupytext's own YAML header is let through
        raise BuildError(f"{name}:{written[0]}: text before the first `# %%`; give it a cell of its own.")
    if len(lines) != len(notebook.cells):
        raise BuildError(
            f"{name}: {len(lines)} lines start with `# %%` but jupytext sees {len(notebook.cells)} cells;"
            " look for a `# %%` inside a string or a quote that is not closed."
        )
    kinds = {"markdown": "prose", "code": "code"}
    return [
        (kinds.get(cell.cell_type, cell.cell_type), cell.source, dict(cell.metadata), line)
        for cell, line in zip(notebook.cells, lines, strict=True)
    ]


def _check_metadata(kind: str, metadata: dict, place: str) -> None:
    """Refuse what jupytext would pass over in silence."""
    if kind not in ("prose", "code"):
        raise BuildError(f"{place}: a {kind} cell; write `# %%` for code or `# %% [markdown]` for prose.")
    if "incorrectly_encoded_metadata" in metadata:
        wrong = metadata["incorrectly_encoded_metadata"]
        right = re.sub(r"(\w+)=([^\s\"'\[{]+)", r'\1="\2"', wrong)
        raise BuildError(f"{place}: jupytext cannot read `{wrong}`; put the value in quotes: `{right}`.")
    unknown = sorted(set(metadata) - {"lang", "tags", "lines_to_next_cell", "lines_to_end_of_cell_marker"})
    if unknown:
        raise BuildError(f'{place}: unknown cell metadata {unknown[0]!r}; a cell takes lang="..." and tags=[...].')
    tags = metadata.get("tags", [])
    if not isinstance(tags, list) or not set(tags) <= set(TAGS):
        raise BuildError(f"{place}: tags={tags!r}; use a list of {', '.join(map(repr, TAGS))}.")


def _prose_cell(text: str, metadata: dict, line: int, rest: list, name: str) -> Cell:
    """One cell out of an English cell and the sibling that follows it, which is taken from `rest`."""
    language = metadata.get("lang")
    if language not in LANGUAGES:
        said = "no lang" if language is None else f"lang={language!r}"
        raise BuildError(f'{name}:{line}: a prose cell with {said}; write `# %% [markdown] lang="en"` or `lang="zh"`.')
    if language == "zh":
        raise BuildError(f"{name}:{line}: a Chinese cell without its English sibling right above; add that one.")
    if not rest or rest[0][0] != "prose" or rest[0][2].get("lang") != "zh":
        raise BuildError(
            f"{name}:{line}: an English cell without its Chinese sibling; "
            'add a `# %% [markdown] lang="zh"` cell right after it.'
        )
    _, chinese, sibling, chinese_line = rest.pop(0)
    _check_metadata("prose", sibling, f"{name}:{chinese_line}")
    for language, content, place in (("en", text, line), ("zh", chinese, chinese_line)):
        if not content.strip():
            raise BuildError(f"{name}:{place}: an empty {language} cell; write it or remove both siblings.")
    if not _CHINESE.search(chinese):
        raise BuildError(f'{name}:{chinese_line}: a cell with lang="zh" that holds no Chinese; translate it.')
    if metadata.get("tags", []) != sibling.get("tags", []):
        raise BuildError(
            f"{name}:{chinese_line}: tags differ from the English sibling's on line {line}; make them equal."
        )
    tags = tuple(metadata.get("tags", []))
    return Cell("prose", {"en": text, "zh": chinese}, {"en": line, "zh": chinese_line}, tags)


def _code_cell(code: str, metadata: dict, line: int, name: str, group: str) -> Cell:
    if "lang" in metadata:
        raise BuildError(f"{name}:{line}: a code cell with lang; code is the same in both editions, remove it.")
    if not code.strip():
        raise BuildError(f"{name}:{line}: an empty code cell; remove it.")
    try:
        regions = find_regions(code)
    except RegionError as error:
        raise BuildError(f"{name}:{line + 1 + error.row}: {error}") from error
    if regions and group != "exercises":
        raise BuildError(f"{name}:{line}: a solution region in a lesson; it belongs in sources/exercises/.")
    length = len(code.splitlines()) - 2 * len(regions)  # the markers are no lines of the lesson's
    if length > MAX_LINES:
        raise BuildError(f"{name}:{line}: a code cell of {length} lines; the most is {MAX_LINES}, split it.")
    row = _row_of_chinese_comment(code)
    if row is not None:
        raise BuildError(f"{name}:{line + 1 + row}: a comment in Chinese; code is shared, so its comments are English.")
    return Cell("code", {"en": code, "zh": code}, {"en": line, "zh": line}, tuple(metadata.get("tags", [])), regions)


def _row_of_chinese_comment(code: str) -> int | None:
    """The row, from 0, of the first comment with Chinese in it. Chinese in strings is data, and welcome."""
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(code).readline))
        comments = [(token.start[0] - 1, token.string) for token in tokens if token.type == tokenize.COMMENT]
    except (tokenize.TokenError, SyntaxError):  # a line magic: look at the lines that are nothing but a comment
        comments = [(row, line) for row, line in enumerate(code.splitlines()) if line.lstrip().startswith("#")]
    return next((row for row, comment in comments if _CHINESE_OR_ITS_SIGNS.search(comment)), None)
