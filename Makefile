# `make` lists what there is. Everything runs in .venv, which builds itself from requirements.lock.

PORT ?= 8080
ARGS ?=
# Of `make run`; := because an environment may have a HOST of its own.
HOST := 127.0.0.1
COMPOUND := small
SCENE :=
FRESH :=
VENV := .venv
# Some images set it: then every process the tests start would compile the whole bot anew.
unexport PYTHONDONTWRITEBYTECODE
PYTHON := $(VENV)/bin/python
INSTALLED := $(VENV)/.installed

.PHONY: help setup run test test-page screenshots docs coverage check lint-fix soak bench bench-broadcast clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /make \1  /p' Makefile

run: $(INSTALLED) ## try the bot without Telegram: phones in the browser; PORT=8080 COMPOUND=large SCENE=lamp FRESH=1 HOST=0.0.0.0
	$(if $(filter-out 0 1,$(FRESH)),$(error FRESH is 1 or 0, not "$(FRESH)"))
	@$(PYTHON) -m bot sandbox --port '$(PORT)' --host '$(HOST)' --compound '$(COMPOUND)' --scene '$(SCENE)' \
	  $(if $(filter 1,$(FRESH)),--fresh) $(ARGS)

setup: $(INSTALLED) ## only build .venv

test: $(INSTALLED) ## all tests; ARGS="-k lamp" for some
	$(PYTHON) -m pytest -n auto --dist worksteal -m "not soak and not page" $(ARGS)

test-page: $(INSTALLED) ## the tests of the page, which need Chromium
	$(PYTHON) -m pytest -m page $(ARGS)

screenshots: $(INSTALLED) ## the pictures in docs/, taken anew with Chromium
	$(PYTHON) -m tests.page.screenshots

docs: $(INSTALLED) ## the tables in docs/ that tests write, taken anew
	UPDATE_DOCS=1 $(PYTHON) -m pytest -q tests/test_timeline.py

coverage: $(INSTALLED) ## all tests with branch coverage, which takes longer
	$(PYTHON) -m pytest -m "not soak and not page" --cov --cov-report=term $(ARGS)

check: $(INSTALLED) ## format, lint, types, layers
	$(PYTHON) -m ruff format --check --output-format concise .
	$(PYTHON) -m ruff check --output-format concise .
	$(PYTHON) -m mypy
	$(VENV)/bin/lint-imports

lint-fix: $(INSTALLED) ## mend what the tools can mend
	$(PYTHON) -m ruff check --fix-only .
	$(PYTHON) -m ruff format .

soak: $(INSTALLED) ## the tests that run for minutes
	$(PYTHON) -m pytest -m soak $(ARGS)

bench: $(INSTALLED) ## measure speed
	$(PYTHON) -m bench $(ARGS)

bench-broadcast: $(INSTALLED) ## measure an announcement to 2,000 people at Telegram's pace
	$(PYTHON) -m bench.broadcast

clean: ## remove what was built; var/ with its data stays
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage htmlcov
	find . -name __pycache__ -prune -exec rm -rf {} +

# A python3.x may be there in name only (pyenv), or without venv (Debian): each is asked whether it would do.
$(INSTALLED): requirements.lock
	@for python in python3.11 python3.12 python3.13 python3; do \
	  if $$python -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    echo "Building $(VENV) with $$($$python --version); this happens once."; \
	    exec $$python -m venv $(VENV); \
	  fi; \
	done; \
	echo "No Python 3.11 or newer with venv found: install it (Debian: apt install python3 python3-venv)." >&2; \
	exit 1
	$(PYTHON) -m pip install --disable-pip-version-check --quiet --require-hashes -r requirements.lock
	@touch $@
