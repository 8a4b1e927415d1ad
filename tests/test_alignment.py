import math

import numpy as np
import pytest
import torch

from recsys_lessons.alignment import Alignment, contrastive_loss
from recsys_lessons.encoders.base import Masked


@pytest.fixture
def pairs():
    """200 items whose text and picture show the same 6 numbers in unlike ways; a few lack one of them."""
    random = torch.Generator().manual_seed(0)
    truth = torch.randn(200, 6, generator=random)
    text, pictures = (
        truth @ torch.randn(6, dim, generator=random) + 0.2 * torch.randn(200, dim, generator=random) + 4
        for dim in (10, 15)
    )
    there = torch.rand(200, generator=random) > 0.1
    return text, Masked(pictures.masked_fill(~there[:, None], torch.nan), there)


def test_the_loss_is_that_of_two_questions_on_three_numbers():
    text = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    pictures = torch.tensor([[0.6, 0.8], [0.0, 1.0]])
    rows = [[0.6, 0.0], [0.8, 1.0]]  # text times pictures
    by_row = sum(math.log(sum(math.exp(x / 0.5) for x in row)) - row[i] / 0.5 for i, row in enumerate(rows)) / 2
    columns = list(zip(*rows, strict=True))
    by_column = sum(math.log(sum(math.exp(x / 0.5) for x in row)) - row[i] / 0.5 for i, row in enumerate(columns)) / 2
    assert float(contrastive_loss(text, pictures, 0.5)) == pytest.approx((by_row + by_column) / 2)
    same = torch.ones(7, 1)
    assert float(contrastive_loss(same, same, 0.1)) == pytest.approx(math.log(7))


def test_a_text_finds_the_picture_of_an_item_it_was_not_trained_on(pairs):
    model = Alignment(8).fit(*pairs, rows=range(120))
    found = model.recall_at_k(*pairs, rows=range(120, 200), k=10)
    assert found["n"] == int(pairs[1].mask[120:].sum()) and found["chance"] == pytest.approx(10 / found["n"])
    assert found["recall"] > 0.8 > 4 * found["chance"]
    assert model.losses_[-1] < model.losses_[0]


def test_pairs_that_do_not_belong_together_teach_nothing(pairs):
    text, pictures = pairs
    shuffled = text[torch.randperm(200, generator=torch.Generator().manual_seed(1))]
    found = Alignment(8).fit(shuffled, pictures, rows=range(120)).recall_at_k(text, pictures, rows=range(120, 200))
    assert found["recall"] < 0.35  # chance is 0.14


def test_nothing_is_learned_outside_rows_and_the_seed_decides(pairs):
    text, pictures = pairs
    other = text.clone()
    other[120:] = 99.0
    first, second, third = (
        Alignment(8, epochs=2, seed=seed).fit(one, pictures, rows=range(120)).transform_text(text[:5]).vectors
        for one, seed in ((text, 0), (other, 0), (text, 1))
    )
    np.testing.assert_array_equal(first, second)
    assert not np.allclose(first, third)


def test_what_is_missing_stays_missing_and_the_rest_has_length_1(pairs):
    model = Alignment(8, epochs=1).fit(*pairs, rows=range(120))
    vectors, mask = model.transform_pictures(pairs[1])
    assert torch.equal(mask, pairs[1].mask) and vectors[~mask].isnan().all()
    np.testing.assert_allclose(vectors[mask].norm(dim=1), 1.0, atol=1e-5)


def test_among_pictures_that_are_all_alike_nothing_is_found(pairs):
    model = Alignment(8, epochs=1).fit(*pairs, rows=range(120))
    assert model.recall_at_k(pairs[0], torch.ones(200, 15), rows=range(120, 200), k=10)["recall"] == 0


def test_what_does_not_fit_is_named(pairs):
    text, pictures = pairs
    nobody = Masked(pictures.vectors, torch.zeros(200, dtype=torch.bool))
    model = Alignment(8, epochs=1).fit(text, pictures, rows=range(120))
    cases = [
        (lambda: Alignment(0), "dim is 0"),
        (lambda: Alignment(temperature=0.0), "temperature is 0.0"),
        (lambda: Alignment().fit(text, nobody, rows=range(120)), "0 items with both"),
        (lambda: Alignment().fit(text, pictures, rows=[200]), "rows 0 to 199"),
        (lambda: model.transform_text(pictures), "had 10 at fit"),
        (lambda: model.recall_at_k(text, nobody, rows=range(120)), "no item in rows has both"),
        (lambda: model.recall_at_k(text, pictures, rows=range(120), k=0), "k is 0"),
    ]
    for call, words in cases:
        with pytest.raises(ValueError, match=words):
            call()
    with pytest.raises(RuntimeError, match="not fitted"):
        Alignment().transform_text(text)
