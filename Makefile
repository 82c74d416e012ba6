# Everything a fresh clone needs is Python 3.11 with venv, make and a package registry: each target builds .venv
# from requirements.lock when it is missing or older than the lock.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
ARGS ?=
# All tests at once are shared out among processes, three for two cores (tests/conftest.py); some of them, as one asks for
# while working, are not.
PROCESSES ?= $(if $(ARGS),0,auto)
SHARED = -n $(PROCESSES) --maxprocesses 8 --dist loadfile --no-loadscope-reorder
# Other people's clients in JavaScript, against which the service is tried where there is an npm.
CLIENTS := $(if $(shell command -v npm),tests/clients/node_modules/.ready)
COMPILE = $(BIN)/uv pip compile --quiet --no-config --universal --generate-hashes --no-header --no-annotate

.PHONY: help demo test soak bench check style types imports pages format docs lock clean

help: ## what can be made
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 16

demo: $(READY) ## play some months of mentoring through a real broker (ARGS="--relationships 300 --once")
	$(BIN)/mentoring demo $(ARGS)

test: $(READY) $(CLIENTS) ## run the tests (ARGS="-k agreement")
	$(BIN)/pytest $(SHARED) $(ARGS)

soak: $(READY) $(CLIENTS) ## run the long forms of the tests
	TMPDIR="$${TMPDIR:-/tmp}" $(BIN)/pytest -m soak --timeout 3600 -o faulthandler_timeout=3540 $(ARGS)

bench: $(READY) ## measure, print a table and write benchmarks/latest.json (ARGS=growth: what grows)
	$(BIN)/python -m benchmarks $(ARGS)

check: style types imports pages ## style, types, import contracts, generated pages up to date

style: $(READY)
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(READY)
	$(BIN)/mypy

imports: $(READY)
	$(BIN)/lint-imports

pages: $(READY)
	$(BIN)/python -m workflow.cli.docs --check
	$(BIN)/python -m benchmarks.pages --check

format: $(READY) ## put the code into shape
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

docs: $(READY) ## write the generated parts of docs/
	$(BIN)/python -m workflow.cli.docs
	$(BIN)/python -m benchmarks.pages

lock: $(READY) ## renew the lock files from pyproject.toml (ARGS="--upgrade")
	$(COMPILE) --group dev --output-file requirements.lock pyproject.toml $(ARGS)
	$(COMPILE) --constraints requirements.lock --output-file requirements-service.lock pyproject.toml

clean: ## remove the virtual environment and every cache
	rm -rf $(VENV) tests/clients/node_modules .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis

tests/clients/node_modules/.ready: tests/clients/package-lock.json
	npm ci --prefix tests/clients --ignore-scripts --silent
	@touch $@

# An environment whose interpreter has gone is built anew; any other is brought up to the lock.
$(READY): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 or later is needed and was not found." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or later is needed; $(PYTHON) is older (make PYTHON=...)." >&2; exit 1; }
	@echo "building $(VENV)"
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-index --no-deps --no-build-isolation --editable .
	@touch $(READY)
