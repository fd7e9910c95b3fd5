# Everything is set up by the verb that needs it. `make help` lists them.
PYTHON ?= python3
ARGS ?=
VENV := .venv/bin
NPM := ../.make/bin/npm
STATIC := server/src/outcrop_server/web/static/index.html
WEB_SOURCES := $(shell find web/src web/index.html web/vite.config.ts web/tsconfig.json -type f 2>/dev/null | grep -v /generated/)
API_SOURCES := $(shell find server/src/outcrop_server/api -name '*.py') sdk/src/outcrop/_version.py

# pyright needs node; where the machine has none it must find ours.
export PATH := $(CURDIR)/.make/bin:$(PATH)

.DEFAULT_GOAL := help
.PHONY: help demo test check bench screenshots dev build clean lock format test-python test-versions test-web test-wheels

help: ## list the verbs
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

demo: $(STATIC) ## start server and emulator, run the example programs, say where to look (ARGS=--exit ends by itself)
	$(VENV)/outcrop demo $(ARGS)

test: check .make/chromium .make/postgresql .make/clickhouse .make/web build ## install what tests need and run everything
	$(VENV)/python scripts/test_all.py

check: .make/python .make/web .make/openapi ## lint, format, layers and types of Python and TypeScript
	$(VENV)/ruff check .
	$(VENV)/ruff format --check .
	$(VENV)/lint-imports
	$(VENV)/python scripts/check_types.py

test-python: .make/python .make/chromium .make/postgresql .make/clickhouse $(STATIC) ## Python tests: SDK, server, system and browser
	$(VENV)/python scripts/test_python.py $(ARGS)

test-versions: .make/python .make/chromium $(STATIC) ## tests with the oldest botocore, with aiobotocore, with pandas and Parquet, with MLflow
	$(VENV)/python scripts/test_versions.py

test-web: .make/web .make/openapi ## TypeScript tests
	cd web && $(NPM) run --silent test

test-wheels: build ## the built wheels: the light one alone, then both
	$(VENV)/python scripts/test_wheels.py

bench: .make/python ## measure; one question a file, ratios from one run
	$(VENV)/python benchmarks/run.py $(ARGS)

screenshots: .make/python .make/chromium $(STATIC) ## pictures of every view of the page, into .make/screenshots and docs/images
	$(VENV)/python scripts/screenshots.py $(ARGS)

dev: .make/python .make/web .make/openapi ## server and page with reload (page at 127.0.0.1:5173)
	$(VENV)/python scripts/dev.py

build: $(STATIC) ## both wheels, into dist/
	$(VENV)/python scripts/build_wheels.py

format: .make/python .make/web ## put the code into its form
	$(VENV)/ruff format .
	$(VENV)/ruff check --fix .

lock: .make/python ## renew the locked requirements
	$(VENV)/python scripts/lock.py

clean: ## remove everything that was built or installed here
	rm -rf .make .venv .venvs dist web/node_modules web/src/api/generated web/openapi.json server/src/outcrop_server/web/static
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.make/python: requirements/dev.txt sdk/pyproject.toml server/pyproject.toml server/hatch_build.py scripts/bootstrap.py
	$(PYTHON) scripts/bootstrap.py python
	@mkdir -p .make && touch $@

.make/node: scripts/bootstrap.py
	$(PYTHON) scripts/bootstrap.py node
	@touch $@

.make/web: .make/node web/package.json web/package-lock.json
	cd web && $(NPM) ci --no-audit --no-fund
	@touch $@

.make/chromium: scripts/bootstrap.py
	$(PYTHON) scripts/bootstrap.py chromium
	@touch $@

.make/postgresql: scripts/bootstrap.py
	$(PYTHON) scripts/bootstrap.py postgresql
	@touch $@

# Large: made anew only when what it holds has changed.
.make/clickhouse: requirements/chdb.txt
	$(PYTHON) scripts/bootstrap.py clickhouse
	@mkdir -p .make && touch $@

# The page's types come from the server's own description of its API.
.make/openapi: .make/python .make/web $(API_SOURCES)
	$(VENV)/python -m outcrop_server.api.openapi > web/openapi.json
	cd web && $(NPM) run --silent generate
	@touch $@

$(STATIC): .make/openapi $(WEB_SOURCES)
	cd web && $(NPM) run --silent build
