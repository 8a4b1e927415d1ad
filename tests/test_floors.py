"""The house: a module imports from the floors below its own, and `import recsys_lessons` is quick."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import recsys_lessons

CORE = Path(recsys_lessons.__file__).parent

# From the ground up. What shares a line is a neighbour: neither may import the other. The ground floor has steps of
# its own, since even a place on disk may need to raise an error.
FLOORS = (
    ("errors",),
    ("paths", "language", "devices", "hub"),
    ("_assets", "results"),
    ("assets",),
    ("metrics", "data"),
    ("encoders",),
    ("_context_words",),
    ("context", "fusion"),
    ("alignment",),
    ("recommenders",),
    ("evaluation",),
    ("plots", "_widget_parts", "practice"),
    ("plots_world", "plots_media", "widgets", "widgets_context", "widgets_media"),
    ("cli_assets", "cli_posters", "cli_questions", "cli_tinylens"),
    ("cli",),
)
HEIGHT = {name: height for height, names in enumerate(FLOORS) for name in names}

# Inside a folder, the modules that its others share, again from the ground up: a room may import the rooms before it,
# every other module may import all of them, and none may import a neighbour. A name with an underscore is private to
# its folder and free there.
ROOMS = {
    "data": ("dataset",),
    "fusion": ("parts", "operators", "base"),
    "encoders": ("cache", "models", "base", "media", "vision", "pictures", "text", "image", "audio", "video"),
    "recommenders": ("linear_algebra", "ranking", "asked", "base", "svd", "content", "constraints"),
    "evaluation": ("bootstrap", "arguments", "lists", "measures", "pooled", "protocol", "events"),
    "practice": (
        "toys",
        "values",
        "compare",
        "exercise",
        "exercises",
        "question_schema",
        "questions",
        "result",
        "records",
        "checking",
        "child",
        "overview",
        "notebook",
    ),
}


def modules() -> list[str]:
    """Dotted names below `recsys_lessons`, such as `data.splits`; a package by its own name."""
    found = []
    for path in sorted(CORE.rglob("*.py")):
        parts = path.relative_to(CORE).with_suffix("").parts
        found.append(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
    return [name for name in found if name]


def file_of(name: str) -> Path:
    path = CORE.joinpath(*name.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def imports(text: str, name: str, is_package: bool, known: list[str]) -> list[tuple[int, str]]:
    """(line, dotted name below `recsys_lessons`) of every import in `text`, those inside functions included."""
    found = []
    package = ["recsys_lessons", *name.split(".")][: None if is_package else -1]
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            origin = ".".join([*base, *([node.module] if node.module else [])])
            for alias in node.names:  # `from recsys_lessons.data import splits` imports the module
                inner = f"{origin}.{alias.name}"
                found.append((node.lineno, inner if inner.removeprefix("recsys_lessons.") in known else origin))
    inside = [(line, origin) for line, origin in found if origin.split(".")[0] == "recsys_lessons"]
    return [(line, origin.removeprefix("recsys_lessons").lstrip(".")) for line, origin in inside]


def complaint(name: str, is_package: bool, imported: str) -> str | None:
    """Why module `name` must not import `imported`; None where it may."""
    if not imported:
        return "imports `recsys_lessons` itself; import from the module that defines the name"
    mine, theirs = name.split("."), imported.split(".")
    if mine[0] == theirs[0]:  # inside one folder
        rooms = ROOMS.get(mine[0], ())
        open_to_me = rooms[: rooms.index(mine[-1])] if mine[-1] in rooms else rooms
        private = any(part.startswith("_") for part in theirs)
        below = is_package and imported.startswith(f"{name}.")  # a folder's door shows what is in it
        if private or below or theirs[-1] in open_to_me:
            return None
        return f"imports its neighbour `{imported}`; move what they share to base.py, or to a room named in ROOMS"
    if HEIGHT[theirs[0]] < HEIGHT[mine[0]]:
        return None
    return f"imports `{imported}`, which is not on a floor below"


@pytest.mark.parametrize("name", modules())
def test_a_module_imports_only_from_floors_below(name):
    assert name.split(".")[0] in HEIGHT, f"{name} has no floor; give it one in FLOORS and in CONTRIBUTING.md"
    path = file_of(name)
    is_package = path.name == "__init__.py"
    found = imports(path.read_text(encoding="utf-8"), name, is_package, modules())
    wrong = [(line, complaint(name, is_package, imported)) for line, imported in found]
    assert not [f"{path.relative_to(CORE)}:{line} {why}" for line, why in wrong if why]


@pytest.mark.parametrize(
    ("name", "text", "allowed"),
    [
        ("metrics", "import numpy", True),
        ("data.splits", "from recsys_lessons.data.dataset import Dataset", True),
        ("data.splits", "from recsys_lessons.data.movielens import load_movielens", False),
        ("data.splits", "from recsys_lessons.data import movielens", False),
        ("data.splits", "from .movielens import load_movielens", False),
        ("data.splits", "from . import dataset", True),
        ("data.splits", "from ..errors import AssetError", True),
        ("data.splits", "def f():\n    from recsys_lessons.evaluation import evaluate", False),
        ("data.splits", "from recsys_lessons import metrics", False),
        ("encoders.text", "from recsys_lessons import metrics", True),
        ("encoders.text", "from recsys_lessons import load_movielens", False),
        ("encoders.text", "import recsys_lessons", False),
        ("paths", "from recsys_lessons.errors import RecsysLessonsError", True),
        ("paths", "from recsys_lessons.language import say", False),
        ("recommenders.svd", "from recsys_lessons.recommenders.base import Recommender", True),
        ("recommenders.base", "from recsys_lessons.recommenders.svd import SVDRecommender", False),
        ("encoders.base", "from recsys_lessons.encoders.cache import Cache", True),
        ("encoders.cache", "from recsys_lessons.encoders.base import Encoder", False),
        ("_assets.wheels", "from recsys_lessons._assets.registry import REGISTRY", True),
        ("_assets.wheels", "from recsys_lessons.assets import asset_path", False),
        ("widgets", "from recsys_lessons.widgets_context import ContextPanel", False),
        ("cli", "from recsys_lessons.practice import check", True),
    ],
)
def test_the_rule_itself_tells_up_from_down(name, text, allowed):
    found = imports(text, name, False, ["metrics", "data.splits", "data.movielens", "data.dataset"])
    assert all(complaint(name, False, imported) is None for _, imported in found) is allowed


def run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    return done.stdout.strip()


def test_importing_the_package_loads_no_heavy_library():
    heavy = ["torch", "transformers", "numpy", "pandas", "scipy", "sklearn", "matplotlib", "ipywidgets", "IPython"]
    code = f"import recsys_lessons, sys; print([name for name in {heavy} if name in sys.modules])"
    assert run(code) == "[]"


def test_every_name_that_the_package_hands_on_can_be_had_and_is_listed():
    assert recsys_lessons.__all__
    for name in recsys_lessons.__all__:
        assert getattr(recsys_lessons, name) is not None
    assert set(recsys_lessons.__all__) <= set(dir(recsys_lessons))
    with pytest.raises(AttributeError, match="no_such_name"):
        recsys_lessons.no_such_name  # noqa: B018
