import numpy as np
import pytest
import torch
from sklearn.metrics.pairwise import cosine_similarity

from recsys_lessons.recommenders.content import ContentProfile


@pytest.fixture
def features():
    return torch.tensor(np.random.default_rng(0).standard_normal((30, 6)) + 2, dtype=torch.float32)


def test_a_score_is_the_cosine_with_the_mean_of_what_was_liked(likes, features):
    model = ContentProfile(features, centred=False).fit(likes)
    rows = [0, 3, 8]
    history = likes.items["item_id"].to_numpy()[rows].tolist()
    unit = features.numpy() / np.linalg.norm(features.numpy(), axis=1, keepdims=True)
    expected = cosine_similarity(unit[rows].mean(axis=0, keepdims=True), unit)
    np.testing.assert_allclose(model.scores(history=history), expected, atol=1e-5)


def test_centring_uses_the_items_of_training_and_no_others(likes, features):
    other = features.clone()
    other[25:] = 99.0
    first, second = (ContentProfile(table).fit(likes).features_ for table in (features, other))
    warm = likes.item_rows(likes.active_items())
    np.testing.assert_allclose(first[warm], second[warm], atol=1e-6)
    expected = features[warm] - features[warm].mean(dim=0)
    np.testing.assert_allclose(first[warm], torch.nn.functional.normalize(expected, dim=1), atol=1e-6)


def test_a_cold_item_is_scored_by_its_content(likes, features):
    features[27] = features[0]
    scores = ContentProfile(features).fit(likes).scores(history=[int(likes.items["item_id"][0])])[0]
    assert scores[27] == pytest.approx(1, abs=1e-5)


def test_features_that_do_not_fit_are_named(likes, features):
    with pytest.raises(ValueError, match=r"item_features is \(29, 6\)"):
        ContentProfile(features[:29]).fit(likes)


def test_a_read_only_array_as_pandas_gives_it_is_taken_without_a_warning(likes, features, recwarn):
    table = features.numpy().copy()
    table.flags.writeable = False
    ContentProfile(table).fit(likes)
    assert not recwarn.list
