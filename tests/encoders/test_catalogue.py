import numpy as np
import pandas as pd
import pytest
import torch

from recsys_lessons.data.dataset import Dataset
from recsys_lessons.encoders import catalogue
from recsys_lessons.encoders.base import Masked
from recsys_lessons.encoders.catalogue import encode_items


class Lengths:
    """Stands in for an encoder of files: a vector is the length of the path, twice."""

    def __init__(self, progress=True, on_error="raise"):
        self.on_error = on_error

    def encode(self, values):
        given = [None if value is None else len(value) for value in values]
        vectors = torch.tensor([[np.nan if one is None else float(one)] * 2 for one in given])
        return Masked(vectors, torch.tensor([one is not None for one in given]))


@pytest.fixture
def dataset():
    covers = np.array(["a.jpg", None, "ccc.jpg"], dtype=object)
    items = pd.DataFrame(
        {
            "item_id": [1, 2, 3],
            "title": list("abc"),
            "text": ["a film", "", "cat"],
            "cover": pd.Series(covers, dtype=object),
        }
    )
    return Dataset(items, pd.DataFrame({"user_id": [9]}), pd.DataFrame({"user_id": [9], "item_id": [1]}))


def test_every_column_that_has_an_encoder_is_encoded_in_the_item_tables_order(dataset, tiny_bert, monkeypatch):
    kinds = dict(catalogue.MODALITIES, cover=Lengths)
    monkeypatch.setattr(catalogue, "MODALITIES", kinds)
    words = catalogue.TextEncoder(tiny_bert, cache=False, progress=False)
    found = encode_items(dataset, encoders={"text": words}, progress=False)
    assert list(found) == ["text", "cover"]
    assert found["cover"].mask.tolist() == [True, False, True] and found["cover"].vectors[2, 0] == 7
    assert found["text"].mask.tolist() == [True, False, True], "no words is no text, not the text of nothing"
    assert torch.equal(found["text"].vectors[[0, 2]], words.encode(["a film", "cat"]))
    assert found["text"].vectors[1].isnan().all()


def test_a_column_of_ones_own_takes_an_encoder_of_ones_own(dataset):
    found = encode_items(dataset, ["title"], encoders={"title": Lengths()})
    assert list(found) == ["title"] and found["title"].vectors.shape == (3, 2)


@pytest.mark.parametrize(
    ("asked", "own", "named"),
    [
        (["smell"], {}, "no column 'smell'"),
        (["title"], {}, "'title' has no encoder"),
        ([], {}, "none of the columns"),
        (None, {"smell": Lengths()}, "no column 'smell'"),
    ],
)
def test_what_cannot_be_encoded_is_named(dataset, asked, own, named):
    with pytest.raises(ValueError, match=named):
        encode_items(dataset, asked, encoders=own)
