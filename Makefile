# Every target sets up what it needs, in .venv; nothing is installed outside it. The weights and the demo's photos go to
# the user's cache, or to FACEGATE_CACHE_DIR.

PYTHON ?= python3
PORT ?= 8000
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

# Compiled files are kept, even where the environment says otherwise: without them every process of the tests, and every
# service that they start, compiles all of its source again.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help demo run test quick coverage peers check bench migrate

help:
	@echo "make demo     watch a turnstile recognise real people from real photos (DEMO_EXIT=1: end after the table)"
	@echo "make run      start the service for real use, data in ./data (PORT=8000)"
	@echo "make test     the tests, on SQLite and PostgreSQL (ARGS=... goes to pytest)"
	@echo "make quick    the unit ring: rules and architecture, in seconds"
	@echo "make coverage files of the core and the services with under 90 % of lines tested"
	@echo "make check    lint, format, types, architecture, then the tests"
	@echo "make bench    measure speed and accuracy"
	@echo "make migrate  bring the schema of the database in ./data up to date"

demo: .venv/.base
	$(BIN)/python -m models fetch
	@$(BIN)/python -m app demo --port $(PORT) $(if $(DATA),--data $(DATA)) $(if $(filter-out 0,$(DEMO_EXIT)),--exit)

run: .venv/.base
	$(BIN)/python -m models fetch --group weights
	@$(BIN)/python -m app serve --data data --port $(PORT)

# Three processes on two cores, since half of the tests wait for something. The order of files is that of tests/order.py.
SHARED := --numprocesses 3 --dist loadfile --no-loadscope-reorder --durations 20 --durations-min 5

test: .venv/.dev peers
	$(BIN)/python -m models fetch
	@$(BIN)/python -m pytest $(SHARED) $(ARGS) || { [ $$? = 1 ] && \
		echo "What failed runs once more, by itself: real brokers and cameras miss deadlines on a busy machine" && \
		$(BIN)/python -m pytest --last-failed --last-failed-no-failures none --exitfirst; }

# The rules of the core and the shape of the project, with few examples of each property.
quick: .venv/.dev
	HYPOTHESIS_PROFILE=quick $(BIN)/python -m pytest -m "not slow" tests/core tests/test_architecture.py $(ARGS)

# Not part of the check: Python 3.11 can only trace every line, and that makes these tests half as slow again.
# (Python 3.12 watches lines for nearly nothing; the check can print this once 3.11 is no longer supported.)
coverage: .venv/.dev
	rm -rf .coverage.d && mkdir .coverage.d
	$(BIN)/python -m coverage run -m pytest $(SHARED) --db sqlite tests/core tests/services $(ARGS)
	$(BIN)/python -m coverage combine --quiet
	@echo "Under 90 % of lines in a file of the core or the services, and in total:"
	@$(BIN)/python -m coverage report --show-missing | awk '$$4 + 0 < 90 || $$1 == "TOTAL"'

# A real RTSP server, MQTT broker and Chromium for the tests come from Debian. Without them (or without being root) those tests skip, saying so.
peers:
	@packages="$$(cat tests/*/debian-packages.txt tests/*/*/debian-packages.txt)"; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && ! dpkg -s $$packages >/dev/null 2>&1; then \
		echo "Installing the tests' RTSP server, MQTT broker and browser"; \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y $$packages >/dev/null \
			|| echo "they could not be installed; the tests that need them will skip"; \
	fi

check: .venv/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	@$(MAKE) --no-print-directory test

bench: .venv/.dev
	$(BIN)/python -m models fetch
	$(BIN)/python -m tests.bench $(ARGS)

migrate: .venv/.base
	$(BIN)/python -m app migrate --data data

# Two stamps in one environment: watching the demo must not cost the tools of the tests.
.venv/.base: pyproject.toml | .venv/.python
	@echo "Installing what the service needs into .venv"
	@$(PIP) --editable .
	@touch $@

.venv/.dev: pyproject.toml | .venv/.python
	@echo "Installing what the service and its tests need into .venv"
	@$(PIP) --editable ".[dev]"
	@touch .venv/.base $@

.venv/.python:
	@$(PYTHON) -c 'import sys; sys.exit("Facegate needs Python 3.11 or later: make PYTHON=python3.12 ..." if sys.version_info < (3, 11) else 0)'
	@$(PYTHON) -m venv .venv
	@touch $@
