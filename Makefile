# What README names: demo, test, check, bench. Needed beforehand: Python >= 3.11, Node >= 20, make.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VIEWER := annotator/viewer
BUNDLE := annotator/static/viewer/reading-room.js
CODE := platform annotator learner tests benchmarks docs manage.py
# The first Python that is new enough; `make PYTHON=/path/to/python demo` names another.
PYTHON ?= $(shell for python in python3.11 python3.12 python3.13 python3 python; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo $$python && break; done)
# Where torch comes from, when not from PyPI, whose Linux wheels bring gigabytes of CUDA:
# TORCH_INDEX=https://download.pytorch.org/whl/cpu
TORCH_INDEX ?=
# label_efficiency reads real images for more than an hour: python -m benchmarks.label_efficiency
NO_BENCH := benchmarks/__init__.py benchmarks/environment.py benchmarks/label_efficiency.py
# Processes that pytest spreads over.
TEST_PROCESSES ?= 2

export SCOUT_PORT ?= 8000

.PHONY: help demo test check bench viewer browser clean

help:
	@echo "make demo    build and start everything, with synthetic scans; Ctrl-C stops it"
	@echo "             SCOUT_PORT=8000   SCANS=folder LABEL_CONFIG=file.xml for your own scans"
	@echo "make test    every test: TypeScript, Python on PostgreSQL, browser"
	@echo "make check   formatting, lint, types, layers, schema"
	@echo "make bench   every benchmark but the long label_efficiency, with its table"

demo: .venv/installed $(BUNDLE)
	@exec .venv/bin/python manage.py demo $(if $(SCANS),--scans "$(SCANS)") $(if $(LABEL_CONFIG),--label-config "$(LABEL_CONFIG)")

test: .venv/installed $(BUNDLE) browser
	cd $(VIEWER) && npm run --silent test
	.venv/bin/python -m pytest -n $(TEST_PROCESSES) --dist loadfile

check: .venv/installed $(VIEWER)/node_modules/installed
	.venv/bin/ruff format --check $(CODE)
	.venv/bin/ruff check $(CODE)
	.venv/bin/mypy $(CODE)
	PYTHONPATH=.:platform .venv/bin/lint-imports
	cd $(VIEWER) && npm run --silent check
	.venv/bin/python -m pytest -p no:django tests/test_layout.py
	@scripts=$$(mktemp -d) && export SCOUT_DATA=$$scripts/var \
	&& trap '.venv/bin/python manage.py stopdatabase; rm -rf '$$scripts EXIT \
	&& .venv/bin/python manage.py check --database default --fail-level WARNING \
	&& .venv/bin/python manage.py makemigrations --check --dry-run \
	&& .venv/bin/python manage.py spectacular --validate --fail-on-warn --file /dev/null

bench: .venv/installed
	@for benchmark in $(filter-out $(NO_BENCH),$(wildcard benchmarks/*.py)); do \
		name=$$(basename $$benchmark .py); echo "== $$name"; \
		.venv/bin/python -m benchmarks.$$name || exit 1; done

viewer: $(BUNDLE)

# Debian's Chromium where it is or can be installed, else the one that Playwright brings.
browser: .venv/installed
	@if command -v chromium >/dev/null; then true; \
	elif [ -f /etc/debian_version ] && [ "$$(id -u)" = 0 ]; then \
		apt-get update -q && apt-get install -qy --no-install-recommends chromium; \
	else .venv/bin/playwright install chromium; fi

clean:
	rm -rf .venv $(VIEWER)/node_modules annotator/static/viewer

.venv/installed: requirements.txt
	@[ -n "$(PYTHON)" ] || { echo "Scout needs Python 3.11 or newer. Install it, or name it: make PYTHON=/path/to/python3 demo"; exit 1; }
	@[ -x .venv/bin/python ] || $(PYTHON) -m venv .venv \
		|| { rm -rf .venv; echo "$(PYTHON) cannot make a virtual environment. On Debian: apt-get install python3-venv"; exit 1; }
	$(if $(TORCH_INDEX),.venv/bin/pip install --quiet --index-url $(TORCH_INDEX) $$(grep '^torch==' requirements.txt))
	.venv/bin/pip install --quiet -r requirements.txt
	@touch $@

$(VIEWER)/node_modules/installed: $(VIEWER)/package.json $(VIEWER)/package-lock.json
	@node -e 'process.exit(Number(process.versions.node.split(".")[0] < 20))' 2>/dev/null \
		|| { echo "Scout needs Node 20 or newer: https://nodejs.org"; exit 1; }
	cd $(VIEWER) && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

$(BUNDLE): $(VIEWER)/node_modules/installed $(shell find $(VIEWER)/src -type f 2>/dev/null) $(wildcard $(VIEWER)/*.ts $(VIEWER)/*.json)
	cd $(VIEWER) && npm run --silent build
	@touch $@
