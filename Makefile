# Two commands are enough: `make run` in one terminal, `make call` in another. Everything else is for those who work on it.
#
#   PYTHON=python3.13   which Python makes the virtual environment (default: the newest of 3.13, 3.12, 3.11 that works)
#   VENV=.venv          where it lives
#   ARGS="…"            options of `make call`, `make text`, `make test` and `make bench`

SHELL := /bin/sh
VENV ?= .venv
ARGS ?=
BIN := $(VENV)/bin
# The engine of `make run`, from the environment or .env as the server reads it: only Google's needs Google's packages.
ENGINE_ASKED := $(or $(ENGINE),$(shell sed -n 's/^ENGINE=//p' .env 2>/dev/null))
WITH_ENGINE := $(if $(filter google GOOGLE Google,$(ENGINE_ASKED)),$(VENV)/.installed-google,)
REQUIREMENTS := requirements.lock requirements.txt requirements-sandbox.txt constraints.txt
# Works only if it starts, is new enough and can make virtual environments.
WORKS = -c 'import sys, venv, ensurepip, sqlite3; sys.exit(sys.version_info < (3, 11))'
# Two makes at once (run and call) must not install into one environment at the same time.
LOCK := $(if $(shell command -v flock 2>/dev/null),flock .setup.lock,)
LOCKED = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --annotation-style line \
  --no-emit-package httpx2-jsfetch --custom-compile-command "make lock"
PIP = $(BIN)/python -m pip --disable-pip-version-check install --quiet

.PHONY: run test call text bench chaos soak cluster attack lint lock sbom audit clean
.DEFAULT_GOAL := run

run: $(VENV)/.installed $(WITH_ENGINE)
	@exec $(BIN)/python -m sandbox.launch --follow-parent

call: $(VENV)/.installed
	@exec $(BIN)/python -m sandbox.call $(ARGS)

# A customer answers an SMS of the running server: make text ARGS=1
text: $(VENV)/.installed
	@exec $(BIN)/python -m sandbox.text $(ARGS)

bench: $(VENV)/.installed-dev
	@exec $(BIN)/python -m bench $(ARGS)

# 300 calls, 25 at once, every fifth with a fault of its own, workers killed and restarted in between (needs PostgreSQL).
chaos: $(VENV)/.installed-dev
	@exec $(BIN)/python -m bench.chaos $(ARGS)

# The same for an hour, with following seeds, and what calls leave behind in the workers.
soak: $(VENV)/.installed-dev
	@exec $(BIN)/python -m bench.chaos --minutes 60 --leak-calls 100 $(ARGS)

# Three hosts behind HAProxy, PostgreSQL with a standby, Redis: to call through, and to pull apart by hand (needs root, or
# goes without cables). The campaign over it: python -m bench.cluster.
cluster: $(VENV)/.installed-dev
	@exec $(BIN)/python -m bench.cluster.serve

# What strangers may send, held against a production server while calls go on, and spoken attacks (needs PostgreSQL).
attack: $(VENV)/.installed-dev
	@exec $(BIN)/python -m bench.attack $(ARGS)

# Many tests are calls in real time, which mostly wait: twice as many at once as a small machine has processors.
test: $(VENV)/.installed-dev
	@exec $(BIN)/python -m pytest -n 4 --dist worksteal $(ARGS)

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# requirements.txt and what it pulls in, with the hashes of every file of every platform. After each change of a version.
# The second file is for installations on Google's speech, the third for those that send traces and reports of errors: the
# first one, and what they need besides.
lock: $(VENV)/.installed-dev
	@$(LOCKED) --output-file requirements.lock requirements.txt
	@$(LOCKED) --output-file requirements-google.lock requirements.txt requirements-google.txt
	@$(LOCKED) --output-file requirements-telemetry.lock requirements.txt requirements-telemetry.txt

# What a deployment on this platform consists of (CycloneDX): from an environment with nothing else in it.
sbom: $(VENV)/.installed-dev
	@rm -rf .venv-sbom
	@$(BIN)/uv venv --quiet --python $(BIN)/python .venv-sbom
	@$(BIN)/uv pip install --quiet --python .venv-sbom/bin/python --require-hashes --only-binary :all: -r requirements.lock
	@$(BIN)/python -W ignore $(BIN)/cyclonedx-py environment --short-PURLs --output-reproducible --pyproject pyproject.toml \
	  --output-file sbom.cdx.json .venv-sbom/bin/python
	@rm -rf .venv-sbom

audit: $(VENV)/.installed-dev
	@exec .ci/audit $(BIN)/pip-audit

clean:
	rm -rf $(VENV) .venv-sbom sbom.cdx.json .setup.lock .mypy_cache .ruff_cache .pytest_cache .hypothesis

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
	@$(LOCK) $(PIP) --require-hashes -r requirements.lock
	@$(LOCK) $(PIP) -r requirements-sandbox.txt
	@touch $@

$(VENV)/.installed-google: $(VENV)/.installed requirements-google.lock
	@echo "Installing Google's packages into $(VENV) (once; ENGINE=google)"
	@$(LOCK) $(PIP) --require-hashes -r requirements-google.lock
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed requirements-dev.txt requirements-google.txt requirements-telemetry.txt
	@echo "Installing the tools for tests and benches into $(VENV) (once)"
	@$(LOCK) $(PIP) -r requirements-dev.txt
	@touch $@
