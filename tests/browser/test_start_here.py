"""Lesson 00 in a real browser, in both languages, as a newcomer meets it."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import expect

from tests.browser.labpage import copy_without_outputs

ROOT = Path(__file__).resolve().parents[2]
EDITIONS = {"en": "notebooks/00_start_here.ipynb", "zh": "notebooks/zh/00_start_here.ipynb"}
FIVE = ("the matrix", "toy story", "the godfather", "spirited away", "finding nemo")
WORDS = {
    "en": {"find": "Type part of a title", "add": "Add", "clear": "Start again", "ask": "Say what you would like"},
    "zh": {"find": "输入片名的一部分", "add": "添加", "clear": "重新选择", "ask": "用中文或英文说说你想看什么"},
}


@pytest.fixture
def course(tmp_path) -> Path:
    """A folder with copies of lesson 00, so that the committed ones stay as they are."""
    for name in EDITIONS.values():
        copy_without_outputs(ROOT / name, tmp_path / "course" / name)
    return tmp_path / "course"


@pytest.mark.timeout(900)
@pytest.mark.parametrize("language", EDITIONS)
def test_a_newcomer_runs_the_lesson_picks_five_films_and_asks_in_a_sentence(language, course, open_lab):
    words = WORDS[language]
    lab = open_lab(course)
    lab.open(EDITIONS[language])
    lab.picture(f"{language}-1-opened")
    lab.run_all()
    lab.picture(f"{language}-2-run", whole=True)

    picker = lab.widget(words["find"])
    chips, table = picker.locator("button:has(.fa-times)"), picker.locator("table.rl-recommendations")
    box, options = picker.get_by_placeholder(words["find"]), picker.locator("select option")
    picker.locator("button", has_text=words["clear"]).click()
    expect(chips).to_have_count(0)
    lists = [table.text_content()]  # of what most people liked
    for number, part in enumerate(FIVE, start=1):
        box.fill(part)
        expect(options.first).to_contain_text(part, ignore_case=True)
        picker.locator("select").select_option(index=0)
        picker.locator("button", has_text=words["add"]).click()
        expect(chips).to_have_count(number)
        expect(table).not_to_have_text(lists[-1])
        lists.append(table.text_content())
    assert len(set(lists)) == len(lists), "a film was picked and the list stayed as it was"
    picked = [text.strip() for text in chips.all_inner_texts()]
    rows = [row.locator("td").all_inner_texts() for row in table.locator("tbody tr").all()]
    assert len(rows) == 10
    assert not {row[0] for row in rows} & set(picked), "a film that was picked is recommended"
    reasons = {reason for row in rows for reason in row[1].split("; ") if reason}
    assert reasons and reasons <= set(picked), "a reason is not a film that was picked"
    picker.scroll_into_view_if_needed()
    lab.picture(f"{language}-3-five-films")
    chips.first.click()
    expect(chips).to_have_count(4)
    expect(table).not_to_have_text(lists[-1])

    search = lab.widget(words["ask"])
    answer = search.locator("table.rl-recommendations")
    before = answer.text_content()
    search.get_by_placeholder(words["ask"]).fill("太空里的科幻战争")
    search.get_by_placeholder(words["ask"]).press("Enter")
    expect(search).to_contain_text("太空里的科幻战争")
    expect(answer).not_to_have_text(before)
    search.scroll_into_view_if_needed()
    lab.picture(f"{language}-4-sentence")


def test_a_cell_that_raises_is_noticed(tmp_path, open_lab):
    cells = [nbformat.v4.new_code_cell(source) for source in ("1 + 1", "raise ValueError('seen')", "2 + 2")]
    path = tmp_path / "course" / EDITIONS["en"]
    path.parent.mkdir(parents=True)
    kernel = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), path)
    lab = open_lab(tmp_path / "course")
    lab.open(EDITIONS["en"])
    with pytest.raises(AssertionError, match="ValueError: seen"):
        lab.run_all(timeout=20)
