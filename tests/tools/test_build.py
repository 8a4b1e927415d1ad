"""The build: what it makes, what it leaves alone, what it says."""

from __future__ import annotations

import json

import nbformat
import pytest

from tools import editions

CORE = "recsys_lessons/core.py"


def notebook(repository, name: str):
    return nbformat.read(repository.root / name, as_version=nbformat.NO_CONVERT)


def test_a_lesson_gives_two_notebooks_and_an_exercise_four(built):
    assert sorted(built.contents()) == [
        f"{folder}/{name}"
        for folder in ("exercises", "notebooks", "solutions")
        for name in ("00_small.ipynb", "zh/00_small.ipynb")
    ]


def test_editions_differ_in_prose_only(built):
    english, chinese = (notebook(built, f"notebooks/{zh}00_small.ipynb") for zh in ("", "zh/"))
    assert [cell.id for cell in english.cells] == [cell.id for cell in chinese.cells]
    assert [cell.source for cell in english.cells] == ["# A lesson", "SEED = 0", "More.", chinese.cells[3].source]
    assert [cell.source for cell in chinese.cells] == ["# 一课", "SEED = 0", "更多。", english.cells[3].source]
    assert english.cells[1].metadata == chinese.cells[1].metadata == {"tags": ["parameters"]}


def test_a_stub_leaves_out_the_solution_and_its_cells_and_a_solution_keeps_nbgraders_markers(built):
    stub, solution = (notebook(built, f"{folder}/00_small.ipynb") for folder in ("exercises", "solutions"))
    assert stub.cells[1].source == 'def double(x):\n    """Twice x."""\n    return ...  # your answer here'
    assert "### BEGIN SOLUTION" in solution.cells[1].source and "twice = x + x" in solution.cells[1].source
    assert solution.cells[1].metadata.nbgrader.solution is True and "nbgrader" not in stub.cells[1].metadata
    assert [cell.id for cell in solution.cells][:-1] == [cell.id for cell in stub.cells]
    assert "assert double" in solution.cells[-1].source


def test_notebooks_are_valid_and_carry_nothing_of_jupytext_or_of_this_machine(built):
    for name, content in built.contents().items():
        found = notebook(built, name)
        nbformat.validate(found)
        assert (found.nbformat, found.nbformat_minor) == (4, 5)
        assert content.endswith(b"}\n") and b"jupytext" not in content and b"lines_to_next_cell" not in content
        assert set(found.metadata) == {"kernelspec", "language_info", "recsys_lessons"}
        assert "version" not in found.metadata.language_info


def test_editing_prose_changes_no_id_and_runs_nothing(built):
    before = notebook(built, "notebooks/00_small.ipynb")
    built.edit("More.", "Much more.")
    assert built.build() == 0 and built.executed == []
    after = notebook(built, "notebooks/00_small.ipynb")
    assert after.cells[2].source == "Much more."
    assert [cell.id for cell in after.cells] == [cell.id for cell in before.cells]
    assert after.cells[3].outputs == before.cells[3].outputs != []


def test_adding_prose_changes_no_id_of_code(built):
    before = notebook(built, "notebooks/00_small.ipynb")
    new = '# %% [markdown] lang="en"\n# New.\n# %% [markdown] lang="zh"\n# 新。\n'
    built.edit("# %% tags", new + "# %% tags")
    assert built.build() == 0 and built.executed == []
    after = notebook(built, "notebooks/00_small.ipynb")
    ids = [[cell.id for cell in each.cells if cell.cell_type == "code"] for each in (before, after)]
    assert ids[0] == ids[1] and len(after.cells) == len(before.cells) + 1


def test_editing_code_executes_that_source_in_both_languages_and_no_other(built):
    built.edit("SEED = 0", "SEED = 1")
    assert built.build() == 0
    assert built.executed == ["notebooks/00_small.ipynb", "notebooks/zh/00_small.ipynb"]


def test_a_second_build_executes_nothing_and_a_forced_one_gives_the_same_bytes(built):
    before = built.contents()
    assert built.build() == 0 and built.executed == []
    assert built.build("--force") == 0 and len(built.executed) == 6
    assert built.contents() == before


def test_a_changed_core_executes_everything_and_fails_no_check(built, capsys):
    (built.root / "recsys_lessons").mkdir()
    (built.root / CORE).write_text("x = 1\n")
    assert built.check() == 0
    assert "note: 6 notebooks were executed with other code" in capsys.readouterr().out
    assert built.build() == 0 and len(built.executed) == 6
    assert built.check() == 0 and "note:" not in capsys.readouterr().out


def test_the_core_hash_ignores_line_endings_and_caches(empty):
    core = empty.root / CORE
    core.parent.mkdir()
    core.write_bytes(b"x = 1\ny = 2\n")
    before = editions.core_hash(empty.root)
    core.write_bytes(b"x = 1\r\ny = 2\r\n")
    (core.parent / "__pycache__").mkdir()
    (core.parent / "__pycache__" / "core.pyc").write_bytes(b"0")
    assert editions.core_hash(empty.root) == before
    core.write_bytes(b"x = 1\ny = 3\n")
    assert editions.core_hash(empty.root) != before


def test_a_name_builds_its_own_sources_and_an_unknown_name_lists_the_known_ones(repository, capsys):
    assert repository.build("lessons/00_small") == 0 and len(repository.executed) == 2
    assert repository.build("sources/exercises/00_small.py") == 0 and len(repository.executed) == 4
    assert repository.build("00_smal") == 2
    assert "'00_smal'; there are: lessons/00_small, exercises/00_small." in capsys.readouterr().err


def test_a_bad_source_is_one_line_and_the_others_are_built(repository, capsys):
    repository.edit('lang="zh"', "lang=zh")
    assert repository.build() == 1
    assert capsys.readouterr().err.startswith("error: sources/lessons/00_small.py:1: ")
    assert {name.split("/")[0] for name in repository.contents()} == {"exercises", "solutions"}


def test_an_output_that_names_this_machine_is_not_written(repository, capsys):
    repository.write(f"# %%\nhere = {str(repository.root)!r}\n")
    assert repository.build("lessons/00_small") == 1
    assert "sources/lessons/00_small.py:1: the output holds" in capsys.readouterr().err
    assert not repository.contents()


def test_a_crash_while_writing_leaves_the_old_notebook_and_no_draft(built, monkeypatch):
    before = built.contents()
    built.edit("SEED = 0", "SEED = 1")

    def full(*_):
        raise OSError("no space left")

    monkeypatch.setattr(editions.os, "replace", full)
    with pytest.raises(OSError, match="no space"):
        built.build()
    assert built.contents() == before and not list(built.root.rglob("*.tmp"))


def test_check_passes_on_what_was_built(built, capsys):
    assert built.check() == 0
    assert capsys.readouterr().err == ""


def hand_edit(found):
    found["cells"][1]["source"] = ["SEED = 1"]


def other_id(found):
    found["cells"][0]["id"] = "mine"


def one_cell_more(found):
    found["cells"].append({**found["cells"][0], "id": "more"})


def never_run(found):
    found["cells"][3]["execution_count"] = None


def error_output(found):
    found["cells"][3]["outputs"] = [{"output_type": "error", "ename": "KeyError", "evalue": "", "traceback": []}]


def widget_state(found):
    found["metadata"]["widgets"] = {}


def widget_output(found):
    data = {"application/vnd.jupyter.widget-view+json": {"model_id": "1"}}
    found["cells"][3]["outputs"] = [{"output_type": "display_data", "data": data, "metadata": {}}]


def home(found):
    found["cells"][3]["outputs"][0]["text"] = ["cached in /home/ada/.cache"]


def progress_bar(found):
    found["cells"][3]["outputs"][0]["text"] = ["100%|####| 3/3 [00:01<00:00, 2.91it/s]"]


def too_big(found):
    found["cells"][3]["outputs"][0]["text"] = ["x" * 500_000]


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (hand_edit, "stale, the source of cell 2 is not that of sources/lessons/00_small.py:5"),
        (other_id, "stale, the id of cell 1"),
        (one_cell_more, "stale, 5 cells"),
        (never_run, "not executed top to bottom"),
        (error_output, "an error as output: KeyError"),
        (widget_state, "metadata"),
        (widget_output, "a widget without its state"),
        (home, "`/home/ada`"),
        (progress_bar, "a progress bar"),
        (too_big, "bytes, at most 500000"),
    ],
)
def test_check_names_the_notebook_what_is_wrong_and_the_mend(built, capsys, damage, words):
    path = built.root / "notebooks/zh/00_small.ipynb"
    found = json.loads(path.read_text(encoding="utf-8"))
    damage(found)
    path.write_text(json.dumps(found), encoding="utf-8")
    assert built.check() == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("notebooks/zh/00_small.ipynb: ") and words in line
    assert damage is too_big or "`python -m tools.build lessons/00_small" in line


def test_check_never_compares_outputs(built):
    path = built.root / "notebooks/00_small.ipynb"
    found = json.loads(path.read_text(encoding="utf-8"))
    found["cells"][3]["outputs"][0]["text"] = ["another number"]
    path.write_text(json.dumps(found), encoding="utf-8")
    assert built.check() == 0


def test_check_finds_a_missing_chinese_edition_an_orphan_and_a_broken_file(built, capsys):
    (built.root / "notebooks/zh/00_small.ipynb").unlink()
    (built.root / "solutions/zh/99_gone.ipynb").write_text("{}")
    (built.root / "exercises/00_small.ipynb").write_text("{")
    assert built.check() == 1
    missing, broken, orphan = capsys.readouterr().err.splitlines()
    assert missing.startswith("notebooks/zh/00_small.ipynb: missing; run ")
    assert broken.startswith("exercises/00_small.ipynb: not a notebook; run ")
    assert orphan.startswith("solutions/zh/99_gone.ipynb: no source gives this notebook")


def test_a_hand_edit_is_undone_by_building(built):
    before = built.contents()
    path = built.root / "notebooks/00_small.ipynb"
    path.write_text(path.read_text(encoding="utf-8").replace("More.", "Less."), encoding="utf-8")
    assert built.check() == 1 and built.build() == 0
    assert built.contents() == before
