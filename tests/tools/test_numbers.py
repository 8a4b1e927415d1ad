import json

import pytest

from tools.numbers import FILES, filled, look_up


@pytest.fixture
def results(tmp_path):
    rows = [{"model": "ours: map", "ndcg@10": 0.10749, "seeds won": 9}, {"model": "theirs", "ndcg@10": 0.08}]
    (tmp_path / "cold.json").write_text(json.dumps({"rows": rows}), encoding="utf-8")
    return tmp_path


def test_a_number_is_taken_from_its_row_and_column(results):
    assert look_up("cold / ours: map / ndcg@10", results) == "0.107"
    assert look_up("cold / ours: map / seeds won", results) == "9"


def test_old_numbers_are_replaced_and_the_rest_is_left(results):
    mark = "<!-- number: cold / theirs / ndcg@10 -->"
    text = f"a {mark}9<!-- /number --> b, {mark}<!-- /number -->"
    expected = text.replace("-->9<", "-->0.080<").replace("--><", "-->0.080<")
    assert filled(text, results) == expected and filled(expected, results) == expected


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("warm / theirs / ndcg@10", "no results/warm.json"),
        ("cold / nobody / ndcg@10", "0 rows 'nobody'; it has .*'theirs'"),
        ("cold / theirs / recall", "no column 'recall'"),
        ("cold / theirs", "write FILE / MODEL / COLUMN"),
    ],
)
def test_a_number_that_is_not_there_is_named(results, place, message):
    with pytest.raises(ValueError, match=message):
        look_up(place, results)


@pytest.mark.parametrize("name", FILES)
def test_the_readmes_show_the_numbers_of_results(name, pytestconfig):
    text = (pytestconfig.rootpath / name).read_text(encoding="utf-8")
    assert filled(text, pytestconfig.rootpath / "results") == text, "run `python -m tools.numbers`"
    assert "<!-- number: " in text
