import multiprocessing

import numpy as np
import pytest

from recsys_lessons.encoders.cache import EmbeddingCache


def test_what_was_written_is_read_back_exactly(tmp_path):
    vectors = {bytes([i]): np.random.default_rng(i).standard_normal(4).astype(np.float32) for i in range(200)}
    EmbeddingCache(tmp_path / "a" / "e.sqlite", 4).write(vectors)
    found = EmbeddingCache(tmp_path / "a" / "e.sqlite", 4).read([*vectors, b"unknown"])
    assert found.keys() == vectors.keys()
    assert all(np.array_equal(found[key], vectors[key]) for key in vectors)


def test_more_keys_than_one_statement_takes(tmp_path):
    cache = EmbeddingCache(tmp_path / "e.sqlite", 1)
    keys = [i.to_bytes(4, "big") for i in range(2500)]
    cache.write({key: np.ones(1) for key in keys})
    assert len(cache.read(keys)) == 2500


def test_a_vector_of_another_length_is_not_used(tmp_path):
    EmbeddingCache(tmp_path / "e.sqlite", 4).write({b"k": np.ones(4)})
    assert EmbeddingCache(tmp_path / "e.sqlite", 5).read([b"k"]) == {}


def test_a_damaged_file_is_set_aside_with_a_warning(tmp_path):
    path = tmp_path / "e.sqlite"
    path.write_bytes(b"this is no database" * 100)
    cache = EmbeddingCache(path, 4)
    with pytest.warns(UserWarning, match="moved to"):
        assert cache.read([b"k"]) == {}
    assert path.with_suffix(".damaged").exists()
    fresh = EmbeddingCache(path, 4)
    fresh.write({b"k": np.ones(4)})
    assert b"k" in fresh.read([b"k"])


def test_a_place_that_cannot_be_written_costs_a_warning_and_no_more(tmp_path):
    (tmp_path / "file").write_text("in the way")
    cache = EmbeddingCache(tmp_path / "file" / "e.sqlite", 4)
    with pytest.warns(UserWarning, match="goes on without it"):
        cache.write({b"k": np.ones(4)})
    cache.write({b"k": np.ones(4)})  # and says so once


def test_what_is_added_is_written_together_about_once_a_second_and_when_the_block_ends(tmp_path, monkeypatch):
    path, now, written = tmp_path / "e.sqlite", [0.0], []
    monkeypatch.setattr("recsys_lessons.encoders.cache.time.monotonic", lambda: now[0])
    write = EmbeddingCache.write
    monkeypatch.setattr(EmbeddingCache, "write", lambda self, new: written.append(len(new)) or write(self, new))
    with pytest.raises(KeyboardInterrupt), EmbeddingCache(path, 1) as cache:
        for i in range(25):
            now[0] += 0.11
            cache.add({bytes([i]): np.ones(1)})
        raise KeyboardInterrupt
    assert written == [10, 10, 5]
    assert len(EmbeddingCache(path, 1).read([bytes([i]) for i in range(25)])) == 25


def _write(path, start):
    cache = EmbeddingCache(path, 2)
    for i in range(start, start + 40):
        cache.write({i.to_bytes(2, "big"): np.full(2, i)})


def test_two_processes_write_one_file(tmp_path):
    path = tmp_path / "e.sqlite"
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_write, args=(path, start)) for start in (0, 100)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
        assert worker.exitcode == 0
    assert len(EmbeddingCache(path, 2).read([i.to_bytes(2, "big") for i in range(200)])) == 80
