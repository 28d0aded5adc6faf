# Everything starts here; nothing but make and Python 3.11 to 3.13 is needed.
#   make demo    set up, train on NSL-KDD or what comes with oddflow, show results and explained alerts
#   make test    set up, run all tests
#   make help    the rest

SHELL := /bin/bash
VENV ?= .venv
BIN := $(VENV)/bin
SHARED_DATA := $(abspath $(wildcard ../shared/data))
ifneq ($(SHARED_DATA),)
export ODDFLOW_DATA ?= $(SHARED_DATA)
endif
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help demo test quick check format bench clean lab
.DEFAULT_GOAL := help

help: ## list the commands
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 16

$(VENV)/bin/python:
	@./scripts/make-venv $(VENV)

$(VENV)/.train: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[train]'
	@touch $@

$(VENV)/.dev: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[train,dev]'
	@touch $@ $(VENV)/.train

$(VENV)/.bench: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[train,bench]'
	@touch $@ $(VENV)/.train

demo: $(VENV)/.train ## set up, train on NSL-KDD or what comes with oddflow, show results and explained alerts
	$(BIN)/oddflow demo

test: $(VENV)/.dev ## set up (as root also the lab's Debian packages), run all tests
	@./scripts/lab-packages $(BIN)/python
	$(BIN)/pytest --numprocesses auto -m 'not alone'
	$(BIN)/pytest -m alone tests

quick: $(VENV)/.dev ## the tests that train nothing on real data
	$(BIN)/pytest --numprocesses auto -m 'not slow and not alone'
	$(BIN)/pytest -m 'alone and not slow' tests

check: $(VENV)/.dev ## lint, types, architecture, duplicates
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pylint --disable=all --enable=duplicate-code --min-similarity-lines=8 \
		--ignore-imports=yes --ignore-signatures=yes --score=no src benchmarks

format: $(VENV)/.dev ## put the code in order
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: $(VENV)/.bench ## measure speed against Keras on TensorFlow; writes benchmarks/results.json
	$(BIN)/python -m benchmarks --output benchmarks/results.json

lab: $(VENV)/bin/python ## record labelled traffic in network namespaces (Linux, root, Debian's tools)
	@./scripts/lab-packages $(BIN)/python
	$(BIN)/python -m lab lab-recordings

clean: ## remove the virtual environment and what tools left behind
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
