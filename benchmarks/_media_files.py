"""The files that encode_media.py measures on: drawn from a seed, each one different, into a temporary folder."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

RATE = 44_100  # samples a second
_SIZES = ((320, 240), (600, 900))  # a still of a film, a poster


def pictures(folder: Path, n: int, seed: int) -> list[Path]:
    """JPEG files, as many of each of two sizes."""
    return [_saved(folder / f"{i:04}.jpg", i, seed) for i in range(n)]


def _saved(path: Path, i: int, seed: int) -> Path:
    drawn(np.random.default_rng([seed, i]), _SIZES[i % len(_SIZES)]).save(path, quality=88)
    return path


def drawn(random: np.random.Generator, size: tuple[int, int]) -> Image.Image:
    """Clouds of colour with a few shapes on them: detail at every scale, as in a photograph."""
    picture = np.zeros((size[1], size[0], 3))
    for cells in (3, 8, 24, 72, 200):
        noise = Image.fromarray(random.integers(0, 256, (cells, cells, 3), dtype=np.uint8))
        picture += np.asarray(noise.resize(size, Image.Resampling.BICUBIC), dtype=float) / cells**0.5
    picture = 255 * (picture - picture.min()) / np.ptp(picture)
    image = Image.fromarray(picture.astype(np.uint8))
    pen = ImageDraw.Draw(image)
    for _ in range(6):
        x, y = random.integers(0, size[0]), random.integers(0, size[1])
        reach = int(random.integers(size[0] // 12, size[0] // 4))
        shape = (pen.ellipse, pen.rectangle)[random.integers(2)]
        shape([x, y, x + reach, y + reach], fill=tuple(random.integers(0, 256, 3).tolist()))
    return image


def sounds(folder: Path, n: int, seed: int, seconds: float = 5.0) -> list[Path]:
    """WAV files, stereo, 16 bits: three tones that swell at a beat, over a hiss."""
    paths = []
    for i in range(n):
        random = np.random.default_rng([seed, 1, i])
        time = np.arange(int(RATE * seconds)) / RATE
        beat = 0.5 + 0.5 * np.sin(2 * np.pi * random.uniform(0.5, 4) * time)
        tone = sum(np.sin(2 * np.pi * f * time) for f in random.uniform(100, 4000, 3))
        sound = 0.2 * tone * beat + 0.02 * random.standard_normal(len(time))
        both = (np.stack([sound, sound[::-1]], axis=1).clip(-1, 1) * 32767).astype("<i2")
        paths.append(folder / f"{i:04}.wav")
        with wave.open(str(paths[-1]), "wb") as file:
            file.setnchannels(2)
            file.setsampwidth(2)
            file.setframerate(RATE)
            file.writeframes(both.tobytes())
    return paths


def videos(folder: Path, n: int, seed: int, seconds: int = 4, rate: int = 25) -> list[Path]:
    """MP4 files, H.264, 320 x 240: a window that wanders over a larger picture."""
    import av

    paths = []
    for i in range(n):
        random = np.random.default_rng([seed, 2, i])
        scene = np.asarray(drawn(random, (480, 360)))
        phase = random.uniform(0, 2 * np.pi, 2)
        paths.append(folder / f"{i:04}.mp4")
        with av.open(str(paths[-1]), "w") as file:
            stream = file.add_stream("libx264", rate=rate)
            stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
            stream.codec_context.thread_count = 1
            for k in range(seconds * rate):
                turn = 2 * np.pi * k / (seconds * rate)
                x, y = (int(room * (0.5 + 0.5 * np.sin(turn + p))) for room, p in zip((160, 120), phase, strict=True))
                window = np.ascontiguousarray(scene[y : y + 240, x : x + 320])
                file.mux(stream.encode(av.VideoFrame.from_ndarray(window, format="rgb24")))
            file.mux(stream.encode())
    return paths
