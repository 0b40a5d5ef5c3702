# Everything a person or CI does with lunas. `make` alone shows this list.
# Recipes are single plain commands: make then runs them without a shell in between, and a signal sent to make reaches them.

PYTHON ?= python3
VENV := .venv/bin
SETUP := $(PYTHON) -m deploy.local.installation
PYTEST := $(VENV)/python -m pytest
# The suite waits for processes and services more than it computes. Each worker has services of its own; a file stays in one worker.
TEST_WORKERS ?= 3
# A worker that dies ends the run: replaced, it would leave its file to nobody, and the run waiting.
PARALLEL := -n $(TEST_WORKERS) --dist loadfile --max-worker-restart 0

export LUNAS_ENV ?= development

.DEFAULT_GOAL := help
.PHONY: help setup demo run test test-unit test-contract test-integration test-system test-browser test-clients test-anyday torture check format bench lock clean \
	ready ready-dev ready-bench ready-tests ready-anyday

# A goal that is none of these: the near one in words, where make knows only "No rule".
.DEFAULT:
	@[ ! -e $@ ] || exit 0; near=$$(awk -v asked='$@' -f deploy/local/near.awk $(MAKEFILE_LIST)); \
	echo "There is no make $@.$${near:+ Did you mean make $$near?} make help lists what there is." >&2; exit 2

help: ## show this list
	@awk 'BEGIN {FS = ":.*## "} /^##@ / {printf "\n%s\n", substr($$0, 5)} /^[a-z-]+:.*## / {printf "  %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

##@ Use it

setup: ready-tests ## install everything: .venv from the hash-pinned lock files, PostgreSQL, RabbitMQ and Chromium if they are missing

demo: ready ## play a day of signed webhooks through a private instance and show what became of them
	@$(VENV)/lunas demo

run: ready ## start everything in the foreground until Ctrl-C; prints the addresses and a first curl
	@$(VENV)/lunas dev

##@ Work on it

test: ready-tests ## the whole test suite: unit, contract, integration, system, browser, architecture; TEST_WORKERS=1 for one after the other
	@$(PYTEST) $(PARALLEL)

test-unit: ready-dev ## tests that need no service; a minute
	@$(PYTEST) tests/unit tests/architecture

test-contract: ready-tests ## recorded payloads, golden files, and the API against a private PostgreSQL
	@$(PYTEST) $(PARALLEL) tests/contract

test-integration: ready-tests ## against a private PostgreSQL and RabbitMQ
	@$(PYTEST) $(PARALLEL) tests/integration

test-system: ready-tests ## real processes from HTTP to balance
	@$(PYTEST) $(PARALLEL) tests/system

test-browser: ready-tests ## the pages in Chromium, with axe-core
	@$(PYTEST) tests/browser

test-clients: ready-bench ## generated clients for Python and TypeScript against us, Xendit's own for Node.js against the fake
	@$(VENV)/python -m tests.clients

test-anyday: ready-anyday ## the whole suite under six moved clocks (an hour); MINUTES=12 deals the files that know time out to them
	@$(VENV)/python -m tests.anyday $(if $(MINUTES),--minutes $(MINUTES))

torture: ready-tests ## the whole system on real services while everything in it is killed, frozen and cut; SEED=7 MINUTES=8 WEBHOOKS=20000
	@$(VENV)/python -m tests.torture $(if $(SEED),--seed $(SEED)) $(if $(MINUTES),--minutes $(MINUTES)) $(if $(WEBHOOKS),--webhooks $(WEBHOOKS)) \
		$(if $(KINDS),--kinds "$(KINDS)")

check: ready-dev ## formatting, lint, types, import rules, and whether docs/correctness.md is what the tests say
	@$(VENV)/ruff format --check .
	@$(VENV)/ruff check .
	@$(VENV)/mypy
	@$(VENV)/lint-imports --no-cache
	@$(VENV)/python -m tests.correctness --check

format: ready-dev ## rewrite the formatting and what lint can fix
	@$(VENV)/ruff format .
	@$(VENV)/ruff check --fix .

bench: ready-bench ## benchmarks, each beside its baseline in the same run
	@$(VENV)/python -m tests.benchmarks

LOCK := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
	--no-header --no-annotate

lock: ## pin the newest allowed versions again (needs uv); locks name no package index
	@$(LOCK) --upgrade pyproject.toml -o requirements.txt
	@$(LOCK) --upgrade -c requirements.txt pyproject.toml --group dev -o requirements-dev.txt
	@$(LOCK) --upgrade -c requirements-dev.txt --group bench -o requirements-bench.txt
	@$(LOCK) --upgrade -c requirements-dev.txt --group build -o requirements-build.txt

clean: ## remove .venv, private services' data and caches
	@$(SETUP) clean
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache tests/benchmarks/emmett/node_modules tests/clients/*/node_modules

# What the targets above need, each idempotent and quick when it is already there.
ready:
	@$(SETUP) run services

ready-dev:
	@$(SETUP) dev

ready-bench:
	@$(SETUP) bench services wrk

ready-tests:
	@$(SETUP) dev services browser

ready-anyday:
	@$(SETUP) dev services browser faketime
