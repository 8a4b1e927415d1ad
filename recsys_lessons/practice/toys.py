"""Small stand-ins that checks hand to a learner's function where the real thing is large."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

__all__ = ["ToyEncoder", "ToyModels", "ToyNetwork", "ToyVision"]


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


class ToyVision:
    """Pictures to vectors, for exercises that encode files: the mean red, green and blue of each picture.

    `ToyVision()([picture])` is `[[65., 66., 67.]]` where every pixel of the picture is (65, 66, 67). `dim` is 3. It
    minds what a real encoder minds.

    Args:
        at_most: pictures that it takes in one call, as a memory would.
        calls: how often it may be called.

    Raises:
        TypeError: not a list of uint8 arrays (height, width, 3).
        ValueError: no picture, more than `at_most`, or more calls than `calls`.
    """

    dim = 3

    def __init__(self, at_most: int = 100, calls: int = 100) -> None:
        self.at_most, self.calls = at_most, calls
        self._called = 0

    def __call__(self, pictures: Sequence[np.ndarray]) -> np.ndarray:
        """(n, 3) float64."""
        if not isinstance(pictures, (list, tuple)) or not all(isinstance(one, np.ndarray) for one in pictures):
            raise TypeError(f"the encoder takes a list of arrays, and got {_short(pictures)}")
        if not pictures:
            raise ValueError("the encoder was called without a picture")
        for one in pictures:
            if one.ndim != 3 or one.shape[2] != 3 or one.dtype != np.uint8:
                raise TypeError(
                    f"the encoder takes RGB pictures, (height, width, 3) uint8, and got {one.shape} {one.dtype}"
                )
        if len(pictures) > self.at_most:
            raise ValueError(f"the encoder takes at most {self.at_most} pictures in a call, and got {len(pictures)}")
        self._called += 1
        if self._called > self.calls:
            raise ValueError(f"the encoder was called {self._called} times, where {self.calls} would do")
        return np.stack([one.mean(axis=(0, 1)) for one in pictures])

    @property
    def arguments(self) -> tuple[int, int]:
        """What makes an encoder like this one, which has not been called yet."""
        return self.at_most, self.calls

    def __eq__(self, other: object) -> bool:
        return type(other) is ToyVision and other.arguments == self.arguments

    __hash__ = None

    def __repr__(self) -> str:
        return "ToyVision()" if (self.at_most, self.calls) == (100, 100) else f"ToyVision{self.arguments!r}"


class ToyModels:
    """A text encoder, a vision network and files, all tiny, for an exercise that mends a program.

    A file is told by its name: `open("rg")` is a picture (1, 2, 3) uint8, as wide as its name is long, whose red, green
    and blue say where r, g and b first stand in the name, times 40; a letter that is missing gives 0. `frames("rg/b")`
    are the pictures "rg" and "b". `text(["rg"])` is `[[10., 20., 0.]]`. The vectors of a text are larger than those of
    a picture, as with real encoders.

    Attributes:
        network: (n, 3, 2, 2) prepared pictures to (n, 3); see `ToyNetwork`.
    """

    def __init__(self) -> None:
        self.network = ToyNetwork()

    def text(self, texts: Sequence[str]):
        """(n, 3) float32 tensor, on the CPU. Raises TypeError for anything but a list of texts."""
        import torch

        if not isinstance(texts, (list, tuple)) or not all(isinstance(one, str) for one in texts):
            raise TypeError(f"the text encoder takes a list of texts, and got {_short(texts)}")
        return 10.0 * torch.tensor([[text.find(letter) + 1.0 for letter in "rgb"] for text in texts])

    def open(self, file: str) -> np.ndarray:
        """(1, width, 3) uint8."""
        pixel = [40 * (file.find(letter) + 1) for letter in "rgb"]
        return np.array([[pixel] * max(1, len(file))], dtype=np.uint8)

    def frames(self, file: str) -> list[np.ndarray]:
        """The pictures of a film, in order."""
        return [self.open(one) for one in file.split("/")]

    def prepare(self, picture: np.ndarray):
        """Resized and normalised as in training: (3, 2, 2) float32 tensor of values from -1 to 1."""
        import torch

        if not isinstance(picture, np.ndarray) or picture.dtype != np.uint8 or picture.ndim != 3:
            raise TypeError(f"prepare takes one picture, (height, width, 3) uint8, and got {_short(picture)}")
        mean = torch.from_numpy(picture.astype(np.float32)).mean(dim=(0, 1)) / 127.5 - 1
        return mean[:, None, None].expand(3, 2, 2).clone()

    arguments = ()

    def __eq__(self, other: object) -> bool:
        return type(other) is ToyModels

    __hash__ = None

    def __repr__(self) -> str:
        return "ToyModels()"


class ToyNetwork:
    """A vision network of `ToyModels`: the mean over the pixels. It comes in training mode, on `device`, and minds.

    Raises:
        TypeError: no tensor, or not float32.
        ValueError: not (n, 3, 2, 2) with n at least 1, or values outside -1 to 1, as of a picture that nobody prepared.
        RuntimeError: it is in training mode, gradients are kept, or the batch is on another device.
    """

    def __init__(self) -> None:
        self.training, self.device = True, "cpu"

    def eval(self) -> ToyNetwork:
        self.training = False
        return self

    def train(self, mode: bool = True) -> ToyNetwork:
        self.training = mode
        return self

    def __call__(self, batch):
        """(n, 3) float32."""
        import torch

        if not isinstance(batch, torch.Tensor) or batch.dtype != torch.float32:
            raise TypeError(f"the network takes a float32 tensor, and got {getattr(batch, 'dtype', type(batch))}")
        if batch.device.type != self.device:
            raise RuntimeError(f"the batch is on {batch.device}, and the network on {self.device}")
        if batch.numel() and batch.abs().max() > 1:
            raise ValueError(f"the network takes prepared pictures, -1 to 1, and got a value of {batch.abs().max():g}")
        if batch.ndim != 4 or tuple(batch.shape[1:]) != (3, 2, 2) or not len(batch):
            raise ValueError(f"the network takes a batch (n, 3, 2, 2), and got {tuple(batch.shape)}")
        if self.training:
            raise RuntimeError("the network is in training mode: it would normalise by the pictures of this batch")
        if torch.is_grad_enabled():
            raise RuntimeError("out of memory: gradients are on, and the graph of every picture is kept")
        return batch.mean(dim=(2, 3))


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]} ..."
