"""One open video: the picture shown at a time, found by seeking where that is cheaper than decoding all before it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from recsys_lessons.encoders._container import open_media
from recsys_lessons.errors import MediaError

__all__ = ["VideoFile"]

_MOST_PIXELS = 64_000_000  # of one frame; 8K has 33 million
_SEEK = 2.0  # seconds: to what lies farther ahead, seek
_SCAN = 60.0  # seconds: the packets of shorter videos are counted


class _Shown(NamedTuple):
    time: float  # seconds, when the frame appears
    frame: object  # av.VideoFrame
    until: float  # seconds, as far as the file says


class VideoFile:
    """A video, open for reading. One decoding thread: many videos are decoded at the same time.

    Args:
        item: a path or the bytes of a file.

    Raises:
        MediaError: as `sample_frames`.
    """

    def __init__(self, item: str | Path | bytes):
        self._item = item
        self._container = open_media(item)
        try:
            self._open()
        except BaseException:
            self._container.close()
            raise

    def _open(self) -> None:
        from av.stream import Disposition

        streams = self._container.streams
        moving = [one for one in streams.video if not one.disposition & Disposition.attached_pic]
        if not moving:
            held = ", ".join(sorted({one.type for one in streams if one not in streams.video})) or "nothing"
            cover = " and a cover picture" if len(streams.video) else ""
            raise MediaError(f"it has no video stream, only {held}{cover}; pass a video, or None for an item without.")
        self._stream = moving[0]
        codec = self._stream.codec_context
        if codec is None:
            raise MediaError("its video format is one that this FFmpeg cannot decode; convert it to H.264.")
        if codec.width * codec.height > _MOST_PIXELS:
            raise MediaError(
                f"its frames have {codec.width} x {codec.height} pixels, more than {_MOST_PIXELS:,}; make them smaller."
            )
        self._prepare()
        base = self._stream.time_base
        self._base = float(base) if base else 0.0
        self._step = 1 / float(self._stream.average_rate or self._stream.guessed_rate or 25)
        self._start = self._stream.start_time * self._base if self._stream.start_time else 0.0
        said = self._duration()
        # The header of a short file costs as little to check as to read, and some encoders leave it wrong.
        self._end = self._start + (said if said > _SCAN else self._scanned() or said)

    def _prepare(self) -> None:
        self._stream.codec_context.thread_count = 1
        self._stream.codec_context.options = {"max_pixels": str(_MOST_PIXELS)}

    def __enter__(self) -> VideoFile:
        return self

    def __exit__(self, *_: object) -> None:
        self._container.close()

    def at(self, n: int, *, side: int, exact: bool = True) -> tuple[list[float], list[np.ndarray]]:
        """What is shown in the middle of n equal parts of the running time.

        Args:
            n: how many. side: pixels of the shorter side, at most.
            exact: False is content with the keyframe before, where a seek leads there. Encoders begin a scene with one.

        Returns:
            n times in seconds, when these pictures appear, and the pictures, (h, w, 3) uint8.
        """
        for attempt in range(3):
            middles = [self._start + (i + 0.5) / n * (self._end - self._start) for i in range(n)]
            found, whole = self._read(middles, side, exact=exact, seeking=attempt < 2)
            if whole or (found and attempt):
                break
            self._rewind()  # the header promised more: what is there counts as the whole
            self._end = self._start + self._scanned()
        return self._filled(found, n)

    def at_times(self, times: list[float], *, side: int) -> np.ndarray:
        """(len(times), h, w, 3) what is shown at these times, which ascend."""
        found, _ = self._read(times, side, exact=True, seeking=True)
        return np.stack(self._filled(found, len(times))[1])

    @staticmethod
    def _filled(found: list[tuple[float, np.ndarray]], n: int) -> tuple[list[float], list[np.ndarray]]:
        if not found:
            raise MediaError("not one frame can be decoded; the file is damaged or breaks off too early. Replace it.")
        found = found + [found[-1]] * (n - len(found))
        return [time for time, _ in found], [picture for _, picture in found]

    def _read(
        self, times: list[float], side: int, *, exact: bool, seeking: bool
    ) -> tuple[list[tuple[float, np.ndarray]], bool]:
        """(when it appears, picture) at ascending times, and False where the video ends before the last of them."""
        found: list[tuple[float, np.ndarray]] = []
        self._rewind()
        frames = self._decoded()
        shown, following = None, next(frames, None)
        if following and following.time > self._start + self._step:  # some formats seek only roughly
            self._reopen()
            frames = self._decoded()
            following = next(frames, None)
        taken, picture = None, None
        for time in times:
            here, keyframe = shown or following, False
            if seeking and time - (here.time if here else self._start) > _SEEK and self._seek(time):
                frames = self._decoded()
                landed = next(frames, None)
                if landed is None:  # nothing from there on
                    return found, False
                # Keyframes farther apart than the pictures wanted: seeking would decode the same frames again.
                seeking = not exact or shown is None or landed.time > shown.time
                shown, following, keyframe = None, landed, not exact
            while following and following.time <= time + 1e-6 and not keyframe:
                shown, following = following, next(frames, None)
            chosen = shown or following
            if chosen is None:
                return found, False
            if chosen is not taken:
                taken, picture = chosen, self._picture(chosen.frame, side)
            if following is None and time > max(chosen.until, chosen.time + self._step) + self._step:
                return found or [(chosen.time, picture)], False
            found.append((chosen.time, picture))
        return found, True

    def _seek(self, time: float) -> bool:
        """Go to the keyframe at `time` or before it; False where this file cannot."""
        if not self._base:
            return False
        try:
            self._container.seek(round(time / self._base), stream=self._stream, backward=True)
        except Exception:  # noqa: BLE001 - no index, or one that points nowhere
            return False
        return True

    def _rewind(self) -> None:
        if not self._seek(self._start):  # a format without any index, such as a bare H.264 stream
            self._reopen()

    def _reopen(self) -> None:
        place = self._stream.index
        self._container.close()
        self._container = open_media(self._item)
        self._stream = self._container.streams[place]
        self._prepare()

    def _decoded(self) -> Iterator[_Shown]:
        """Frames from here on, in the order in which they are shown. Packets that do not decode are left out."""
        last = self._start - self._step
        packets = self._packets()
        while (packet := next(packets, None)) is not None:
            try:
                frames = packet.decode()
            except Exception:  # noqa: BLE001 - damage shows as any of FFmpeg's errors, or as one of Python's
                continue
            for frame in frames:
                time = last + self._step if frame.pts is None or not self._base else frame.pts * self._base
                last = time
                yield _Shown(time, frame, time + (frame.duration or 0) * self._base)

    def _packets(self) -> Iterator:
        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets, None)
            except Exception:  # noqa: BLE001 - the file breaks off here
                return
            if packet is None:
                return
            yield packet

    def _duration(self) -> float:
        """Seconds, as the header says; 0 where it does not, as in a stream that was recorded while it ran."""
        if self._stream.duration and self._base:
            return max(0.0, self._stream.duration * self._base)
        return max(0.0, (self._container.duration or 0) / 1_000_000)

    def _scanned(self) -> float:
        """Seconds, by going through the packets without decoding them."""
        last, end, count = None, 0.0, 0
        for packet in self._packets():
            count += packet.size > 0
            # Packets come in the order of decoding, and where frames refer to later ones a container gives them
            # durations of that order: only that of the frame shown last says when the video ends.
            if packet.pts is not None and (last is None or packet.pts >= last):
                last = packet.pts
                end = (last + (packet.duration or 0)) * self._base - self._start
        return end or count * self._step

    def _picture(self, frame, side: int) -> np.ndarray:
        """(h, w, 3) uint8: pixels made square, reduced, turned upright."""
        ratio = self._stream.sample_aspect_ratio
        ratio = float(ratio) if ratio and 0.1 < ratio < 10 else 1.0
        width, height = frame.width * ratio, float(frame.height)
        scale = min(1.0, side / min(width, height), 8 * side / max(width, height))
        width, height = max(1, round(width * scale)), max(1, round(height * scale))
        smooth = {} if (width, height) == (frame.width, frame.height) else {"interpolation": "AREA"}
        picture = frame.to_ndarray(width=width, height=height, format="rgb24", **smooth)
        return np.ascontiguousarray(np.rot90(picture, round(frame.rotation / 90) % 4))
