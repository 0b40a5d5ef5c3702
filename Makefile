# Everything a person or CI does with lunas. `make` alone shows this list.
# Recipes are single plain commands: make then runs them without a shell in between, and a signal sent to make reaches them.

PYTHON ?= python3
VENV := .venv/bin
SETUP := $(PYTHON) -m deploy.local.installation
# Images set PYTHONDONTWRITEBYTECODE: every worker then compiles every test anew (9 s of CPU each), and every process that a test starts all of lunas.
PYTEST := env -u PYTHONDONTWRITEBYTECODE $(VENV)/python -m pytest
# The suite waits for processes and services more than it computes. Each worker has services of its own; a file stays in one worker.
TEST_WORKERS ?= 3
# A worker that dies ends the run: replaced, it would leave its file to nobody, and the run waiting. The order of files is that of tests/turns.py:
# by the number of tests, as xdist has it, those that take a minute come last.
PARALLEL := -n $(TEST_WORKERS) --dist loadfile --no-loadscope-reorder --max-worker-restart 0

export LUNAS_ENV ?= development

.DEFAULT_GOAL := help
.PHONY: help setup demo run test test-again test-heavy test-upgrade test-unit test-contract test-integration test-system test-browser test-clients test-alerts test-anyday test-stalled torture torture-short torture-long crash-points power-cuts simulate-faults museum fuzz rehearse check format bench sbom lock clean pictures \
	ready ready-dev ready-bench ready-fuzz ready-tests ready-torture ready-anyday ready-alerts

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

test: ready-tests ## the test suite: unit, contract, integration, system, browser, architecture; TEST_WORKERS=1 for one after the other
	@$(PYTEST) $(PARALLEL) -m "not heavy"

test-heavy: ready-tests ## the tests that `make test` leaves out because each takes long
	@$(PYTEST) $(PARALLEL) -m "heavy and not history"

test-upgrade: ready-tests ## the previous release and this one beside each other under load, and the way back; needs the repository's history
	@$(PYTEST) -m history

test-again: ready-tests ## the tests that were red in the last run, at most three, each once more and alone; names those that are green then
	@$(VENV)/python -m tests.again

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

pictures: ready-tests ## takes the pictures of docs/console anew in Chromium
	@$(VENV)/python -m tests.browser.pictures

test-clients: ready-bench ## generated clients for Python and TypeScript against us, Xendit's own for Node.js against the fake
	@$(VENV)/python -m tests.clients

test-alerts: ready-alerts ## every alert tried by Prometheus' own tool: what makes it speak, what must not, and not before its time
	@$(VENV)/python -m tests.alerts

test-anyday: ready-anyday ## the whole suite under six moved clocks (an hour); MINUTES=12 deals the files that know time out to them
	@$(VENV)/python -m tests.anyday $(if $(MINUTES),--minutes $(MINUTES)) $(if $(DEAL),--deal $(DEAL))

test-stalled: ready-tests ## the tests while their processes stand still now and then, from a seed: what goes red here depends on speed; SEED=7 MINUTES=10 TESTS="tests/system -m heavy"
	@$(VENV)/python -m tests.stalled $(if $(SEED),--seed $(SEED)) $(if $(MINUTES),--minutes $(MINUTES)) -q $(PARALLEL) $(TESTS)

torture: ready-torture ## the whole system on real services while everything in it is killed, frozen and cut; SEED=7 MINUTES=8 WEBHOOKS=20000 KILLS=200 MOST=10 CONTROL=dedupe-off
	@$(VENV)/python -m tests.contained tests.torture $(if $(SEED),--seed $(SEED)) $(if $(MINUTES),--minutes $(MINUTES)) $(if $(WEBHOOKS),--webhooks $(WEBHOOKS)) \
		$(if $(KINDS),--kinds "$(KINDS)") $(if $(KILLS),--kills $(KILLS)) $(if $(MOST),--most $(MOST)) $(if $(CONTROL),--control $(CONTROL))

torture-short: ready-torture ## the short form: 20,000 webhooks, 200 kills and at least 20 kinds of faults within ten minutes; SEED=7, SLOW=yes tells what was not reached and is red only for what is broken
	@$(VENV)/python -m tests.contained tests.torture $(if $(SEED),--seed $(SEED)) --webhooks 20000 --minutes 5.5 --kills 200 --least-kinds 20 --most 8.5 --forked $(if $(SLOW),--slow)

torture-long: ready-torture ## 1,000,000 webhooks and a thousand faults of every kind, one upon another, in an hour on a quiet machine; SEED=7, KEEP=folder keeps its logs and its record
	@$(VENV)/python -m tests.contained tests.torture $(if $(SEED),--seed $(SEED)) --webhooks $(or $(WEBHOOKS),1000000) --minutes $(or $(MINUTES),50) --most $(or $(MOST),60) \
		--pace $(or $(PACE),2.3) --storm 0.05 --kills 500 --least-kinds 50 --least-faults 1000 --forked $(if $(KEEP),--home $(KEEP))

crash-points: ready-tests ## SIGKILL at every named step of every process and command, 20 times each, under load; KILLS=20 LANES=2 MINUTES=30 POINTS=drain SEED=7 RATE=10
	@$(VENV)/python -m tests.contained tests.crashpoints $(if $(RATE),--rate $(RATE)) $(if $(KILLS),--kills $(KILLS)) $(if $(MINUTES),--minutes $(MINUTES)) $(if $(POINTS),--points "$(POINTS)") $(if $(SEED),--seed $(SEED)) \
		$(if $(LANES),--lanes $(LANES))

power-cuts: ready-tests ## cuts the power of a whole machine again and again, and looks for everything that was answered 200 (root); CUTS=200 LANES=3 CONTROL=fsync-off
	@$(VENV)/python -m tests.contained tests.powercuts $(if $(CUTS),--cuts $(CUTS)) $(if $(LANES),--lanes $(LANES)) $(if $(MINUTES),--minutes $(MINUTES)) $(if $(SEED),--seed $(SEED)) \
		$(if $(CONTROL),--control $(CONTROL))

simulate-faults: ready-dev ## the workers over a simulated clock, broker, store and provider, crashed at any step; MINUTES=2 SEED=7 CONTROL=dedupe-off
	@$(VENV)/python -m tests.simulation $(if $(MINUTES),--minutes $(MINUTES)) $(if $(SEED),--seed $(SEED)) $(if $(CONTROL),--control $(CONTROL))

museum: ready-tests ## plants bugs that payment systems have had and says which test caught each; LANES=2 side by side, MINUTES=3 for some of them
	@$(VENV)/python -m tests.museum $(if $(LANES),--lanes $(LANES)) $(if $(RECORD),--record) $(if $(MINUTES),--minutes $(MINUTES)) $(if $(SEED),--seed $(SEED))

fuzz: ready-fuzz ## looks for bytes that break verify, parse, translate, outcome or fold, by coverage, from the committed corpora; TARGET=parse SECONDS=60
	@worst=0; for one in $(or $(TARGET),verify parse translate outcome fold); do $(VENV)/python -m tests.fuzz $$one $(or $(SECONDS),60) || worst=1; done; exit $$worst

rehearse: ready-dev ## deploy/ in real containers, under load: restarted, killed, upgraded, judged; PROFILE=cluster, standby, restore or image, FROM=HEAD~1 RATE=20 POSTGRES=postgres:15.14
	@$(VENV)/python -m tests.rehearsal $(if $(PROFILE),--profile $(PROFILE)) $(if $(FROM),--from $(FROM)) $(if $(RATE),--rate $(RATE)) \
		$(if $(SEED),--seed $(SEED)) $(if $(POSTGRES),--postgres $(POSTGRES)) $(if $(RABBITMQ),--rabbitmq $(RABBITMQ))

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

sbom: ready-dev ## list what a release is made of, with hashes, for scanners: lunas.cdx.json (CycloneDX)
	@$(VENV)/python -W ignore -m cyclonedx_py requirements requirements.txt --pyproject pyproject.toml --spec-version 1.6 --output-reproducible \
		--output-format JSON --output-file lunas.cdx.json

LOCK := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
	--no-header --no-annotate

lock: ## pin the newest allowed versions again (needs uv); locks name no package index
	@$(LOCK) --upgrade pyproject.toml -o requirements.txt
	@$(LOCK) --upgrade -c requirements.txt pyproject.toml --group dev -o requirements-dev.txt
	@$(LOCK) --upgrade -c requirements-dev.txt --group bench -o requirements-bench.txt
	@$(LOCK) --upgrade -c requirements-dev.txt --group fuzz -o requirements-fuzz.txt
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

ready-fuzz:
	@$(SETUP) fuzz

ready-tests:
	@$(SETUP) dev services browser

ready-torture:
	@$(SETUP) dev services faketime

ready-alerts:
	@$(SETUP) dev promtool

ready-anyday:
	@$(SETUP) dev services browser faketime
