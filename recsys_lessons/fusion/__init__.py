"""Many modalities to one vector an item; late fusion of scores; what each modality contributed.

Start with `operators.py`: each fusion as a function of a few numbers. `linear.py` and `learned.py` hold the classes,
which bring modalities to one scale (`base.py`), learn what there is to learn, and keep the mask; `late.py` adds up
scores instead of vectors.

A dot product of two modalities is sometimes listed among the fusions. It gives one number an item, how well its picture
and its words agree, and no vector to recommend by.
"""

from __future__ import annotations

from recsys_lessons.fusion.base import Fusion, permutation_contributions
from recsys_lessons.fusion.late import late_fusion
from recsys_lessons.fusion.learned import AttentionFusion, GatedFusion, HadamardFusion
from recsys_lessons.fusion.linear import ConcatFusion, WeightedSumFusion
from recsys_lessons.fusion.operators import attend, concat, gate, hadamard, weighted_sum

__all__ = [
    "AttentionFusion",
    "ConcatFusion",
    "Fusion",
    "GatedFusion",
    "HadamardFusion",
    "WeightedSumFusion",
    "attend",
    "concat",
    "gate",
    "hadamard",
    "late_fusion",
    "permutation_contributions",
    "weighted_sum",
]
