# Two commands are enough: `make run` in one terminal, `make call` in another. Everything else is for those who work on it.
#
#   PYTHON=python3.13   which Python makes the virtual environment (default: the newest of 3.13, 3.12, 3.11 that works)
#   VENV=.venv          where it lives
#   ARGS="…"            options of `make call`, `make test` and `make bench`

SHELL := /bin/sh
VENV ?= .venv
ARGS ?=
BIN := $(VENV)/bin
REQUIREMENTS := requirements.txt requirements-sandbox.txt constraints.txt
# Works only if it starts, is new enough and can make virtual environments.
WORKS = -c 'import sys, venv, ensurepip, sqlite3; sys.exit(sys.version_info < (3, 11))'
# Two makes at once (run and call) must not install into one environment at the same time.
LOCK := $(if $(shell command -v flock 2>/dev/null),flock .setup.lock,)
PIP = $(BIN)/python -m pip --disable-pip-version-check install --quiet

.PHONY: run test call bench chaos soak lint clean
.DEFAULT_GOAL := run

run: $(VENV)/.installed
	@exec $(BIN)/python -m sandbox.launch --follow-parent

call: $(VENV)/.installed
	@exec $(BIN)/python -m sandbox.call $(ARGS)

bench: $(VENV)/.installed-dev
	@exec $(BIN)/python -m bench $(ARGS)

# 300 calls, 25 at once, every fifth with a fault of its own, workers killed and restarted in between (needs PostgreSQL).
chaos: $(VENV)/.installed-dev
	@exec $(BIN)/python -m bench.chaos $(ARGS)

# The same for an hour, with following seeds, and what calls leave behind in the workers.
soak: $(VENV)/.installed-dev
	@exec $(BIN)/python -m bench.chaos --minutes 60 --leak-calls 100 $(ARGS)

test: $(VENV)/.installed-dev
	@exec $(BIN)/python -m pytest -n 2 $(ARGS)

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

clean:
	rm -rf $(VENV) .setup.lock .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(BIN)/python:
	@python="$(PYTHON)"; \
	for candidate in $${python:-python3.13 python3.12 python3.11 python3}; do \
	  if $$candidate $(WORKS) >/dev/null 2>&1; then found=$$candidate; break; fi; \
	done; \
	if [ -z "$$found" ]; then \
	  echo "Python 3.11 or newer with venv is needed (Debian and Ubuntu: apt install python3 python3-venv)." >&2; exit 1; \
	fi; \
	echo "Making $(VENV) with $$($$found --version)"; \
	$(LOCK) sh -c "test -x $(BIN)/python || $$found -m venv $(VENV)"

$(VENV)/.installed: $(REQUIREMENTS) | $(BIN)/python
	@echo "Installing what it needs into $(VENV) (once; a minute or two)"
	@$(LOCK) $(PIP) -r requirements-sandbox.txt
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed requirements-dev.txt
	@echo "Installing the tools for tests and benches into $(VENV) (once)"
	@$(LOCK) $(PIP) -r requirements-dev.txt
	@touch $@
