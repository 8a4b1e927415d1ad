import math

import numpy as np
import pytest

from recsys_lessons.recommenders.bm25 import BM25, words

TEXTS = ["space space war", "space comedy", "a long comedy about a war of words", "western"]


def by_hand(query, text, k1=1.2, b=0.75):
    documents = [words(one) for one in TEXTS]
    mean, total = sum(map(len, documents)) / len(documents), 0.0
    document = words(text)
    for term in words(query):
        n, f = sum(term in one for one in documents), document.count(term)
        if not f:
            continue
        idf = math.log(1 + (len(documents) - n + 0.5) / (n + 0.5))
        total += idf * f * (k1 + 1) / (f + k1 * (1 - b + b * len(document) / mean))
    return total


@pytest.mark.parametrize("query", ["space", "comedy war", "a comedy in space", "nothing of the kind", "war war"])
@pytest.mark.parametrize("setting", [{}, {"k1": 0.0}, {"k1": 2.0, "b": 0.0}, {"b": 1.0}])
def test_scores_are_those_of_the_formula(query, setting):
    expected = [by_hand(query, text, **setting) for text in TEXTS]
    np.testing.assert_allclose(BM25(TEXTS, **setting).scores(query)[0], expected, rtol=1e-6)


def test_a_term_in_most_texts_still_adds_something():
    assert BM25(["film one", "film two", "film three"]).scores("film").min() > 0


def test_a_chinese_query_finds_nothing_in_english_text_but_digits_and_latin_letters():
    catalogue = BM25(["2001: A Space Odyssey (1968). Sci-Fi", "Airplane! (1980). Comedy"])
    assert not catalogue.scores("太空题材的电影").any()
    assert catalogue.scores("1968年的太空电影")[0].argmax() == 0 < catalogue.scores("1968年的太空电影").max()
    assert BM25(["科幻片，太空", "爱情片"]).scores("太空科幻")[0].argmax() == 0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Comedies, westerns and movies", ["comedy", "western", "and", "movie"]),
        ("glass bus series its Schindler's", ["glass", "bus", "series", "its", "schindler"]),
        ("科幻片 看", ["科幻", "幻片", "看"]),
        ("Amélie 007系列", ["amélie", "007", "系列"]),
        ("...", []),
    ],
)
def test_terms(text, expected):
    assert words(text) == expected


def test_arguments_that_cannot_be_are_named():
    with pytest.raises(TypeError, match="one string, 'a film'"):
        BM25("a film")
    with pytest.raises(ValueError, match="none of the 2 texts"):
        BM25(["", "..."])
    with pytest.raises(ValueError, match="b is 2"):
        BM25(["a"], b=2)
    with pytest.raises(ValueError, match="k1 is -1"):
        BM25(["a"], k1=-1)
