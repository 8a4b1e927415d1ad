"""The question bank: what the loader refuses and how it says so, and that every committed question holds together."""

from __future__ import annotations

import functools
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recsys_lessons import paths
from recsys_lessons.errors import RecsysLessonsError
from recsys_lessons.practice import question_schema
from recsys_lessons.practice.exercises import LESSONS
from recsys_lessons.practice.question_schema import Text, unwrap
from recsys_lessons.practice.questions import load_questions, questions_folder, read_question
from tools.source import read_source

ROOT = Path(__file__).resolve().parents[2]
BANK = load_questions(ROOT / "questions")

VALID = """\
id: why-shrink
kind: concept
level: junior
minutes: 3
tags: [neighbours, sparsity]
prompt: {en: "Why shrink a similarity?", zh: 为什么要收缩相似度？}
answer:
  en: |
    Because a cosine from one shared person is 1
    by accident.
  zh: |
    因为只有一个共同用户时，
    余弦等于 1 只是巧合。
rubric:
  - id: accident
    weight: 50
    title: {en: Names the accident, zh: 指出巧合}
    zero: {en: It is customary., zh: 习惯做法。}
    one: {en: It is more stable., zh: 更稳定。}
    two: {en: One shared person gives cosine 1., zh: 一个共同用户就使余弦为 1。}
  - id: formula
    weight: 30
    title: {en: Gives the formula, zh: 写出公式}
    zero: {en: I do not know it., zh: 不知道。}
    one: {en: Add something below., zh: 分母加一项。}
    two: {en: Add a constant to the denominator., zh: 分母加一个常数。}
  - id: price
    weight: 20
    title: {en: Names the price, zh: 说出代价}
    zero: {en: None., zh: 没有。}
    one: {en: Some bias., zh: 有偏差。}
    two: {en: True niche pairs fall as well., zh: 真实的小众组合也会下降。}
red_flags:
  - says: {en: It is only for speed., zh: 只是为了快。}
    truth: {en: It changes the ranking., zh: 它改变排序。}
follow_ups:
  - point: accident
    ask: {en: "What is their cosine?", zh: 余弦是多少？}
    expect: {en: It is 1., zh: 是 1。}
hints:
  - {en: Look at rare items., zh: 看稀有物品。}
  - {en: Count the shared people., zh: 数共同用户。}
  - {en: Add a constant., zh: 加一个常数。}
lessons:
  - {lesson: 00_start_here, section: A first list}
exercises: [recall_at_k]
sources:
  - {author: Sarwar et al., year: 2001, title: Item-based collaborative filtering}
reviewed: 2026-11-20
"""

HINTS = VALID[VALID.index("  - {en: Look") : VALID.index("lessons:")].rstrip()


@pytest.fixture
def write(tmp_path):
    """A function that writes a question file and returns its path."""

    def write(text: str | bytes, name: str = "why-shrink.yaml") -> Path:
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def edited(old: str, new: str) -> str:
    """`VALID` with one thing changed. A § in `new` is no part of it: it stands where the error is expected."""
    assert VALID.count(old) >= 1, old
    return VALID.replace(old, new, 1)


def place_of(text: str) -> str:
    """`line:column` of the sign § in it, which stands where the error is."""
    before = text[: text.index("§")]
    return f"{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}"


def complaint(path: Path) -> str:
    with pytest.raises(RecsysLessonsError) as caught:
        read_question(path)
    return str(caught.value)


def test_a_question_is_read_as_it_is_written(write):
    question = read_question(write(VALID))
    assert question.id == "why-shrink" and question.minutes == 3 and question.tags == ("neighbours", "sparsity")
    assert question.answer.en == "Because a cosine from one shared person is 1 by accident."
    assert question.answer.zh == "因为只有一个共同用户时，余弦等于 1 只是巧合。"
    assert [point.weight for point in question.rubric] == [50, 30, 20] and len(question.hints) == 3
    assert question.reviewed.isoformat() == "2026-11-20"


def test_a_question_is_not_changed_once_it_is_read(write):
    question = read_question(write(VALID))
    with pytest.raises(ValueError, match="frozen"):
        question.minutes = 4
    assert hash(question) == hash(read_question(write(VALID)))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (edited("minutes: 3", "minutes: 3\n§minutes: 4"), "`minutes` stands there twice, first on line 4"),
        (edited("zh: 指出巧合}", "zh: 指出巧合, §zh: 巧合}"), "`zh` stands there twice"),
        (edited("tags: [neigh", "tags: §&t [neigh"), "`&t` is an anchor; remove it"),
        (edited("[neighbours", "[§*neighbours"), "`*neighbours` is an alias; write the value out"),
        (edited("minutes: 3", "minutes: §!!python/object/apply:os.system [ls]"), "is a tag; remove it"),
        (edited("minutes: 3", "minutes: §!!int '3'"), "`tag:yaml.org,2002:int` is a tag"),
        (edited("id: why", "§<<: {level: senior}\nid: why"), "`<<` cannot be a key"),
        (edited("minutes: 3", "§3: minutes"), "`3` cannot be a key"),
        (edited("minutes: 3", "? §[a]\n: 3"), "a list or mapping cannot be a key"),
        (edited("minutes: 3", "minutes: §1:30"), "`1:30` does not mean the same to every reader"),
        (edited("minutes: 3", "minutes: §010"), "`010` does not mean the same"),
        (edited("minutes: 3", "minutes: §1_0"), "`1_0` does not mean the same"),
        (edited("minutes: 3", "minutes: §.inf"), "`.inf` does not mean the same"),
        (edited("2026-11-20", "§2026-02-30"), "there is no day 2026-02-30"),
        (edited("2026-11-20", "§2026-11-20T10:00:00Z"), "does not mean the same"),
        (edited("minutes: 3", "minutes:§\t- 3"), "this is no valid YAML"),
        (edited("[neighbours", "[" * 7 + "§[neighbours"), "nested more than 8 deep; check the indentation"),
        (edited("It is 1.", '§"It is \\0 1."'), "an escape for a control character"),
        (edited("It is 1.", '§"It is \\ud800 1."'), "half a character"),
        (edited("It is 1.", "It is §\x07 1."), "YAML forbids the character"),
        ("---\n" + VALID + "§---\nid: other\n", "this is no valid YAML"),
    ],
)
def test_what_yaml_can_do_and_a_question_does_not_need_is_refused_where_it_stands(write, text, said):
    path = write(text.replace("§", ""))
    message = complaint(path)
    assert message.startswith(f"{path}:{place_of(text)}: ") and said in message


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (edited("minutes: 3", "§minuets: 3"), "`minuets` is no known key; remove it, or did you mean 'minutes'"),
        ("§" + edited("minutes: 3\n", ""), "`minutes` is missing; add it"),
        (
            edited("{en: Names the accident, zh: 指出巧合}", "§{en: Names the accident}"),
            "`rubric[0].title.zh` is missing",
        ),
        (edited("minutes: 3", "minutes: §'3'"), "`3`, which is text in YAML, expected a whole number; remove"),
        (edited("minutes: 3", "minutes: §3.5"), "`3.5`, which is a number in YAML, expected a whole number"),
        (edited("minutes: 3", "minutes: §yes"), "which is true or false in YAML, expected a whole number"),
        (edited("minutes: 3", "minutes:§"), "`minutes` is empty, expected a whole number"),
        (edited("minutes: 3", "minutes: §0"), "greater than or equal to 1"),
        (edited("en: It is 1.", "en: §no"), "`no`, which is true or false in YAML, expected text; put it in q"),
        (edited("en: It is 1.", "en: §1"), "`1`, which is a number in YAML, expected text; put it in quotes"),
        (edited("en: It is 1.", "en: §2026-01-01"), "which is a date in YAML, expected text; put it in quotes"),
        (edited("en: It is 1.", "en: §[a]"), "`follow_ups[0].expect.en` is a list, expected text"),
        (edited("[recall_at_k]", "§recall_at_k"), "`exercises` is `recall_at_k`, which is text in YAML, expected a l"),
        (edited("2026-11-20", "§yesterday"), "`yesterday`, which is text in YAML, expected a date"),
        (edited("2026-11-20", "§2999-01-01"), "2999-01-01 is in the future"),
        (edited("kind: concept", "kind: §concepts"), "expected 'concept', 'derivation', "),
        (edited("kind: concept", "kind: §concepts"), "did you mean 'concept'"),
        (edited("[neighbours, sparsity]", "§[a, a]"), "`tags`: a stands there twice; remove one"),
        (edited("[neighbours, sparsity]", "§[]"), "`tags` has 0 entries, expected at least 1"),
        (edited("[neighbours, sparsity]", "[§Cold start]"), "'Cold start' is not lower-case words joined by hyph"),
        (edited("id: why-shrink", "id: §why/../shrink"), "is not lower-case words joined"),
        (
            edited("- id: accident\n    weight: 50", "§- id: accident\n    weight: 51"),
            "the weights sum to 101; make them sum to 100",
        ),
        (edited("weight: 50", "weight: §-50"), "greater than or equal to 1"),
        (edited("- id: accident", "§- id: formula"), "two points have the id 'formula'"),
        (edited("- point: accident", "§- point: accidents"), "there is no rubric point 'accidents'; name one of a"),
        (edited(HINTS, HINTS.splitlines()[0].replace("-", "§-")), "`hints` has too few entries; add one"),
        (edited("zh: 指出巧合}", "zh: §the accident}"), "there is no Chinese in it"),
        (edited("en: Names the accident", "en: §Names the 巧合"), "the English text holds '巧'"),
        (edited("zh: 指出巧合}", "zh: §' '}"), "the text is empty"),
        (edited("year: 2001", "year: §2999"), "the year 2999 is in the future"),
        (edited("title: Item-based", "title: §https://example.org/Item-based"), "is a link; give author, year"),
        (edited("lesson: 00_start_here", "lesson: §Start here"), "is not a lesson's name"),
        ("§[]\n", "the document is a list, expected keys with values"),
        ("§just words\n", "the document is `just words`, which is text in YAML, expected keys with values"),
    ],
)
def test_what_does_not_fit_is_named_with_its_key_its_place_and_the_fix(write, text, said):
    path = write(text.replace("§", ""))
    message = complaint(path)
    assert message.startswith(f"{path}:{place_of(text)}: ") and said in message


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty; write the document"),
        (b"# only a comment\n", "is empty"),
        (VALID.encode("utf-16"), "is not UTF-8; save the file as UTF-8"),
        (VALID.encode("gb18030"), ":6: byte"),
        (VALID.encode() + b"#" * 64_000, "more than 64,000 bytes, which is too large"),
    ],
)
def test_a_file_that_is_no_text_of_a_sensible_size_is_refused(write, content, said):
    assert said in complaint(write(content))


def test_a_file_that_windows_wrote_is_read(write):
    content = b"\xef\xbb\xbf" + VALID.replace("\n", "\r\n").encode()
    assert read_question(write(content)) == read_question(write(VALID))


def test_a_path_that_is_no_file_is_refused(tmp_path):
    for path in (tmp_path / "none.yaml", tmp_path, Path("\0")):
        assert "is no file" in complaint(path) or "cannot be read" in complaint(path)


def test_a_laughing_file_is_refused_before_it_grows(write):
    bomb = "a: &a [x, x]\n" + "".join(
        f"{new}: &{new} [*{old}, *{old}]\n" for old, new in zip("abcd", "bcde", strict=True)
    )
    assert "`&a` is an anchor" in complaint(write(bomb))


def test_the_first_mistake_is_told_with_the_number_of_the_others(write):
    message = complaint(write(edited("minutes: 3", "minutes: x").replace("year: 2001", "year: x")))
    assert "`minutes` is `x`" in message and message.endswith("(1 more in this file)")


def test_the_loader_leaves_yamls_own_loaders_as_they_were(write):
    before = [
        dict(yaml.SafeLoader.yaml_constructors),
        {k: list(v) for k, v in yaml.SafeLoader.yaml_implicit_resolvers.items()},
    ]
    read_question(write(VALID))
    complaint(write(edited("tags: [neigh", "tags: &t [neigh")))
    after = [
        dict(yaml.SafeLoader.yaml_constructors),
        {k: list(v) for k, v in yaml.SafeLoader.yaml_implicit_resolvers.items()},
    ]
    assert after == before
    assert yaml.safe_load("a: &x [no, 1:30]\nb: *x\nb: 2") == {"a": [False, 90], "b": 2}


def test_a_file_is_named_like_its_question(write):
    assert "rename the file why-shrink.yaml, or the id" in complaint(write(VALID, "why.yaml"))
    with pytest.raises(RecsysLessonsError, match="rename the file why-shrink.yaml"):
        load_questions(write(VALID, "why.yaml").parent)


@pytest.mark.parametrize("other", ["other.yaml", "why-shrink.yml", "a.yaml"])
def test_two_questions_with_one_id_are_refused(write, other):
    folder = write(VALID).parent
    write(VALID, other)
    with pytest.raises(RecsysLessonsError, match="has the id 'why-shrink' too"):
        load_questions(folder)


def test_a_misnamed_ending_is_not_passed_over_in_silence(write):
    with pytest.raises(RecsysLessonsError, match="rename the file why-shrink.yaml"):
        load_questions(write(VALID, "why-shrink.yml").parent)


def test_a_folder_is_read_whole_in_the_order_of_the_ids_and_drafts_are_left_out(write):
    write(VALID.replace("id: why-shrink", "id: zeros"), "zeros.yaml")
    write("not a question", ".#zeros.yaml")
    write("not a question", "notes.md")
    assert list(load_questions(write(VALID).parent)) == ["why-shrink", "zeros"]


def test_a_folder_without_questions_is_refused(tmp_path):
    with pytest.raises(RecsysLessonsError, match="holds no question"):
        load_questions(tmp_path)
    with pytest.raises(RecsysLessonsError, match="is no folder"):
        load_questions(tmp_path / "none")


def test_a_checkout_uses_its_own_questions_and_an_installed_package_the_copy_it_brings(tmp_path, monkeypatch):
    assert questions_folder() == ROOT / "questions"
    package = tmp_path / "recsys_lessons"
    (tmp_path / "questions").mkdir()  # of somebody else: there is no pyproject.toml beside it
    monkeypatch.setattr(paths, "_PACKAGE", package)
    with pytest.raises(RecsysLessonsError, match="install recsys-lessons again"):
        questions_folder()
    (package / "_questions").mkdir(parents=True)
    assert questions_folder() == package / "_questions"


def test_the_wheel_brings_every_question(tmp_path):
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True, timeout=60)
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        names = set(wheel.namelist())
    assert {f"recsys_lessons/_questions/{name}.yaml" for name in BANK} <= names
    assert "recsys_lessons/_results/quality_warm.json" in names
    assert "recsys_lessons/practice/questions.py" in names


@pytest.mark.parametrize(
    ("text", "joined"),
    [
        ("one\ntwo", "one two"),
        ("一行，\n下一行。", "一行，下一行。"),
        ("中文\nEnglish", "中文 English"),
        ("用 `x`\n得到", "用 `x` 得到"),
        ("他说：\n“好”\n。", "他说：“好”。"),
        ("one\n\ntwo\n", "one\n\ntwo"),
        ("list:\n- a\n  b\n- c", "list:\n- a b\n- c"),
        ("1. a\n2. b", "1. a\n2. b"),
        ("`a\n- b`", "`a - b`"),
        ("# title\ntext", "# title\ntext"),
        ("see\n```\nx = 1\n\ny = 2\n```\nthen\nthis", "see\n```\nx = 1\n\ny = 2\n```\nthen this"),
        ("| a |\n| b |", "| a |\n| b |"),
    ],
)
def test_wrapped_lines_are_joined_as_each_language_writes(text, joined):
    assert unwrap(text) == joined
    assert unwrap(joined) == joined


def section_headings(lesson: str) -> dict[str, str]:
    """English heading of a lesson's section to its Chinese one, both without their number.

    Raises:
        FileNotFoundError: there is no such lesson in sources/lessons/.
    """
    path = ROOT / "sources" / "lessons" / f"{lesson}.py"
    found: dict[str, str] = {}
    for cell in read_source(path, ROOT).cells:
        if cell.kind == "prose":
            pairs = [re.findall(r"^## (?:\d+\. )?(.+)$", cell.text[lang], re.MULTILINE) for lang in ("en", "zh")]
            found |= dict(zip(*pairs, strict=True))
    return found


resolved = functools.cache(section_headings)


def test_headings_are_found_with_and_without_a_number_and_with_their_chinese_sibling():
    headings = section_headings("00_start_here")
    assert headings["A first list"] == "第一个列表"
    assert headings["What you will build"] == "这一页会做出什么"
    assert {"Say it in an interview", "On one page"} <= set(headings)  # two in one cell
    assert not [heading for heading in headings if heading.startswith("#") or heading[0].isdigit()]


def test_the_title_of_a_lesson_and_comments_in_its_code_are_no_headings():
    headings = section_headings("00_start_here")
    assert not [heading for heading in headings if "Start here" in heading or "Toy Story, The" in heading]


def test_a_lesson_that_does_not_exist_has_no_headings():
    with pytest.raises(FileNotFoundError):
        section_headings("99_none")


LINKS = [(question.id, link.lesson, link.section) for question in BANK.values() for link in question.lessons]
EXERCISES = [(question.id, exercise) for question in BANK.values() for exercise in question.exercises]


@pytest.mark.parametrize(("question", "lesson", "section"), LINKS)
def test_every_link_leads_to_a_heading_of_a_lesson(question, lesson, section):
    assert (ROOT / "sources" / "lessons" / f"{lesson}.py").is_file(), f"{question}: there is no lesson {lesson}"
    assert section in resolved(lesson), f"{question}: {lesson} has no section {section!r}"


@pytest.mark.parametrize(("question", "exercise"), EXERCISES)
def test_every_exercise_that_is_named_exists(question, exercise):
    assert exercise in {name for names in LESSONS.values() for name in names}, f"{question}: no exercise {exercise}"


def texts(part: object, place: str = "") -> list[tuple[str, Text]]:
    """Every bilingual text below `part`, with where it stands."""
    if isinstance(part, Text):
        return [(place, part)]
    if isinstance(part, tuple):
        return [one for number, child in enumerate(part) for one in texts(child, f"{place}[{number}]")]
    if isinstance(
        part, question_schema.Question | question_schema.Point | question_schema.RedFlag | question_schema.FollowUp
    ):
        return [one for name in type(part).model_fields for one in texts(getattr(part, name), f"{place}.{name}")]
    return []


FORMULA = re.compile("```.*?```|`[^`]+`", re.DOTALL)  # a program between fences is one formula


every_question = pytest.mark.parametrize("question", BANK.values(), ids=list(BANK))


def test_there_are_at_least_fifty_questions_of_several_kinds_and_levels():
    assert len(BANK) >= 50 and "pretrained-language-model-advantages" in BANK
    assert {"contextual-recommender-with-a-language-model", "a-bert-program-for-contextual-recommendation"} <= set(BANK)
    assert {
        "multimodal-recommender-with-a-language-model",
        "a-bert-and-vision-program-for-multimodal-recommendation",
    } <= set(BANK)
    assert {question.level for question in BANK.values()} == {"junior", "middle", "senior"}
    assert {"concept", "derivation", "design", "debugging", "trade-off", "experiment"} == {
        q.kind for q in BANK.values()
    }


@every_question
def test_an_answer_can_be_said_in_two_to_four_minutes_in_both_languages(question):
    english = len(question.answer.en.split())
    chinese = len(re.findall("[\u4e00-\u9fff]|[A-Za-z]+", question.answer.zh))
    assert 250 <= english <= 480 and 350 <= chinese <= 800


@every_question
def test_a_text_holds_no_link_no_number_measured_elsewhere_and_no_open_code(question):
    for place, text in texts(question):
        for words in (text.en, text.zh):
            assert "://" not in words and "!" not in words.replace("!=", "") and "！" not in words, place
            assert not re.search(r"\d\.\d{3}", words), f"{place}: a measured number stands in results/, not here"
            assert words.count("`") % 2 == 0, f"{place}: a backtick is not closed"


@every_question
def test_both_languages_show_the_same_formulas(question):
    """A formula may have its words translated, as in `1 / log2(place + 1)`; otherwise it is the same."""
    for place, text in texts(question):
        english, chinese = (set(FORMULA.findall(words)) for words in (text.en, text.zh))
        translated = {formula for formula in chinese if re.search("[\u4e00-\u9fff]", formula)}
        assert chinese - translated <= english, f"{place}: {chinese - translated - english}"
        assert len(english - chinese) == len(translated), f"{place}: {english - chinese} and {translated}"


@every_question
def test_the_three_voices_of_a_point_differ_and_the_best_says_most(question):
    for point in question.rubric:
        voices = [point.zero, point.one, point.two]
        assert len({voice.en for voice in voices}) == len({voice.zh for voice in voices}) == 3
        assert len(point.two.en) > len(point.zero.en) and len(point.two.en) > len(point.one.en), point.id


@every_question
def test_the_weightiest_point_has_a_follow_up(question):
    most = max(point.weight for point in question.rubric)
    assert {point.id for point in question.rubric if point.weight == most} & {one.point for one in question.follow_ups}


def test_no_line_of_a_question_file_is_too_long_to_review():
    long = [
        f"{path.name}:{number}"
        for path in (ROOT / "questions").glob("*.yaml")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if len(line) > 120
    ]
    assert not long


fuzzing = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
PIECES = st.sampled_from(
    [*VALID.splitlines()[:24], *"[]{}:-?|>&*!%@`\"'#,\n\t ", "<<: *a", "!!set", "...", "---", "\\U", "\u2028"]
)


def is_read_or_refused(path: Path) -> None:
    try:
        read_question(path)
    except RecsysLessonsError as error:
        assert str(error).encode("utf-8") and len(str(error).splitlines()) == 1


@fuzzing
@given(content=st.binary(max_size=300))
def test_arbitrary_bytes_are_read_or_refused(write, content):
    is_read_or_refused(write(content))


@fuzzing
@given(pieces=st.lists(PIECES, max_size=30), glue=st.sampled_from(["", "\n", " ", "\n  "]))
def test_arbitrary_pieces_of_yaml_are_read_or_refused(write, pieces, glue):
    is_read_or_refused(write(glue.join(pieces).encode("utf-8", "replace")))


@fuzzing
@given(data=st.data(), junk=st.one_of(PIECES, st.text(max_size=8)))
def test_a_question_with_something_put_into_it_is_read_or_refused(write, data, junk):
    start = data.draw(st.integers(0, len(VALID)))
    end = data.draw(st.integers(start, min(len(VALID), start + 12)))
    is_read_or_refused(write((VALID[:start] + junk + VALID[end:]).encode("utf-8", "replace")))
