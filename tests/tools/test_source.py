"""Sources that would make a bad notebook are refused, with the file and the line."""

from __future__ import annotations

import pytest

from tools.source import BuildError, read_source

EN, ZH = '# %% [markdown] lang="en"\n# Text.\n', '# %% [markdown] lang="zh"\n# 文字。\n'


def read(empty, text: str, name: str = "lessons/00_small"):
    return read_source(empty.write(text, name), empty.root)


def test_siblings_become_one_cell_and_code_is_shared(empty):
    prose, code = read(empty, EN + ZH + "# %%\nx = 1\n").cells
    assert (prose.text, prose.lines) == ({"en": "Text.", "zh": "文字。"}, {"en": 1, "zh": 3})
    assert (code.text, code.lines["en"]) == ({"en": "x = 1", "zh": "x = 1"}, 5)


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        (EN + "# %%\nx = 1\n", 1, "without its Chinese sibling"),
        (EN + EN + ZH, 1, "without its Chinese sibling"),
        ("# %%\nx = 1\n" + ZH, 3, "without its English sibling"),
        (EN + ZH + ZH, 5, "without its English sibling"),
        (EN + ZH + EN, 5, "without its Chinese sibling"),
        ("# %% [markdown]\n# Text.\n", 1, "no lang"),
        ('# %% [markdown] lang="fr"\n# Texte.\n', 1, "lang='fr'"),
        (EN + '# %% [markdown] lang="zh"\n# Still English.\n', 3, "no Chinese"),
        (EN + '# %% [markdown] lang="zh" tags=["solution"]\n# 文字。\n', 3, "tags differ"),
        ('# %% [markdown] lang="en"\n\n' + ZH, 1, "empty en cell"),
        ('# %% lang="en"\nx = 1\n', 1, "code cell with lang"),
        ("# %%\n\n# %%\nx = 1\n", 1, "empty code cell"),
        ("# %%\n" + "x = 1\n" * 26, 1, "26 lines"),
        ("# %%\nx = 1\ny = 2  # 注释\n", 3, "comment in Chinese"),
        ("# %%\n%matplotlib inline\n# 注释\n", 3, "comment in Chinese"),
        ('# %% tags=["soluton"]\nx = 1\n', 1, "soluton"),
        ('# %% tags=["raises-exception"]\n1 / 0\n', 1, "raises-exception"),
        ('# %% tags=["solution"]\nx = 1\n', 1, "belongs in sources/exercises/"),
        ("# %% A title\nx = 1\n", 1, "'title'"),
        ("# %% [raw]\n# text\n", 1, "raw cell"),
        ("import os\n# %%\nx = 1\n", 1, "text before the first"),
        ("x = 1\n", 1, "no cells"),
    ],
)
def test_a_bad_source_is_refused_with_file_and_line(empty, text, line, words):
    with pytest.raises(BuildError) as caught:
        read(empty, text)
    assert str(caught.value).startswith(f"sources/lessons/00_small.py:{line}: ")
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("header", "mended"),
    [
        ("[markdown] lang=en", 'lang="en"'),
        ("tags=solution", 'tags="solution"'),
    ],
)
def test_metadata_that_jupytext_passes_over_is_refused_with_the_mend(empty, header, mended):
    with pytest.raises(BuildError, match="jupytext cannot read") as caught:
        read(empty, f"# %%\nx = 1\n# %% {header}\n# Text.\n" + ZH)
    assert str(caught.value).startswith("sources/lessons/00_small.py:3: ") and mended in str(caught.value)


def test_a_marker_inside_a_string_is_refused_rather_than_miscounted(empty):
    with pytest.raises(BuildError, match="2 lines start with .* jupytext sees 1 cells"):
        read(empty, '# %%\nx = """\n# %% not a cell\n"""\n')


def test_twenty_five_lines_and_chinese_data_are_welcome(empty):
    (cell,) = read(empty, "# %%\n" + "x = '中文'  # fine\n" * 25).cells
    assert len(cell.text["en"].splitlines()) == 25


def test_a_file_that_is_not_utf8_is_refused(empty):
    path = empty.write("")
    path.write_bytes("# %%\nx = '中'\n".encode("gbk"))
    with pytest.raises(BuildError, match="not UTF-8"):
        read_source(path, empty.root)
