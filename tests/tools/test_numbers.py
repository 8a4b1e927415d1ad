import json

import pytest

from tools.numbers import FILES, filled, language_of, look_up


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
    assert filled(text, pytestconfig.rootpath / "results", language_of(name)) == text, "run `python -m tools.numbers`"
    assert "<!-- number: " in text


def test_the_table_of_promises_is_made_in_the_readmes_language(results):
    row = {"claim": "it helps", "claim zh": "有用", "promise": "intent", "experiment": "test", "experiment zh": "试验"}
    row |= {"difference": 0.1234, "low": 0.1, "high": 0.2, "verdict": "not shown", "source": "results/x.json"}
    (results / "promises.json").write_text(json.dumps({"rows": [row]}), encoding="utf-8")
    text = "a\n<!-- promises -->\nold\n<!-- /promises -->\nb"
    shown = filled(text, results)
    assert "| intent | it helps | test | [+0.123](results/x.json) [0.100, 0.200] | not shown |" in shown
    assert "old" not in shown and filled(shown, results) == shown
    assert "| 理解意图 | 有用 | 试验 | [+0.123](results/x.json) [0.100, 0.200] | 未得到证实 |" in filled(
        text, results, "zh"
    )
