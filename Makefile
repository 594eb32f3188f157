# Every verb makes .venv on its first call, from a lock with hashes; the second call is instant.
#
#   make demo           a Slack workspace and a cluster in a box, on a page of your browser
#   make test           everything that needs no cluster
#   make lint           style, types and floors alone
#   make test-cluster   the faults on a real Kubernetes, made here (root on Linux) or given; tests/cluster/README.md
#                       LIST=1 prints the rows, ONLY=dns-selector,dns-oom tries some, THIRD=2 a third of them
#   make bench          the budgets, measured
#   make lock           resolve requirements/*.txt anew from pyproject.toml

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
ARGS ?=

.PHONY: demo test lint test-cluster bench lock clean

demo: $(VENV)/.run
	$(BIN)/netcheck demo $(ARGS)

# A test that hangs ends its process after five minutes, with a trace of where each thread stood.
test: $(VENV)/.dev
	$(BIN)/python -m pytest -m "not cluster" -n 2 --dist worksteal -o faulthandler_timeout=300 \
	  -o faulthandler_exit_on_timeout=true $(ARGS)

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test-cluster: $(VENV)/.dev
ifdef LIST
	@$(BIN)/python -m tests.cluster.faults
else
	$(BIN)/python -m pytest $(if $(ONLY),tests/cluster/test_faults.py --only=$(ONLY),tests/cluster --third=$(THIRD) \
	  $(if $(NETCHECK_TEST_KUBECONFIG),,-n 3 --dist loadgroup)) -m cluster -o faulthandler_timeout=900 $(ARGS)
endif

bench: $(VENV)/.dev
	$(BIN)/python -m pytest tests/bench -o python_files="bench_*.py" -s -p no:xdist $(ARGS)

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "netcheck needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -V). Call make PYTHON=python3.12" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: requirements/run.txt requirements/build.txt pyproject.toml | $(VENV)/bin/python
	$(PIP) install --quiet --require-hashes -r requirements/run.txt -r requirements/build.txt
	$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	touch $@

$(VENV)/.dev: requirements/dev.txt pyproject.toml | $(VENV)/bin/python
	$(PIP) install --quiet --require-hashes -r requirements/dev.txt
	$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	touch $@

# Markers instead of one platform, so that the same lock serves Linux and macOS; no index address gets into the files.
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
  --no-emit-find-links --no-header --no-annotate $(UPGRADE)

lock: $(VENV)/.dev
	$(COMPILE) pyproject.toml --extra embedded -o requirements/run.txt
	$(COMPILE) --group build -o requirements/build.txt
	$(COMPILE) pyproject.toml --extra embedded --group dev -o requirements/dev.txt

clean:
	rm -rf $(VENV) dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
