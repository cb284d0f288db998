# Everything a person calls. Needs Python 3.11+ and make; the rest is set up here, once, from uv.lock.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
MANIFEST := dbt_models/target/manifest.json
LINTED := .venv/.models-linted
MODELS := $(shell find dbt_models/models -name '*.sql' 2>/dev/null)
DBT_FILES := $(shell find dbt_models -not -path '*/target/*' \( -name '*.sql' -o -name '*.yml' -o -name '*.csv' \) 2>/dev/null)
REGULARS := $(BIN)/python -m dagster_project.cli
# A file of tests stays in one process, for what its tests share.
SIDE_BY_SIDE := -n logical --maxprocesses 4 --dist loadfile
network = $(if $(NETWORK),--network "$(NETWORK)")

# What a steward writes reaches its command as written, quotes and all: by the environment, which no shell expands.
WRITTEN := CUSTOMER DECISION LEFT RIGHT BY REASON
$(foreach name,$(WRITTEN),$(eval override $(name) := $$(value $(name))))

export $(WRITTEN)
export DAGSTER_HOME := $(CURDIR)
export PYTHONPATH := $(CURDIR)
export DBT_SEND_ANONYMOUS_USAGE_STATS := false
export GX_ANALYTICS_ENABLED := false

.PHONY: help run test fast-test lint dev check restate explain decide retrain rehearse rollback bench

help:      ## what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*##/\t/' | expand -t 12

run: $(MANIFEST)      ## the nightly job, on the demo network or on NETWORK=path/network.yaml
	@$(REGULARS) run $(network)

dev: $(MANIFEST)      ## the Dagster UI with its schedules and sensors  [NETWORK=..]
	@$(REGULARS) dev $(network)

check: $(MANIFEST)    ## validate NETWORK=.., recognise its landing files, try its destinations; writes nothing
	@$(REGULARS) check $(network)

restate: $(MANIFEST)  ## read files again and run: NETWORK=.. LOCATION=.. FROM=2026-10-01 TO=2026-10-31
	@$(REGULARS) restate $(network) $(if $(LOCATION),--location "$(LOCATION)") $(if $(FROM),--from "$(FROM)") $(if $(TO),--to "$(TO)")

explain: $(MANIFEST)  ## why these records are one customer: NETWORK=.. CUSTOMER=..  (prints personal data)
	@$(REGULARS) explain $(network) --customer "$$CUSTOMER"

retrain: $(MANIFEST)  ## learn a matching model from NETWORK=..'s records; tells how ids would change, changes none
	@$(REGULARS) retrain $(network)

decide: $(MANIFEST)   ## a steward's word: NETWORK=.. DECISION=merge|separate|withdraw LEFT=.. RIGHT=.. REASON=.. [BY=..]
	@$(REGULARS) decide $(network) --decision "$$DECISION" --left "$$LEFT" --right "$$RIGHT" --by "$$BY" --reason "$$REASON"

rehearse: $(MANIFEST) ## what publishing would send to each destination now; sends nothing  [NETWORK=..]
	@$(REGULARS) rehearse $(network)

rollback: $(MANIFEST) ## publish a kept snapshot again: NETWORK=.. RUN=..
	@$(REGULARS) rollback $(network) --run "$(RUN)"

bench: $(MANIFEST)    ## what a night costs beside DuckDB, pandas and Polars by hand  [SIZE=100k .. 40M]
	@$(BIN)/python -m bench $(if $(SIZE),--size "$(SIZE)") $(if $(ROUNDS),--rounds "$(ROUNDS)")

test: lint            ## all checks and the whole test suite
	@$(BIN)/python -m pytest tests $(SIDE_BY_SIDE)

fast-test: $(READY)   ## the unit tests alone: no dagster, dbt or Great Expectations
	@$(BIN)/python -m pytest tests/unit $(SIDE_BY_SIDE)

lint: $(LINTED)       ## ruff and the SQL linter
	@$(BIN)/ruff check --quiet . && $(BIN)/ruff format --quiet --check .

# Half a second a model: only those that changed since they were last found clean.
$(LINTED): $(MODELS) .sqlfluff | $(MANIFEST)
	@$(BIN)/sqlfluff lint --nocolor --disable-progress-bar --processes 2 $(if $(filter .sqlfluff,$?),dbt_models/models,$(filter %.sql,$?)) \
		| tail -n 20; exit $${PIPESTATUS[0]}
	@touch $@

$(MANIFEST): $(READY) $(DBT_FILES)
	@$(BIN)/python -c 'from dagster_project.defs.dbt_build import ensure_manifest; ensure_manifest()'

$(READY): pyproject.toml uv.lock
	@echo "Setting up .venv from uv.lock (once, about a minute)"
	@$(PYTHON) -c 'import sys; sys.exit(0 if (3, 11) <= sys.version_info[:2] < (3, 14) else "Python 3.11 to 3.13 is needed; say which with make PYTHON=python3.12 ..")'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check 'uv>=0.9,<1'
	@$(BIN)/uv sync --quiet --frozen --inexact --compile-bytecode
	@touch $@
