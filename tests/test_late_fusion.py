import numpy as np
import pytest

from recsys_lessons.fusion import late_fusion

NAN = float("nan")


def z(*values):
    values = np.array(values, dtype=float)
    return (values - values.mean()) / values.std()


def test_scores_are_brought_to_one_scale_weighed_and_added():
    found = late_fusion({"text": [[1, 2, 6]], "cover": [[300, 100, 200]]}, weights={"text": 3.0, "cover": 4.0})
    np.testing.assert_allclose(found[0], (3 * z(1, 2, 6) + 4 * z(300, 100, 200)) / 5)
    mean = late_fusion({"text": [[1, 2, 6]], "cover": [[300, 100, 200]]}, rescale="mean")
    np.testing.assert_allclose(mean[0], (z(1, 2, 6) + z(300, 100, 200)) / 2)


def test_a_missing_modality_has_no_say_whatever_stands_in_its_place():
    masks = {"cover": np.array([True, True, False])}
    for hole in (NAN, 1e9, np.inf):
        found = late_fusion({"text": [[1.0, 2.0, 6.0]], "cover": [[3.0, 1.0, hole]]}, masks)
        both = (z(1, 2, 6)[:2] + z(3, 1)) / 2**0.5
        np.testing.assert_allclose(found[0], [*both, z(1, 2, 6)[2]])


def test_an_item_that_has_nothing_stands_at_the_average():
    masks = {"text": np.array([True, True, False])}
    assert late_fusion({"text": [[1.0, 5.0, NAN]]}, masks).tolist() == [[-1.0, 1.0, 0.0]]
    assert late_fusion({"text": [[NAN, NAN]]}, {"text": np.zeros(2, dtype=bool)}).tolist() == [[0.0, 0.0]]


def test_with_spread_a_list_does_not_fill_with_items_that_lack_something_and_with_mean_it_does():
    random = np.random.default_rng(0)
    scores = {name: random.standard_normal((200, 400)) for name in ("text", "cover", "audio", "video")}
    bare = np.arange(400) < 200
    masks = {name: ~bare for name in ("cover", "audio", "video")}
    share = {}
    for rescale in ("spread", "mean"):
        best = np.argsort(-late_fusion(scores, masks, rescale=rescale), axis=1)[:, :10]
        share[rescale] = bare[best].mean()
    assert share["spread"] == pytest.approx(0.5, abs=0.05)
    assert share["mean"] > 0.85


def test_equal_scores_are_no_opinion_and_order_alone_is_left_of_a_shift():
    flat = late_fusion({"text": [[1.0, 2.0, 6.0]], "cover": [[0.1, 0.1, 0.1]]})
    np.testing.assert_allclose(flat[0], z(1, 2, 6) / 2**0.5)
    first, second = (
        late_fusion({"a": [[1.0, 2.0, 6.0]], "b": [[k * 3.0 + c, k * 1.0 + c, c]]}) for k, c in ((1, 0), (9, -4))
    )
    np.testing.assert_allclose(first, second)


def test_what_does_not_fit_is_named():
    one = {"text": np.zeros((2, 3))}
    cases = [
        (lambda: late_fusion({}), "scores is empty"),
        (lambda: late_fusion(one, rescale="sum"), "rescale is 'sum'"),
        (lambda: late_fusion(one, {"cover": np.ones(3, dtype=bool)}), "masks names 'cover'"),
        (lambda: late_fusion(one, weights={"cover": 1.0}), "names 'cover', which is no modality"),
        (lambda: late_fusion(one, {"text": np.ones(2, dtype=bool)}), r"mask \(2,\)"),
        (lambda: late_fusion(one, {"text": np.ones(3)}), "float64"),
        (lambda: late_fusion({**one, "cover": np.zeros((2, 4))}), r"'cover' are \(2, 4\)"),
        (lambda: late_fusion({"text": [[NAN, 1.0]]}), "'text' has a score that is not finite"),
    ]
    for call, words in cases:
        with pytest.raises(ValueError, match=words):
            call()
