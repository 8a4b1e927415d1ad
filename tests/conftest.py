"""What several tests need: a small world of likes, and tiny random text encoders that cost milliseconds."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from recsys_lessons.data.dataset import Dataset


@pytest.fixture
def likes() -> Dataset:
    """40 users, 30 items (the last 5 never interacted with), two groups of taste; ids that are no row numbers."""
    random = np.random.default_rng(7)
    group = random.integers(2, size=40)
    rows = [
        (1000 + user, 500 + 3 * item, 5.0, 10_000 * user + 60 * place)
        for user in range(40)
        for place, item in enumerate(random.permutation(25)[: random.integers(4, 12)])
        if item % 2 == group[user] or random.random() < 0.2
    ]
    item_id = 500 + 3 * np.arange(30)
    items = pd.DataFrame(
        {"item_id": item_id, "title": [f"Film {i}" for i in item_id], "text": [f"film {i}" for i in item_id]}
    )
    interactions = pd.DataFrame(rows, columns=["user_id", "item_id", "rating", "timestamp"])
    return Dataset(items, pd.DataFrame({"user_id": 1000 + np.arange(40)}), interactions)


@pytest.fixture
def private_home(tmp_path, monkeypatch):
    """A RECSYS_LESSONS_HOME of the test's own, so that no test reads or writes a person's cache."""
    monkeypatch.setenv("RECSYS_LESSONS_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture(scope="session")
def real_movies() -> Path:
    """A folder of posters and plots of real movies, with the ratings of ml-latest-small in it.

    `RECSYS_LESSONS_REAL_DATA` names it. None of it may be copied into the project, so that most machines have none.
    """
    named = os.environ.get("RECSYS_LESSONS_REAL_DATA", "").strip()
    beside = Path(__file__).resolve().parents[2] / "shared" / "data" / "movielens-multimodal"
    folder = Path(named).expanduser() if named else beside
    if not (folder / "items.csv").is_file():
        if named:
            pytest.fail(f"RECSYS_LESSONS_REAL_DATA is {named!r}, which holds no items.csv")
        pytest.skip("RECSYS_LESSONS_REAL_DATA names no folder with posters and plots")
    return folder


@pytest.fixture(scope="session")
def tiny_bert(tmp_path_factory):
    """A random BERT of two layers with a vocabulary of English letters and words, saved as a Hugging Face folder."""
    words = ["good", "bad", "film", "a", "the", "that", "is", "cat"] + list("abcdefghijklmnopqrstuvwxyz")
    return _save_bert(tmp_path_factory.mktemp("tiny-bert"), words, max_positions=32)


@pytest.fixture(scope="session")
def tiny_chinese_bert(tmp_path_factory):
    """Shaped like bert-base-chinese: one token a character, with BertTokenizer and a pooler in the weights."""
    return _save_bert(tmp_path_factory.mktemp("tiny-bert-chinese"), list("我今天要去北京参加一个会议。"), pooler=True)


def _save_bert(folder, words, *, max_positions=64, pooler=False):
    import torch
    from transformers import BertConfig, BertModel, BertTokenizerFast

    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *words, *(f"##{word}" for word in words)]
    (folder / "vocab.txt").write_text("\n".join(vocabulary), encoding="utf-8")
    tokenizer = BertTokenizerFast.from_pretrained(folder, model_max_length=max_positions)
    tokenizer.save_pretrained(folder)
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=max_positions,
    )
    state = torch.random.get_rng_state()
    torch.manual_seed(0)
    BertModel(config, add_pooling_layer=pooler).save_pretrained(folder)
    torch.random.set_rng_state(state)
    return folder
