import numpy as np
import pytest
from sklearn.metrics.pairwise import cosine_similarity

from recsys_lessons.recommenders.neighbours import ItemNeighbours


def test_with_all_neighbours_and_no_shrinkage_it_is_the_cosine_of_columns(likes):
    model = ItemNeighbours(k=30, shrink=0).fit(likes)
    expected = cosine_similarity(likes.matrix().T)
    np.fill_diagonal(expected, 0)
    np.testing.assert_allclose(model.similarity_.toarray(), expected, atol=1e-6)


def test_shrinkage_takes_more_from_a_similarity_that_few_people_vouch_for(likes):
    plain, shrunk = (ItemNeighbours(k=30, shrink=s).fit(likes).similarity_.toarray() for s in (0, 5))
    counts = np.asarray(likes.matrix().sum(axis=0)).ravel()
    length = np.sqrt(np.outer(counts, counts))
    met = plain > 0
    np.testing.assert_allclose((shrunk / np.where(met, plain, 1))[met], (length / (length + 5))[met], rtol=1e-5)


def test_an_item_listens_to_its_k_most_similar_items_and_to_no_other(likes):
    full, cut = (ItemNeighbours(k=k, shrink=1).fit(likes).similarity_.toarray() for k in (30, 3))
    for column in range(30):
        kept = np.flatnonzero(cut[:, column])
        assert len(kept) == min(3, np.count_nonzero(full[:, column]))
        assert sorted(full[kept, column]) == sorted(full[:, column], reverse=True)[: len(kept)][::-1]
    assert (np.count_nonzero(cut, axis=1) > 3).any()  # being a neighbour is not mutual


def test_arguments_that_do_not_fit_are_named():
    with pytest.raises(ValueError, match="k is 0"):
        ItemNeighbours(k=0)
    with pytest.raises(ValueError, match="shrink is -1"):
        ItemNeighbours(shrink=-1)
