"""How well a model ranks what people went on to like, with an interval that says how sure that number is.

Start with `protocol.py`: `per_user` and `evaluate`. `comparison.py` sets two models side by side, `tuning.py` chooses
settings, `fusion_weights.py` the weights of modalities; `events.py` asks once per event, in its context, and
`prequential.py` walks through time. `lists.py` makes the lists, and `measures.py` counts what of them was right.
"""

from __future__ import annotations

from recsys_lessons.evaluation.bootstrap import bootstrap_interval
from recsys_lessons.evaluation.comparison import compare
from recsys_lessons.evaluation.events import per_event
from recsys_lessons.evaluation.fusion_weights import choose_weights
from recsys_lessons.evaluation.prequential import prequential
from recsys_lessons.evaluation.protocol import evaluate, per_user
from recsys_lessons.evaluation.tuning import tune

__all__ = [
    "bootstrap_interval",
    "choose_weights",
    "compare",
    "evaluate",
    "per_event",
    "per_user",
    "prequential",
    "tune",
]
