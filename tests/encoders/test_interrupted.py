"""Processes that are stopped, or that share a cache: nothing finished is lost, nothing is damaged."""

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing

import numpy as np
import pytest
import torch

from recsys_lessons.encoders.cache import EmbeddingCache
from recsys_lessons.encoders.text import TextEncoder

pytestmark = [
    pytest.mark.usefixtures("private_home"),
    pytest.mark.skipif(os.name == "nt", reason="signals are sent as POSIX does"),
]
N, BATCH = 1200, 16  # texts, and texts in a batch
TEXTS = [f"film {i:04d}" for i in range(N)]  # four tokens with [CLS] and [SEP]
CHILD = """
import signal, sys, threading, time
import torch
from recsys_lessons.encoders import cache
from recsys_lessons.encoders.text import TextEncoder
signal.signal(signal.SIGINT, signal.default_int_handler)  # a parent in the background hands on "ignore"
cache._INTERVAL = 0.05
folder, batch_tokens, n, pause, out = sys.argv[1:]
encoder = TextEncoder(folder, batch_tokens=int(batch_tokens), workers=2, progress=False)
forward, lock, done = encoder._forward, threading.Lock(), 0
def slow(ids):
    global done
    time.sleep(float(pause))
    result = forward(ids)
    with lock:
        done += len(ids)
        print(done, flush=True)
    return result
encoder._forward = slow
torch.save(encoder.encode([f"film {i:04d}" for i in range(int(n))]), out)
"""


def start(folder, out, pause: float) -> subprocess.Popen:
    arguments = [folder, 4 * BATCH, N, pause, out]
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


@pytest.mark.parametrize("how", ["SIGINT", "SIGKILL"])
def test_a_stopped_process_leaves_what_it_finished(tiny_bert, tmp_path, monkeypatch, how):
    child = start(tiny_bert, tmp_path / "never", pause=0.05)
    for line in child.stdout:
        done = int(line)
        if done >= 25 * BATCH:
            break
    child.send_signal(getattr(signal, how))
    rest, errors = child.communicate(timeout=120)
    done = int((rest.split() or [done])[-1])
    assert child.returncode != 0 and not (tmp_path / "never").exists()
    encoder = TextEncoder(tiny_bert, progress=False)
    computed, forward = [], encoder._forward
    monkeypatch.setattr(encoder, "_forward", lambda ids: computed.append(len(ids)) or forward(ids))
    vectors = encoder.encode(TEXTS)
    kept = N - sum(computed)
    # Ctrl-C loses what waited for its turn, at most five batches; a kill loses also what the last moments computed.
    assert done - (5 if how == "SIGINT" else 15) * BATCH <= kept <= done
    if how == "SIGINT":
        assert "KeyboardInterrupt" in errors
    plain = TextEncoder(tiny_bert, progress=False, cache=False, workers=1).encode(TEXTS)
    torch.testing.assert_close(vectors, plain, atol=1e-5, rtol=0)


def test_two_processes_on_one_cache_both_finish_and_the_cache_is_intact(tiny_bert, tmp_path, private_home):
    outs = [tmp_path / "one.pt", tmp_path / "two.pt"]
    children = [start(tiny_bert, out, pause=0.005) for out in outs]
    plain = TextEncoder(tiny_bert, progress=False, cache=False, workers=1).encode(TEXTS)
    for child, out in zip(children, outs, strict=True):
        _, errors = child.communicate(timeout=120)
        assert child.returncode == 0 and "cache" not in errors, errors
        torch.testing.assert_close(torch.load(out), plain, atol=1e-5, rtol=0)
    (file,) = (private_home / "cache" / "embeddings").glob("*.sqlite")
    with closing(sqlite3.connect(file)) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert db.execute("SELECT count(*) FROM embeddings").fetchone() == (N,)


HALF_WRITTEN = """
import os, signal, sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("PRAGMA cache_size = 1")  # so that the transaction reaches the file before it is committed
db.execute("BEGIN")
rows = [(bytes([i % 250, i // 250]), b"x" * 64) for i in range(9000)]
db.executemany("INSERT OR REPLACE INTO embeddings VALUES (?, ?)", rows)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_cache_left_in_the_middle_of_a_transaction_is_read_without_complaint(tmp_path, recwarn):
    path = tmp_path / "e.sqlite"
    EmbeddingCache(path, 16).write({bytes([i, 0]): np.full(16, i) for i in range(200)})
    subprocess.run([sys.executable, "-c", HALF_WRITTEN, str(path)], timeout=60, check=False)
    assert path.with_name("e.sqlite-journal").stat().st_size > 0
    found = EmbeddingCache(path, 16).read([bytes([i, 0]) for i in range(200)])
    assert len(found) == 200 and all((found[bytes([i, 0])] == i).all() for i in range(200))
    assert not recwarn.list
