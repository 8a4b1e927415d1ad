"""`check`, `hint` and `progress` as a learner calls them."""

from __future__ import annotations

import threading
import time
import warnings

import pytest

from recsys_lessons.errors import RecsysLessonsError
from recsys_lessons.practice import check, hint, progress
from recsys_lessons.practice.exercises import find_exercise
from recsys_lessons.practice.records import standings

right = find_exercise("recall_at_k").reference


def test_a_right_answer_passes_and_is_recorded():
    assert check("recall_at_k", right).passed
    assert standings()["recall_at_k"].passed
    assert "recall_at_k: passed" in repr(progress()) and "1 of 2 passed" in repr(progress())


def test_what_was_passed_once_stays_passed_in_the_overview():
    check("recall_at_k", right)
    check("recall_at_k", lambda *arguments: 0.0)
    assert standings()["recall_at_k"].status == "failed" and standings()["recall_at_k"].attempts == 2
    assert "recall_at_k: passed" in repr(progress())


def test_a_pass_shows_the_same_on_every_run():
    assert repr(check("recall_at_k", right)) == repr(check("recall_at_k", right)) == "✓ recall_at_k: passed"
    assert check("recall_at_k", right)._repr_html_() == check("recall_at_k", right)._repr_html_()


def test_the_function_is_found_in_the_notebook(monkeypatch):
    import IPython

    class Shell:
        user_ns = {"recall_at_k": right, "mean_pooling": 3}

    monkeypatch.setattr(IPython, "get_ipython", Shell)
    assert check("recall_at_k").passed
    assert "of type int and no function" in repr(check("mean_pooling"))
    Shell.user_ns = {}
    result = check("recall_at_k")
    assert result.status == "not attempted" and "run the cell that defines it" in repr(result)
    assert "mean_pooling" not in standings()


def test_a_crash_names_the_exception_the_line_and_the_input():
    def recall_at_k(ranked, relevant, k):
        hits = 0
        return hits / 0

    result = check("recall_at_k", recall_at_k)
    assert result.status == "crashed" and str(result.trouble) == "ZeroDivisionError: division by zero"
    assert result.trouble.line == recall_at_k.__code__.co_firstlineno + 2
    assert "return hits / 0" in repr(result) and "recall_at_k([" in result.input


def test_a_learners_sys_exit_does_not_end_the_kernel():
    assert check("recall_at_k", lambda *arguments: exit(3)).status == "crashed"


def test_what_torch_does_not_implement_is_a_crash_and_no_stub():
    def recall_at_k(ranked, relevant, k):
        raise NotImplementedError("Subtraction with a bool tensor is not supported.")

    assert check("recall_at_k", recall_at_k).status == "crashed"


@pytest.mark.parametrize("html", ["<script>alert(1)</script>", "<img src=x onerror=alert(1)>"])
def test_html_in_answers_and_exceptions_is_shown_and_not_run(html):
    def raising(*arguments):
        raise ValueError(html)

    odd = type(html, (Exception,), {})

    def raising_oddly(*arguments):
        raise odd

    for function in (lambda *arguments: html, raising, raising_oddly):
        shown = check("recall_at_k", function)._repr_html_()
        assert html not in shown and html[:4] not in shown and "&lt;" in shown


def test_control_characters_do_not_reach_a_terminal():
    def raising(*arguments):
        raise ValueError("\x1b[2Jgone\x07")

    assert "ValueError: gone" in repr(check("recall_at_k", raising))


def test_an_endless_loop_times_out_even_where_it_swallows_exceptions():
    def endless(*arguments):
        while True:
            try:
                time.sleep(0.01)
            except Exception:
                pass

    start = time.monotonic()
    result = check("recall_at_k", endless, timeout=0.3)
    assert result.status == "timed out" and time.monotonic() - start < 3
    assert "more than 0.3 s" in repr(result)


def test_without_a_time_limit_to_give_the_check_still_works():
    results = []
    thread = threading.Thread(target=lambda: results.append(check("recall_at_k", right)))
    thread.start()
    thread.join()
    assert results[0].passed


def test_the_alarm_of_somebody_else_is_given_back():
    import signal

    before = signal.setitimer(signal.ITIMER_REAL, 500)
    try:
        check("recall_at_k", right, timeout=5)
        left = signal.getitimer(signal.ITIMER_REAL)[0]
    finally:
        signal.setitimer(signal.ITIMER_REAL, *before)
    assert 490 < left <= 500


def test_hints_come_one_after_another_and_stop_at_the_last():
    assert [hint("recall_at_k").level for _ in range(5)] == [1, 2, 3, 3, 3]
    assert hint("recall_at_k", level=1).level == 1
    assert hint("mean_pooling").level == 1, "each exercise counts its own"
    assert "hint 2/3" in repr(hint("recall_at_k", 2)) and "recall_at_k" in hint("recall_at_k", 2)._repr_html_()
    with pytest.raises(ValueError, match="level is 4; recall_at_k has hints of level 1 to 3"):
        hint("recall_at_k", level=4)


def test_a_misspelt_name_is_an_error_that_helps():
    for function in (check, hint):
        with pytest.raises(RecsysLessonsError, match="did you mean mean_pooling"):
            function("mean_poling")


def test_chinese_is_spoken_where_it_is_asked_for(monkeypatch):
    monkeypatch.setenv("RECSYS_LESSONS_LANG", "zh")
    assert "未通过" in repr(check("recall_at_k", lambda *arguments: 0.0)) and "提示" in repr(hint("recall_at_k"))
    assert "召回率" in hint("recall_at_k", 1).text["zh"] and "课程" in progress()._repr_html_()


def test_inside_the_command_lines_worker_a_check_does_nothing(monkeypatch):
    monkeypatch.setenv("RECSYS_LESSONS_WORKER", "1")
    assert check("recall_at_k", lambda *arguments: exit(1)).status == "not attempted"
    hint("recall_at_k")
    assert standings() == {}


def test_a_number_that_no_float_holds_is_a_wrong_answer_and_no_crash_of_the_checker():
    for digits in (400, 6000):
        result = check("recall_at_k", lambda *arguments, digits=digits: 10**digits)
        assert result.status == "failed" and result.got and len(repr(result)) < 1000


@pytest.mark.parametrize("kind", ["sparse", "meta", "quantised"])
def test_a_tensor_whose_numbers_cannot_be_looked_at_is_told(kind):
    import torch

    def odd(hidden, mask):
        mean = hidden.mean(dim=1)
        if kind == "quantised":
            return torch.quantize_per_tensor(mean, 0.1, 0, torch.qint8)
        return mean.to_sparse() if kind == "sparse" else mean.to("meta")

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch is giving quantised tensors up
        result = check("mean_pooling", odd)
    assert result.status == "failed" and "dense" in result.rule["en"] and result.got


def test_half_characters_and_eight_bit_controls_do_not_reach_a_terminal():
    def raising(*arguments):
        raise ValueError("\udcff\x9b31mred\x85")

    result = check("recall_at_k", raising)
    assert ("error", "ValueError: red") in result.rows()
    "\n".join(text for _, text in result.rows()).encode("utf-8")
