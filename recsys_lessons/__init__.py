"""Recommenders with pretrained models, small enough to read: the core of the course.

Start with `data/dataset.py`, then `encoders/text.py`, `recommenders/svd.py` and `evaluation.py`; CONTRIBUTING.md has
the map.
"""

from __future__ import annotations

from importlib import import_module

__version__ = "0.1.0"

# Names that lessons import, and where they live. A module is loaded when its first name is asked for, so that
# `import recsys_lessons` and the command line start at once.
_HOMES = {
    "ALS": "recommenders.als",
    "Alignment": "alignment",
    "AttentionFusion": "fusion",
    "AttentionPooling": "encoders.video",
    "AudioEncoder": "encoders.audio",
    "BM25": "recommenders.bm25",
    "ConcatFusion": "fusion",
    "ContentProfile": "recommenders.content",
    "ContextFeatures": "context",
    "ContextPanel": "widgets_context",
    "ContextualRecommender": "recommenders.contextual",
    "CountBlend": "recommenders.blend",
    "Dataset": "data.dataset",
    "EASE": "recommenders.ease",
    "EpsilonGreedy": "recommenders.bandits",
    "FactorizationMachine": "recommenders.factorization_machine",
    "FunkSVD": "recommenders.funk_svd",
    "GatedFusion": "fusion",
    "Greedy": "recommenders.bandits",
    "HadamardFusion": "fusion",
    "ImageEncoder": "encoders.image",
    "Interview": "recommenders.interview",
    "ItemNeighbours": "recommenders.neighbours",
    "LinUCB": "recommenders.bandits",
    "LongShort": "recommenders.recency",
    "Masked": "encoders.base",
    "ModalityNeighbours": "widgets_media",
    "MultimodalRecommender": "recommenders.multimodal",
    "Oracle": "recommenders.oracle",
    "Popularity": "recommenders.popularity",
    "PostFilter": "recommenders.context_filters",
    "PreFilter": "recommenders.context_filters",
    "QueryRecommender": "recommenders.intent",
    "RecencySVD": "recommenders.recency",
    "RecencySlider": "widgets_context",
    "SVDRecommender": "recommenders.svd",
    "SequentialRecommender": "recommenders.sequential",
    "TextEncoder": "encoders.text",
    "ThompsonSampling": "recommenders.bandits",
    "TinyLens": "data.tinylens",
    "VBPR": "recommenders.vbpr",
    "VideoEncoder": "encoders.video",
    "WeightedSumFusion": "fusion",
    "as_words": "context",
    "center": "encoders.base",
    "choose_interview_items": "recommenders.interview",
    "choose_weights": "evaluation",
    "compare": "evaluation",
    "contact_sheet": "plots_media",
    "encode_items": "encoders.catalogue",
    "evaluate": "evaluation",
    "late_fusion": "fusion",
    "load_microlens": "data.microlens",
    "load_movielens": "data.movielens",
    "load_queries": "data.queries",
    "load_tinylens": "data.tinylens",
    "make_tinylens": "data.tinylens",
    "parse_constraints": "recommenders.constraints",
    "per_event": "evaluation",
    "prequential": "evaluation",
    "read_results": "results",
    "replay": "recommenders.bandits",
    "seed_everything": "devices",
    "shuffle_context": "context",
    "split_by_time": "data.splits",
    "split_cold_items": "data.splits",
    "split_cold_users": "data.splits",
    "split_last": "data.splits",
    "tune": "evaluation",
    "world_picture": "plots_world",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str):
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it has {', '.join(__all__)}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
