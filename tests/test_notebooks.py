"""What must hold of every committed notebook. nbval executes them; this reads them."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

from tools.checking import MAX_BYTES, check, is_executed
from tools.editions import Edition, editions_of
from tools.source import Source, find_sources, read_source

ROOT = Path(__file__).resolve().parents[1]
SOURCES = [read_source(path, ROOT) for path in find_sources(ROOT)]
EDITIONS = [edition for source in SOURCES for edition in editions_of(source)]
EXERCISES = [source for source in SOURCES if source.group == "exercises"]


def read(edition: Edition) -> nbformat.NotebookNode:
    return nbformat.read(ROOT / edition.path, as_version=nbformat.NO_CONVERT)


def code_of(edition: Edition) -> list[tuple[str, str]]:
    return [(cell.id, cell.source) for cell in read(edition).cells if cell.cell_type == "code"]


def test_every_notebook_is_what_its_source_gives():
    assert SOURCES, "sources/ holds nothing, so nothing would be proven"
    problems, _ = check(ROOT)
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize("edition", EDITIONS, ids=lambda edition: edition.path)
def test_a_notebook_is_valid_executed_and_small(edition):
    notebook = read(edition)
    nbformat.validate(notebook)
    assert is_executed(notebook)
    assert (ROOT / edition.path).stat().st_size <= MAX_BYTES


@pytest.mark.parametrize("english", [each for each in EDITIONS if each.language == "en"], ids=lambda each: each.path)
def test_both_languages_hold_the_same_code_under_the_same_ids_and_other_prose(english):
    chinese = Edition(english.source, english.folder, "zh")
    assert code_of(english) == code_of(chinese)
    pairs = list(zip(read(english).cells, read(chinese).cells, strict=True))
    assert all(left.id == right.id for left, right in pairs)
    assert all(left.source != right.source for left, right in pairs if left.cell_type == "markdown")


@pytest.mark.parametrize("source", EXERCISES, ids=lambda source: source.name)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_no_line_of_a_solution_is_in_a_stub(source: Source, language: str):
    solution, stub = (dict(code_of(Edition(source, folder, language))) for folder in ("solutions", "exercises"))
    regions = 0
    for name, answer in solution.items():
        given, secret = split(answer)
        if not secret:
            continue
        regions += 1
        lines = [line.strip() for line in stub[name].splitlines()]
        assert "SOLUTION" not in stub[name] and any(line.endswith("...  # your answer here") for line in lines)
        assert not {line for line in secret if line not in given} & set(lines)
        assert len(lines) < len(answer.splitlines())
    assert regions, f"{source.path} asks for nothing: no `### BEGIN SOLUTION`"


@pytest.mark.parametrize("source", EXERCISES, ids=lambda source: source.name)
def test_cells_that_show_an_answer_are_in_the_solutions_only(source: Source):
    hidden = [cell.text["en"] for cell in source.cells if "solution" in cell.tags]
    sources = [cell.source for cell in read(Edition(source, "exercises", "en")).cells]
    assert not set(hidden) & set(sources)


def split(code: str) -> tuple[list[str], list[str]]:
    """The lines outside and inside the solution regions, written anew so as not to trust the code under test."""
    given, secret, inside = [], [], False
    for line in map(str.strip, code.splitlines()):
        if line.startswith("###"):
            inside = "BEGIN" in line
        elif line:
            (secret if inside else given).append(line)
    return given, secret
