# Everything on a machine with Python and pip: `make train` runs the main job, `make test` the gate.

PYTHON ?= python3
ARGS ?=

# Tests start many processes: without files of bytecode each would compile all that it imports once more.
export PYTHONDONTWRITEBYTECODE =

VENV := .venv
BIN := $(VENV)/bin
CORE := $(VENV)/.installed-core
DEV := $(VENV)/.installed-dev
PIP_INSTALL := $(BIN)/python -m pip install --disable-pip-version-check --quiet -c constraints.txt

.DEFAULT_GOAL := help
.PHONY: help train test test-all check lint suite bench bench-large bench-data clean

help:  ## Show this list
	@awk -F ':.*## *' '/^[a-z-]+:.*##/ { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

train: $(CORE)  ## Install what is missing and train on Fashion-MNIST; ARGS="--epochs 3" are passed on
	$(BIN)/linnet train $(ARGS)

# Types take a minute of one processor, tests all that there are: they run side by side.
test: $(DEV)  ## Run the gate: format, lint, types, layers, tests; ARGS are passed to pytest
	@$(MAKE) --no-print-directory -j 2 lint suite MARKED='-m "not long"'

test-all: $(DEV)  ## Run the gate and the tests that take long, before a piece of work is closed
	@$(MAKE) --no-print-directory -j 2 lint suite

check: $(DEV)  ## Look at what changed, between two edits: format, lint, types, layers, its tests
	$(BIN)/python -m tests.support.check $(ARGS)

# A test that waits for a browser or a process leaves its processor to a third worker. Each worker begins with a
# run of neighbours, which share what a module sets up, and who is done first takes from the others.
suite: $(DEV)
	OMP_WAIT_POLICY=passive OMP_NUM_THREADS=1 SCIPY_ARRAY_API=1 \
	    $(BIN)/python -m pytest -n 3 --dist worksteal $(MARKED) $(ARGS)

lint: $(DEV)  ## Check format, lint, types and the import layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright
	$(BIN)/lint-imports

bench: $(DEV)  ## Measure speed and memory against the targets; ARGS="--quick" for a short look
	$(BIN)/python benchmarks/main_job.py $(ARGS)
	$(BIN)/python benchmarks/sweep.py $(ARGS)
	$(BIN)/python benchmarks/solvers_nist.py $(ARGS)
	$(BIN)/python benchmarks/solvers_ridge.py $(ARGS)
	$(BIN)/python benchmarks/peers.py $(ARGS)
	$(BIN)/python benchmarks/peers_many.py $(ARGS)
	$(BIN)/python benchmarks/peers_l1.py $(ARGS)
	$(BIN)/python benchmarks/start.py $(ARGS)
	$(BIN)/python benchmarks/serve.py $(ARGS)
	$(BIN)/python benchmarks/lab.py $(ARGS)

bench-large: $(DEV)  ## Measure what takes long: pixels to the last digit, texts, folds of embeddings, how cost grows, the book's chapters, files of a gigabyte, read whole and as streams, two processes, kills
	$(BIN)/python benchmarks/solvers_softmax.py $(ARGS)
	$(BIN)/python benchmarks/peers_text.py $(ARGS)
	$(BIN)/python benchmarks/peers_folds.py $(ARGS)
	$(BIN)/python benchmarks/growth.py $(ARGS)
	$(BIN)/python benchmarks/book_scripts.py $(ARGS)
	$(BIN)/python benchmarks/tables.py $(ARGS)
	$(BIN)/python benchmarks/stream.py $(ARGS)
	$(BIN)/python benchmarks/stream_ridge.py $(ARGS)
	$(BIN)/python benchmarks/peers_stream.py $(ARGS)
	$(BIN)/python benchmarks/processes.py $(ARGS)
	$(BIN)/python benchmarks/scale.py $(ARGS)
	$(BIN)/python benchmarks/kills.py $(ARGS)

bench-data: $(DEV)  ## Make real texts and their embeddings for benchmarks, on Debian or Ubuntu: some minutes
	$(BIN)/python benchmarks/real.py

clean:  ## Remove the environment and the caches; runs and data stay
	rm -rf $(VENV) build dist .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find src tests benchmarks examples -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamps stand for an installed environment, so a second `make train` goes straight to training.
# Tests import a small part of what is installed: only that is compiled, when it is, which saves half a minute.
# The project is installed in place: only its requirements, not its sources, can make a stamp stale.

$(BIN)/python:
	$(PYTHON) -m venv --clear $(VENV)

$(CORE): pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing linnet into $(VENV) (the first time this takes a few minutes)"
	$(PIP_INSTALL) -e .
	@touch $@

$(DEV): pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing linnet and its development tools into $(VENV)"
	$(PIP_INSTALL) --no-compile -e ".[dev]"
	@touch $(CORE) $@
