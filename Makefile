# `make demo` and `make test` set up everything that they need. `make` alone says what there is.

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
export PIP_DISABLE_PIP_VERSION_CHECK = 1

help:
	@echo "make demo    synthesised clips: their images, a classifier of them, and its predictions (a few minutes)"
	@echo "make test    the tests (ten minutes on two cores); make slow: those that take as long again"
	@echo "make style   ruff and mypy, as continuous integration runs them; make lint fixes what ruff can fix"
	@echo "make faults  broken files, killed processes, full disks: thousands of them (half an hour and more)"
	@echo "make bench   timings against what people run today, on the real ESC-10 (ten minutes)"
	@echo "make scale   40,000 clips, and tables of a million images (half an hour)"
	@echo "make setup   the environment alone, in .venv"
	@echo "make clean   remove the environment; datasets/ and outputs/ stay"

# Minutes on any computer. The second time all is there, and only the report is made again.
demo: setup
	$(BIN)/python -m generate demo
	@if test -f outputs/runs/demo/config.json; then $(BIN)/python -m train --resume outputs/runs/demo; \
	else $(BIN)/python -m train outputs/images/demo --name demo --quality fast; fi
	$(BIN)/python -m train.predict outputs/runs/demo datasets/demo/bell/bell-01-1.wav datasets/demo/rain/rain-01-1.wav

test: .venv/test-ready rubberband chromium
	$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist worksteal -m "not slow"

# The other tests, a part of those of `make faults` among them.
slow: .venv/test-ready rubberband chromium
	$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist worksteal -m slow

# Every fault of tests/faults/rows.py at full count, and a table of what was reached.
faults: .venv/test-ready rubberband
	FAULTS=full $(BIN)/python -m pytest -n auto --maxprocesses 4 --dist worksteal tests/faults

# Nothing else should run beside it. Tables on the terminal, and as CSV in outputs/benchmarks.
bench: setup rubberband
	$(BIN)/python -m benchmarks.generation
	$(BIN)/python -m benchmarks.whole_runs
	$(BIN)/python -m benchmarks.training_input
	$(BIN)/python -m benchmarks.larger_than_memory --quick

# Very many clips and images; needs 10 GB of disk for the while.
scale: setup
	$(BIN)/python -m benchmarks.scale

# What continuous integration looks at besides.
style: .venv/test-ready
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

lint: .venv/test-ready
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

# `pip install .` into an empty environment, and the README's Python example from another folder.
installed: .venv/ready
	PYTHON=$(BIN)/python .ci/installed

setup: .venv/ready

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 was not found on the PATH. Install one, or: make PYTHON=/path/to/python3.12 ..."; exit 1; }
	@$(PYTHON) -m venv .venv || { echo "Python's venv module is missing; on Debian and Ubuntu: sudo apt install python3-venv"; rm -rf .venv; exit 1; }

.venv/ready: .venv/bin/python requirements.txt
	@echo "Installing what requirements.txt names (about 1 GB the first time, a few minutes) ..."
	$(BIN)/python -m pip install --quiet --requirement requirements.txt
	@touch $@

.venv/test-ready: .venv/ready requirements-dev.txt requirements-cluster.txt
	$(BIN)/python -m pip install --quiet --requirement requirements-dev.txt
	@touch $@

# The program, for `--engine rubberband-program` alone; the package pedalboard contains the library.
rubberband:
	@command -v rubberband >/dev/null && exit 0; \
	[ "$$(id -u)" = 0 ] && as= || { command -v sudo >/dev/null && sudo -n true 2>/dev/null && as="sudo -n"; } || as=no; \
	if command -v brew >/dev/null; then brew install rubberband; \
	elif [ "$$as" = no ]; then false; \
	elif command -v apt-get >/dev/null; then \
		$$as apt-get install -y -q rubberband-cli >/dev/null 2>&1 || \
		{ $$as apt-get update -q >/dev/null 2>&1; $$as apt-get install -y -q rubberband-cli >/dev/null 2>&1; }; \
	elif command -v dnf >/dev/null; then $$as dnf install -y -q /usr/bin/rubberband; \
	elif command -v pacman >/dev/null; then $$as pacman -S --noconfirm --quiet rubberband; \
	elif command -v apk >/dev/null; then $$as apk add --quiet rubberband; \
	else false; fi && echo "Installed Rubber Band." || \
	echo "The program rubberband could not be installed here; only --engine rubberband-program needs it."

# The tests of the pages click and listen in a real browser; where it cannot be had they are skipped, and say so.
chromium:
	@command -v chromium >/dev/null && command -v chromedriver >/dev/null && exit 0; \
	[ "$$(id -u)" = 0 ] && as= || { command -v sudo >/dev/null && sudo -n true 2>/dev/null && as="sudo -n"; } || as=no; \
	{ [ "$$as" != no ] && command -v apt-get >/dev/null && \
	{ $$as apt-get install -y -q --no-install-recommends chromium chromium-driver >/dev/null 2>&1 || \
	{ $$as apt-get update -q >/dev/null 2>&1; \
	$$as apt-get install -y -q --no-install-recommends chromium chromium-driver >/dev/null 2>&1; }; }; } \
	&& echo "Installed Chromium." || echo "Chromium could not be installed here: the tests of the pages will be skipped."

clean:
	rm -rf .venv

.PHONY: help demo bench scale test slow faults style installed lint setup rubberband chromium clean
