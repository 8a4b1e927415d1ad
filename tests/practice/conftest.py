"""A learner of the tests' own: English, a record in an empty folder, and notebooks made on the spot."""

from __future__ import annotations

import json

import pytest


@pytest.fixture(autouse=True)
def learner(private_home, monkeypatch):
    """Nothing here reads or writes a person's own record."""
    monkeypatch.setenv("RECSYS_LESSONS_LANG", "en")
    monkeypatch.delenv("RECSYS_LESSONS_PROGRESS", raising=False)
    monkeypatch.delenv("RECSYS_LESSONS_WORKER", raising=False)
    return private_home


@pytest.fixture
def notebook(tmp_path):
    """A function that writes code cells as a notebook and returns its path."""

    def write(*cells: str, name: str = "mine.ipynb"):
        path = tmp_path / name
        content = [
            {"cell_type": "code", "source": text, "metadata": {}, "outputs": [], "execution_count": None}
            for text in cells
        ]
        path.write_text(json.dumps({"cells": content, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
        return path

    return write
