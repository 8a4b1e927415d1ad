"""A learner's notebook in a process of its own: it cannot pass by force, and cannot take the checker down."""

from __future__ import annotations

import os
import time

import pytest

from recsys_lessons.errors import RecsysLessonsError
from recsys_lessons.practice import grading
from recsys_lessons.practice.child import OutOfTime
from recsys_lessons.practice.grading import check_notebook, exercises_of

RIGHT = """
def recall_at_k(ranked, relevant, k):
    if not set(relevant):
        raise ValueError("nothing to find")
    print("on the protocol's toes" * 3)
    return len(set(ranked[:k]) & set(relevant)) / len(set(relevant))
"""
WRONG = "def recall_at_k(ranked, relevant, k):\n    return len(set(ranked[:k]) & set(relevant)) / k"


def graded(path, *names, timeout=30.0):
    return check_notebook(path, names or ("recall_at_k",), timeout=timeout)


def test_a_right_notebook_passes_with_magics_prints_and_child_processes(notebook):
    first = "%matplotlib inline\nhello = !echo hello\nprint(hello)\nimport subprocess\nsubprocess.run(['cat'])"
    (result,) = graded(notebook(first, RIGHT, "%time 1 + 1"))
    assert result.passed, result


def test_tensors_go_there_and_back_and_a_failed_cell_stops_no_other(notebook):
    pooling = (
        "import torch\ndef mean_pooling(hidden, mask):\n    w = mask.to(hidden.dtype).unsqueeze(-1)\n"
        "    return (hidden * w).sum(1) / w.sum(1).clamp(min=1)"
    )
    results = graded(notebook("1 / 0", pooling, WRONG), "mean_pooling", "recall_at_k")
    assert [result.status for result in results] == ["passed", "failed"]
    assert results[1].input.startswith("recall_at_k([") and results[1].expected == "1.0"


def test_a_change_of_an_argument_in_place_is_seen_across_the_processes(notebook):
    (result,) = graded(notebook("def recall_at_k(ranked, relevant, k):\n    ranked.clear()\n    return 1.0"))
    assert result.status == "failed" and "left as they were" in result.rule["en"]


ATTACKS = {
    "rewrites the checker": """
import recsys_lessons.practice as p, recsys_lessons.practice.exercise as e, recsys_lessons.practice.compare as c
import recsys_lessons.practice.exercises.recall_at_k as r, recsys_lessons.practice.checking as k
for module in (e, c, r):
    module.difference = lambda *a: None
    module.must_return = module.must_raise = lambda *a: None
k.run_check = p.check = lambda *a, **b: True
r.EXERCISE = None
p.check("recall_at_k")
""",
    "returns what equals everything": """
class Yes(float):
    __eq__ = lambda *a: True
    __hash__ = float.__hash__
    __sub__ = __rsub__ = __abs__ = lambda *a: Yes(0)
recall_at_k = lambda *a: Yes(7)
""",
    "says so on every channel it finds": """
import os
for number in range(3, 20):
    try:
        os.write(number, b'{"passed": true}\\n')
    except OSError:
        pass
""",
    "unpickles itself into the parent": """
class Bomb:
    def __reduce__(self):
        import os
        return os._exit, (0,)
recall_at_k = lambda *a: Bomb()
""",
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_notebook_cannot_pass_by(attack, notebook):
    (result,) = graded(notebook(WRONG, ATTACKS[attack]))
    assert result.status in ("failed", "crashed"), result


def test_files_next_to_the_notebook_named_like_modules_stay_out_of_the_parent(notebook, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    trap = "raise SystemExit('the notebook reached into the checker')"
    (result,) = graded(
        notebook(f"for name in ('torch', 'numpy', 'json'): open(name + '.py', 'w').write({trap!r})", RIGHT)
    )
    assert result.passed


def test_an_endless_notebook_is_ended_with_all_that_it_started(notebook, tmp_path):
    mark = tmp_path / "alive"
    start = time.monotonic()
    code = f"import subprocess\nsubprocess.Popen('while :; do date > {mark}; sleep 0.1; done', shell=True)"
    results = graded(notebook(code, "while True: pass"), "recall_at_k", "mean_pooling", timeout=2.5)
    assert [result.status for result in results] == ["timed out"] * 2
    assert time.monotonic() - start < 10
    assert mark.exists(), "the child process never ran, so nothing is proven"
    mark.unlink()
    time.sleep(0.4)
    assert not mark.exists()


def test_an_endless_function_times_out_too(notebook):
    (result,) = graded(notebook("def recall_at_k(*a):\n    while True: pass"), timeout=2)
    assert result.status == "timed out" and "more than 2 s" in repr(result)


def test_a_process_that_ends_is_a_crash_with_its_last_words(notebook):
    (result,) = graded(notebook(RIGHT, "print('farewell')\nimport os; os._exit(0)"))
    assert result.status == "crashed" and "exit code 0" in repr(result) and "farewell" in repr(result)


def test_a_function_that_ends_the_process_says_nothing_of_the_others(notebook):
    cells = RIGHT, "import os\ndef mean_pooling(hidden, mask):\n    os.kill(os.getpid(), 9)"
    results = graded(notebook(*cells), "mean_pooling", "recall_at_k")
    assert [result.status for result in results] == ["crashed", "passed"]
    assert "signal 9" in repr(results[0])


@pytest.mark.parametrize(
    ("cells", "status", "said"),
    [
        (("x = 1",), "not attempted", ""),
        (("def recall_at_k(a, b, c):\n    return ...",), "not attempted", ""),
        (("1 / 0", "def recall_at_k(a, b, c:\n    pass"), "crashed", "SyntaxError: '(' was never closed"),
        (("", "def recall_at_k(a, b, c):\n\n    return a / 0"), "crashed", "line 3 of code cell 2: return a / 0"),
        (("def recall_at_k(a, b, c):\n    raise SystemExit",), "crashed", "SystemExit"),
        (("def recall_at_k(a, b, c):\n    return input()",), "crashed", "EOF"),
        (("def recall_at_k(a, b, c):\n    return 'x' * 10**8",), "crashed", "more than 16 MB"),
        (("def recall_at_k(a, b, c):\n    return lambda: 0",), "failed", "<function recall_at_k"),
    ],
)
def test_what_can_happen_to_a_function_is_told(cells, status, said, notebook):
    (result,) = graded(notebook(*cells))
    assert result.status == status and said in repr(result), result


def test_nothing_is_left_behind(notebook, tmp_path, monkeypatch):
    import tempfile

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "scratch"))
    (tmp_path / "scratch").mkdir()
    before = set(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else set()
    graded(notebook(RIGHT))
    assert os.listdir(tmp_path / "scratch") == []
    assert not before or set(os.listdir("/proc/self/fd")) <= before


def test_the_exercises_are_those_of_the_lesson_and_those_that_are_checked(notebook):
    assert exercises_of(notebook("x = 1", name="00_start_here.ipynb")) == ["recall_at_k", "mean_pooling"]
    assert exercises_of(notebook("# check('recall_at_k')\ncheck( 'mean_pooling')")) == ["mean_pooling"]
    with pytest.raises(RecsysLessonsError, match="names no exercise"):
        exercises_of(notebook("x = 1"))


def test_what_is_no_notebook_is_told(tmp_path):
    path = tmp_path / "no.ipynb"
    for content in ("[]", "{", '{"cells": [{}]}', "\udcff"):
        path.write_bytes(content.encode("utf-8", "surrogateescape"))
        with pytest.raises(RecsysLessonsError, match="is not a notebook"):
            exercises_of(path)


def test_what_is_no_notebook_is_told_where_the_exercise_is_named_too(tmp_path):
    path = tmp_path / "no.ipynb"
    for content in ("{", "[" * 200_000, '{"cells": [3]}'):
        path.write_text(content)
        with pytest.raises(RecsysLessonsError, match="is not a notebook"):
            graded(path)
        with pytest.raises(RecsysLessonsError, match="is not a notebook"):
            exercises_of(path)


def test_after_the_time_is_over_no_late_reply_is_taken_for_another_exercises(notebook, monkeypatch):
    asked = []

    class Slow:
        def ask(self, request, end):
            asked.append(request)
            time.sleep(max(0.0, end - time.monotonic()) + 0.01)
            raise OutOfTime

        def close(self):
            pass

    monkeypatch.setattr(grading, "Child", Slow)
    results = graded(notebook(RIGHT), "recall_at_k", "mean_pooling", timeout=0.1)
    assert [result.status for result in results] == ["timed out"] * 2 and len(asked) == 1
