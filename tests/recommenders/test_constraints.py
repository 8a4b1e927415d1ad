import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys_lessons.recommenders._wish_words import fold
from recsys_lessons.recommenders.constraints import parse_constraints

ITEMS = pd.DataFrame(
    {
        "item_id": [1, 2, 3, 4, 5],
        "year": [1989, 1990, 1999, 2000, np.nan],
        "genres": [["Comedy"], ["Horror", "Comedy"], ["War", "Romance"], "Sci-Fi|Action", None],
    }
)


def said(sentence):
    return [str(limit) for limit in parse_constraints(sentence).limits]


@pytest.mark.parametrize(
    ("sentence", "limits"),
    [
        ("not scary", ["not Horror"]),
        ("no musicals please", ["not Musical"]),
        ("without romance", ["not Romance"]),
        ("nothing violent", ["not Action or Crime or Horror or Thriller or War"]),
        ("no horror, war or crime", ["not Crime or Horror or War"]),
        ("I don't want horror", ["not Horror"]),
        ("anything but musicals", ["not Musical"]),
        ("keep the horror out", ["not Horror"]),
        ("不要恐怖片", ["not Horror"]),
        ("别太吓人", ["not Horror"]),
        ("不看爱情片", ["not Romance"]),
        ("不想看战争片、恐怖片", ["not Horror or War"]),
        ("恐怖片除外", ["not Horror"]),
        ("恐怖片不要，喜剧可以", ["not Horror", "Comedy"]),
        ("愛情片，不要恐怖片", ["not Horror", "Romance"]),
        ("horror is not for me", ["not Horror"]),
        ("musicals aren’t my thing", ["not Musical"]),
        ("horror and war films bore me", ["not Horror or War"]),
        ("I'm not in the mood for horror", ["not Horror"]),
        ("funny films that are not about romance", ["not Romance", "Comedy"]),
        ("a comedy, but skip the musicals", ["not Musical", "Comedy"]),
        ("恐怖片就不用了", ["not Horror"]),
        ("我对爱情片无感", ["not Romance"]),
        ("对恐怖片没兴趣", ["not Horror"]),
        ("对战争片、恐怖片不感冒", ["not Horror or War"]),
        ("不要讲爱情的喜剧", ["not Romance", "Comedy"]),
        ("非恐怖片", ["not Horror"]),
    ],
)
def test_a_negation_rules_out_what_it_governs(sentence, limits):
    assert said(sentence) == limits


@pytest.mark.parametrize(
    ("sentence", "limits"),
    [
        ("no horror, comedy please", ["not Horror", "Comedy"]),
        ("not scary and funny", ["not Horror", "Comedy"]),
        ("不要太恐怖的喜剧", ["not Horror", "Comedy"]),
        ("a love story, not a comedy", ["not Comedy", "Romance"]),
        ("a comedy, horror is not for me", ["not Horror", "Comedy"]),
        ("恐怖片看腻了想看喜剧", ["not Horror", "Comedy"]),
    ],
)
def test_a_negation_ends_where_a_reader_would_end_it(sentence, limits):
    assert said(sentence) == limits


@pytest.mark.parametrize(
    ("sentence", "limits"),
    [
        ("not bad", []),
        ("without Tom Cruise", []),
        ("不要字幕", []),
        ("not only comedies", ["Comedy"]),
        ("not without romance", ["Romance"]),
        ("why not a comedy", ["Comedy"]),
        ("I don't mind horror", ["Horror"]),
        ("nothing but horror", ["Horror"]),
        ("不错的喜剧", ["Comedy"]),
        ("特别恐怖的片子", ["Horror"]),
        ("非常恐怖的片", ["Horror"]),
        ("无聊的喜剧", ["Comedy"]),
        ("从没看过的科幻片", ["Sci-Fi"]),
        ("a comedy I have not seen", ["Comedy"]),
        ("a comedy about people who skip school", ["Comedy"]),
        ("非动作片不看", ["Action"]),
        ("有没有好看的恐怖片", ["Horror"]),
        ("要不要看喜剧", ["Comedy"]),
        ("the Cold War", []),
        ("莎士比亚戏剧", []),
        ("western Europe", []),
        ("2001: A Space Odyssey", []),
        ("films like 1984", []),
        ("films set in the 1960s", []),
        ("讲八十年代生活的电影", []),
    ],
)
def test_what_is_no_negation_or_no_limit_is_not_taken_for_one(sentence, limits):
    assert said(sentence) == limits


def test_a_negation_that_the_rules_do_not_know_is_told_and_stays_in_the_sentence():
    wish = parse_constraints("a comedy without Tom Cruise")
    assert wish.unclear == ("without",) and wish.rest == "a comedy without Tom Cruise"
    assert parse_constraints("不要字幕").unclear == ("不要",)
    assert parse_constraints("a comedy, not scary").unclear == ()


@pytest.mark.parametrize("sentence", ["对恐怖片不反感", "horror does not suit me", "别太伤感的爱情片"])
def test_beside_a_negation_that_is_not_understood_no_genre_is_required(sentence):
    wish = parse_constraints(sentence)
    assert wish.unclear and not wish.limits and wish.rest == sentence
    dated = parse_constraints(f"{sentence}, 1990-1999")
    assert dated.years == ((1990, 1999),) and not dated.genres_in  # a year is kept all the same


def test_of_a_refusal_that_comes_after_its_word_nothing_is_left_in_the_sentence():
    assert parse_constraints("我对爱情片无感，想看喜剧").rest == "想看喜剧"
    assert parse_constraints("a comedy, horror is not for me").rest == "a comedy"
    assert parse_constraints("对恐怖片没兴趣").unclear == ()


@pytest.mark.parametrize(
    ("sentence", "years"),
    [
        ("before 1990", (0, 1989)),
        ("after 1990", (1991, 9999)),
        ("since 1990", (1990, 9999)),
        ("from 1990 on", (1990, 9999)),
        ("until 1990", (0, 1990)),
        ("the nineties", (1990, 1999)),
        ("90s comedies", (1990, 1999)),
        ("the late sixties", (1965, 1969)),
        ("from 1970 to 1979", (1970, 1979)),
        ("between the 60s and the 80s", (1960, 1989)),
        ("films from 1994", (1994, 1994)),
        ("nothing before 1990", (1990, 9999)),
        ("not older than 1980", (1980, 9999)),
        ("90年代", (1990, 1999)),
        ("八十年代", (1980, 1989)),
        ("上世纪七十年代", (1970, 1979)),
        ("1990年代初", (1990, 1994)),
        ("1990年以前", (0, 1989)),
        ("１９９０年以前", (0, 1989)),
        ("2000年后", (2000, 9999)),
        ("两千年以后", (2000, 9999)),
        ("1985年到1989年之间", (1985, 1989)),
        ("一九九五年的电影", (1995, 1995)),
        ("有没有90年代的电影推荐", (1990, 1999)),
    ],
)
def test_years(sentence, years):
    assert parse_constraints(sentence).years == (years,)


def test_decades_side_by_side_are_alternatives_and_limits_are_not():
    assert parse_constraints("八九十年代的喜剧").years == ((1980, 1989), (1990, 1999))
    assert parse_constraints("80s or 90s action").years == ((1980, 1989), (1990, 1999))
    assert parse_constraints("after 1960 and before 1990").years == ((1961, 1989),)
    assert parse_constraints("不要90年代的电影").years == ((0, 1989), (2000, 9999))
    assert parse_constraints("a comedy").years == ((0, 9999),)


def test_genres_joined_mean_either_and_side_by_side_mean_both():
    assert said("comedies or dramas") == ["Comedy or Drama"]
    assert said("科幻或奇幻") == ["Fantasy or Sci-Fi"]
    assert said("romantic comedy") == ["Romance", "Comedy"]
    assert said("funny and romantic") == ["Comedy", "Romance"]


def test_the_rest_keeps_what_is_asked_for_and_loses_what_is_negated_or_dated():
    assert parse_constraints("heist films from 2000 on, but no comedies").rest == "heist films"
    assert parse_constraints("90年代的爱情喜剧，不要恐怖片").rest == "爱情喜剧"
    assert parse_constraints("a musical that is not animated").rest == "a musical"
    assert parse_constraints("not scary").rest == ""


@pytest.mark.parametrize(
    ("sentence", "kept"),
    [
        ("a comedy", [1, 2]),
        ("no comedy", [3, 4, 5]),
        ("before 2000", [1, 2, 3]),
        ("nothing before 2000", [4, 5]),
        ("a comedy from the nineties", [2]),
        ("comedies or science fiction, not scary", [1, 4]),
        ("anything", [1, 2, 3, 4, 5]),
    ],
)
def test_allowed_keeps_what_meets_every_limit_and_an_unknown_year_or_genre_meets_no_wish(sentence, kept):
    assert ITEMS["item_id"][parse_constraints(sentence).allowed(ITEMS)].tolist() == kept


@pytest.mark.parametrize(
    ("sentence", "reason"),
    [
        ("before 1950 and after 2010", "no year meets 'before 1950' and 'after 2010'"),
        ("a horror film that is not scary", "'horror' asks for Horror and 'not scary' rules it out"),
        ("不恐怖的恐怖片", "'恐怖' asks for Horror and '不恐怖的' rules it out"),
    ],
)
def test_limits_that_contradict_each_other_allow_nothing_and_say_why(sentence, reason):
    wish = parse_constraints(sentence)
    assert wish.contradiction == reason and not wish.allowed(ITEMS).any()


def test_a_wide_refusal_and_a_wish_for_one_of_its_genres_contradict_each_other():
    assert parse_constraints("a war film, nothing violent").contradiction.startswith("'war film' asks for War")
    assert parse_constraints("comedies or war films, nothing violent").contradiction is None


def test_what_each_limit_excludes_is_counted():
    table = parse_constraints("a comedy from the nineties").excluded(ITEMS)
    assert table["rule"].tolist() == ["1990 to 1999", "Comedy"] and table["excluded"].tolist() == [3, 3]


def test_a_column_that_is_missing_is_named():
    with pytest.raises(ValueError, match="'not scary' limits the genres, and items has no column 'genres'"):
        parse_constraints("not scary").allowed(ITEMS[["item_id", "year"]])
    assert parse_constraints("nothing to limit").allowed(ITEMS[["item_id"]]).all()
    with pytest.raises(TypeError, match="this is a list"):
        parse_constraints(["not scary"])


PIECES = (
    "no |not |without |不要|别|不看|除了|horror|scary|comedies|战争片|恐怖|爱情片| or | and |, |、|和|before 1990|90s|"
    "1990年以前|八十年代|from 1970 to 1979|two thousand|的|片|but "
    "|nothing |非|对|无感|没看过|not for me|skip | is |'|İ|ß|００年代|〇〇年代|十年代|年代|1990|不得不|only "
).split("|")


@given(st.one_of(st.text(), st.lists(st.sampled_from(PIECES), max_size=12).map("".join)))
def test_any_text_is_read_without_an_error_and_the_rest_is_a_part_of_it(sentence):
    wish = parse_constraints(sentence)
    remaining = iter(sentence)
    assert all(one in remaining for one in wish.rest)  # a subsequence
    assert len(fold(sentence)) == len(sentence)
    assert all(limit.words in sentence for limit in wish.limits)
    allowed = wish.allowed(ITEMS)
    assert allowed.dtype == bool and allowed.shape == (5,)
    assert wish.contradiction is None or not allowed.any()
    assert parse_constraints(sentence) == wish
