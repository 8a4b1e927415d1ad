"""The command line: what it says, in how many lines, and the status it exits with."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import recsys_lessons
from recsys_lessons import assets
from recsys_lessons.cli import main
from recsys_lessons.errors import AssetError, RecsysLessonsError
from recsys_lessons.language import language
from recsys_lessons.practice import lab
from recsys_lessons.practice.records import standings

RIGHT = """
def recall_at_k(ranked, relevant, k):
    if not relevant:
        raise ValueError
    return len(set(ranked[:k]) & set(relevant)) / len(set(relevant))
"""


@pytest.fixture(autouse=True)
def learner(private_home, monkeypatch):
    monkeypatch.setenv("RECSYS_LESSONS_LANG", "en")
    monkeypatch.setenv("RECSYS_LESSONS_DEBUG", "")
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.delenv("RECSYS_LESSONS_PROGRESS", raising=False)


@pytest.fixture
def run(capsys):
    """Run the command line in this process: (status, stdout, stderr)."""

    def run(*arguments: str):
        status = main(list(arguments))
        said = capsys.readouterr()
        return status, said.out, said.err

    return run


@pytest.fixture
def notebook(tmp_path):
    def write(*cells: str, name: str = "mine.ipynb") -> str:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        content = [{"cell_type": "code", "source": [text], "metadata": {}, "outputs": []} for text in cells]
        path.write_text(json.dumps({"cells": content, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
        return str(path)

    return write


def one_line(text: str) -> bool:
    return text.startswith("recsys-lessons: ") and text.count("\n") == 1


def test_help_is_quick_and_loads_no_heavy_library():
    heavy = ["torch", "pandas", "numpy", "transformers", "IPython", "sqlite3"]
    code = f"import sys, recsys_lessons.cli as c; print(c.main(['--help']), [n for n in {heavy} if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=True)
    assert done.stdout.splitlines()[-1] == "0 []"


@pytest.mark.parametrize(
    "command", ["", "lab", "check", "hint", "progress", "assets", "assets pull", "assets clear", "tinylens", "posters"]
)
def test_every_command_has_help_and_most_an_example(command, run):
    status, out, err = run(*command.split(), "--help")
    assert status == 0 and not err and "Usage: recsys-lessons" in out
    assert command in ("progress", "assets clear") or f"recsys-lessons {command}".strip() in out.split("Usage:")[1]


def test_the_version_is_the_packages_own(run):
    assert run("--version") == (0, f"recsys-lessons {recsys_lessons.__version__}\n", "")


@pytest.mark.parametrize(
    "arguments",
    [
        "nonsense",
        "check no-such-file.ipynb",
        "check --timeout never",
        "check --exercise recall_at_k",
        "hint",
        "hint recall_at_k --level 4",
        "--lang fr progress",
        "assets pull --from no-such-folder",
        "assets pull --source ftp",
        "lab --port http",
    ],
)
def test_a_wrong_argument_is_one_line_on_stderr_and_status_2(arguments, run):
    status, out, err = run(*arguments.split())
    assert status == 2 and one_line(err) and not out and "--help" in err


def test_a_language_that_is_not_spoken_is_told(run, monkeypatch):
    monkeypatch.setenv("RECSYS_LESSONS_LANG", "fr")
    status, _, err = run("progress")
    assert status == 2 and one_line(err) and "RECSYS_LESSONS_LANG is 'fr'" in err


@pytest.mark.parametrize(
    "error", [AssetError("the mirror is down.\nTry later."), PermissionError(13, "Permission denied")]
)
def test_trouble_is_one_line_on_stderr_and_status_1(error, run, monkeypatch):
    def broken(*_):
        raise error

    monkeypatch.setattr(assets, "statuses", broken)
    status, out, err = run("assets", "list")
    assert status == 1 and one_line(err) and not out and "Traceback" not in err
    status, out, err = run("--debug", "assets", "list")
    assert status == 1 and "Traceback" in err


def test_a_programming_error_is_not_hidden(run, monkeypatch):
    monkeypatch.setattr(assets, "statuses", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        run("assets", "list")


def test_as_a_program_it_exits_with_the_same_statuses():
    command = [sys.executable, "-m", "recsys_lessons.cli", "hint", "recal_at_k"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and one_line(done.stderr) and "did you mean recall_at_k" in done.stderr


def test_check_exits_with_0_only_if_every_exercise_passes(run, notebook):
    status, out, err = run("check", notebook(RIGHT, 'check("recall_at_k")'))
    assert (status, out, err) == (0, "✓ recall_at_k: passed\n", "")
    assert standings()["recall_at_k"].passed
    status, out, _ = run("check", notebook(RIGHT, name="00_start_here.ipynb"))
    assert status == 1 and "recall_at_k: passed" in out and "mean_pooling: not attempted" in out
    path = notebook("def recall_at_k(ranked, relevant, k):\n    return 0.5")
    status, out, _ = run("check", path, "--exercise", "recall_at_k", "--json")
    (row,) = json.loads(out)
    assert status == 1 and row["status"] == "failed" and row["details"]["got"] == "0.5"


def test_check_complains_of_what_it_cannot_check(run, notebook, tmp_path):
    for arguments in (
        ["check", notebook("x = 1")],
        ["check", notebook('check("recall")')],
        ["check", notebook(RIGHT), "--exercise", "recal_at_k"],
        ["check", __file__],
    ):
        status, out, err = run(*arguments)
        assert status == 1 and one_line(err) and not out


def test_a_chinese_notebook_is_answered_in_chinese(run, notebook, monkeypatch):
    monkeypatch.delenv("RECSYS_LESSONS_LANG")
    path = notebook("x = 1", name="zh/00_start_here.ipynb")
    try:
        assert "尚未作答" in run("check", path)[1]
    finally:
        os.environ.pop("RECSYS_LESSONS_LANG", None)


def test_without_a_notebook_check_lists_the_exercises_as_progress_does(run):
    assert run("check") == run("progress")
    status, out, _ = run("--lang", "zh", "progress")
    assert status == 0 and "尚未作答" in out and "recall_at_k" in out and "00_start_here" in out


def test_hints_come_one_after_another(run):
    assert ["1/3" in run("hint", "recall_at_k")[1], "2/3" in run("hint", "recall_at_k")[1]] == [True, True]
    assert "3/3" in run("hint", "recall_at_k", "--level", "3")[1]


def status_of(name: str, state: str) -> assets.Status:
    return assets.Status(name, state, Path("/somewhere") / name, 1_500_000, "MIT", "about it")


def test_verify_exits_with_1_where_something_is_missing_or_damaged(run, monkeypatch):
    for state, expected in (("ready", 0), ("missing", 1), ("damaged", 1)):
        found = [status_of("one", "ready"), status_of("two", state)]
        monkeypatch.setattr(assets, "verify", lambda names, found=found: found)
        status, out, _ = run("assets", "verify")
        assert status == expected and state in out


def test_assets_are_listed_in_an_empty_cache(run):
    status, out, _ = run("assets", "list")
    assert status == 0 and all(name in out for name in assets.REGISTRY) and "missing" in out


def test_pull_hands_on_names_and_source(run, monkeypatch, tmp_path):
    seen = []
    monkeypatch.setattr(assets, "pull", lambda names, *, source: seen.append((names, source)) or [tmp_path])
    assert run("assets", "pull") == (0, f"{tmp_path}\n", "")
    run("assets", "pull", "movielens-small", "--from", str(tmp_path))
    run("assets", "pull", "--source", "hub")
    assert seen == [(None, None), (["movielens-small"], tmp_path), (None, "hub")]


def test_clear_asks_first(run, monkeypatch):
    cleared = []
    monkeypatch.setattr(assets, "clear", lambda names: cleared.append(names) or 2_000_000)
    for answer, status in ((False, 1), (True, 0)):
        monkeypatch.setattr("typer.confirm", lambda text, answer=answer: answer)
        assert run("assets", "clear", "movielens-small")[0] == status
    assert cleared == [["movielens-small"]]
    assert run("assets", "clear", "--yes")[1] == "2 MB freed\n"
    assert run("assets", "clear", "movielens")[0] == 1


@pytest.fixture
def course(tmp_path):
    """A folder like a clone's, with a space and Chinese in its name."""
    for name in ("notebooks/00_start_here.ipynb", "notebooks/zh/00_start_here.ipynb", "notebooks/01_next.ipynb"):
        path = tmp_path / "my 课程" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{}")
    return tmp_path / "my 课程"


def test_lab_finds_the_course_from_inside_it(course, monkeypatch):
    monkeypatch.chdir(course / "notebooks" / "zh")
    assert lab.course_folder() == course


def test_lab_opens_the_lesson_in_the_readers_language_with_authentication_on(course, monkeypatch):
    command = lab.lab_command(course, "00_start_here", port=8899, browser=False)
    assert command[:3] == [sys.executable, "-m", "jupyterlab"]
    assert f"--ServerApp.root_dir={course}" in command and "--no-browser" in command
    assert "--ServerApp.port=8899" in command and command[4].endswith("/lab/tree/notebooks/00_start_here.ipynb")
    assert not [one for one in command if "token" in one or "password" in one or "disable" in one]
    monkeypatch.setenv("RECSYS_LESSONS_LANG", "zh")
    assert lab.lab_command(course, "00_start_here.ipynb")[4].endswith("/notebooks/zh/00_start_here.ipynb")
    assert lab.lab_command(course, "01_next")[4].endswith("/notebooks/01_next.ipynb")
    with pytest.raises(RecsysLessonsError, match="no lesson '02'.*there are 00_start_here, 01_next"):
        lab.lab_command(course, "02")


def test_lab_without_notebooks_says_where_they_are(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(lab, "__file__", str(tmp_path / "site-packages" / "recsys_lessons" / "practice" / "lab.py"))
    status, _, err = run("lab")
    assert status == 1 and one_line(err) and "Clone the course" in err


def test_lab_passes_options_on_to_jupyterlab(course, run, monkeypatch):
    monkeypatch.chdir(course)
    count = "import sys; sys.exit(len(sys.argv) - 1)"
    monkeypatch.setattr(lab, "lab_command", lambda *_, **__: [sys.executable, "-c", count])
    assert run("lab", "--", "--allow-root", "--ip=127.0.0.1")[0] == 2


@pytest.mark.parametrize(("code", "status"), [("exit(7)", 7), ("import os; os.kill(os.getpid(), 9)", 137)])
def test_lab_exits_with_jupyterlabs_status(code, status, course, run, monkeypatch):
    monkeypatch.chdir(course)
    monkeypatch.setattr(lab, "lab_command", lambda *_, **__: [sys.executable, "-c", code])
    assert run("lab")[0] == status


def test_lab_takes_the_language_as_its_own_option(course, run, monkeypatch):
    monkeypatch.chdir(course)
    seen = []
    show = [sys.executable, "-c", "pass"]
    monkeypatch.setattr(lab, "lab_command", lambda *_, **__: seen.append(language()) or show)
    assert run("lab", "--lang", "zh")[0] == 0 and seen == ["zh"]
    assert run("lab", "--lang", "fr")[0] == 2


def test_a_warning_is_one_line_on_stderr(run, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("RECSYS_LESSONS_PROGRESS", str(tmp_path / "file" / "progress.sqlite"))
    status, out, err = run("hint", "recall_at_k")
    assert status == 0 and "hint 1/3" in out
    assert one_line(err) and "progress is not recorded" in err and ".py" not in err


def test_questions_are_listed_asked_and_answered_only_on_request(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    assert main(["questions"]) == 0
    listed = capsys.readouterr().out
    assert "which-svd" in listed and "fold-in-a-new-user" in listed
    assert main(["questions", "which-svd"]) == 0
    asked = capsys.readouterr().out
    assert "A strong answer" not in asked and "--answer" in asked
    assert main(["questions", "which-svd", "--hint", "2"]) == 0
    assert "Hints" in capsys.readouterr().out
    assert main(["questions", "which-svd", "--answer"]) == 0
    answered = capsys.readouterr().out
    for part in ("A strong answer", "What is listened for", "Red flags", "Follow-ups", "03_svd_scoring.ipynb"):
        assert part in answered
    assert len(answered) > 3 * len(asked)


def test_questions_speak_chinese(capsys, monkeypatch):
    monkeypatch.delenv("RECSYS_LESSONS_LANG", raising=False)
    try:
        assert main(["--lang", "zh", "questions", "which-svd", "--answer"]) == 0
    finally:
        os.environ.pop("RECSYS_LESSONS_LANG", None)
    said = capsys.readouterr().out
    assert "参考答案" in said and "追问" in said and "A strong answer" not in said


def test_a_misspelt_question_is_told_and_so_is_an_answer_to_none(capsys):
    assert main(["questions", "which-sdv"]) == 1
    assert "there is no question 'which-sdv'; did you mean which-svd" in capsys.readouterr().err
    assert main(["questions", "--answer"]) == 2
    assert "need a question" in capsys.readouterr().err


def test_a_world_is_made_in_a_folder_and_another_one_is_not_overwritten(run, tmp_path):
    folder = tmp_path / "我的 world"
    status, out, _ = run("tinylens", str(folder), "--items", "40", "--users", "5", "--days", "28")
    assert status == 0 and "TinyLens" in out and "40 (" in out and str(folder) in out.replace("\n", "")
    status, _, err = run("tinylens", str(folder), "--items", "41", "--users", "5", "--days", "28")
    assert status == 1 and one_line(err) and "choose another folder" in err
    status, _, err = run("tinylens", str(folder), "--items", "3")
    assert status == 2 and "40" in err
