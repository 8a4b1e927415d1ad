"""Covers, clips and sounds of a world as files, in MicroLens's layout.

    TinyLens_covers/1.jpg  TinyLens_videos/1.mp4  TinyLens_audios/1.wav  ...     media.json: written last

A file appears under its name in one step, so that a run that was interrupted goes on where it stopped. A file that is
there is left alone, and so are finished media, whatever has become of them since.
"""

from __future__ import annotations

import json
import os
import time
import wave
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd

from recsys_lessons.data.tinylens._clips import CLIP_SIDE, FRAMES_PER_SECOND, clip_arrays
from recsys_lessons.data.tinylens._covers import cover_array, item_draws
from recsys_lessons.data.tinylens._sounds import RATE, sound_array
from recsys_lessons.errors import DataFileError

__all__ = ["FOLDERS", "RECORD", "VERSION", "lacking", "media_columns", "recorded_version", "write_media"]

VERSION = 1  # of the pictures and sounds: another number, other media for the same seed
RECORD = "media.json"
LACKING = 0.05  # of the items lack a cover, and as many a sound, and a clip
# A fixed quantiser and no look-ahead: with mbtree and B-frames x264 gave several files for the same frames.
_X264 = {"preset": "veryfast", "x264-params": "qp=24:bframes=0:scenecut=0:mbtree=0:weightp=0:aq-mode=0"}
FOLDERS = {
    "cover": ("TinyLens_covers", "jpg"),
    "audio": ("TinyLens_audios", "wav"),
    "video": ("TinyLens_videos", "mp4"),
}


def lacking(item_id: int, seed: int) -> tuple[str, ...]:
    """Which of cover, audio and video an item has not; never all three."""
    draws = item_draws(seed, item_id, "lack")
    names = tuple(name for name in FOLDERS if draws.chance(LACKING))
    return names[:2]


def media_columns(folder: Path, item_ids: pd.Series) -> dict[str, pd.Series]:
    """For each kind of media of which the folder has any: the absolute path of each item's file, or None."""
    columns = {}
    for name, (inside, ending) in FOLDERS.items():
        there = {path.name for path in (folder / inside).glob(f"*.{ending}")} if (folder / inside).is_dir() else set()
        paths = [str(folder / inside / f"{i}.{ending}") if f"{i}.{ending}" in there else None for i in item_ids]
        if any(paths):
            # As objects: pandas' own kind for text would make a NaN of None.
            columns[name] = pd.Series(paths, index=item_ids.index, dtype=object)
    return columns


def write_media(folder: Path, truth: pd.DataFrame, seed: int, progress: bool = True) -> None:
    """Write what is not there yet.

    Args:
        folder: of a finished world. truth: its items. seed: of the world. progress: show a bar.

    Raises:
        DataFileError: the disk refuses, or this PyAV cannot write H.264 or AAC.
    """
    if recorded_version(folder) is not None:
        return
    try:
        for inside, _ in FOLDERS.values():
            (folder / inside).mkdir(exist_ok=True)
            for rest in (folder / inside).glob(".making-*"):
                if time.time() - rest.stat().st_mtime > 3600:  # else another process may be at it
                    rest.unlink(missing_ok=True)
        todo = [item for item in truth.itertuples(index=False) if _wanted(folder, item.item_id, seed)]
        _write_all(folder, [item._asdict() for item in todo], seed, progress)
        counts = {name: len(list((folder / inside).glob(f"*.{end}"))) for name, (inside, end) in FOLDERS.items()}
        _put(folder / RECORD, (json.dumps({"version": VERSION, "files": counts}, indent=1) + "\n").encode())
    except OSError as error:
        raise DataFileError(
            f"media in {folder} cannot be written ({error.strerror or error}); free the disk or choose another folder, "
            "and call make_tinylens again: it goes on where it stopped. media=False makes the tables alone."
        ) from error


def recorded_version(folder: Path) -> int | None:
    """Of the finished media in the folder; None where they are not finished."""
    try:
        found = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found["version"] if isinstance(found, dict) and isinstance(found.get("version"), int) else None


def _wanted(folder: Path, item_id: int, seed: int) -> list[str]:
    """The kinds of media that an item has, and that are not on disk."""
    lacks = lacking(item_id, seed)
    return [
        name
        for name, (inside, ending) in FOLDERS.items()
        if name not in lacks and not (folder / inside / f"{item_id}.{ending}").exists()
    ]


def _write_all(folder: Path, items: list[dict], seed: int, progress: bool) -> None:
    from tqdm.auto import tqdm

    with tqdm(total=len(items), desc="Media", unit="item", disable=not progress, leave=False, delay=1) as bar:
        for _ in _in_parallel(folder, items, seed):
            bar.update()


def _in_parallel(folder: Path, items: list[dict], seed: int) -> Iterator[None]:
    """Threads: numpy and the encoder let go of the interpreter, and a learner's script needs no main guard."""
    with ThreadPoolExecutor(max(1, min(os.cpu_count() or 1, 8))) as pool:
        try:
            yield from pool.map(lambda item: write_item(folder, item, seed), items)
        finally:
            pool.shutdown(cancel_futures=True)  # interrupted: what was not begun is not begun


def write_item(folder: Path, facts: dict, seed: int) -> None:
    """Write the media of one item that are not there yet; `facts` is its row of the truth."""
    item = pd.Series(facts)
    wanted = _wanted(folder, item.item_id, seed)
    samples = sound_array(item, seed) if {"audio", "video"} & set(wanted) else None
    makers: dict[str, Callable[[], bytes]] = {
        "cover": lambda: jpeg(cover_array(item, seed)),
        "audio": lambda: wav(samples),
        "video": lambda: mp4(clip_arrays(item, seed), samples),
    }
    for name in wanted:
        inside, ending = FOLDERS[name]
        _put(folder / inside / f"{item.item_id}.{ending}", makers[name]())


def _put(path: Path, content: bytes) -> None:
    made = path.with_name(f".making-{os.getpid()}-{path.name}")  # another process that makes the same has its own
    made.write_bytes(content)
    os.replace(made, path)


def jpeg(pixels: np.ndarray) -> bytes:
    from PIL import Image

    buffer = BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=88)
    return buffer.getvalue()


def wav(samples: np.ndarray) -> bytes:
    buffer = BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setparams((1, 2, RATE, len(samples), "NONE", "not compressed"))
        file.writeframes(samples.astype("<i2").tobytes())
    return buffer.getvalue()


def mp4(frames: np.ndarray, samples: np.ndarray) -> bytes:
    """H.264 and AAC, of grey frames: brightness is handed over as it is, and no converter of colours is asked.

    One thread, or the pixels would depend on how many processors there are.
    """
    import av

    for codec in ("libx264", "aac"):
        if codec not in av.codecs_available:
            raise DataFileError(
                f"this PyAV ({av.__version__}) has no encoder {codec}, and clips cannot be written. Install the wheel "
                "from PyPI (pip install --force-reinstall --only-binary=:all: av), or make the world with media=False."
            )
    buffer = BytesIO()
    with av.open(buffer, "w", format="mp4") as file:
        video = file.add_stream("libx264", rate=FRAMES_PER_SECOND, options=_X264)
        video.width = video.height = CLIP_SIDE
        video.pix_fmt, video.codec_context.thread_count = "yuv420p", 1
        sound = file.add_stream("aac", rate=RATE, layout="mono")
        sound.bit_rate = 48_000
        # 16 is black and 235 is white, as in every video; below the brightness, two quarters of no colour.
        luma = 16 + (frames[..., 0].astype(np.int32) * 219 + 127) // 255
        colourless = np.full((CLIP_SIDE // 2, CLIP_SIDE), 128, dtype=np.uint8)
        for place, picture in enumerate(luma.astype(np.uint8)):
            frame = av.VideoFrame.from_ndarray(np.concatenate([picture, colourless]), format="yuv420p")
            frame.pts = place
            file.mux(video.encode(frame))
        file.mux(video.encode())
        block = av.AudioFrame.from_ndarray(samples[None], format="s16", layout="mono")
        block.sample_rate, block.pts = RATE, 0
        file.mux(sound.encode(block))
        file.mux(sound.encode())
    return buffer.getvalue()
