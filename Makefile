# Everyday commands. `make run` and `make test` set up on their own and reinstall only when a lock file changed.
.DEFAULT_GOAL := help
.PHONY: help setup run test pytest test-docker test-engine test-cluster lint format bench screenshots lock clean

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

help: ## List these commands
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14

setup: $(READY) ## Install the locked packages into .venv

$(READY): bootstrap.lock requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Switchyard needs Python 3.11 or newer; name one with 'make PYTHON=python3.12 ...'" >&2; exit 1; }
	@echo "Installing into .venv ..."
	@$(PYTHON) -m venv --clear .venv
	@$(BIN)/pip install --quiet --require-hashes -r bootstrap.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

run: $(READY) ## Run the five services here under load, with a fault, an alarm and its mail
	@$(BIN)/switchyard run

test: $(READY) ## Check style and types while every test runs that needs neither a Docker engine nor a cluster
	@$(MAKE) --no-print-directory --jobs=2 lint pytest

pytest: $(READY)
	@$(BIN)/pytest -n 2 --dist loadfile -m "not docker and not cluster and not engine"

test-docker: $(READY) ## Run the tests that need a Docker engine with Compose v2
	@$(BIN)/pytest -m docker

test-cluster: $(READY) ## Run the tests that need a Kubernetes API server (KUBECONFIG) whose nodes kwok plays
	@$(BIN)/pytest -m cluster

test-engine: $(READY) ## Run the tests that need the Pulumi CLI: whole lives of stacks against stand-in plugins
	@$(BIN)/pytest -m engine -n 4 tests/engine

lint: $(READY) ## ruff and strict mypy
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check .
	@$(BIN)/mypy .

format: $(READY) ## Let ruff format and repair what it can
	@$(BIN)/ruff check --fix --quiet .
	@$(BIN)/ruff format --quiet .

bench: $(READY) ## Print speeds as ratios within one run
	@for name in read_compose render plan growth preview balancer api_throughput handler; do $(BIN)/python -m benchmarks.$$name || exit 1; done

screenshots: $(READY) ## Make the pictures in Screenshots/ from the real pages and report
	@$(BIN)/python -m simulate.screenshots

lock: $(READY) ## Renew the lock files from pyproject.toml: versions and hashes, no addresses
	@echo 'uv>=0.13' | $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-annotate --no-header -o bootstrap.lock -
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-annotate --no-header --group dev -o requirements.lock pyproject.toml
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-annotate --no-header -c requirements.lock -o app/requirements.lock app/requirements.in

clean: ## Remove the environment, caches and what runs left behind
	@rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis runs rendered
