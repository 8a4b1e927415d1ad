"""Embeddings on disk: one SQLite file per model and settings, safe with several processes and after a power cut."""

from __future__ import annotations

import sqlite3
import time
import warnings
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np

__all__ = ["EmbeddingCache"]

_CHUNK = 500  # SQLite's limit on values in one statement was 999 for long
_INTERVAL = 1.0  # seconds between two transactions, and what a killed process loses at most


class EmbeddingCache:
    """Digest to vector. A cache that cannot be read or written is set aside with a warning: it only saves time.

    As a context manager it writes what was added when the block ends, also by an error or Ctrl-C.

    Args:
        path: the file; made on the first write.
        dim: length of a vector; entries of another length are ignored.
    """

    def __init__(self, path: Path, dim: int):
        self.path = Path(path)
        self.dim = dim
        self._usable = True
        self._pending: dict[bytes, np.ndarray] = {}
        self._written = time.monotonic()

    def __enter__(self) -> EmbeddingCache:
        return self

    def __exit__(self, *_: object) -> None:
        self.flush()

    def add(self, vectors: Mapping[bytes, np.ndarray]) -> None:
        """Store vectors soon: a transaction a second costs nothing, one for each batch costs as much as a batch."""
        self._pending.update(vectors)
        if time.monotonic() - self._written > _INTERVAL:
            self.flush()

    def flush(self) -> None:
        """Write what was added."""
        pending, self._pending = self._pending, {}
        if pending:
            self.write(pending)
        self._written = time.monotonic()

    def read(self, keys: Sequence[bytes]) -> dict[bytes, np.ndarray]:
        """The (dim,) float32 vectors of those keys that are stored."""
        found: dict[bytes, np.ndarray] = {}
        if not self._usable or not self.path.exists():
            return found
        try:
            with closing(self._connect(create=False)) as db:
                for start in range(0, len(keys), _CHUNK):
                    chunk = keys[start : start + _CHUNK]
                    marks = ",".join("?" * len(chunk))
                    for key, blob in db.execute(f"SELECT key, vector FROM embeddings WHERE key IN ({marks})", chunk):
                        if len(blob) == 4 * self.dim:
                            found[key] = np.frombuffer(blob, dtype="<f4").astype(np.float32)
        except sqlite3.Error as error:
            self._give_up(error)
        return found

    def write(self, vectors: Mapping[bytes, np.ndarray]) -> None:
        """Store vectors; those of a key already stored are replaced."""
        if not self._usable:
            return
        rows = [(key, np.asarray(vector, dtype="<f4").tobytes()) for key, vector in vectors.items()]
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with closing(self._connect()) as db, db:
                db.execute("CREATE TABLE IF NOT EXISTS embeddings (key BLOB PRIMARY KEY, vector BLOB) WITHOUT ROWID")
                db.executemany("INSERT OR REPLACE INTO embeddings VALUES (?, ?)", rows)
        except (sqlite3.Error, OSError) as error:
            self._give_up(error)

    def _connect(self, create: bool = True) -> sqlite3.Connection:
        # Reading opens for writing too where the file allows it: after a killed process the first reader rolls back
        # what was half written, and a read-only one may not.
        uri = f"{self.path.absolute().as_uri()}?mode={'rwc' if create else 'rw'}"
        db = sqlite3.connect(uri, uri=True, timeout=60)
        db.execute("PRAGMA synchronous = NORMAL")
        return db

    def _give_up(self, error: Exception) -> None:
        self._usable = False
        moved = ""
        if isinstance(error, sqlite3.DatabaseError) and "malformed" in str(error) or "not a database" in str(error):
            aside = self.path.with_suffix(".damaged")
            try:
                self.path.replace(aside)
                moved = f" It was moved to {aside}, and the next run starts a new one."
            except OSError:
                pass
        warnings.warn(
            f"The embedding cache {self.path} cannot be used ({error}); encoding goes on without it.{moved}",
            stacklevel=2,
        )
