import numpy as np
import pandas as pd
import pytest
import torch

from recsys_lessons.data.dataset import Dataset
from recsys_lessons.recommenders._next_item import left_padded, windows
from recsys_lessons.recommenders._transformer import CausalTransformer
from recsys_lessons.recommenders.popularity import Popularity
from recsys_lessons.recommenders.sequential import SequentialRecommender, attention, causal_mask


def small(features=None, **options) -> SequentialRecommender:
    """A model that trains in about a second."""
    return SequentialRecommender(features, **{"dim": 16, "layers": 1, "max_length": 8, "epochs": 15} | options)


@pytest.fixture
def network():
    torch.manual_seed(0)
    net = CausalTransformer(dim=8, layers=2, heads=2, max_length=10, dropout=0.2).eval()
    with torch.no_grad():
        for block in net.blocks:
            block.by_distance.normal_()  # zero at first, which would hide a wrong distance
    return net


@pytest.fixture(scope="module")
def chains() -> Dataset:
    """40 users walk through 24 items, where 0 is followed by 1, 1 by 2, ..., 23 by 0. Item 24 was met by nobody."""
    random = np.random.default_rng(0)
    rows = [
        (user, (start + step) % 24, 1000 * step + user)
        for user, start in enumerate(random.integers(24, size=40))
        for step in range(12)
    ]
    items = pd.DataFrame({"item_id": range(25), "title": [f"Film {item}" for item in range(25)]})
    table = pd.DataFrame(rows, columns=["user_id", "item_id", "timestamp"])
    return Dataset(items, pd.DataFrame({"user_id": range(40)}), table)


@pytest.fixture(scope="module")
def turns() -> torch.Tensor:
    """Features in which the chain is a walk round a circle; item 24 stands where 5 does."""
    angle = 2 * np.pi * np.array([*range(24), 5.01]) / 24
    return torch.from_numpy(np.c_[[np.cos(n * angle) for n in (1, 2, 3)] + [np.sin(n * angle) for n in (1, 2, 3)]].T)


def test_the_mask_lets_a_place_see_itself_and_what_came_before():
    assert causal_mask(3).tolist() == [[True, False, False], [True, True, False], [True, True, True]]
    assert causal_mask(1).tolist() == [[True]]
    with pytest.raises(ValueError, match="length is 0"):
        causal_mask(0)


def test_attention_is_that_of_torch():
    make = torch.Generator().manual_seed(0)
    queries, keys, values = (torch.randn(2, 3, 5, 4, generator=make) for _ in range(3))
    bias = torch.randn(3, 5, 5, generator=make)
    allowed = causal_mask(5)
    theirs = torch.nn.functional.scaled_dot_product_attention(queries, keys, values, is_causal=True)
    torch.testing.assert_close(attention(queries, keys, values, allowed), theirs)
    shifted = bias.masked_fill(~allowed, float("-inf"))
    theirs = torch.nn.functional.scaled_dot_product_attention(queries, keys, values, attn_mask=shifted)
    torch.testing.assert_close(attention(queries, keys, values, allowed, bias), theirs)


def test_a_later_item_changes_no_earlier_output(network):
    x = torch.randn(3, 9, 8, generator=torch.Generator().manual_seed(1))
    real = torch.ones(3, 9, dtype=torch.bool)
    before = network(x, real)
    for place in (4, 8):
        changed = x.clone()
        changed[:, place] = -changed[:, place]  # a number added to all of it would vanish in the layer norm
        after = network(changed, real)
        torch.testing.assert_close(after[:, :place], before[:, :place], rtol=0, atol=0)
        assert (after[:, place:] - before[:, place:]).abs().amax(dim=(0, 2)).min() > 1e-3


def test_what_stands_in_the_padding_and_how_much_there_is_of_it_changes_nothing(network):
    make = torch.Generator().manual_seed(2)
    x = torch.randn(2, 4, 8, generator=make)
    alone = network(x, torch.ones(2, 4, dtype=torch.bool))
    for width in (1, 6):
        padded = torch.cat([torch.randn(2, width, 8, generator=make), x], dim=1)
        real = torch.tensor([False] * width + [True] * 4).expand(2, -1)
        torch.testing.assert_close(network(padded, real)[:, width:], alone)


def test_the_distance_backwards_matters(network):
    x = torch.randn(1, 5, 8, generator=torch.Generator().manual_seed(3))
    real = torch.ones(1, 5, dtype=torch.bool)
    swapped = x[:, [1, 0, 2, 3, 4]]
    assert (network(x, real)[:, -1] - network(swapped, real)[:, -1]).abs().max() > 1e-4


def test_every_item_but_the_first_is_what_comes_next_exactly_once():
    random = np.random.default_rng(0)
    sequence = np.arange(100, 123)
    cuts = set()
    for _ in range(20):
        pieces = windows(sequence, 5, random)
        assert max(len(piece) for piece in pieces) <= 6
        assert np.concatenate([piece[1:] for piece in pieces]).tolist() == sequence[1:].tolist()
        cuts.add(len(pieces[0]))
    assert len(cuts) > 1  # cut elsewhere each time
    assert [len(piece) for piece in windows(sequence[:4], 5, random)] == [4]
    assert windows(sequence[:1], 5, random) == []


def test_sequences_end_at_the_right_edge():
    items, real = left_padded([np.array([7, 8]), np.array([], dtype=np.int64), np.array([1, 2, 3])])
    assert items.tolist() == [[0, 7, 8], [0, 0, 0], [1, 2, 3]]
    assert real.tolist() == [[False, True, True], [False] * 3, [True] * 3]


@pytest.mark.parametrize("with_features", [False, True])
def test_a_planted_pattern_is_learned(chains, turns, with_features):
    model = small(turns if with_features else None, lr=1e-2, dropout=0.0, epochs=30).fit(chains)
    for last in (3, 11, 23):
        history = [(last - 2) % 24, (last - 1) % 24, last]
        best = model.recommend(history=history, k=1)["item_id"].iloc[0]
        follows = {(last + 1) % 24} | ({24} if last == 4 else set())
        assert best in follows, (last, best)
    assert model.losses_[-1] < model.losses_[0] / 2


def test_the_order_decides_and_the_oldest_is_forgotten_beyond_the_window(chains):
    model = small(max_length=3).fit(chains)
    forwards, backwards = model.scores(history=[3, 4, 5])[0], model.scores(history=[5, 4, 3])[0]
    assert np.abs(forwards - backwards).max() > 0.1
    np.testing.assert_allclose(model.scores(history=[9, 3, 4, 5])[0], forwards, atol=1e-5)
    moments = {3: 10.0, 5: 99.0, 4: 20.0}
    np.testing.assert_allclose(model.scores(history=moments)[0], forwards, atol=1e-5)


def test_a_new_item_is_scored_by_its_features_and_not_at_all_by_its_id(chains, turns):
    with_text = small(turns, lr=1e-2, dropout=0.0, epochs=30).fit(chains)
    scores = with_text.scores(history=[2, 3, 4])[0]
    assert np.isfinite(scores).all()
    pull = with_text.network_.popularity_weight.item() * np.log1p(with_text.matrix_.getnnz(axis=0))
    without = scores - pull  # nobody has met it, so popularity speaks against it
    assert abs(without[24] - without[5]) < 0.2 * without.std() and without[24] > np.sort(without)[-4]
    assert with_text.recommend(history=[2, 3, 24], k=1)["item_id"].iloc[0] in (5, 6)
    by_id = small().fit(chains)
    assert by_id.cold_[24] and by_id.scores(history=[2, 3, 4])[0, 24] == 0


def test_features_of_a_new_item_change_nothing_that_is_learned(chains, turns):
    other = turns.clone()
    other[24] = 9.0
    first, second = (small(table, epochs=3).fit(chains) for table in (turns, other))
    np.testing.assert_array_equal(first.scores()[:, :24], second.scores()[:, :24])


@pytest.mark.parametrize("with_features", [False, True])
def test_the_same_seed_gives_the_same_model_and_leaves_the_random_state_alone(chains, turns, with_features):
    features = turns if with_features else None
    torch.manual_seed(5)
    first = small(features, epochs=3, device="cpu").fit(chains).scores()
    drawn = torch.rand(1)
    torch.manual_seed(6)
    second = small(features, epochs=3, device="cpu").fit(chains).scores()
    np.testing.assert_array_equal(first, second)
    assert not np.allclose(first, small(features, epochs=3, seed=1, device="cpu").fit(chains).scores())
    torch.manual_seed(5)
    assert torch.rand(1) == drawn


def test_training_stops_and_the_best_epoch_is_kept(chains):
    model = small(lr=0.05, epochs=40, patience=2).fit(chains)
    assert len(model.validation_) == len(model.losses_)
    assert model.best_epoch_ == int(np.argmin(model.validation_))
    assert len(model.losses_) in (40, model.best_epoch_ + 3)
    everything = small(epochs=4, patience=None).fit(chains)
    assert len(everything.losses_) == 4 and everything.validation_ == [] and everything.best_epoch_ == 3


def test_nobody_learns_from_the_item_that_judges(chains):
    """Everybody's latest item is replaced; the loss in training stays the same to the last bit."""
    table = chains.interactions.sort_values("timestamp").copy()
    latest = table.groupby("user_id")["timestamp"].transform("max") == table["timestamp"]
    table.loc[latest, "item_id"] = (table.loc[latest, "item_id"] + 7) % 24
    first = small(epochs=2).fit(chains)
    second = small(epochs=2).fit(chains.with_interactions(table))
    assert first.losses_ == second.losses_ and first.validation_ != second.validation_


def test_without_history_it_proposes_what_is_popular(likes):
    model = small(epochs=2).fit(likes)
    popular = Popularity().fit(likes)
    order = model.recommend(history=[], k=10)["item_id"].tolist()
    assert order == popular.recommend(history=[], k=10)["item_id"].tolist()


def test_arguments_that_do_not_fit_are_named(chains, turns):
    for options, words in (
        ({"dim": 0}, "dim is 0"),
        ({"dim": 10, "heads": 4}, "dim is 10 and heads is 4"),
        ({"patience": 0}, "patience is 0"),
        ({"dropout": 1.0}, "dropout is 1.0"),
        ({"lr": 0.0}, "lr is 0.0"),
    ):
        with pytest.raises(ValueError, match=words):
            SequentialRecommender(**options)
    with pytest.raises(ValueError, match=r"item_features is \(24, 6\)"):
        small(turns[:24]).fit(chains)
    with pytest.raises(TypeError, match="SequentialRecommender does not explain"):
        small(epochs=1).fit(chains).explain(3, item=5)
    one_each = chains.with_interactions(chains.interactions.drop_duplicates("user_id"))
    with pytest.raises(ValueError, match="nobody has two interactions"):
        small().fit(one_each)
