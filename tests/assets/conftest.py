"""The real encoder, loaded once for the tests that compare it with the original."""

from __future__ import annotations

import pytest

from recsys_lessons.assets import asset_path


@pytest.fixture(scope="session")
def folder():
    return asset_path("multilingual-e5-small", progress=False)


@pytest.fixture(scope="session")
def tokenizer(folder):
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(folder)
