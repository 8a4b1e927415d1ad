"""All exercises, by lesson. A new one is a module in this folder, named like its function and holding `EXERCISE`, and
its name in `LESSONS`. A module is loaded when its exercise is asked for."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from importlib import import_module

from recsys_lessons.errors import RecsysLessonsError
from recsys_lessons.practice.exercise import Exercise

__all__ = ["LESSONS", "close_matches", "find_exercise", "lesson_of"]

LESSONS: dict[str, tuple[str, ...]] = {
    "00_start_here": ("recall_at_k", "mean_pooling"),
    "01_classical": ("ndcg_at_k", "split_last", "item_neighbours"),
    "02_text_to_vectors": ("center", "token_budget_batches"),
    "03_svd_scoring": ("svd_scores", "fold_in", "ridge_map", "explain_score", "funk_svd_step", "contextual_scores"),
    "04_context": (
        "cyclic_time",
        "render_context",
        "contextual_bias",
        "fm_score",
        "context_rows",
        "encode_context",
        "fuse_context",
        "rank_in_context",
    ),
    "05_intent": ("bm25_scores", "parse_wish", "blend_query_and_taste"),
    "06_cold_start": ("blend_weight", "interview_items", "linucb_update"),
    "07_drift": ("recency_weights", "causal_mask", "prequential_loop"),
    "08_pictures": ("preprocess_batch", "contrastive_loss"),
    "09_sound_and_video": ("sample_frames", "log_mel", "pool_over_time"),
    "10_fusion": (
        "concat_fusion",
        "weighted_sum",
        "hadamard_fusion",
        "gated_fusion",
        "attention_fusion",
        "late_fusion",
        "choose_weights",
    ),
    "11_multimodal": (
        "modality_contribution",
        "mend_multimodal",
        "encode_files",
        "fuse_modalities",
        "score_multimodal",
        "list_with_reasons",
    ),
}
"""Lesson to the names of its exercises, in the order in which they are met."""


def find_exercise(name: str) -> Exercise:
    """The exercise of that name.

    Raises:
        RecsysLessonsError: there is none; the message lists names like it.
    """
    lesson_of(name)
    return import_module(f"{__name__}.{name}").EXERCISE


def lesson_of(name: str) -> str:
    """The lesson that the exercise belongs to. Raises as `find_exercise` does, and loads nothing."""
    for lesson, names in LESSONS.items():
        if name in names:
            return lesson
    known = [one for names in LESSONS.values() for one in names]
    raise RecsysLessonsError(f"there is no exercise {name!r}; {close_matches(str(name), known)}.")


def close_matches(name: str, known: Iterable[str]) -> str:
    """What follows "there is no such name": "did you mean ..." for a misspelt name, or all there are."""
    known = list(known)
    like = difflib.get_close_matches(name.lower(), known, n=3, cutoff=0.5)
    return f"did you mean {' or '.join(like)}" if like else f"there are {', '.join(known)}"
