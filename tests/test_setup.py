"""What sets the course up says the same everywhere: pyproject.toml, environment.yml, Makefile, CI, CITATION.cff."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # pytest brings it there

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
CONDA_NAMES = {"torch": "pytorch", "matplotlib": "matplotlib-base"}  # where conda-forge calls a package otherwise


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def split(requirement: str) -> tuple[str, str]:
    """("numpy", ">=1.26") of "numpy>=1.26"."""
    name, version = re.fullmatch(r"([A-Za-z0-9_.-]+?)\s*([<>=!~].*)?", requirement).groups()
    return name, (version or "").replace(" ", "")


def make(*arguments: str, folder: Path = ROOT) -> subprocess.CompletedProcess:
    """Run make as from a fresh terminal: `make test TORCH_INDEX=...` hands its variables on to what it runs."""
    variables = {"MFLAGS", "PYTHON", "TORCH_INDEX", "LAB_ARGS"}
    environment = {k: v for k, v in os.environ.items() if k not in variables and not k.startswith("MAKE")}
    return subprocess.run(["make", *arguments], cwd=folder, env=environment, capture_output=True, text=True, timeout=60)


def test_conda_installs_what_pip_installs_in_the_same_ranges():
    wanted = {CONDA_NAMES.get(name, name): version for name, version in map(split, PROJECT["dependencies"])}
    wanted["python"] = PROJECT["requires-python"]
    listed = [one for one in yaml.safe_load(read("environment.yml"))["dependencies"] if isinstance(one, str)]
    assert dict(map(split, listed)) == wanted
    assert len(listed) == len(wanted), "a package is listed twice"


def test_conda_and_binder_get_the_package_itself():
    environment = yaml.safe_load(read("environment.yml"))
    assert environment["channels"] == ["conda-forge"]
    assert environment["dependencies"][-1] == {"pip": ["-e ."]}


def test_every_line_of_environment_yml_says_what_needs_it():
    lines = read("environment.yml").split("\ndependencies:\n")[1].splitlines()
    packages = [line for line in lines if line.strip() != "- pip:"]
    assert len(packages) > len(PROJECT["dependencies"])
    assert not [line for line in packages if not re.search(r"  # \S{3}", line)]


def test_files_that_environment_yml_names_exist():
    named = re.findall(r"recsys_lessons/[\w/]+(?:\.py)?", read("environment.yml"))
    assert named and not [name for name in named if not (ROOT / name).exists()]


def test_make_alone_lists_every_target():
    done = make()
    listed = re.findall(r"^  make (\w+)\t\S", done.stdout, re.MULTILINE)
    phony = re.search(r"^\.PHONY: (.+)$", read("Makefile"), re.MULTILINE)[1].split()
    assert done.returncode == 0 and sorted(listed) == sorted(phony)
    assert {"lab", "test", "build", "bench"} <= set(listed)


@pytest.fixture
def fresh(tmp_path) -> Path:
    """A folder in which nothing has been set up; its name has a space and Chinese characters."""
    folder = tmp_path / "a 课程"
    folder.mkdir()
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy(ROOT / name, folder)
    return folder


def test_make_test_lints_compares_the_notebooks_and_executes_every_folder_of_them(fresh):
    plan = make("-n", "test", folder=fresh).stdout
    for part in ("ruff check", "tools.build --check", "pytest -n 2 tests", "--nbval-lax", "--dist loadfile"):
        assert part in plan
    assert re.search(r"--nbval-lax.* notebooks exercises solutions$", plan, re.MULTILINE)


def test_notebooks_that_are_executed_as_tests_leave_a_learners_progress_alone(fresh):
    command = make("-n", "test", folder=fresh).stdout.split("pytest -n 2 tests\n")[1]
    assert f'RECSYS_LESSONS_PROGRESS="{fresh}/.venv/' in command


def test_make_bench_runs_every_script(fresh):
    plan = make("-n", "bench", folder=fresh).stdout
    assert 'install -e ".[bench]"' in plan and "benchmarks/[!_]*.py" in plan
    scripts = [path.name for path in (ROOT / "benchmarks").glob("*.py")]
    assert {"encode.py", "load.py", "quality.py", "svd.py"} <= set(scripts)
    for name in scripts:  # a name with an underscore is a part of the others
        text = (ROOT / "benchmarks" / name).read_text(encoding="utf-8")
        assert ('if __name__ == "__main__":' in text) is not name.startswith("_"), name


def test_a_cpu_only_torch_is_installed_before_anything_that_would_bring_the_other_one(fresh):
    plan = make("-n", "lab", "TORCH_INDEX=https://index.example/cpu", folder=fresh).stdout
    torch = plan.index('install --index-url "https://index.example/cpu" torch torchvision')
    assert torch < plan.index("install -e .")
    assert "index-url" not in make("-n", "lab", folder=fresh).stdout


def test_what_is_installed_is_not_installed_again_until_pyproject_changes(fresh):
    (fresh / ".venv").mkdir()
    for stamp in (".lab", ".test"):
        (fresh / ".venv" / stamp).touch()
    assert "pip install" not in make("-n", "test", folder=fresh).stdout
    later = (fresh / ".venv" / ".test").stat().st_mtime + 10
    os.utime(fresh / "pyproject.toml", (later, later))
    plan = make("-n", "test", folder=fresh).stdout
    assert 'install -e ".[test]"' in plan and re.search(r"install -e \.$", plan, re.MULTILINE)


def test_an_old_python_is_refused_in_a_sentence_and_nothing_is_made(fresh):
    old = fresh / "old python"
    old.write_text('#!/bin/sh\ncase "$2" in *version_info*) exit 1;; esac\ntouch went-on\n', encoding="utf-8")
    old.chmod(0o755)
    done = make("lab", f"PYTHON=./{old.name}", folder=fresh)
    assert done.returncode != 0 and "needs Python 3.10 or newer" in done.stderr and "PYTHON=" in done.stderr
    assert not (fresh / "went-on").exists() and not (fresh / ".venv").exists()


def test_the_version_that_is_refused_is_the_one_that_pyproject_says():
    low = re.search(r"version_info < \((\d+), (\d+)\)", read("Makefile")).groups()
    assert PROJECT["requires-python"] == f">={'.'.join(low)}"


def test_the_workflow_and_the_ci_script_do_the_same_with_the_oldest_and_the_newest_python():
    workflow = yaml.safe_load(read(".github/workflows/test.yml"))
    job = workflow["jobs"]["test"]
    assert any(step.get("run", "").startswith("bash .ci/run") for step in job["steps"])
    assert PROJECT["requires-python"] == f">={job['strategy']['matrix']['python'][0]}"
    assert set(workflow[True]) == {"push", "pull_request"}  # YAML 1.1 reads the key `on` as true


def test_the_ci_script_is_sound_fails_without_a_browser_and_ends_as_make_test_ends():
    script = read(".ci/run")
    assert subprocess.run(["bash", "-n", ROOT / ".ci/run"]).returncode == 0
    assert "set -euo pipefail" in script and "export RECSYS_LESSONS_REQUIRE_BROWSER=1" in script
    assert script.rstrip().splitlines()[-1] == 'exec make test "$@"'


@pytest.mark.parametrize("lacking", [set(), {"make", "venv", "browser", "fonts"}])
def test_the_ci_script_installs_what_is_lacking_and_nothing_else(tmp_path, lacking):
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    for name in ("bash", "dirname", "env", "touch", "chmod"):
        (bin_ / name).symlink_to(shutil.which(name))
    stubs = {
        "id": "echo 0",
        "git": "",
        "python-x": "exit 1" if "venv" in lacking else "",
        "apt-get": f'echo "$@" >>"{tmp_path}/apt"; echo "#!/bin/sh" >"{bin_}/make"; chmod +x "{bin_}/make"',
        "fc-list": "" if "fonts" in lacking else "echo a font",
        "make": f'echo "$RECSYS_LESSONS_REQUIRE_BROWSER $@" >"{tmp_path}/make"',
    }
    stubs |= {} if "browser" in lacking else {"chromium-browser": ""}
    if "make" in lacking:
        del stubs["make"]
    for name, body in stubs.items():
        (bin_ / name).write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
        (bin_ / name).chmod(0o755)
    command = [bin_ / "bash", ROOT / ".ci/run", "PYTHON=python-x"]
    done = subprocess.run(command, env={"PATH": str(bin_)}, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    asked = (tmp_path / "apt").read_text().splitlines() if (tmp_path / "apt").exists() else []
    if lacking:
        assert asked[0].startswith("update")
        assert {"make", "python3-venv", "chromium", "fonts-noto-cjk"} <= set(asked[1].split())
        assert "git" not in asked[1].split()
    else:
        assert asked == [] and (tmp_path / "make").read_text().strip() == "1 test PYTHON=python-x"


def test_the_citation_is_of_this_project_in_this_version():
    citation = yaml.safe_load(read("CITATION.cff"))
    assert citation["cff-version"] == "1.2.0" and citation["message"]
    assert citation["version"] == PROJECT["version"] and citation["license"] == PROJECT["license"]
    assert [author["name"] for author in citation["authors"]] == [author["name"] for author in PROJECT["authors"]]
    assert citation["title"].startswith(PROJECT["name"])
    for reference in citation["references"]:
        assert {"type", "title", "authors", "year"} <= set(reference)


def test_the_licence_is_the_whole_text_of_the_one_that_is_named():
    text = read("LICENSE")
    assert PROJECT["license"] == "Apache-2.0"
    assert "Version 2.0, January 2004" in text and "END OF TERMS AND CONDITIONS" in text
