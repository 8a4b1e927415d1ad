"""The record of progress survives what happens to files, and never stands in the way of a check."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import warnings

import pytest

from recsys_lessons.practice import check
from recsys_lessons.practice.records import record_attempt, record_hint, records_path, standings


def test_attempts_and_hints_are_remembered(learner):
    record_attempt("recall_at_k", "failed")
    record_attempt("recall_at_k", "passed")
    record_attempt("recall_at_k", "not attempted")
    record_hint("recall_at_k", 2)
    record_hint("mean_pooling", 1)
    found = standings()
    assert (found["recall_at_k"].attempts, found["recall_at_k"].passed, found["recall_at_k"].hints) == (2, True, 2)
    assert found["mean_pooling"].status == "not attempted" and found["mean_pooling"].hints == 1
    assert records_path() == learner / "data" / "progress.sqlite"


def test_looking_creates_nothing():
    assert standings() == {}
    assert not records_path().exists()


def test_the_place_can_be_named(tmp_path, monkeypatch):
    monkeypatch.setenv("RECSYS_LESSONS_PROGRESS", str(tmp_path / "课程 1" / "p.sqlite"))
    record_attempt("recall_at_k", "passed")
    assert (tmp_path / "课程 1" / "p.sqlite").exists()


def torn(path):
    record_attempt("recall_at_k", "passed")
    with open(path, "r+b") as file:
        file.seek(100)
        file.write(b"\xff" * 3000)
    return b"\xff" * 3000


def not_a_database(path):
    path.parent.mkdir(parents=True)
    path.write_bytes(b"this is no database at all\n" * 100)
    return path.read_bytes()


def of_another_program(path):
    path.parent.mkdir(parents=True)
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE attempts (something INTEGER)")
    connection.close()
    return b"something INTEGER"


@pytest.mark.parametrize("damage", [torn, not_a_database, of_another_program])
def test_a_damaged_file_is_set_aside_and_the_learner_is_told(damage):
    path = records_path()
    content = damage(path)
    with pytest.warns(UserWarning, match="was damaged; it is kept as"):
        record_attempt("mean_pooling", "passed")
        assert standings()["mean_pooling"].passed
    kept = [one for one in path.parent.iterdir() if ".damaged-" in one.name]
    assert len(kept) == 1 and content in kept[0].read_bytes()


def test_a_damaged_file_does_not_stop_a_look():
    not_a_database(records_path())
    with pytest.warns(UserWarning, match="was damaged"):
        assert standings() == {}


def test_a_file_of_a_newer_version_is_left_alone():
    record_attempt("recall_at_k", "passed")
    with sqlite3.connect(records_path()) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    before = records_path().read_bytes()
    with pytest.warns(UserWarning, match="newer version"):
        record_attempt("recall_at_k", "passed")
    assert records_path().read_bytes() == before


@pytest.mark.parametrize("blocked", ["folder", "file"])
def test_where_nothing_can_be_written_the_check_works_and_warns_once(blocked, tmp_path, monkeypatch):
    if blocked == "folder":  # a file where the folder should be: holds for root as well
        (tmp_path / "home").write_text("")
    else:
        records_path().mkdir(parents=True)
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("default")
        for _ in range(3):
            assert check("recall_at_k", lambda *arguments: ...).status == "not attempted"
            assert check("recall_at_k", lambda *arguments: 0.0).status == "failed"
    assert len([one for one in seen if "progress is not recorded" in str(one.message)]) == 1


def test_two_processes_lose_nothing_to_each_other():
    code = (
        "from recsys_lessons.practice.records import record_attempt\n"
        "for _ in range(40): record_attempt('recall_at_k', 'passed')"
    )
    command = [sys.executable, "-W", "error", "-c", code]
    writers = [subprocess.Popen(command, env=os.environ, stderr=subprocess.PIPE) for _ in range(3)]
    for writer in writers:
        assert writer.communicate(timeout=60)[1] == b"" and writer.returncode == 0
    assert standings()["recall_at_k"].attempts == 120
