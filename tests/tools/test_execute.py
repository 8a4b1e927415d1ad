"""What only a real kernel shows. One notebook holds many questions, since a kernel takes a second to start."""

from __future__ import annotations

import nbformat
import pytest

from tools.build import main
from tools.execute import WIDGET, clean_outputs

SOURCE = """\
# %%
import os, sys, warnings
from IPython.display import display
print("one")
print("noise", file=sys.stderr)
warnings.warn("careful")
print("two", flush=True)
# %%
PROGRESS, PLOTS = os.environ["RECSYS_LESSONS_PROGRESS"], os.environ["MPLBACKEND"]
os.path.basename(os.getcwd()), os.environ.get("RECSYS_LESSONS_LANG"), PROGRESS == MINE, "inline" in PLOTS
# %%
display({VIEW: {"model_id": "1"}, "text/plain": "Slider()"}, raw=True)
display({VIEW: {"model_id": "2"}, "text/plain": "Picker()", "text/html": "<b>a list</b>"}, raw=True)
""".replace("VIEW", repr(WIDGET))


def outputs(path):
    return [cell.outputs for cell in nbformat.read(path, as_version=nbformat.NO_CONVERT).cells]


def test_a_kernel_runs_in_the_notebooks_folder_and_only_what_lasts_is_kept(empty, monkeypatch, capfd):
    monkeypatch.setenv("RECSYS_LESSONS_LANG", "en")
    monkeypatch.setenv("RECSYS_LESSONS_PROGRESS", "mine")
    monkeypatch.setenv("MPLBACKEND", "agg")
    empty.write(SOURCE.replace("MINE", "'mine'"))
    assert main(["--root", str(empty.root)]) == 0
    english, chinese = (outputs(empty.root / f"notebooks/{zh}00_small.ipynb") for zh in ("", "zh/"))
    assert english[0] == [{"output_type": "stream", "name": "stdout", "text": "one\ntwo\n"}]
    assert (
        english[1][0]["data"]["text/plain"] == "('notebooks', None, False, True)" and english[1][0].execution_count == 2
    )
    assert chinese[1][0]["data"]["text/plain"] == "('zh', None, False, True)"
    assert [output.data for output in english[2]] == [{"text/plain": "Picker()", "text/html": "<b>a list</b>"}]
    said = capfd.readouterr()
    assert "note: sources/lessons/00_small.py:1: UserWarning: careful" in said.out and "noise" not in said.out
    first = (empty.root / "notebooks/00_small.ipynb").read_bytes()
    assert main(["--root", str(empty.root), "--force"]) == 0
    assert (empty.root / "notebooks/00_small.ipynb").read_bytes() == first


@pytest.mark.parametrize(
    ("code", "line", "words"),
    [
        ("def f(x):\n    return 1 / x\n\nf(0)\n", 7, "`f(0)`: ZeroDivisionError: division by zero"),
        ("import os\nos._exit(1)\n", 3, "the kernel died"),
        ("import matplotlib.pyplot as plt\nplt.figure(figsize=(1, 1)).suptitle('中');\n", 3, "Glyph 20013"),
    ],
)
def test_a_failing_cell_is_told_with_its_line_and_nothing_is_written(empty, capfd, code, line, words):
    empty.write("# %%\nx = 1\n# %%\n" + code)
    assert main(["--root", str(empty.root)]) == 1
    error = capfd.readouterr().err
    assert f"error: notebooks/00_small.ipynb: sources/lessons/00_small.py:{line}: " in error and words in error
    assert not empty.contents()


def test_streams_are_joined_overwritten_lines_go_and_counts_are_set():
    def stream(name, text):
        return nbformat.v4.new_output("stream", name=name, text=text)

    result = nbformat.v4.new_output("execute_result", data={"text/plain": "3"}, execution_count=9)
    pieces = [stream("stdout", "10 %\r"), stream("stderr", "w"), stream("stdout", "20 %\rdone\n"), result]
    kept, warnings = clean_outputs(pieces, 4)
    assert [output.get("text") for output in kept] == ["done\n", None] and warnings == []
    assert kept[1].execution_count == 4
