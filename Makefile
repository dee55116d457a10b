# Two commands on a fresh machine: `make demo` and `make test`.
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help demo test dev check bench soak lock clean
.DEFAULT_GOAL := help

help: ## Show this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 10

$(BIN)/.run: pyproject.toml requirements.lock
	@echo "installing into .venv (a minute or two) ..."
	$(PYTHON) -m venv .venv
	$(BIN)/pip install -q -c requirements.lock -e .
	@touch $@

$(BIN)/.dev: $(BIN)/.run
	$(BIN)/pip install -q -c requirements.lock -e '.[dev]'
	@touch $@

demo: $(BIN)/.run ## One whole night on the samples: no key, no server
	@$(BIN)/python -m llm_assets.cli.demo

test: $(BIN)/.dev ## Every test but the soak; what this machine lacks is skipped with the reason
	$(BIN)/pytest -n 4 --dist loadfile --no-loadscope-reorder -m "not soak"

dev: $(BIN)/.run ## Dagster UI, daemon and emulator on loopback
	@$(BIN)/python -m llm_assets.cli.dev

check: $(BIN)/.dev ## Format, lint, types, layers, definitions, tests: the same as CI
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	LLM_ASSETS_PROVIDER=emulator $(BIN)/dg check defs
	$(MAKE) test

bench: $(BIN)/.dev ## Engine against the emulator: one JSON object per scenario
	@$(BIN)/python -m tests.bench

soak: $(BIN)/.dev ## A hundred processes killed at random moments; nothing paid twice, nothing lost
	$(BIN)/pytest -m soak
	@$(BIN)/python -m tests.soak --database sqlite
	@$(BIN)/python -m tests.soak --database postgres

lock: ## Compile requirements.lock anew
	uv pip compile --universal --python-version 3.11 --all-extras pyproject.toml -o requirements.lock --upgrade

clean: ## Remove the environment and everything the platform wrote; samples stay
	rm -rf .venv
	find data -mindepth 1 -maxdepth 1 ! -name samples -exec rm -rf {} +
