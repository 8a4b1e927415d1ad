"""Small stand-ins that checks hand to a learner's function where the real thing is large."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

__all__ = ["ToyEncoder"]


class ToyEncoder:
    """Texts to vectors by where each letter first stands, for exercises that call an encoder.

    `ToyEncoder("ab")(["b: a"])` is `[[4., 1.]]`: a stands fourth, b first; a letter that is missing gives 0. It minds
    what a real encoder makes you pay for, and refuses it.

    Args:
        letters: one column for each.
        at_most: texts that it takes in one call, as a memory would.
        calls: how often it may be called.

    Raises:
        TypeError: it was handed something other than a list of texts.
        ValueError: no text, more than `at_most`, a text for the second time, or more calls than `calls`.
    """

    def __init__(self, letters: str, at_most: int = 100, calls: int = 100) -> None:
        self.letters, self.at_most, self.calls = letters, at_most, calls
        self._called, self._known = 0, set()

    def __call__(self, texts: Sequence[str]) -> np.ndarray:
        """(n, len(letters)) float64."""
        if not isinstance(texts, (list, tuple)) or not all(isinstance(text, str) for text in texts):
            raise TypeError(f"the encoder takes a list of texts, and got {texts!r}")
        if not texts:
            raise ValueError("the encoder was called without a text")
        if len(texts) > self.at_most:
            raise ValueError(f"the encoder takes at most {self.at_most} texts in a call, and got {len(texts)}")
        self._called += 1
        if self._called > self.calls:
            raise ValueError(f"the encoder was called {self._called} times, where {self.calls} would do")
        for text in texts:
            if text in self._known:
                raise ValueError(f"the encoder got {text!r} for the second time")
            self._known.add(text)
        return np.array([[text.find(letter) + 1.0 for letter in self.letters] for text in texts])

    @property
    def arguments(self) -> tuple[str, int, int]:
        """What makes an encoder like this one, which has not been called yet."""
        return self.letters, self.at_most, self.calls

    def __eq__(self, other: object) -> bool:
        return type(other) is ToyEncoder and other.arguments == self.arguments

    __hash__ = None

    def __repr__(self) -> str:
        more = "" if (self.at_most, self.calls) == (100, 100) else f", {self.at_most!r}, {self.calls!r}"
        return f"ToyEncoder({self.letters!r}{more})"
