import warnings

import numpy as np
import pytest
import torch

from recsys_lessons.encoders.base import Masked
from recsys_lessons.fusion import ConcatFusion, GatedFusion, HadamardFusion, WeightedSumFusion
from recsys_lessons.recommenders.blend import CountBlend
from recsys_lessons.recommenders.content import ContentProfile
from recsys_lessons.recommenders.multimodal import MultimodalRecommender
from recsys_lessons.recommenders.svd import SVDRecommender

FUSIONS = {
    "concat": lambda: ConcatFusion({"text": 1.0, "cover": 0.4, "audio": 0.2}),
    "whitened": lambda: ConcatFusion(whiten=1.0),
    "sum": WeightedSumFusion,
    "gated": lambda: GatedFusion(8, epochs=3),
    "product": lambda: HadamardFusion(8, epochs=3),
}


@pytest.fixture
def tables():
    """Text tells odd from even, the cover half of the time; audio is noise. Some items lack something, none all."""
    random = torch.Generator().manual_seed(0)
    parity = (torch.arange(30) % 2).float() * 4 - 2
    text, cover, audio = (torch.randn(30, dim, generator=random) for dim in (5, 7, 6))
    text[:, 0] += parity
    cover[:, 1] += parity * (torch.arange(30) < 15)
    there = torch.arange(30) % 7 != 3
    return {
        "text": text,
        "cover": Masked(cover.masked_fill(~there[:, None], torch.nan), there),
        "audio": Masked(audio, torch.ones(30, dtype=torch.bool)),
    }


@pytest.mark.parametrize("how", ["map", "profile"])
@pytest.mark.parametrize("name", ["concat", "whitened", "sum"])
@pytest.mark.parametrize("item", [587, 575, 584, 509])  # new, new, new and without a cover, old and without a cover
def test_modalities_of_a_linear_fusion_add_up_to_the_score(likes, tables, how, name, item):
    model = MultimodalRecommender(tables, FUSIONS[name](), how=how, rank=4).fit(likes)
    found = model.explain(1000, item=item, by="modality")
    score = model.scores(1000)[0, likes.item_rows([item])[0]]
    assert found["contribution"].sum() == pytest.approx(score, abs=1e-5)
    assert found["share"].sum() == pytest.approx(1.0, abs=1e-3)
    if how == "map" and item == 509:
        assert found["modality"].tolist() == ["interactions"]
    else:
        assert set(found["modality"]) == {"text", "cover", "audio"}


@pytest.mark.parametrize("how", ["map", "profile"])
def test_the_likes_behind_a_score_add_up_to_it_too(likes, tables, how):
    model = MultimodalRecommender(tables, how=how, rank=4).fit(likes)
    found = model.explain(1000, item=587)
    assert found["contribution"].sum() == pytest.approx(model.scores(1000)[0, 29], abs=1e-5)
    assert set(found["item_id"]) == set(likes.history(1000)["item_id"])


@pytest.mark.parametrize("name", ["gated", "product"])
def test_other_fusions_explain_by_permutation(likes, tables, name):
    model = MultimodalRecommender(tables, FUSIONS[name](), how="profile", rank=4).fit(likes)
    found = model.explain(1000, item=587, by="modality")
    assert set(found["modality"]) == {"text", "cover", "audio"} and np.isfinite(found["contribution"]).all()
    assert found.equals(model.explain(1000, item=587, by="modality"))
    bare = model.explain(1000, item=500 + 3 * 24, by="modality").set_index("modality")  # row 24 has no cover
    assert bare.loc["cover", "contribution"] == 0


def test_the_map_and_the_profile_are_those_of_the_models_inside(likes, tables):
    fused = ConcatFusion().fit(tables, rows=range(25)).transform(tables).vectors
    one = MultimodalRecommender(tables, rank=4, ridge=3.0).fit(likes).scores()
    np.testing.assert_allclose(one, SVDRecommender(4, item_features=fused, ridge=3.0).fit(likes).scores(), atol=1e-6)
    two = MultimodalRecommender(tables, how="profile").fit(likes).scores()
    np.testing.assert_allclose(two, ContentProfile(fused).fit(likes).scores(), atol=1e-6)


def test_a_new_items_vectors_change_no_other_score(likes, tables):
    other = tables | {"text": tables["text"].clone()}
    other["text"][25:] = 99.0
    for name in FUSIONS:
        first, second = (
            MultimodalRecommender(one, FUSIONS[name](), rank=4).fit(likes).scores() for one in (tables, other)
        )
        np.testing.assert_array_equal(first[:, :25], second[:, :25])


def test_an_item_without_anything_scores_zero_and_is_told_of_and_never_nan(likes, tables):
    gone = torch.ones(30, dtype=torch.bool)
    gone[[4, 29]] = False
    bare = {}
    for name, one in tables.items():
        vectors, mask = one if isinstance(one, Masked) else (one, torch.ones(30, dtype=torch.bool))
        bare[name] = Masked(vectors.masked_fill(~gone[:, None], torch.nan), mask & gone)
    for how in ("map", "profile"):
        with pytest.warns(UserWarning, match=r"1 of 30 items have neither .* score 0, such as 587; leave"):
            model = MultimodalRecommender(bare, how=how, rank=4).fit(likes)
        scores = model.scores()
        assert np.isfinite(scores).all()
        np.testing.assert_allclose(scores[:, 29], 0.0, atol=1e-6)
        assert np.flatnonzero(model.without_content_).tolist() == [4, 29]
        assert (model.explain(1000, item=587, by="modality")["contribution"] == 0).all()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        MultimodalRecommender(tables, rank=4).fit(likes)


def test_taste_reaches_new_items_for_strangers_and_for_nobody(likes, tables):
    model = MultimodalRecommender(tables, weights={"text": 1.0, "cover": 0.0, "audio": 0.0}, how="profile").fit(likes)
    even = model.recommend(history=[500, 506, 512], k=5, candidates=[575, 578, 581, 584, 587])
    assert even["item_id"].iloc[0] in (578, 584)  # rows 26 and 28
    assert (model.scores(history=[]) == 0).all()
    nobody = model.explain(history=[], item=587, by="modality")
    assert (nobody["contribution"] == 0).all() and (nobody["share"] == 0).all()


def test_it_is_the_cold_half_of_a_blend(likes, tables):
    blend = CountBlend(SVDRecommender(4), MultimodalRecommender(tables, how="profile"), kappa=3.0).fit(likes)
    assert np.isfinite(blend.scores()).all()
    causes = blend.explain(1000, item=587)
    assert causes["contribution"].sum() == pytest.approx(blend.scores(1000)[0, 29], abs=1e-5)


def test_what_does_not_fit_is_named(likes, tables):
    cases = [
        (lambda: MultimodalRecommender(tables, how="sum"), "how is 'sum'"),
        (
            lambda: MultimodalRecommender(tables, ConcatFusion(), weights={"text": 1.0}),
            "weights and whiten to the fusion",
        ),
        (lambda: MultimodalRecommender({"text": tables["text"][:9]}).fit(likes), "9 rows, and there are 30 items"),
        (
            lambda: MultimodalRecommender(tables, rank=4).fit(likes).explain(1000, item=500, by="colour"),
            "by is 'colour'",
        ),
    ]
    for call, words in cases:
        with pytest.raises(ValueError, match=words):
            call()
