"""Files to vectors: ours beside the loop that one writes first (decode, timm in fp32, one by one), in one run.

    python benchmarks/encode_media.py [--pictures 512] [--sounds 96] [--videos 48] [--size 160] [--repeats 3]

The files are drawn from a seed into a temporary folder: JPEG pictures of 320 x 240 and 600 x 900, WAV sounds of 5 s,
MP4 videos of 4 s. Both sides use the same weights (EfficientNet-Lite0), the same side of the square, the same frames
and windows. They take turns within every repeat, and the best of the repeats counts; nothing comes from a cache, and
reading the files counts. The loop is run on every fourth file, once with one torch thread and once with all, and only
its rates are reported: which of the two is faster depends on what else the machine does, and one that takes twice as
long as the other is not repeated. About four minutes on two idle cores.

    to loop    speed as a multiple of the faster of the two loops
    cosine     the least, over every fourth file, to the loop's vectors
    peak MB    what memory grew by, at its peak, over all files and over a quarter of them, each in a process of its own
               that had encoded two batches before; the vectors themselves (5 kB a file) are in it

Prints one table and writes results/encode_media.json.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import _media_files
import pandas as pd
import torch
from _report import write_result
from torch import Tensor

from recsys_lessons import AudioEncoder, ImageEncoder, VideoEncoder
from recsys_lessons.encoders.vision import load_vision

SEED = 0
KINDS: dict[str, Callable] = {"pictures": ImageEncoder, "sounds": AudioEncoder, "videos": VideoEncoder}
PRECISIONS = ("fp32", "auto")


def encoder_of(kind: str, precision: str, size: int | None):
    shape = {} if kind == "sounds" else {"size": size}
    return KINDS[kind](precision=precision, cache=False, progress=False, **shape)


def measure(kind: str, paths: list[Path], size: int | None, repeats: int) -> list[dict]:
    """A row for each loop and one for each precision."""
    from _media_loops import Loop

    encoders = {precision: encoder_of(kind, precision, size) for precision in PRECISIONS}
    loop, few = Loop(load_vision(size=size)), paths[::4]

    def one_by_one(threads: int) -> Tensor:
        all_of_them = torch.get_num_threads()
        torch.set_num_threads(threads)
        try:
            return getattr(loop, kind)(few, encoders["fp32"])
        finally:
            torch.set_num_threads(all_of_them)

    work = {name: lambda threads=threads: one_by_one(threads) for name, threads in loops().items()}
    for precision, encoder in encoders.items():
        encoder.encode(paths[:8])  # loads what is loaded once
        work[f"ours, {precision}"] = lambda encoder=encoder: encoder.encode(paths).vectors
    best, vectors = dict.fromkeys(work, float("inf")), {}
    for repeat in range(repeats):
        for name, run in work.items():
            if name in loops() and best[name] < float("inf") and best[name] > 2 * min(best[one] for one in loops()):
                continue  # the slower loop, by far: threads wait for each other where the cores have other work too
            start = time.perf_counter()
            vectors[name] = run()
            best[name] = min(best[name], time.perf_counter() - start)
            print(f"{kind}, repeat {repeat + 1}: {name}, best {best[name]:.2f} s", file=sys.stderr, flush=True)
    counts = {name: len(few) if name in loops() else len(paths) for name in work}
    reference = max(counts[name] / best[name] for name in loops())
    rows = []
    for name in work:
        ours = encoders.get(name.removeprefix("ours, "))
        mine = vectors[name] if ours is None else vectors[name][::4]
        cosine = torch.nn.functional.cosine_similarity(mine, vectors[next(iter(loops()))])
        rows.append(
            {
                "files": kind,
                "variant": name,
                "precision": "bf16" if ours and ours.dtype is torch.bfloat16 else "fp32",
                "files/s": counts[name] / best[name],
                "to loop": counts[name] / best[name] / reference,
                "cosine": cosine.min().item(),
            }
        )
    return rows


def loops() -> dict[str, int]:
    """Name to torch threads."""
    every = torch.get_num_threads()
    return {"one by one, 1 thread": 1} | ({f"one by one, {every} threads": every} if every > 1 else {})


def peak_growth(kind: str, paths: list[Path], size: int | None) -> float:
    """MB that a process of its own grows by, at its peak, while it encodes these files in fp32."""
    command = [sys.executable, __file__, "--memory-of", kind, str(paths[0].parent), str(len(paths))]
    command += ["--size", str(size)] if size else []
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def memory_of(kind: str, folder: str, n: str, size: int | None) -> None:
    encoder = encoder_of(kind, "fp32", size)
    paths = sorted(Path(folder).iterdir())
    encoder.encode(paths[-32 if kind == "pictures" else -8 :])
    before = peak()
    encoder.encode(paths[: int(n)])
    print(peak(forget=False) - before)


def peak(forget: bool = True) -> float:
    """MB that this process took at its peak; on Linux since this function was last told to forget what was before."""
    clear = Path("/proc/self/clear_refs")
    if clear.exists():  # else what loading the network took for a moment would hide everything later
        if forget:
            clear.write_text("5")
        lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1e3
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)


def load() -> float | None:
    """How many processes wanted a core in the last minute, where the system says."""
    return round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=512, help="how many (512)")
    parser.add_argument("--sounds", type=int, default=96, help="how many (96)")
    parser.add_argument("--videos", type=int, default=48, help="how many (48)")
    parser.add_argument("--size", type=int, help="side of pictures and frames (the encoder's default)")
    parser.add_argument("--repeats", type=int, default=3, help="the best of so many counts (3)")
    parser.add_argument("--memory-of", nargs=3, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.memory_of:
        memory_of(*args.memory_of, args.size)
        return
    rows, busy = [], load()
    with tempfile.TemporaryDirectory() as folder:
        for kind in KINDS:
            place = Path(folder) / kind
            place.mkdir()
            paths = getattr(_media_files, kind)(place, getattr(args, kind), SEED)
            found = measure(kind, paths, args.size, args.repeats)
            growth = {"peak MB": peak_growth(kind, paths, args.size)}
            growth["peak MB, a quarter"] = peak_growth(kind, paths[: len(paths) // 4], args.size)
            rows += [row | growth if row["variant"] == "ours, fp32" else row for row in found]
    result = pd.DataFrame(rows).round({"files/s": 1, "to loop": 2, "cosine": 5, "peak MB": 1, "peak MB, a quarter": 1})
    print(result.to_string(index=False))
    write_result(
        "encode_media",
        result,
        seeds=[SEED],
        packages=("torch", "timm", "pillow", "av", "transformers"),
        load_average=[busy, load()],
        torch_threads=torch.get_num_threads(),
        counts={kind: getattr(args, kind) for kind in KINDS},
        size=load_vision(size=args.size).size,
    )


if __name__ == "__main__":
    main()
