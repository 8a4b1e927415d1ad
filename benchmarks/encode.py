"""Texts to vectors: ours beside sentence-transformers and a loop over single texts, on the same model, in one run.

    python benchmarks/encode.py [--plots items.csv] [--texts 2000 | --all] [--repeats 3]

Real titles come from MovieLens; real plots from a CSV with the columns `title` and `overview`, where one is given. All
variants take turns within every repeat, and the best of the repeats counts; nothing comes from a cache, and tokenising
counts. The loop is run on 200 of the texts, evenly spaced, and only its rate is reported.

    to peer    speed as a multiple of that of sentence-transformers with its defaults
    cosine     the least over all texts to the fp32 vectors of sentence-transformers (its own row: to ours in fp32)
    of limit   share of this machine's rate of matrix products at this model's shapes, in the variant's precision, with
               all cores; only arithmetic that the texts need is counted, no padding

Prints one table and writes results/encode.json.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable

import numpy as np
import pandas as pd
import torch
from _report import write_result
from sentence_transformers import SentenceTransformer
from torch import Tensor
from transformers.utils import logging

from recsys_lessons.data.movielens import load_movielens
from recsys_lessons.devices import cpu_workers
from recsys_lessons.encoders.base import ahead
from recsys_lessons.encoders.text import TextEncoder

SEED = 0
LOOP = 200
PEER = "sentence-transformers"


def sample(texts: pd.Series, n: int | None) -> list[str]:
    texts = texts.dropna()
    return texts.tolist() if n is None or n >= len(texts) else texts.sample(n, random_state=SEED).tolist()


def loop(encoder: TextEncoder, texts: list[str]) -> Tensor:
    """What one writes first: a text, the tokenizer, the model, the mean."""
    vectors = []
    with torch.inference_mode():
        for text in texts:
            inputs = encoder.tokenizer(text, truncation=True, return_tensors="pt").to(encoder.device)
            vectors.append(encoder.network(**inputs).last_hidden_state[0].mean(dim=0).cpu())
    return torch.nn.functional.normalize(torch.stack(vectors))


def seconds(work: Callable[[], object], device: torch.device) -> float:
    start = time.perf_counter()
    work()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter() - start


def matmul_limit(encoder: TextEncoder, rows: int = 1024, batches: int = 2) -> float:
    """FLOP/s of the linear layers' products alone, inputs and weights in the encoder's precision.

    The better of two ways of using a CPU: one product on all cores, and one product on each core.
    """
    shapes = Counter(tuple(m.weight.shape) for m in encoder.network.modules() if isinstance(m, torch.nn.Linear))
    made = {shape: torch.randn(shape, device=encoder.device).to(encoder.dtype) for shape in shapes}
    inputs = {shape[1]: torch.randn(rows, shape[1], device=encoder.device).to(encoder.dtype) for shape in shapes}

    def products(_: int) -> None:
        for shape, count in shapes.items():
            for _ in range(count):
                torch.nn.functional.linear(inputs[shape[1]], made[shape])

    flop = sum(2 * rows * a * b * count for (a, b), count in shapes.items())

    def rate(workers: int) -> float:
        return batches * flop / seconds(lambda: list(ahead(products, range(batches), workers)), encoder.device)

    return max(rate(workers) for _ in range(5) for workers in {1, cpu_workers(encoder.device)})


def arithmetic(encoder: TextEncoder, texts: list[str]) -> float:
    """FLOP that the texts need: every token through every linear layer, every token looking at every other."""
    weights = sum(m.weight.numel() for m in encoder.network.modules() if isinstance(m, torch.nn.Linear))
    lengths = np.array([len(encoder.tokenizer(text, truncation=True)["input_ids"]) for text in texts], dtype=float)
    attention = 4 * encoder._config.num_hidden_layers * encoder.dim * (lengths**2).sum()
    return float(2 * weights * lengths.sum() + attention)


def measure(name: str, texts: list[str], encoders: dict[str, TextEncoder], peer, limits, repeats: int) -> list[dict]:
    fp32 = encoders["fp32"]
    prefix = fp32.prefixes.get("passage", "")
    full = [prefix + text for text in texts]
    some = np.linspace(0, len(texts) - 1, min(LOOP, len(texts))).astype(int)
    few = [full[i] for i in some]
    variants = {
        "one text at a time": ("fp32", few, lambda: loop(fp32, few)),
        PEER: ("fp32", full, lambda: peer.encode(full, convert_to_tensor=True, show_progress_bar=False).float().cpu()),
    }
    for precision, encoder in encoders.items():
        kind = "bf16" if encoder.dtype is torch.bfloat16 else "fp32"
        variants[f"ours, {precision}"] = (kind, full, lambda encoder=encoder: encoder.encode(texts))
    best = dict.fromkeys(variants, float("inf"))
    vectors = {}
    for repeat in range(repeats):
        for variant, (_, _, run) in variants.items():

            def work(variant=variant, run=run) -> None:
                vectors[variant] = run()

            took = seconds(work, fp32.device)
            best[variant] = min(best[variant], took)
            print(f"{name}, repeat {repeat + 1}: {variant} {took:.2f} s", file=sys.stderr)
    rows = []
    for variant, (kind, those, _) in variants.items():
        reference = vectors["ours, fp32" if variant == PEER else PEER]
        reference = reference[some] if len(those) < len(texts) else reference
        rows.append(
            {
                "texts": name,
                "variant": variant,
                "precision": kind,
                "texts/s": len(those) / best[variant],
                "cosine": torch.nn.functional.cosine_similarity(vectors[variant], reference).min().item(),
                "of limit": arithmetic(fp32, those) / best[variant] / limits[kind],
            }
        )
    rate = next(row["texts/s"] for row in rows if row["variant"] == PEER)
    return [row | {"to peer": row["texts/s"] / rate} for row in rows]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--plots", metavar="items.csv", help="a CSV with the columns title and overview")
    parser.add_argument("--texts", type=int, default=2000, help="how many of each kind (2000)")
    parser.add_argument("--all", action="store_true", help="all of them")
    parser.add_argument("--repeats", type=int, default=3, help="the best of so many counts (3)")
    parser.add_argument("--model", default="multilingual-e5-small", help="an asset, a folder or a hub name")
    args = parser.parse_args()
    n = None if args.all else args.texts
    sets = {"titles": sample(load_movielens(min_rating=None).items["text"], n)}
    if args.plots:
        table = pd.read_csv(args.plots).dropna(subset=["title", "overview"])
        sets["plots"] = sample(table["title"] + ": " + table["overview"], n)

    encoders = {
        precision: TextEncoder(args.model, precision=precision, cache=False, progress=False)
        for precision in ("fp32", "bf16", "auto")
    }
    fp32 = encoders["fp32"]
    logging.set_verbosity_error()  # the peer's loader reports a pooler that nobody uses
    peer = SentenceTransformer(str(fp32.folder))
    for warm in (lambda t: loop(fp32, t), peer.encode, *(encoder.encode for encoder in encoders.values())):
        warm(sets["titles"][:64])
    limits = {precision: matmul_limit(encoders[precision]) for precision in ("fp32", "bf16")}
    rows = [row for name, texts in sets.items() for row in measure(name, texts, encoders, peer, limits, args.repeats)]
    columns = ["texts", "variant", "precision", "texts/s", "to peer", "cosine", "of limit"]
    result = pd.DataFrame(rows)[columns].round({"texts/s": 1, "to peer": 2, "cosine": 5, "of limit": 3})
    print(result.to_string(index=False))
    print("matmul limit: " + ", ".join(f"{kind} {value / 1e9:.0f} GFLOP/s" for kind, value in limits.items()))
    if args.plots:  # the name is enough: whoever reads the table has folders of their own
        sys.argv[1:] = [word.replace(args.plots, args.plots.replace("\\", "/").split("/")[-1]) for word in sys.argv[1:]]
    write_result(
        "encode",
        result,
        seeds=[SEED],
        packages=("torch", "transformers", "sentence-transformers", "tokenizers"),
        device=str(fp32.device),
        torch_threads=torch.get_num_threads(),
        matmul_gflops={kind: round(value / 1e9) for kind, value in limits.items()},
        counts={name: len(texts) for name, texts in sets.items()},
    )


if __name__ == "__main__":
    main()
