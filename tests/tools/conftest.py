"""A small repository of sources, and a stand-in for execution, so that few tests start a kernel."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools import build

LESSON = """\
# %% [markdown] lang="en"
# # A lesson
# %% [markdown] lang="zh"
# # 一课
# %% tags=["parameters"]
SEED = 0
# %% [markdown] lang="en"
# More.
# %% [markdown] lang="zh"
# 更多。
# %%
title = "大话西游"  # text in a string is data
title
"""

EXERCISE = '''\
# %% [markdown] lang="en"
# # Double it
# %% [markdown] lang="zh"
# # 加倍
# %%
def double(x):
    """Twice x."""
    ### BEGIN SOLUTION
    twice = x + x
    return twice
    ### END SOLUTION
# %%
double(3)
# %% tags=["solution"]
assert double(2) == 4
'''


class Repository:
    """A folder with sources, built by `build` with a stand-in that gives every cell its own source as output."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.executed: list[str] = []

    def write(self, source: str, name: str = "lessons/00_small") -> Path:
        path = self.root / "sources" / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source, encoding="utf-8")
        return path

    def edit(self, before: str, after: str, name: str = "lessons/00_small") -> None:
        path = self.root / "sources" / f"{name}.py"
        text = path.read_text(encoding="utf-8")
        assert before in text
        path.write_text(text.replace(before, after), encoding="utf-8")

    def build(self, *arguments: str) -> int:
        self.executed = []
        return build.main([*arguments, "--root", str(self.root)], run=self._run)

    def check(self) -> int:
        return build.main(["--check", "--root", str(self.root)])

    def contents(self) -> dict[str, bytes]:
        return {str(path.relative_to(self.root)): path.read_bytes() for path in self.root.rglob("*.ipynb")}

    def _run(self, notebook, edition, root, note, timeout) -> None:
        self.executed.append(edition.path)
        codes = [cell for cell in notebook.cells if cell.cell_type == "code"]
        for count, cell in enumerate(codes, start=1):
            cell.execution_count = count
            cell.outputs = [type(cell)(output_type="stream", name="stdout", text=cell.source)]


@pytest.fixture
def empty(tmp_path: Path) -> Repository:
    return Repository(tmp_path)


@pytest.fixture
def repository(empty: Repository) -> Repository:
    """One lesson and one exercise, not built."""
    empty.write(LESSON)
    empty.write(EXERCISE, "exercises/00_small")
    return empty


@pytest.fixture
def built(repository: Repository) -> Repository:
    assert repository.build() == 0
    return repository
