import math

import numpy as np
import pytest
import torch

from recsys_lessons.encoders.base import Masked
from recsys_lessons.fusion import (
    AttentionFusion,
    ConcatFusion,
    GatedFusion,
    HadamardFusion,
    WeightedSumFusion,
    attend,
    concat,
    gate,
    hadamard,
    permutation_contributions,
    weighted_sum,
)

NAN = float("nan")
A, B = torch.tensor([[1.0, 2.0, 3.0]]), torch.tensor([[4.0, -5.0, 0.5]])
BOTH, FIRST, NONE = (torch.tensor([row]) for row in ([True, True], [True, False], [False, False]))
HOLE = torch.full((1, 3), NAN)

CLASSES = (ConcatFusion, WeightedSumFusion, HadamardFusion, GatedFusion, AttentionFusion)
LEARNED = CLASSES[2:]


def make(kind, **options):
    return kind(dim=8, epochs=options.pop("epochs", 3), **options) if kind in LEARNED else kind(**options)


@pytest.fixture
def world():
    """60 items whose three modalities each show the same 4 numbers, through holes and noise; and these numbers."""
    random = torch.Generator().manual_seed(0)
    truth = torch.randn(60, 4, generator=random)
    tables = {}
    for name, dim in {"text": 6, "cover": 9, "audio": 7}.items():
        vectors = truth @ torch.randn(4, dim, generator=random) + 0.3 * torch.randn(60, dim, generator=random) + 5
        mask = torch.rand(60, generator=random) > 0.2
        mask[0], mask[1] = True, False  # item 0 has everything, item 1 nothing
        tables[name] = Masked(vectors.masked_fill(~mask[:, None], NAN), mask)
    return tables, truth


# --- the operators, on three numbers ---------------------------------------------------------------------------------


def test_concat_puts_weighted_blocks_side_by_side():
    found = concat([A, B], BOTH, [3.0, 1.0])
    by_hand = [1.0 * 0.75**0.5, 2.0 * 0.75**0.5, 3.0 * 0.75**0.5, 4.0 * 0.5, -5.0 * 0.5, 0.5 * 0.5]
    np.testing.assert_allclose(found[0], by_hand, rtol=1e-6)


def test_concat_without_a_block_is_zero_there_and_has_its_length_back():
    np.testing.assert_allclose(concat([A, HOLE], FIRST, [3.0, 1.0])[0], [1, 2, 3, 0, 0, 0], rtol=1e-6)


def test_a_dot_product_of_concats_is_the_weighted_mean_of_the_cosines():
    unit = torch.nn.functional.normalize
    one, two = unit(torch.tensor([[1.0, 2.0], [2.0, -1.0]]), dim=1), unit(torch.tensor([[3.0, 1.0], [1.0, 4.0]]), dim=1)
    fused = concat([one, two], torch.ones(2, 2, dtype=torch.bool), [2.0, 6.0])
    by_hand = 0.25 * float(one[0] @ one[1]) + 0.75 * float(two[0] @ two[1])
    assert float(fused[0] @ fused[1]) == pytest.approx(by_hand)
    np.testing.assert_allclose(fused.norm(dim=1), 1.0, rtol=1e-6)


def test_a_weighted_sum_shares_out_the_weight_of_what_is_missing():
    np.testing.assert_allclose(weighted_sum([A, B], BOTH, [3.0, 1.0])[0], [1.75, 0.25, 2.375], rtol=1e-6)
    np.testing.assert_allclose(weighted_sum([A, HOLE], FIRST, [3.0, 1.0])[0], [1, 2, 3], rtol=1e-6)


def test_hadamard_multiplies_and_a_missing_factor_counts_as_one():
    np.testing.assert_allclose(hadamard([A, B], BOTH)[0], [4.0, -10.0, 1.5])
    np.testing.assert_allclose(hadamard([A, HOLE], FIRST)[0], [1, 2, 3])


def test_a_gate_mixes_each_number_with_shares_of_its_own():
    logits = torch.tensor([[[0.0, 0.0, math.log(3)], [0.0, -1e9, 0.0]]])
    np.testing.assert_allclose(gate([A, B], BOTH, logits)[0], [2.5, 2.0, 0.75 * 3 + 0.25 * 0.5], rtol=1e-6)
    np.testing.assert_allclose(gate([A, HOLE], FIRST, logits)[0], [1, 2, 3], rtol=1e-6)


def test_attention_mixes_whole_vectors_and_what_is_missing_gets_no_share():
    logits = torch.tensor([[math.log(3), 0.0]])
    np.testing.assert_allclose(attend([A, B], BOTH, logits)[0], (0.75 * A + 0.25 * B)[0], rtol=1e-6)
    np.testing.assert_allclose(attend([A, HOLE], FIRST, torch.tensor([[0.0, 100.0]]))[0], [1, 2, 3], rtol=1e-6)


@pytest.mark.parametrize(
    "fuse",
    [
        concat,
        weighted_sum,
        hadamard,
        lambda x, mask: gate(x, mask, torch.zeros(1, 2, 3)),
        lambda x, mask: attend(x, mask, torch.zeros(1, 2)),
    ],
)
def test_an_item_that_has_nothing_is_nan_and_never_zero(fuse):
    assert fuse([HOLE, HOLE], NONE).isnan().all()


def test_what_has_weight_0_counts_as_missing():
    assert concat([HOLE, B], ~FIRST, [1.0, 0.0]).isnan().all()
    with pytest.raises(ValueError, match="2 finite numbers"):
        concat([A, B], BOTH, [1.0, -1.0])


# --- the classes ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", CLASSES)
def test_one_missing_all_missing_and_a_single_item(kind, world):
    tables, truth = world
    fusion = make(kind).fit(tables, rows=range(50), targets=truth)
    fused = fusion.transform(tables)
    some = torch.stack([one.mask for one in tables.values()]).any(dim=0)
    assert torch.equal(fused.mask, some) and not some[1]
    assert fused.vectors[some].isfinite().all() and fused.vectors[~some].isnan().all()
    for row in (0, 1, 7):
        alone = fusion.transform({name: Masked(one.vectors[[row]], one.mask[[row]]) for name, one in tables.items()})
        np.testing.assert_allclose(alone.vectors[0], fused.vectors[row], atol=1e-5)


@pytest.mark.parametrize("whiten", [None, 1.0])
def test_the_size_of_an_encoders_numbers_changes_nothing(world, whiten):
    tables, _ = world
    large = tables | {"cover": Masked(tables["cover"].vectors * 1000, tables["cover"].mask)}
    first, second = (
        ConcatFusion(whiten=whiten).fit(one, rows=range(50)).transform(one).vectors for one in (tables, large)
    )
    np.testing.assert_allclose(first, second, atol=1e-4)


@pytest.mark.parametrize("kind", CLASSES)
@pytest.mark.parametrize("whiten", [None, 1.0])
def test_nothing_is_learned_from_an_item_outside_rows(kind, whiten, world):
    tables, truth = world
    changed = {name: Masked(one.vectors.clone(), one.mask) for name, one in tables.items()}
    for one in changed.values():
        one.vectors[50:] = one.vectors[50:] * -7 + 100
    wild = truth.clone()
    wild[50:] = NAN
    rows = np.arange(60) < 50
    first = make(kind, whiten=whiten).fit(tables, rows=rows, targets=truth)
    second = make(kind, whiten=whiten).fit(changed, rows=list(range(50)), targets=wild)
    np.testing.assert_array_equal(first.transform(tables).vectors, second.transform(tables).vectors)


def test_concat_leaves_every_vector_of_length_1_whatever_is_missing(world):
    fused = ConcatFusion({"text": 1.0, "cover": 0.5, "audio": 0.2}).fit(world[0], rows=range(50)).transform(world[0])
    np.testing.assert_allclose(fused.vectors[fused.mask].norm(dim=1), 1.0, atol=1e-5)


def test_whitening_makes_directions_of_different_spread_alike_and_a_large_shrinkage_changes_nothing():
    random = torch.Generator().manual_seed(1)
    table = torch.randn(4000, 2, generator=random) * torch.tensor([10.0, 1.0])
    plain, white, shrunk = (
        ConcatFusion(whiten=one).fit({"x": table}, rows=range(4000)).transform({"x": table}).vectors
        for one in (None, 1e-6, 1e6)
    )
    spread = white.std(dim=0)
    assert spread[0] / spread[1] == pytest.approx(1.0, abs=0.05)
    assert plain.std(dim=0)[0] / plain.std(dim=0)[1] > 2
    np.testing.assert_allclose(plain, shrunk, atol=1e-3)


@pytest.mark.parametrize("whiten", [None, 1.0])
def test_rounding_is_not_blown_up_to_a_direction_where_all_items_are_alike(whiten):
    same = torch.full((700, 5), 0.1) + torch.arange(5)
    fused = ConcatFusion(whiten=whiten).fit({"x": same}, rows=range(699)).transform({"x": same})
    assert (fused.vectors == 0).all() and fused.mask.all()


def test_a_sum_with_targets_is_the_mean_of_one_regression_each(world):
    tables, truth = world
    fusion = WeightedSumFusion(ridge=2.0).fit(tables, rows=range(50), targets=truth)
    one = tables["text"]
    known = one.mask & (torch.arange(60) < 50)
    unit = torch.nn.functional.normalize(one.vectors[known] - one.vectors[known].mean(dim=0), dim=1).double()
    by_hand = torch.linalg.solve(unit.T @ unit + 2 * torch.eye(6), unit.T @ truth[known].double())
    np.testing.assert_allclose(fusion.maps_[0], by_hand, atol=1e-5)
    single = WeightedSumFusion(ridge=2.0).fit({"text": one}, rows=range(50), targets=truth).transform({"text": one})
    np.testing.assert_allclose(single.vectors[known], (unit @ by_hand).float(), atol=1e-5)


def test_a_regression_through_the_smaller_system_is_the_same(world):
    from recsys_lessons.fusion.parts import ridge

    x, t = torch.randn(5, 40, generator=torch.Generator().manual_seed(2)), world[1][:5]
    wide = torch.linalg.solve(x.T @ x + 3 * torch.eye(40), x.T @ t)
    np.testing.assert_allclose(ridge(x, t, 3.0), wide, atol=1e-5)


@pytest.mark.parametrize("kind", [GatedFusion, AttentionFusion])
def test_a_learned_fusion_beats_guessing_on_items_it_has_not_seen(kind, world):
    tables, truth = world
    fusion = kind(dim=16, epochs=150, lr=5e-3, decay=0.01).fit(tables, rows=range(45), targets=truth)
    fused, mask = fusion.transform(tables)
    seen, new = mask.clone(), mask.clone()
    seen[45:], new[:45] = False, False
    table = torch.cat([fused, torch.ones(60, 1)], dim=1)
    way = torch.linalg.solve(table[seen].T @ table[seen] + 0.5 * torch.eye(17), table[seen].T @ truth[seen])
    assert (table[new] @ way - truth[new]).pow(2).mean() < 0.5 * truth[new].var()
    assert fusion.losses_[-1] < fusion.losses_[0]


@pytest.mark.parametrize("kind", LEARNED)
def test_the_same_seed_gives_the_same_fusion_and_leaves_torchs_own_generator_alone(kind, world):
    tables, truth = world
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    first, again, other = (
        make(kind, seed=seed).fit(tables, rows=range(50), targets=truth).transform(tables).vectors for seed in (1, 1, 2)
    )
    assert torch.equal(torch.rand(1), expected)
    np.testing.assert_array_equal(first, again)
    assert not np.allclose(first[0], other[0])


@pytest.mark.parametrize("kind", [GatedFusion, AttentionFusion])
def test_shares_of_what_is_present_add_up_to_one(kind, world):
    tables, truth = world
    shares = make(kind).fit(tables, rows=range(50), targets=truth).shares(tables)
    mask = torch.stack([one.mask for one in tables.values()], dim=1)
    assert (shares[~mask] == 0).all()
    np.testing.assert_allclose(shares.sum(dim=1), mask.any(dim=1).float(), atol=1e-6)


# --- contributions ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [ConcatFusion, WeightedSumFusion])
def test_contributions_of_a_linear_fusion_add_up_to_the_score(kind, world):
    tables, truth = world
    fusion = make(kind, weights={"text": 1.0, "cover": 0.3, "audio": 0.0}).fit(tables, rows=range(50), targets=truth)
    fused = fusion.transform(tables)
    direction = torch.randn(fused.vectors.shape[1], generator=torch.Generator().manual_seed(3))
    found = fusion.contributions(tables, direction)
    np.testing.assert_allclose(sum(found.values())[fused.mask], (fused.vectors @ direction)[fused.mask], atol=1e-5)
    assert (found["audio"][fused.mask] == 0).all()
    assert (found["cover"][fused.mask & ~tables["cover"].mask] == 0).all()


def test_permutation_finds_who_speaks_and_gives_the_silent_nothing(world):
    tables, _ = world
    found = permutation_contributions(lambda some: some["text"].vectors[:, 0], tables, shuffles=200, seed=0)
    assert (found["cover"] == 0).all() and (found["audio"] == 0).all()
    text = tables["text"]
    own, mean = text.vectors[text.mask][:, 0], text.vectors[text.mask][:, 0].mean()
    # On average the other item's number is the mean of all, so what is lost is the distance to it.
    np.testing.assert_allclose(found["text"][text.mask], own - mean, atol=0.8)
    again = permutation_contributions(lambda some: some["text"].vectors[:, 0], tables, shuffles=200, seed=0)
    np.testing.assert_array_equal(found["text"], again["text"])


def test_a_gated_fusion_explains_itself_by_permutation(world):
    tables, truth = world
    fusion = make(GatedFusion).fit(tables, rows=range(50), targets=truth)
    found = fusion.contributions(tables, torch.ones(8))
    assert (found["cover"][2:][~tables["cover"].mask[2:]] == 0).all() and found["text"][1].isnan()
    assert found["text"][0] != 0
    with pytest.raises(TypeError, match="GatedFusion is not linear"):
        fusion.parts(tables)


# --- refusals ---------------------------------------------------------------------------------------------------------


def test_what_does_not_fit_is_named_with_place_and_fix(world):
    tables, truth = world
    broken = Masked(tables["text"].vectors.clone(), tables["text"].mask)
    broken.vectors[0, 2] = NAN
    fusion = ConcatFusion().fit(tables, rows=range(50))
    cases = [
        (lambda: ConcatFusion().fit({"text": broken}, rows=[0]), "modality 'text' .* not finite in row 0"),
        (lambda: ConcatFusion().fit({"a": A, "b": torch.ones(2, 3)}, rows=[0]), "{'a': 1, 'b': 2} rows"),
        (lambda: ConcatFusion().fit({}, rows=[0]), "modalities is empty"),
        (lambda: ConcatFusion().fit(tables, rows=[]), "at least one item"),
        (lambda: ConcatFusion().fit(tables, rows=[60]), "rows 0 to 59"),
        (lambda: ConcatFusion().fit(tables, rows=[True, False]), "rows is a mask of"),
        (lambda: ConcatFusion().fit(tables, rows=[1]), "no item in rows has the modality 'text'"),
        (lambda: ConcatFusion({"text": 1.0}).fit(tables, rows=range(50)), "has none for 'cover'"),
        (lambda: ConcatFusion({"txt": 1.0}).fit(tables, rows=range(50)), "names 'txt', which is no modality"),
        (lambda: ConcatFusion(dict.fromkeys(tables, 0.0)).fit(tables, rows=range(50)), "every weight is 0"),
        (lambda: ConcatFusion(dict.fromkeys(tables, -1.0)).fit(tables, rows=range(50)), "weight of 'text' is -1.0"),
        (lambda: ConcatFusion(whiten=0.0), "whiten is 0.0"),
        (lambda: WeightedSumFusion().fit(tables, rows=range(50)), "a sum needs one space"),
        (lambda: GatedFusion().fit(tables, rows=range(50)), "pass targets"),
        (lambda: GatedFusion().fit(tables, rows=range(50), targets=truth[:9]), r"targets is \(9, 4\)"),
        (lambda: fusion.transform({"text": tables["text"]}), "'audio' is absent"),
        (lambda: fusion.transform(tables | {"video": A}), "rows; pass one row per item"),
        (lambda: fusion.transform(tables | {"video": tables["text"]}), "'video' is unknown"),
        (lambda: fusion.transform(tables | {"cover": tables["text"]}), "dim 6 and had 9"),
        (lambda: GatedFusion(0), "dim is 0"),
        (lambda: GatedFusion(drop=1.0), "drop 1.0"),
    ]
    for call, words in cases:
        with pytest.raises(ValueError, match=words):
            call()
    with pytest.raises(TypeError, match="modalities is a Tensor"):
        ConcatFusion().fit(A, rows=[0])
    with pytest.raises(RuntimeError, match="not fitted yet"):
        ConcatFusion().transform(tables)
