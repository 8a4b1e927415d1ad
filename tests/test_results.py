import json
from pathlib import Path

import pytest

from recsys_lessons import read_results
from recsys_lessons.errors import RecsysLessonsError

RESULTS = Path(__file__).resolve().parents[1] / "results"


@pytest.mark.parametrize("name", sorted(path.stem for path in RESULTS.glob("*.json")))
def test_every_table_says_how_it_was_made_and_can_be_read_from_any_folder(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    table = read_results(name)
    content = json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))
    assert len(table) == len(content["rows"]) > 0 and list(table.columns) == list(content["rows"][0])
    assert table.attrs["command"].startswith("python benchmarks/") and table.attrs["versions"] and table.attrs["seeds"]
    script = table.attrs["command"].split()[1]
    assert (RESULTS.parent / script).is_file(), f"{script} made results/{name}.json and is gone"


def test_a_table_that_is_not_there_is_named_with_those_that_are():
    with pytest.raises(RecsysLessonsError, match="no results/nothing.json; there are .*quality_warm"):
        read_results("nothing")
