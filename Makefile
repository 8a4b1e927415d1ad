# Every target is a few lines that a person could type; `make` alone lists them.
# Where something is installed, a stamp in .venv records it, and it is done again only when pyproject.toml changes.

PYTHON ?= python3#  the Python, 3.10 or newer, that .venv is made with
TORCH_INDEX ?=#     a pip index to take torch from first, such as https://download.pytorch.org/whl/cpu (no GPU, smaller)
LAB_ARGS ?=#        for `make lab`, such as "--no-browser --port 8899"; `recsys-lessons lab --help` lists them

PY := .venv/bin/python
NBVAL := -p tools.kernels -n 2 --dist loadfile --nbval-lax --nbval-current-env --nbval-cell-timeout=300

.DEFAULT_GOAL := help
.PHONY: help lab test build bench clean

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' Makefile

lab: .venv/.lab ## set up, fetch the course's files and open lesson 00 in JupyterLab
	$(PY) -m recsys_lessons.cli assets pull
	$(PY) -m recsys_lessons.cli lab $(LAB_ARGS)

test: .venv/.test ## lint, unit tests, and every notebook executed
	$(PY) -m ruff check .
	$(PY) -m tools.build --check
	$(PY) -m recsys_lessons.cli assets pull
	OMP_NUM_THREADS=1 $(PY) -m pytest -n 2 tests
	OMP_NUM_THREADS=1 RECSYS_LESSONS_PROGRESS="$(CURDIR)/.venv/test.sqlite" \
	  $(PY) -m pytest $(NBVAL) notebooks exercises solutions

build: .venv/.test ## make notebooks/, exercises/ and solutions/ from sources/
	$(PY) -m tools.build
	$(PY) -m tools.numbers

bench: .venv/.bench ## measure against other libraries; each script writes into results/
	set -e; for script in benchmarks/[!_]*.py; do $(PY) "$$script"; done

clean: ## remove .venv and what the tools leave behind; downloads and your progress stay
	rm -rf .venv .pytest_cache .ruff_cache .hypothesis build dist

.venv/.lab: pyproject.toml
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { echo "The course needs Python 3.10 or newer, \
	and $(PYTHON) is not. Name one that is: make lab PYTHON=python3.12" >&2; exit 1; }
	"$(PYTHON)" -m venv .venv
	$(if $(strip $(TORCH_INDEX)),$(PY) -m pip install --index-url "$(strip $(TORCH_INDEX))" torch torchvision)
	$(PY) -m pip install -e .
	@touch $@

.venv/.test: .venv/.lab
	$(PY) -m pip install -e ".[test]"
	@touch $@

.venv/.bench: .venv/.lab
	$(PY) -m pip install -e ".[bench]"
	@touch $@
