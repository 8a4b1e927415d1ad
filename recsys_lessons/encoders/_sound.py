"""Sound out of files: opened and decoded by PyAV (FFmpeg's libraries), mixed to one channel, resampled, streamed."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from recsys_lessons.encoders._container import open_media, reason
from recsys_lessons.errors import MediaError

__all__ = ["blocks", "read_sound", "samples_of_array", "sound_windows"]

_RATES = (1_000, 768_000)  # samples a second that a recording can have; a damaged header may say anything
_LONGEST = 24 * 3600  # seconds; what follows is not read
_TAIL = 0.1  # of a window: a shorter rest is left out, since MP3 and AAC append a few hundredths of a second
_LOUDEST = 1e4  # full scale is 1: more is a damaged file, and its square would overflow


def read_sound(item: str | Path | bytes | tuple, rate: int = 16_000, *, seconds: float | None = None) -> Tensor:
    """The waveform of a file, one channel, resampled: (samples,) float32, full scale is -1 to 1.

    Args:
        item: a path, the bytes of a file, or (samples, rate). A video gives its sound.
        rate: samples a second of what is returned.
        seconds: read no more than these; None: all, which takes 230 MB for an hour. See `sound_windows`.

    Raises:
        MediaError: nothing can be read; the message says why.
    """
    limit = None if seconds is None else max(1, round(seconds * rate))
    parts, count = [], 0
    for block in blocks(item, rate):
        parts.append(block)
        count += len(block)
        if limit is not None and count >= limit:
            break
    return torch.from_numpy(np.concatenate(parts)[:limit])


def sound_windows(
    item: str | Path | bytes | tuple, rate: int = 16_000, *, window: float = 2.0, hop: float | None = None
) -> Iterator[Tensor]:
    """The waveform of a file in windows of equal length; only one window is in memory at a time.

    A sound shorter than a window is filled up with silence. The last window of a longer one ends where the sound ends
    and overlaps the one before, so that no window is half silence; a rest below a tenth of a window is left out.

    Args:
        item, rate: as in `read_sound`.
        window: seconds in a window.
        hop: seconds from the start of a window to the start of the next; None: `window`, without overlap.

    Yields:
        (samples,) float32, samples = window x rate.

    Raises:
        MediaError: nothing can be read.
    """
    length, step = round(window * rate), round((window if hop is None else hop) * rate)
    held, start = np.empty(0, np.float32), 0  # held begins where the last window began; the next one begins at start
    for block in blocks(item, rate):
        held = np.concatenate([held, block])
        while len(held) >= start + length:
            held, start = held[start:], step
            yield torch.from_numpy(held[:length].copy())
    if not start:
        yield torch.from_numpy(np.pad(held, (0, length - len(held))))
    elif len(held) - length >= _TAIL * length:
        yield torch.from_numpy(held[-length:].copy())


def blocks(item: str | Path | bytes | tuple[np.ndarray, int], rate: int) -> Iterator[np.ndarray]:
    """The sound of `item` in pieces of about a second, so that an hour needs no more memory than a minute.

    What a damaged file still gives is taken: packets that do not decode are left out, and a file that breaks off ends
    there. Of several sound streams the first counts; only the first 24 hours are read.

    Args:
        item: a path, the bytes of a file, or (samples, rate), see `samples_of_array`. A video's own sound counts.
        rate: samples a second of what is returned.

    Yields:
        (n,) float32, finite, full scale is -1 to 1. The mean of all channels.

    Raises:
        MediaError: there is no such file, it is empty, no sound file, without a sound stream, or without one sample.
    """
    left = _LONGEST * rate
    for block in _gathered(_decoded(item, rate), rate):
        yield block[:left]
        left -= len(block)
        if left <= 0:
            return


def samples_of_array(samples: np.ndarray, rate: int) -> np.ndarray:
    """Samples that are in memory already, as (n,) float32: the mean of the channels.

    Args:
        samples: (n,) or (n, channels); floats with full scale -1 to 1, or integers, whose own range is full scale.
        rate: samples a second.

    Raises:
        MediaError: another shape or type, no sample, or a rate that no recording has.
    """
    _check_rate(rate)
    samples = np.asarray(samples)
    if samples.ndim not in (1, 2) or not samples.size or samples.dtype.kind not in "iuf":
        raise MediaError(
            f"it is an array of shape {samples.shape} and type {samples.dtype}; pass numbers as (samples,) or "
            "(samples, channels), at least one of them."
        )
    if samples.ndim == 2 and samples.shape[1] > 64:
        raise MediaError(f"it has {samples.shape[1]} channels; pass (samples, channels): is it transposed?")
    kind = samples.dtype
    samples = samples.reshape(len(samples), -1)
    if kind.kind == "f":
        return _clean(samples).astype(np.float32).mean(axis=1)
    samples = samples.astype(np.float32).mean(axis=1)
    half = np.float32(2 ** (8 * kind.itemsize - 1))
    return (samples - half * (kind.kind == "u")) / half  # unsigned: zero is in the middle, as in an 8-bit WAV


def _gathered(pieces: Iterator[np.ndarray], size: int) -> Iterator[np.ndarray]:
    """Pieces put together to at least `size` samples."""
    held: list[np.ndarray] = []
    for piece in pieces:
        held.append(piece)
        if sum(map(len, held)) >= size:
            yield np.concatenate(held)
            held = []
    if held:
        yield np.concatenate(held)


def _clean(samples: np.ndarray) -> np.ndarray:
    """Without NaN, and without what would overflow when channels are added or samples squared."""
    return np.nan_to_num(samples, nan=0.0, posinf=_LOUDEST, neginf=-_LOUDEST).clip(-_LOUDEST, _LOUDEST)


def _check_rate(rate: int) -> None:
    if not _RATES[0] <= rate <= _RATES[1]:
        raise MediaError(f"it claims {rate} samples a second; a recording has {_RATES[0]:,} to {_RATES[1]:,}.")


def _decoded(item: str | Path | bytes | tuple[np.ndarray, int], rate: int) -> Iterator[np.ndarray]:
    """(n,) float32 at `rate`, piece by piece; MediaError where there is not one."""
    mixer, empty, trouble = _Mixer(rate), True, None
    frames = _frames_of_array(*item) if isinstance(item, tuple) else _frames(item)
    for frame in chain(frames, [None]):
        try:
            for part in mixer.push(frame):
                empty = False
                yield part
        except Exception as error:  # noqa: BLE001 - a frame that no resampler takes: damage, see `_frames`
            trouble = error
            for part in mixer.rest():
                empty = False
                yield part
            mixer = _Mixer(rate)
    if empty:
        raise MediaError(
            f"it holds no sound: not one sample could be decoded{f' ({reason(trouble)})' if trouble else ''}. "
            "Is the file damaged, or a recording without content?"
        )


class _Mixer:
    """Frames of any format, layout and rate to one channel at one rate.

    The resampler gives packed samples (one plane): PyAV reads past its table of planes where there are more than
    eight. The mean over channels is taken here, since FFmpeg's own mix to mono makes two equal channels louder; it is
    taken a second at a time, because a frame holds a few hundredths of one and numpy's calls would cost most.
    """

    def __init__(self, rate: int):
        self.rate = rate
        self._form: tuple | None = None
        self._resampler = None

    def push(self, frame) -> Iterator[np.ndarray]:
        """What one more frame gives, as (n,) float32 pieces; None at the end asks for what is still held back."""
        form = frame and (frame.format.name, frame.layout.name, frame.sample_rate)
        if form != self._form:  # also in the middle of a file: streams are joined, and headers get damaged
            yield from self._resampled(None)
            self._form, self._resampler = form, None
        if frame is not None:
            frame.pts = None  # samples follow one another, whatever a damaged clock says
            yield from self._resampled(frame)

    def rest(self) -> list[np.ndarray]:
        """What is still held back, after a frame that could not be taken."""
        try:
            return list(self._resampled(None))
        except Exception:  # noqa: BLE001 - damage, see `_frames`
            return []

    def _resampled(self, frame) -> Iterator[np.ndarray]:
        if self._resampler is None:
            if frame is None:
                return
            from av.audio.resampler import AudioResampler

            _check_rate(frame.sample_rate)
            self._resampler = AudioResampler(format="flt", rate=self.rate, frame_size=self.rate)
        for part in self._resampler.resample(frame):
            if part is not None and part.samples:
                channels = part.layout.nb_channels
                samples = _clean(part.to_ndarray()).reshape(-1, channels)
                yield samples @ np.full(channels, 1 / channels, np.float32)  # several times as fast as mean(axis=1)


def _frames_of_array(samples: np.ndarray, rate: int) -> Iterator:
    import av

    samples = samples_of_array(samples, rate)
    for start in range(0, len(samples), int(rate)):
        frame = av.AudioFrame.from_ndarray(samples[None, start : start + int(rate)], "flt", "mono")
        frame.sample_rate = int(rate)
        yield frame


def _frames(item: str | Path | bytes) -> Iterator:
    """Decoded frames of the first sound stream. Packets that do not decode are left out."""
    with open_media(item) as container:
        if not container.streams.audio:
            kinds = sorted({stream.type for stream in container.streams}) or ["nothing"]
            raise MediaError(f"it has no sound stream (it holds {', '.join(kinds)}); pass a file with sound.")
        stream = container.streams.audio[0]
        if stream.codec_context is None:
            raise MediaError("its sound format is one that this FFmpeg cannot decode; convert it to WAV or MP3.")
        stream.codec_context.thread_count = 1  # items are decoded side by side already
        packets = container.demux(stream)
        while True:
            try:
                packet = next(packets, None)
            except Exception:  # noqa: BLE001 - damage shows as any of FFmpeg's errors, or as one of Python's
                return  # the file breaks off here
            if packet is None:
                return
            try:
                frames = packet.decode()
            except Exception:  # noqa: BLE001 - as above
                continue
            yield from frames
