"""Not too many requests at a time, and how long to wait before the next try."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime

__all__ = ["Pace", "asked_to_wait", "back_off"]

LONGEST = 120.0  # seconds; who is asked to wait longer stops, and comes back later


class Pace:
    """At most `requests` in any `seconds`.

    Args:
        clock, sleep: seconds that never run backwards, and a wait; tests pass their own.
    """

    def __init__(
        self,
        requests: int = 40,
        seconds: float = 10.0,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ):
        self.requests, self.seconds = requests, seconds
        self._clock, self.sleep = clock, sleep
        self._past: deque[float] = deque(maxlen=requests)

    def wait(self) -> None:
        """Return as soon as the next request may be sent."""
        if len(self._past) == self.requests:
            early = self._past[0] + self.seconds - self._clock()
            if early > 0:
                self.sleep(early)
        self._past.append(self._clock())


def back_off(attempt: int) -> float:
    """Seconds before the try after attempt 0, 1, 2, ...: 1, 2, 4, ..."""
    return float(2**attempt)


def asked_to_wait(header: str | None) -> float | None:
    """The seconds that a Retry-After header asks for: a number, or a date; None where it says nothing."""
    if not header:
        return None
    try:
        return max(0.0, float(header))
    except ValueError:
        pass
    try:
        moment = parsedate_to_datetime(header)
    except (TypeError, ValueError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    return max(0.0, (moment - datetime.now(timezone.utc)).total_seconds())
