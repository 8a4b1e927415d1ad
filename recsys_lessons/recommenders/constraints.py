"""What a sentence forbids or requires, by rules: genres and years that a cosine cannot keep.

A sentence encoder places "not scary" beside "scary": the vectors of a statement and of its negation are close. And
"before 1990" is near 1989 and 1991 alike. So what can be said in the catalogue's own columns is parsed and kept to the
letter; what is left of the sentence goes to the encoder.

The rules know some hundred words in English and Chinese, and nothing else. A word that they do not know limits nothing:
it stays in the sentence. Beside a negation that they do not understand no genre is required, since it may be the one
that is refused; a refusal in words that they take for none still turns into its opposite ("horror gives me
nightmares"). "Nothing violent" is taken as no Action, Crime, Horror, Thriller or War, since the catalogue has no column
for violence; that is a reading, and it may forbid too much.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from recsys_lessons.recommenders._wish_words import fold, genres_of, negations, wanted_terms
from recsys_lessons.recommenders._wish_years import OPEN, year_phrases

__all__ = ["Constraints", "Limit", "parse_constraints"]


@dataclass(frozen=True)
class Limit:
    """One condition on an item.

    Attributes:
        words: what the sentence says.
        genres: an item has one of these. years: an item's year lies in one of these inclusive spans.
        wanted: False turns it round: none of these.
    """

    words: str
    genres: frozenset[str] = frozenset()
    years: tuple[tuple[int, int], ...] = ()
    wanted: bool = True

    def __str__(self) -> str:
        values = sorted(self.genres) + [_said(*span) for span in self.years]
        return ("" if self.wanted else "not ") + " or ".join(values)

    def keeps(self, items: pd.DataFrame) -> np.ndarray:
        """(n_items,) bool: which items meet the condition. An item without year or genres has none."""
        column = "genres" if self.genres else "year"
        if column not in items.columns:
            raise ValueError(
                f"{self.words!r} limits the {column}, and items has no column {column!r}; it has "
                f"{list(items.columns)}. Add it, or pass constraints=False."
            )
        if self.genres:
            has = np.array([not self.genres.isdisjoint(_genres(one)) for one in items["genres"]], dtype=bool)
        else:
            year = pd.to_numeric(items["year"], errors="coerce").to_numpy(dtype=float)
            has = np.zeros(len(items), dtype=bool)
            for low, high in self.years:
                has |= (year >= low) & (year <= high)
        return has if self.wanted else ~has


@dataclass(frozen=True)
class Constraints:
    """What was understood of a sentence.

    Attributes:
        sentence: as it was given. limits: all of them hold at once.
        rest: the sentence without what limits years and without what is negated; genres that are asked for stay in it.
        unclear: negations whose object is no genre that the rules know. They limit nothing, and stay in `rest`;
            beside them no genre is required.
    """

    sentence: str
    limits: tuple[Limit, ...]
    rest: str
    unclear: tuple[str, ...] = ()

    @property
    def genres_in(self) -> tuple[frozenset[str], ...]:
        """Of each of these sets, an item has at least one genre."""
        return tuple(one.genres for one in self.limits if one.genres and one.wanted)

    @property
    def genres_out(self) -> frozenset[str]:
        """An item has none of these."""
        return frozenset().union(*(one.genres for one in self.limits if not one.wanted))

    @property
    def years(self) -> tuple[tuple[int, int], ...]:
        """Inclusive spans, of which an item's year lies in one: ((0, 9999),) without a limit, () where none is left."""
        spans = [OPEN]
        for limit in self.limits:
            if limit.years:
                allowed = limit.years if limit.wanted else _outside(limit.years)
                pairs = [(max(a, c), min(b, d)) for a, b in spans for c, d in allowed]
                spans = sorted({(low, high) for low, high in pairs if low <= high})
        return tuple(spans)

    @property
    def contradiction(self) -> str | None:
        """Why nothing can meet the limits, in words; None where something might."""
        for limit in self.limits:
            if limit.wanted and limit.genres and limit.genres <= self.genres_out:
                refused = next(o for o in self.limits if not o.wanted and not o.genres.isdisjoint(limit.genres))
                return f"{limit.words!r} asks for {limit} and {refused.words!r} rules it out"
        if not self.years:
            said = " and ".join(repr(one.words) for one in self.limits if one.years)
            return f"no year meets {said}"
        return None

    def allowed(self, items: pd.DataFrame) -> np.ndarray:
        """Which items meet every limit: (n_items,) bool, all False for limits that contradict each other.

        Raises:
            ValueError: items lacks a column that a limit needs, `genres` (a list, or "Comedy|Drama") or `year`.
        """
        keep = np.full(len(items), self.contradiction is None)
        for limit in self.limits:
            keep &= limit.keeps(items)
        return keep

    def excluded(self, items: pd.DataFrame) -> pd.DataFrame:
        """How many items each limit excludes by itself: DataFrame with `words`, `rule`, `excluded`."""
        rows = [(one.words, str(one), int((~one.keeps(items)).sum())) for one in self.limits]
        return pd.DataFrame(rows, columns=["words", "rule", "excluded"])


def parse_constraints(sentence: str) -> Constraints:
    """Genres and years that a sentence in English or Chinese asks for or rules out.

    >>> wish = parse_constraints("a comedy from the nineties, not scary")
    >>> [str(limit) for limit in wish.limits], wish.rest
    (['1990 to 1999', 'not Horror', 'Comedy'], 'a comedy')

    Years: "before 1990" ends with 1989, "after 1990" starts with 1991, "since 1990" and "from 1990 on" with 1990. In
    Chinese, 1990年以前 ends with 1989 and 1990年以后 starts with 1990. Two-digit decades are of the last century. The
    years a story is set in ("set in the sixties", "八十年代的故事") limit nothing.

    Genres: "or", "and" or "、" between two nouns means either ("comedies or dramas"), words side by side mean both
    ("romantic comedy", "科幻喜剧"). A negation reaches over "or", "nor", "、", "和" and ends at a comma. "Not bad",
    "not only", "not seen", "不错", "不只", "没看过", "特别" are no negations.

    Raises:
        TypeError: the sentence is no string.
    """
    if not isinstance(sentence, str):
        raise TypeError(f"a sentence is a string; this is a {type(sentence).__name__}: {sentence!r}.")
    text = fold(sentence)
    negated = negations(text)
    limits, cuts, unclear = [], [], []
    taken: set[int] = set()
    for phrase in year_phrases(text):
        start, wanted = phrase.start, True
        for place, (low, high, genres) in enumerate(negated):
            if not genres and high <= phrase.start and _only_fillers(text[high : phrase.start]):
                start, wanted = low, False
                taken.add(place)
        limits.append(Limit(sentence[start : phrase.end], years=phrase.spans, wanted=wanted))
        cuts.append((start, phrase.end))
    for place, (start, end, genres) in enumerate(negated):
        if genres:
            limits.append(Limit(sentence[start:end], genres=genres, wanted=False))
            cuts.append((start, end))
        elif place not in taken:
            unclear.append((start, end))
    blank = list(text)
    for start, end in cuts:
        blank[start:end] = "\n" * (end - start)  # of the same length, so that places stay
    unclear = [sentence[a:b] for a, b in unclear if not any(a < end and start < b for start, end in cuts)]
    # A refusal that the rules cannot read may be of the very genre beside it: then no genre is required.
    for group in [] if unclear else wanted_terms("".join(blank)):
        words = sentence[group[0].start() : group[-1].end()]
        limits.append(Limit(words, genres=frozenset().union(*map(genres_of, group))))
    return Constraints(sentence, tuple(limits), _rest(sentence, cuts), tuple(unclear))


_BEFORE_CUT = re.compile(
    r"(?:[\s,，、;；]|(?<![a-z])(?:but|and|(?:that|which) (?:is|are)|that's|made|released)(?![a-z])|但是?|而且)+$",
    re.IGNORECASE,
)
_AFTER_CUT = re.compile(r"^(?:上映|拍摄?|出品)?的(?!士)")
_FILLING = re.compile(r"(?:\s|,|films?|movies?|anything|from|made|released|the|of|要|看|的|拍|片子?|电影|,)*")


def _only_fillers(words: str) -> bool:
    return _FILLING.fullmatch(words) is not None


def _rest(sentence: str, cuts: Iterable[tuple[int, int]]) -> str:
    """What is left, in order: a subsequence of the sentence."""
    kept, place = "", 0
    for start, end in sorted(cuts):
        if end <= place:
            continue
        kept = _BEFORE_CUT.sub("", kept + sentence[place : max(place, start)])
        after = _AFTER_CUT.match(sentence[end:])
        place = end + (after.end() if after else 0)
    return (kept + sentence[place:]).strip(" \t\n,，、;；.。!！?？")


def _genres(value: object) -> Iterable[str]:
    if isinstance(value, str):
        return value.split("|")
    return value if isinstance(value, (list, tuple, set, frozenset, np.ndarray)) else ()


def _said(low: int, high: int) -> str:
    if low == high:
        return str(low)
    if low == OPEN[0]:
        return f"up to {high}"
    return f"from {low} on" if high == OPEN[1] else f"{low} to {high}"


def _outside(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    left, free = OPEN[0], []
    for low, high in sorted(spans):
        free += [(left, low - 1)] if low > left else []
        left = max(left, high + 1)
    return free + ([(left, OPEN[1])] if left <= OPEN[1] else [])
