import numpy as np
import pandas as pd
import pytest
import torch

from recsys_lessons.data.dataset import Dataset
from recsys_lessons.encoders.base import center
from recsys_lessons.recommenders.intent import QueryRecommender, standardise
from recsys_lessons.recommenders.popularity import Popularity
from recsys_lessons.recommenders.svd import SVDRecommender


def encode(sentences):
    """A toy encoder: a number for each known word; languages share meaning, and each has a large part of its own."""
    rows = []
    for one in sentences:
        text = one.lower()
        meaning = [float(any(w in text for w in pair)) for pair in (("space", "太空"), ("dog", "狗"), ("love", "爱情"))]
        chinese = any("一" <= c <= "鿿" for c in one)
        rows.append([*meaning, 3.0 * (not chinese), 3.0 * chinese, 5.0])
    return torch.tensor(rows)


@pytest.fixture
def films():
    items = pd.DataFrame(
        {
            "item_id": [10, 11, 12, 13, 14, 15],
            "title": ["Space War", "Space Fun", "Dog Days", "Dog Love", "Love Story", "Love in Space"],
            "year": [1970, 1995, 1985, 1999, 2005, 1980],
            "genres": [["Sci-Fi", "Horror"], ["Comedy"], ["Comedy"], ["Romance", "Comedy"], ["Romance"], ["Sci-Fi"]],
        }
    )
    pairs = [(1, 10), (1, 15), (2, 12), (2, 13), (3, 14), (3, 13), (4, 11), (4, 10), (4, 12)]
    interactions = pd.DataFrame(pairs, columns=["user_id", "item_id"])
    return Dataset(items, pd.DataFrame({"user_id": [1, 2, 3, 4]}), interactions)


@pytest.fixture
def features(films):
    return encode(films.items["title"])


def first(model, query, k=3, **who):
    return model.recommend(**(who or {"history": []}), context={"query": query}, k=k)["item_id"].tolist()


def test_a_sentence_finds_what_it_means_in_either_language(films, features):
    model = QueryRecommender(features, encode, reference=["a dog", "space", "狗", "太空"]).fit(films)
    assert set(first(model, "something in space", 2)) <= {10, 11, 15}
    assert set(first(model, "太空", 2)) <= {10, 11, 15} and set(first(model, "狗狗", 2)) == {12, 13}


def test_a_match_is_the_cosine_of_vectors_that_are_centred_apart(films, features):
    reference = ["a dog", "space", "狗"]
    model = QueryRecommender(features, encode, reference=reference).fit(films)
    items = center(features, reference=features)
    english, chinese = encode(["a dog", "space"]).mean(dim=0), encode(["狗"]).mean(dim=0)
    for sentence, mean in (("love", english), ("爱情", chinese)):
        expected = torch.nn.functional.normalize(encode([sentence]) - mean, dim=1) @ items.T
        np.testing.assert_allclose(model.match([sentence]), expected, atol=1e-6)
    raw = QueryRecommender(features, encode, centred=False).fit(films).match(["love"])
    np.testing.assert_allclose(raw[0], torch.cosine_similarity(encode(["love"]), features), atol=1e-6)
    without = QueryRecommender(features, encode).fit(films).match(["love"])
    expected = torch.nn.functional.normalize(encode(["love"]) - features.mean(dim=0), dim=1) @ items.T
    np.testing.assert_allclose(without, expected, atol=1e-6)


def test_a_limit_is_kept_even_where_nothing_else_matches(films, features):
    model = QueryRecommender(features, encode).fit(films)
    assert first(model, "space, not scary", 6).count(10) == 0
    assert set(first(model, "太空，不要恐怖片", 6)) == {11, 12, 13, 14, 15}
    assert set(first(model, "dogs before 1990", 6)) == {10, 12, 15}
    assert len(first(QueryRecommender(features, encode, constraints=False).fit(films), "space, not scary", 6)) == 6
    scores = model.scores(history=[], context={"query": "a comedy"})[0]
    assert np.isneginf(scores).tolist() == [True, False, False, False, True, True]


def test_what_is_negated_does_not_reach_the_encoder(films, features):
    heard = []

    def listen(sentences):
        heard.extend(sentences)
        return encode(sentences)

    model = QueryRecommender(features, listen).fit(films)
    model.scores(history=[], context={"query": "a dog film, no love stories, before 1990"})
    assert heard == ["a dog film"]
    model.scores(history=[], context={"query": "not scary"})
    assert heard == ["a dog film"]  # nothing is left to ask for


def test_limits_that_contradict_each_other_give_an_empty_list_and_the_reason(films, features):
    model = QueryRecommender(features, encode).fit(films)
    query = {"query": "a comedy before 1950 and after 2010"}
    assert model.recommend(history=[], context=query).empty
    assert "no year meets" in model.explain(history=[], context=query, item=11).attrs["contradiction"]


def test_the_blend_is_the_weighted_sum_of_standardised_scores(films, features):
    taste = SVDRecommender(2)
    model = QueryRecommender(features, encode, taste=taste, weight=0.3, constraints=False).fit(films)
    own = standardise(SVDRecommender(2).fit(films).scores([1, 2]))
    asked = standardise(model.match(["love", "dog"]))
    got = model.scores([1, 2], context=[{"query": "love"}, {"query": "dog"}])
    np.testing.assert_allclose(got, 0.3 * asked + 0.7 * own, atol=1e-5)


def test_without_a_sentence_taste_ranks_and_without_a_history_the_sentence_does(films, features):
    model = QueryRecommender(features, encode, taste=SVDRecommender(2), weight=0.5, constraints=False).fit(films)
    own = SVDRecommender(2).fit(films)
    for context in (None, {"query": None}, {"query": float("nan")}, {"place": "home"}):
        assert model.recommend(1, context=context)["item_id"].tolist() == own.recommend(1)["item_id"].tolist()
    alone = QueryRecommender(features, encode, constraints=False).fit(films)
    assert first(model, "dog", history=[]) == first(alone, "dog")


def test_an_explanation_adds_up_to_the_score_and_names_what_excludes(films, features):
    model = QueryRecommender(features, encode, taste=SVDRecommender(2), weight=0.4).fit(films)
    context = {"query": "a dog comedy, not scary"}
    table = model.explain(1, context=context, item=12)
    score = model.scores(1, context=context)[0, 2]
    assert table["contribution"].sum() == pytest.approx(score, abs=1e-5)
    assert table["cause"].str.split(":").str[0].tolist() in (["the sentence", "taste"], ["taste", "the sentence"])
    assert table.attrs["limits"][0] == {"words": "not scary", "rule": "not Horror", "excluded": 1}
    out = model.explain(1, context=context, item=10)
    assert out["cause"].str.startswith("excluded by").sum() == 2 and np.isneginf(out["contribution"].sum())


def test_many_people_may_ask_at_once_and_one_twice(films, features):
    model = QueryRecommender(features, encode, taste=Popularity()).fit(films)
    both = model.scores([1, 1, 3], context=pd.DataFrame({"query": ["dog", "love", None]}))
    assert both.shape == (3, 6)
    np.testing.assert_allclose(both[1], model.scores(1, context={"query": "love"})[0], atol=1e-6)


def test_standardised_rows_have_one_scale_and_a_flat_row_is_zero():
    table = standardise(np.array([[1.0, 2.0, 3.0], [1e6, 1e6, 1e6], [0.0, 0.0, 0.0]]))
    np.testing.assert_allclose(table[0], [-1.2247, 0, 1.2247], atol=1e-4)
    assert not table[1:].any()


def test_what_cannot_be_asked_is_refused_with_the_fix(films, features):
    with pytest.raises(ValueError, match="weight is 1.5"):
        QueryRecommender(features, encode, weight=1.5)
    with pytest.raises(TypeError, match="encode is a str"):
        QueryRecommender(features, "e5")
    with pytest.raises(ValueError, match="taste is a QueryRecommender"):
        QueryRecommender(features, encode, taste=QueryRecommender(features, encode))
    model = QueryRecommender(features, encode).fit(films)
    with pytest.raises(ValueError, match="row 0 has no query, and there is no taste model"):
        model.scores(history=[])
    with pytest.raises(TypeError, match="a query is a string; this is a int"):
        model.scores(history=[], context={"query": 7})
    with pytest.raises(ValueError, match=r"encode gave \(1, 2\) for 1 sentences, and items have 6"):
        QueryRecommender(features, lambda many: torch.ones(len(many), 2)).fit(films).match(["a dog"])
    with pytest.raises(ValueError, match=r"item_features is \(5, 6\)"):
        QueryRecommender(features[:5], encode).fit(films)
