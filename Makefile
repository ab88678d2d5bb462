# `make` alone shows what there is. The work itself is in scripts/.
STACK ?= dev
PYTHON_HERE := .venv/bin/python
.DEFAULT_GOAL := help
.PHONY: help setup install up down local local-stop fmt lint check bench kill-matrix clean \
	test test-unit test-integration test-e2e

help: ## show this
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-17s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## install everything this project needs, in its own folder
	@scripts/setup

install:
	@scripts/setup --no-stacks

up: setup ## deploy a stack: make up STACK=dev (or staging, prod)
	@$(PYTHON_HERE) -m scripts.up $(STACK)

down: setup ## take down what a stack deployed: make down STACK=dev
	@$(PYTHON_HERE) -m scripts.down $(STACK)

local: install ## start the local Modal (`make up` does it when needed)
	@$(PYTHON_HERE) -m modal_local start

local-stop: install ## stop the local Modal; its apps come back with the next start
	@$(PYTHON_HERE) -m modal_local stop

fmt: install ## format the code
	@scripts/fmt

lint: install ## format, lint, types, import directions
	@scripts/check --no-tests

check: install ## what must be green to merge: lint and the architecture tests
	@scripts/check

test: install ## every test, the fast ones first
	@scripts/test fast slow newcomer

test-unit: install ## the fast tests: unit, contract, architecture
	@scripts/test fast

test-integration: install ## the real SDK against the local Modal
	@scripts/test integration

test-e2e: install ## real pulumi commands on throw-away stacks, then a newcomer's path
	@scripts/test e2e newcomer

bench: install ## how fast it is, as ratios in one run; one part: make bench BENCH=scale
	@PATH="$(CURDIR)/.venv/bin:$$PATH" $(PYTHON_HERE) benchmarks/run.py $(BENCH)

kill-matrix: install ## break every operation at every step: docs/kill-matrix.md (half an hour)
	@PATH="$(CURDIR)/.venv/bin:$$PATH" $(PYTHON_HERE) -m tests.killmatrix.run --report docs/kill-matrix.md

clean: ## remove caches and build outputs (not .venv, the state or the local Modal)
	@scripts/clean
