import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from recsys_lessons.encoders.base import center, cls_pooling, mean_pooling, token_budget_batches


def test_mean_pooling_equals_the_mean_of_each_texts_own_tokens():
    hidden = torch.randn(3, 5, 4, generator=torch.Generator().manual_seed(0))
    mask = torch.tensor([[1, 1, 0, 0, 0], [1, 1, 1, 1, 1], [0, 1, 0, 1, 0]])
    expected = torch.stack([hidden[i, mask[i].bool()].mean(dim=0) for i in range(3)])
    for kind in (torch.long, torch.bool, torch.float):
        torch.testing.assert_close(mean_pooling(hidden, mask.to(kind)), expected)


def test_padding_changes_nothing():
    hidden, mask = torch.randn(2, 3, 4), torch.ones(2, 3, dtype=torch.long)
    longer = torch.cat([hidden, torch.full((2, 6, 4), 1e6)], dim=1)
    torch.testing.assert_close(mean_pooling(longer, torch.nn.functional.pad(mask, (0, 6))), mean_pooling(hidden, mask))


def test_a_row_without_tokens_is_zero_and_not_nan():
    assert mean_pooling(torch.ones(1, 3, 4), torch.zeros(1, 3)).tolist() == [[0.0] * 4]


def test_cls_pooling_takes_the_first_token():
    hidden = torch.arange(24.0).reshape(2, 3, 4)
    assert torch.equal(cls_pooling(hidden, torch.ones(2, 3)), hidden[:, 0])


@pytest.mark.parametrize("pooling", [mean_pooling, cls_pooling])
def test_shapes_that_disagree_are_shown(pooling):
    with pytest.raises(ValueError, match=r"\(2, 3, 4\) and mask is \(2, 4\)"):
        pooling(torch.ones(2, 3, 4), torch.ones(2, 4))


def test_centring_removes_the_references_mean_and_scales_to_length_one():
    rows = torch.randn(20, 4) + 5
    centred = center(rows, reference=rows)
    torch.testing.assert_close(centred.norm(dim=1), torch.ones(20))
    expected = (rows - rows.mean(0)) / (rows - rows.mean(0)).norm(dim=1, keepdim=True)
    torch.testing.assert_close(centred, expected)


def test_a_row_equal_to_the_mean_stays_zero():
    rows = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    assert center(rows.mean(0, keepdim=True), reference=rows).tolist() == [[0.0, 0.0]]


def test_centring_depends_on_the_reference_alone():
    rows, others = torch.randn(4, 3), torch.randn(50, 3)
    alone = center(rows[:1], reference=rows)
    torch.testing.assert_close(center(torch.cat([rows[:1], others]), reference=rows)[:1], alone)


def test_centring_with_other_dim_or_no_reference_is_refused():
    for reference in (torch.ones(2, 4), torch.ones(0, 3)):
        with pytest.raises(ValueError, match="reference is"):
            center(torch.ones(2, 3), reference)


@given(st.lists(st.integers(0, 60), max_size=50), st.integers(1, 200))
def test_batches_hold_every_row_once_within_the_budget(lengths, budget):
    batches = list(token_budget_batches(lengths, budget))
    assert sorted(row for batch in batches for row in batch) == list(range(len(lengths)))
    for batch in batches:
        assert len(batch) == 1 or len(batch) * max(lengths[row] for row in batch) <= budget


def test_sorted_batches_pad_less_than_batches_in_the_given_order():
    lengths = np.random.default_rng(0).integers(5, 100, size=500).tolist()
    padded = sum(len(batch) * max(lengths[row] for row in batch) for batch in token_budget_batches(lengths, 1000))
    unsorted = sum(10 * max(lengths[i : i + 10]) for i in range(0, 500, 10))
    assert padded < 1.2 * sum(lengths) < unsorted


def test_a_budget_below_one_is_named():
    with pytest.raises(ValueError, match="budget is 0"):
        list(token_budget_batches([1], 0))


def test_center_leaves_a_row_that_equals_the_mean_but_for_rounding_at_zero():
    reference = 10 + torch.rand(1000, 8, generator=torch.Generator().manual_seed(0))
    almost = reference.mean(dim=0) * (1 + 1e-7)
    centred = center(torch.stack([almost, reference[0]]), reference)
    assert centred[0].abs().max() == 0 and centred[1].norm() == pytest.approx(1.0)
