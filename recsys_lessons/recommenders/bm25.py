"""BM25: texts for a query by the words they share (Robertson and Zaragoza 2009); search as it was before vectors."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

import numpy as np
from scipy import sparse

__all__ = ["BM25", "words"]

_CHINESE = "㐀-䶿一-鿿豈-﫿"
_IRREGULAR = {"movies": "movie", "series": "series"}  # where the rules below would go wrong on every other query
_RUN = re.compile(rf"[{_CHINESE}]+|[^\W_{_CHINESE}]+(?:'[^\W_]+)?")


def words(text: str) -> list[str]:
    """The terms of a text: lower-case words, an English plural cut, and pairs of neighbouring characters in Chinese.

    The plural rules are those of Harman's S-stemmer (1991): comedies -> comedy, westerns -> western; "series" and
    "glass" stay. Chinese is written without spaces, and pairs of characters ("科幻片" -> "科幻", "幻片") need no
    dictionary; a character that stands alone is a term of its own.

    No tokeniser closes the gap between languages: in a catalogue of English text no term is "科幻", so a Chinese
    query finds nothing in it but the digits and Latin letters that both happen to hold.

    >>> words("Science-fiction comedies 科幻片")
    ['science', 'fiction', 'comedy', '科幻', '幻片']
    """
    found = []
    for run in _RUN.findall(text.lower()):
        if re.match(f"[{_CHINESE}]", run):
            found += [run[i : i + 2] for i in range(len(run) - 1)] or [run]
        else:
            found.append(_singular(run))
    return found


def _singular(word: str) -> str:
    word = word.removesuffix("'s")
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if len(word) > 4 and word.endswith("ies") and not word.endswith(("eies", "aies")):
        return word[:-3] + "y"
    if len(word) > 3 and word.endswith("es") and not word.endswith(("aes", "ees", "oes")):
        return word[:-1]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("us", "ss")):
        return word[:-1]
    return word


class BM25:
    """Score texts for queries by shared terms: rare terms count more, repetitions less and less, long texts less.

        score(q, d) = sum over terms t of q:  idf(t) * f (k1 + 1) / (f + k1 (1 - b + b |d| / mean |d|))

    with f how often t stands in d, |d| the terms of d, and idf(t) = ln(1 + (N - n + 1/2) / (n + 1/2)) for a term in n
    of N texts. Robertson's own idf has no "1 +" and turns negative for a term in more than half of the texts; this
    form, which Lucene uses, stays positive.

    Args:
        texts: (n,) strings, in the item table's order.
        k1: how soon repetitions stop counting; 0 asks only whether a term is there.
        b: how much long texts are held back, from 0 (not) to 1 (in full).
        tokenize: text to terms.

    Attributes:
        terms_: term to column. weights_: (n, n_terms) sparse, what each term adds to the score of each text.

    Raises:
        TypeError: one string instead of a list. ValueError: no texts, no terms in any, or k1 or b out of range.
    """

    def __init__(
        self,
        texts: Iterable[str],
        *,
        k1: float = 1.2,
        b: float = 0.75,
        tokenize: Callable[[str], Sequence[str]] = words,
    ):
        if isinstance(texts, str):
            raise TypeError(f"texts is one string, {texts[:40]!r}; pass a list of them.")
        if not k1 >= 0:
            raise ValueError(f"k1 is {k1}; it must be 0 or more, 1.2 as a rule.")
        if not 0 <= b <= 1:
            raise ValueError(f"b is {b}; it must lie between 0 and 1, 0.75 as a rule.")
        self.k1, self.b, self.tokenize = k1, b, tokenize
        counts = [Counter(tokenize(text)) for text in texts]
        self.terms_ = {term: column for column, term in enumerate(dict.fromkeys(t for one in counts for t in one))}
        if not self.terms_:
            raise ValueError(f"none of the {len(counts)} texts holds a term; BM25 has nothing to match.")
        self.weights_ = self._weigh(self._matrix(counts))

    def _matrix(self, counts: Sequence[Counter]) -> sparse.csr_matrix:
        rows = [row for row, one in enumerate(counts) for term in one if term in self.terms_]
        known = [(self.terms_[term], n) for one in counts for term, n in one.items() if term in self.terms_]
        columns, values = [column for column, _ in known], [n for _, n in known]
        return sparse.csr_matrix((values, (rows, columns)), (len(counts), len(self.terms_)), dtype=np.float64)

    def _weigh(self, counts: sparse.csr_matrix) -> sparse.csr_matrix:
        n = counts.shape[0]
        texts_with = np.bincount(counts.indices, minlength=counts.shape[1])
        idf = np.log1p((n - texts_with + 0.5) / (texts_with + 0.5))
        length = np.asarray(counts.sum(axis=1)).ravel()
        slack = self.k1 * (1 - self.b + self.b * length / length.mean())
        row = np.repeat(np.arange(n), np.diff(counts.indptr))
        f = counts.data
        weighted = counts.copy()
        weighted.data = idf[counts.indices] * f * (self.k1 + 1) / (f + slack[row])
        return weighted

    def scores(self, queries: str | Iterable[str]) -> np.ndarray:
        """How well each text answers each query: (n_queries, n) float32. A term twice in the query counts twice."""
        queries = [queries] if isinstance(queries, str) else list(queries)
        asked = self._matrix([Counter(self.tokenize(query)) for query in queries])
        return (asked @ self.weights_.T).toarray().astype(np.float32)
