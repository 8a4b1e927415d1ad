import numpy as np
import pandas as pd
import pytest

from recsys_lessons.data.dataset import Dataset
from recsys_lessons.recommenders.interview import Interview, answers, choose_interview_items


@pytest.fixture
def camps() -> Dataset:
    """60 people of two camps. 0: everybody likes it. 1: a camp likes it, the other dislikes it, all know it.
    2: the same split again. 3: a second taste, half of each camp. 4: splits as sharply as 1, and six people know it.
    5 to 8: what the four groups like."""
    rows = []
    for user in range(60):
        camp, side = user % 2, (user // 2) % 2
        rows += [(user, 0, 5.0), (user, 1, 5.0 if camp else 1.0), (user, 3, 4.0 if side else 2.0)]
        rows += [(user, 5 + 2 * camp + side, 5.0), (user, 9 + camp, 5.0), (user, 11 + camp, 4.0)]
        if user < 40:
            rows.append((user, 2, 5.0 if camp else 1.0))
        if user < 6:
            rows.append((user, 4, 5.0 if camp else 1.0))
    items = pd.DataFrame({"item_id": 100 + np.arange(13), "title": [f"Film {i}" for i in range(13)]})
    table = pd.DataFrame(rows, columns=["user_id", "item_id", "rating"])
    return Dataset(items, pd.DataFrame({"user_id": np.arange(60)}), table.assign(item_id=table["item_id"] + 100))


def test_popular_asks_what_most_people_know_and_random_depends_on_its_seed_alone(camps):
    assert set(choose_interview_items(camps, 3, "popular")) == {100, 101, 103}
    draws = [tuple(choose_interview_items(camps, 3, "random", seed=seed)) for seed in (0, 0, 1, 2, 3)]
    assert draws[0] == draws[1] and len(set(draws)) > 2


def test_the_informative_question_splits_people_and_is_one_they_can_answer(camps):
    first = choose_interview_items(camps, 1)[0]
    assert first not in (100, 104)  # everybody says the same; nobody knows it
    groups = camps.interactions[camps.interactions["item_id"] == first]["user_id"] % 2
    liked = answers(camps, 1, [first])["answer"][0], answers(camps, 0, [first])["answer"][0]
    assert liked[0] != liked[1] and len(groups) >= 30


def test_the_second_question_does_not_ask_the_first_one_again(camps):
    """Film 2 splits as Film 1 does; what is left to know is the side, which Films 3 and 5 to 8 tell."""
    second = choose_interview_items(camps, 2)[1]
    assert second in (103, 105, 106, 107, 108)


def test_a_greedy_choice_is_the_best_next_question_by_brute_force(camps):
    likes = (camps.matrix("rating") >= 4).toarray().astype(float)
    known = (camps.matrix() > 0).toarray()
    said = np.where(likes > 0, 0, np.where(known, 1, 2))

    def gain(before, question):
        total = 0.0
        for kind in np.unique(said[:, before], axis=0):
            inside = (said[:, before] == kind).all(axis=1)
            apart = likes - likes[inside].mean(axis=0)
            parts = [inside & (said[:, question] == answer) for answer in range(3)]
            total += sum((apart[part].sum(axis=0) ** 2).sum() / (part.sum() + 10.0) for part in parts)
        return total

    chosen = [one - 100 for one in choose_interview_items(camps, 3)]
    for place in range(3):
        before = chosen[:place]
        values = [gain(before, other) for other in range(13) if other not in before]
        assert gain(before, chosen[place]) == pytest.approx(max(values), rel=1e-6)


def test_likes_without_ratings_can_be_asked_about_too(likes):
    bare = likes.with_interactions(likes.interactions.drop(columns="rating"))
    assert len(set(choose_interview_items(bare, 3))) == 3
    history = bare.history(1000)["item_id"].tolist()
    unseen = next(item for item in bare.items["item_id"] if item not in history)
    assert answers(bare, 1000, [history[0], unseen])["answer"].tolist() == ["like", "do not know"]


def test_answers_are_like_dislike_and_do_not_know(camps):
    assert answers(camps, 0, [100, 101, 112])["answer"].tolist() == ["like", "dislike", "do not know"]
    assert answers(camps, 0, [112, 100])["title"].tolist() == ["Film 12", "Film 0"]


def test_before_the_first_answer_popularity_speaks_and_each_answer_moves_towards_those_who_answer_alike(camps):
    model = Interview([101, 103], shrink=5.0).fit(camps)
    likes = (camps.matrix("rating") >= 4).toarray()
    path = likes.mean(axis=0)
    inside = (camps.matrix("rating") >= 4).toarray()[:, 1]
    path = (likes[inside].sum(axis=0) + 5 * path) / (inside.sum() + 5)
    inside &= ~likes[:, 3]
    path = (likes[inside].sum(axis=0) + 5 * path) / (inside.sum() + 5)
    np.testing.assert_allclose(model.scores(history={101: 5.0, 103: 1.0})[0], path, atol=1e-6)
    assert model.recommend(history={101: 5.0, 103: 1.0}, k=1)["item_id"].tolist() == [100]


def test_a_dislike_is_another_answer_than_not_knowing(camps):
    model = Interview([101]).fit(camps)
    disliked, unknown = model.scores(history={101: 1.0})[0], model.scores(history={112: 5.0})[0]
    assert disliked[9] > unknown[9] > model.scores(history={101: 5.0})[0][9]


def test_what_was_not_asked_is_not_looked_at(camps):
    model = Interview([101]).fit(camps)
    np.testing.assert_array_equal(model.scores(history={101: 5.0}), model.scores(history={101: 5.0, 103: 1.0}))


def test_several_people_get_what_each_gets_alone_and_the_causes_add_up(camps):
    model = Interview([101, 103]).fit(camps)
    many = [{101: 5.0}, {103: 2.0}, {101: 5.0}]
    for one, row in zip(many, model.scores(history=many), strict=True):
        np.testing.assert_allclose(row, model.scores(history=one)[0])
    causes = model.explain(history={101: 5.0}, item=110)
    assert causes["contribution"].sum() == pytest.approx(float(model.scores(history={101: 5.0})[0, 10]), abs=1e-6)


def test_questions_that_cannot_be_asked_are_named(camps):
    with pytest.raises(ValueError, match="how is 'best'"):
        choose_interview_items(camps, how="best")
    with pytest.raises(ValueError, match="n is 14; ask 1 to 13"):
        choose_interview_items(camps, 14)
    with pytest.raises(ValueError, match="n is 0"):
        choose_interview_items(camps, 0)
    with pytest.raises(ValueError, match="no rating in training is 6"):
        choose_interview_items(camps, like_from=6)
    with pytest.raises(ValueError, match="items is empty"):
        Interview([])
    with pytest.raises(ValueError, match="shrink is 0"):
        Interview([101], shrink=0)
    with pytest.raises(KeyError, match="999"):
        Interview([999]).fit(camps)
