"""What a context does to wishes, in a table that a person can read: one row, one effect, added to the utility."""

from __future__ import annotations

import pandas as pd

__all__ = ["context_effects"]

# field, value, then attribute of the item: weight. A range of hours or weekdays includes both ends and may pass
# midnight. "city here" holds for items filmed in the city that the context names.
_EFFECTS: tuple[tuple[str, str, dict[str, float]], ...] = (
    ("purpose", "relax", {"topic music": 0.9, "topic travel": 0.5, "topic work": -1.2, "mood calm": 0.8,
                          "tempo slow": 0.4}),
    ("purpose", "laugh", {"topic comedy": 2.6, "subtopic funny animals": 0.4, "subtopic pets": 0.6,
                          "mood cheerful": 0.8}),
    ("purpose", "learn", {"topic technology": 1.8, "topic work": 1.0, "subtopic coding": 0.5, "topic comedy": -1.0}),
    ("purpose", "cook", {"topic food": 2.8, "subtopic baking": 0.4, "subtopic street food": -0.6}),
    ("purpose", "exercise", {"topic fitness": 2.8, "mood energetic": 0.8, "tempo fast": 0.8}),
    ("purpose", "travel", {"topic travel": 2.6, "subtopic street food": 0.6}),
    ("purpose", "work", {"topic work": 2.6, "topic technology": 0.8, "topic comedy": -1.0}),
    ("purpose", "sleep", {"subtopic ambient sounds": 2.4, "subtopic bedtime stories": 1.2, "topic music": 0.6,
                          "topic fitness": -1.2, "mood calm": 1.2, "tempo slow": 0.8, "tempo fast": -1.2}),
    ("company", "children", {"topic family": 2.0, "subtopic funny animals": 0.8, "topic work": -1.2,
                             "mood dramatic": -0.6}),
    ("company", "partner", {"topic travel": 0.5, "topic food": 0.4}),
    ("company", "friends", {"topic comedy": 0.9, "subtopic hot pot": 0.8, "subtopic street food": 0.6,
                            "mood energetic": 0.5}),
    ("company", "colleagues", {"topic work": 0.9, "topic family": -0.6}),
    ("place", "travelling", {"city here": 2.8, "topic travel": 0.6, "subtopic street food": 0.8}),
    ("place", "commuting", {"topic music": 0.6, "topic technology": 0.4, "tempo fast": 0.4}),
    ("place", "office", {"topic work": 0.6, "mood calm": 0.3}),
    ("place", "outdoors", {"topic fitness": 0.9, "topic travel": 0.4}),
    ("city", "any", {"city here": 0.6}),
    ("hour", "22-4", {"mood calm": 0.5, "subtopic ambient sounds": 0.4}),
    ("hour", "6-9", {"topic fitness": 0.5, "tempo fast": 0.3}),
    ("hour", "11-13", {"topic food": 0.5}),
    ("hour", "17-19", {"topic food": 0.6}),
    ("weekday", "5-6", {"topic travel": 0.4, "topic family": 0.3, "topic work": -0.5}),
)  # fmt: skip


def context_effects() -> pd.DataFrame:
    """Columns field, value, attribute, weight; `attribute` is such as "topic food" or "city here"."""
    rows = [
        (field, value, attribute, weight)
        for field, value, all_of_it in _EFFECTS
        for attribute, weight in all_of_it.items()
    ]
    return pd.DataFrame(rows, columns=["field", "value", "attribute", "weight"])
