"""A worker process and the talk with it: bounded in time, in size, and in what it leaves behind."""

from __future__ import annotations

import collections
import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from recsys_lessons.practice.values import LIMIT

__all__ = ["Child", "Died", "OutOfTime"]

_REPLY = 4 * LIMIT
"""Bytes of one reply: a value, its arguments, and the names around them."""


class OutOfTime(Exception):
    """The time for the notebook is over."""


class Died(Exception):
    """The process ended by itself: how, and the last lines that it wrote."""

    def __init__(self, how: str, last: str) -> None:
        super().__init__(how, last)
        self.how, self.last = how, last


class Child:
    """One worker. `close` ends it and everything that it started."""

    def __init__(self) -> None:
        package = Path(__file__).resolve().parents[2]
        self._folder = tempfile.mkdtemp(prefix="recsys-lessons-check-")
        environment = {
            **os.environ,
            "RECSYS_LESSONS_WORKER": "1",
            "PYTHONPATH": os.pathsep.join(filter(None, [str(package), os.environ.get("PYTHONPATH")])),
            "PYTHONIOENCODING": "utf-8",
            "TMPDIR": self._folder,
        }
        group = {"start_new_session": True} if os.name == "posix" else {"creationflags": 0x200}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "recsys_lessons.practice.worker"],
            cwd=package,  # the notebook's folder may hold files named like modules
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            **group,
        )
        self._replies: queue.Queue[bytes | None] = queue.Queue()
        self._last: collections.deque[bytes] = collections.deque(maxlen=8)
        self._threads = [threading.Thread(target=work, daemon=True) for work in (self._read_replies, self._read_prints)]
        for thread in self._threads:
            thread.start()

    def ask(self, request: dict, end: float) -> dict:
        """Send one request and wait for its reply until `end`, in seconds of `time.monotonic`.

        Raises:
            OutOfTime, Died.
        """
        try:
            self._process.stdin.write(json.dumps(request).encode("ascii") + b"\n")
            self._process.stdin.flush()
        except OSError:
            pass  # it has died; the reader has noticed
        try:
            line = self._replies.get(timeout=max(0.0, end - time.monotonic()))
        except queue.Empty:
            raise OutOfTime from None
        try:
            reply = json.loads(line) if line is not None else None
        except (ValueError, RecursionError):
            reply = None
        if not isinstance(reply, dict):
            raise self._death()
        return reply

    def close(self) -> None:
        """Kill the process with its whole group, and remove its temporary files."""
        if os.name == "posix":
            try:
                os.killpg(self._process.pid, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                pass
        elif self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        for thread in self._threads:
            thread.join(timeout=1)  # it ends with the pipe, unless something that left the group still holds that
        for pipe, thread in zip((self._process.stdout, self._process.stderr), self._threads, strict=True):
            if not thread.is_alive():
                pipe.close()
        try:
            self._process.stdin.close()
        except OSError:
            pass
        shutil.rmtree(self._folder, ignore_errors=True)

    def _death(self) -> Died:
        try:
            code = self._process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            return Died("its channel to the checker was closed or overrun", self._last_words())
        self._threads[1].join(timeout=1)
        return Died(f"signal {-code}" if code < 0 else f"exit code {code}", self._last_words())

    def _last_words(self) -> str:
        return b"".join(self._last).decode("utf-8", "replace").strip()[-1500:]

    def _read_replies(self) -> None:
        while line := self._process.stdout.readline(_REPLY):
            self._replies.put(line)
            if not line.endswith(b"\n"):
                break  # overrun: no reply of ours is as long
        self._replies.put(None)

    def _read_prints(self) -> None:
        while line := self._process.stderr.readline(10_000):
            self._last.append(line)
