# Two commands for a fresh machine: `make run`, then `make test`. `make help` lists the rest.

VENV ?= .venv
BIN := $(VENV)/bin
STORE ?= sqlite:///mlflow.db
PYTEST_ARGS ?= -n 2
# More than cores, because half of what the slow tests do is to wait.
SLOW_ARGS ?= -n 3

# The first interpreter that is new enough; PYTHON=/path/to/python overrides.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
  if $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then echo $$p; break; fi; done)
PIP_INSTALL := $(BIN)/python -m pip install --disable-pip-version-check --no-input

export MPLBACKEND := Agg

.DEFAULT_GOAL := help
.PHONY: help run test check lint docs-check slow mutants fuzz fuzz-input forms test-engines test-faults test-versions test-schedule verdicts bench bench-explain bench-accuracy bench-short bench-origins pretrain bench-intermittent bench-intervals bench-hierarchy bench-report bench-search bench-engines bench-trials bench-tables bench-plan bench-simulate bench-promote docs pages transcripts screenshots site dist constraints hooks clean

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(VENV)/run.stamp ## install, then run the main job on the bundled sample data
	$(BIN)/forecastctl run --data sample --tracking-uri $(STORE) --out forecasts.csv

test: $(VENV)/dev.stamp ## install with the test tools, then pass the tests
	$(BIN)/python -m pytest $(PYTEST_ARGS)

check: lint docs-check test ## formatting, lint, types, layers, generated docs and tests

lint: $(VENV)/dev.stamp ## formatting, lint, types and layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

docs-check: $(VENV)/dev.stamp ## fail when a generated page is out of step with the code
	$(BIN)/python -m docs._tools --check

slow: $(VENV)/dev.stamp ## the tests that need minutes and mutation testing
	$(BIN)/python -m pytest -m slow $(SLOW_ARGS)
	$(BIN)/python -m tests.explain.verdict.mutation --count 30

mutants: $(VENV)/dev.stamp ## change the logic of verdicts in small ways and count what tests notice
	$(BIN)/python -m tests.explain.verdict.mutation

fuzz: $(VENV)/dev.stamp ## a million random series: are all intervals finite, ordered and bounded? (an hour of CPU)
	$(BIN)/python -m tests.models.fuzz

fuzz-input: $(VENV)/dev.stamp ## a hundred thousand hostile files, databases, settings and questions
	$(BIN)/python -m tests.hostile.fuzz

forms: $(VENV)/dev.stamp ## write 10,000 panels in random forms of files and read them back equal (20 minutes)
	$(BIN)/python -m tests.data.forms

test-engines: $(VENV)/dev.stamp ## install Ray and Spark as well, and try all engines on real clusters (ten minutes)
	@$(PIP_INSTALL) --editable '.[dev,ray,spark]'
	$(BIN)/python -m pytest -m slow tests/execute

test-faults: $(VENV)/dev.stamp ## kill jobs at 200 random moments, start them again, and count what is lost (about an hour)
	$(BIN)/python -m tests.faults $(FAULTS_ARGS)

test-versions: $(VENV)/dev.stamp ## install MLflow 2.9, 2.22, 3.10 and the newest apart, and try stores of each (20 minutes)
	$(BIN)/python -m tests.versions $(VERSIONS_ARGS)

test-schedule: $(VENV)/dev.stamp ## install Airflow 2 and 3 apart, and have each run real jobs
	$(BIN)/python -m tests.schedule $(SCHEDULE_ARGS)

verdicts: $(VENV)/dev.stamp ## make the labelled cases of verdicts again and print the score
	$(BIN)/python -m tests.explain.verdict

bench: $(VENV)/dev.stamp ## measure recording, fitting, orchestration and reading
	$(BIN)/python benchmarks/recording.py
	$(BIN)/python benchmarks/recording.py --million
	$(BIN)/python benchmarks/objective.py $(if $(PEERS),--peers $(PEERS))
	$(BIN)/python benchmarks/learning.py
	$(BIN)/python benchmarks/orchestration.py
	$(BIN)/python benchmarks/reading.py
	$(BIN)/python benchmarks/growth.py
	$(if $(BEFORE),$(BIN)/python benchmarks/versions.py --before $(BEFORE),@echo 'BEFORE=/path/to/checkout compares with another version')
	$(if $(PEERS),$(BIN)/python benchmarks/peers.py --peers $(PEERS),@echo 'PEERS=/path/to/python compares with SparkTrials and Optuna')

bench-explain: $(VENV)/dev.stamp ## verdicts against labelled events and faults; ASKED=1 asks the second half
	$(BIN)/python benchmarks/explaining.py
	$(if $(ASKED),$(BIN)/python benchmarks/explaining.py --half asked)

bench-accuracy: $(VENV)/dev.stamp ## accuracy on three panels, PEERS=... against statsforecast
	$(BIN)/python benchmarks/accuracy.py $(if $(PEERS),--peers $(PEERS) --sample 12)
	$(BIN)/python benchmarks/accuracy.py --panel ../shared/data/m1_monthly.csv.gz $(if $(PEERS),--peers $(PEERS) --sample 12)
	$(BIN)/python benchmarks/accuracy.py --panel ../shared/data/hospital_monthly.csv.gz $(if $(PEERS),--peers $(PEERS) --sample 12)

bench-short: $(VENV)/dev.stamp ## accuracy on one or two years of history, PEERS=... against AutoETS
	$(BIN)/python benchmarks/short.py --half even $(if $(PEERS),--peers $(PEERS))

bench-origins: $(VENV)/dev.stamp ## pooled models, the network and damped growth over several origins inside the training data
	$(BIN)/python benchmarks/origins.py
	$(BIN)/python benchmarks/origins.py --last 30

pretrain: ## train the network of the family pretrained anew: PYTHON=... that has PyTorch and a GPU, OUT=...
	$(PYTHON) benchmarks/pretrain.py --out $(or $(OUT),network.npz)

bench-intermittent: $(VENV)/dev.stamp ## accuracy on airports with many zeros, PEERS=... against statsforecast
	$(BIN)/python benchmarks/intermittent.py --half even --seed 1 $(if $(PEERS),--peers $(PEERS))

bench-intervals: $(VENV)/dev.stamp ## do intervals hold what they say, by panel and third of the horizon
	$(BIN)/python benchmarks/intervals.py

bench-hierarchy: $(VENV)/dev.stamp ## what reconciling does on two real hierarchies
	$(BIN)/python benchmarks/hierarchy.py

bench-report: $(VENV)/dev.stamp ## write and open a report of 5,000 airports
	$(BIN)/python benchmarks/report.py

bench-search: $(VENV)/dev.stamp ## what a search is worth out of sample: of the mean, and of one model alone
	$(BIN)/python benchmarks/searching.py

bench-engines: $(VENV)/dev.stamp ## install Ray and Spark as well; overhead a task of each engine beside the bare one
	@$(PIP_INSTALL) --editable '.[dev,ray,spark]'
	$(BIN)/python benchmarks/engines.py
	$(BIN)/forecastctl bench --airports 64 --jobs 2

bench-tables: $(VENV)/dev.stamp ## the driver's memory for a panel of 200 and of 20,000 airports, read there and by workers
	$(BIN)/python benchmarks/tables.py

bench-plan: $(VENV)/dev.stamp ## predict three jobs from smaller ones, run them, and print predicted over actual (20 minutes)
	$(BIN)/python benchmarks/planning.py

bench-simulate: $(VENV)/dev.stamp ## a million airports a night on 500 cores: measured in small, simulated; CHECK=2000 does so many for real
	$(BIN)/python benchmarks/simulate.py $(if $(CHECK),--check $(CHECK),--keep docs/_tools/nights.json)

bench-promote: $(VENV)/dev.stamp ## how often promote decides wrongly, by simulated fleets
	$(BIN)/python benchmarks/promotion.py

bench-trials: $(VENV)/dev.stamp ## trials of one airport at the same time, beside one worker and Hyperopt's own means (minutes)
	$(BIN)/python benchmarks/trials.py

docs: pages transcripts screenshots site ## make all of the documentation again, then its site

pages: $(VENV)/dev.stamp ## write the pages and drawings that are made from the code
	$(BIN)/python -m docs._tools

transcripts: $(VENV)/dev.stamp ## run the transcripts of README, first page and tutorial again
	$(BIN)/python -m docs._tools.transcripts README.md docs/index.md docs/tutorial.md

screenshots: $(VENV)/dev.stamp ## make the sample's job and take pictures of its pages again
	$(BIN)/python -m docs._tools.screenshots

site: $(VENV)/dev.stamp ## build the documentation as a site that opens offline, in build/site
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet -f docs/_tools/mkdocs.yml

dist: $(VENV)/project.stamp ## build the archives, check them, install the wheel into an empty environment, list what is in it
	rm -rf dist build/empty
	$(BIN)/python -m build --outdir dist
	$(BIN)/python -m twine check --strict dist/*
	$(PYTHON) -m venv build/empty
	build/empty/bin/python -m pip install --disable-pip-version-check --no-input dist/*.whl
	cd build && empty/bin/forecastctl --version && empty/bin/forecastctl check --data sample --quiet
	build/empty/bin/python -m pip freeze --exclude forecastctl > dist/constraints.txt
	$(BIN)/cyclonedx-py environment --output-reproducible --output-file dist/sbom.json build/empty/bin/python

constraints: ## find anew the versions that the image of examples/container is made of
	rm -rf build/image
	$(PYTHON) -m venv build/image
	build/image/bin/python -m pip install --disable-pip-version-check --no-input '.[calendar,excel,postgres,remote]'
	{ echo "# The versions in the image. Made by 'make constraints'. Do not edit."; \
	  build/image/bin/python -m pip freeze --exclude forecastctl; } > examples/container/constraints.txt

hooks: $(VENV)/project.stamp ## let Git check each commit as `make lint` does
	$(BIN)/pre-commit install

clean: ## remove the environment and caches; recorded runs and forecasts stay
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
	rm -rf .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo 'Python 3.11 or newer is needed; name it with PYTHON=...' >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/run.stamp: pyproject.toml | $(BIN)/python
	@echo 'Installing into $(VENV): minutes the first time, nothing later.'
	@$(PIP_INSTALL) --editable .
	@touch $@

$(VENV)/project.stamp: $(VENV)/dev.stamp
	@$(PIP_INSTALL) --editable '.[dev,project]'
	@touch $@

$(VENV)/dev.stamp: pyproject.toml | $(BIN)/python
	@echo 'Installing into $(VENV) with the test tools: minutes the first time, nothing later.'
	@$(PIP_INSTALL) --editable '.[dev]'
	@touch $(VENV)/run.stamp $@
