# Everything is done in a virtual environment of the checkout's own: `make demo`, `make test`.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CASE ?=

.PHONY: help demo test fire lint lint-truth types unit bench pyz wheel docs lab-build lab lab-down lab-test bench-scale clean

help:
	@echo "make demo       diagnose a recorded incident (CASE=name for another; no cluster needed)"
	@echo "make test       lint, types and tests"
	@echo "make bench      start-up, a small run and log scanning, side by side with their like"
	@echo "make bench-scale a real API server with 100 and 5,000 nodes, side by side (Linux, Go; long)"
	@echo "make accuracy   score recorded incidents, by family"
	@echo "make pyz        build/corediag.pyz, one file for a host without a package index"
	@echo "make docs       write the generated pages anew (docs/causes.md, docs/checks/README.md)"
	@echo "make lab-build  build the programs of a real cluster on this machine (root, Go, apt)"
	@echo "make lab        start that cluster; make lab-down ends it"
	@echo "make lab-test   stage faults in it and let corediag find, and cure, each"
	@echo "make fire       every request of a run with every fault of a network, whole (some half an hour)"
	@echo "make lint-truth compare corediag lint with real versions of CoreDNS (root, Go; long)"

$(VENV)/.python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "corediag needs Python 3.11 or newer as $(PYTHON); try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@echo "making a virtual environment in $(VENV) (once)" >&2
	@$(PYTHON) -m venv $(VENV) || { \
	  echo "Python lacks its venv module; on Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
	@$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	@touch $@

$(VENV)/.run: $(VENV)/.python pyproject.toml
	@echo "installing corediag and its libraries into $(VENV) (once, half a minute)" >&2
	@$(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.run
	@echo "installing the tools for tests and builds into $(VENV) (once, a minute)" >&2
	@$(BIN)/python -m pip install --quiet --group dev
	@touch $@

demo: $(VENV)/.run
	@$(BIN)/corediag demo $(CASE)

test: lint types unit

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev
	$(BIN)/mypy

unit: $(VENV)/.dev
	$(BIN)/pytest -n auto -q

bench: $(VENV)/.dev
	$(BIN)/python -m bench

bench-scale: $(VENV)/.dev
	$(BIN)/python -m bench.scale

accuracy: $(VENV)/.dev
	$(BIN)/python -m bench.accuracy

pyz: $(VENV)/.dev
	@mkdir -p build
	@echo "packing corediag and its libraries into build/corediag.pyz (a minute)" >&2
	@$(BIN)/shiv --quiet --compressed --reproducible --console-script corediag \
	  --python '/usr/bin/env python3' --output-file build/corediag.pyz .
	@echo "build/corediag.pyz: run it as: python3 corediag.pyz run (same Python version and platform)"

wheel: $(VENV)/.dev
	$(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir build .

docs: $(VENV)/.run
	$(BIN)/python -m diagnose.docs docs

lab-build: $(VENV)/.dev
	$(BIN)/python -m lab build

lab: $(VENV)/.dev
	$(BIN)/python -m lab up

fire: $(VENV)/.dev
	$(BIN)/python -m tests.fire

lab-down: $(VENV)/.dev
	$(BIN)/python -m lab down

lab-test: $(VENV)/.dev
	$(BIN)/python -m lab test

lint-truth: $(VENV)/.dev
	$(BIN)/python -m lab.corefiles

clean:
	rm -rf build dist $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
