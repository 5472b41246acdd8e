# Every target sets up .venv itself. PYTHON, VENV and PIP_FLAGS may be given on the command line.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP_FLAGS ?=
SOURCES := pyproject.toml README.md LICENSE $(shell find synth_eval tasks -type f -not -name '*.pyc')

.PHONY: demo test nightly lint bench simulate study clean

demo: $(VENV)/.installed ## train a miniature family, evaluate it, report (about ten minutes)
	$(BIN)/synth-eval compare checkpoints.yaml

test: $(VENV)/.installed-dev ## the tests
	$(BIN)/python -m pytest -n 2 --dist loadfile -m "not nightly"

nightly: $(VENV)/.installed-dev ## the tests that are too long for every day
	$(BIN)/python -m pytest

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(VENV)/.installed-dev ## benchmarks beside their peers; rewrites benchmarks/*.md
	for script in $(filter-out benchmarks/simulate.py,$(wildcard benchmarks/*.py)); do $(BIN)/python $$script || exit 1; done

simulate: $(VENV)/.installed-dev ## the statistics on simulated families; rewrites docs/validation.md (long)
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/simulate.py

# STUDY=--quick: smaller models and a third of the tokens. Either goes on where it stopped.
STUDY ?=
study: $(VENV)/.installed-dev ## families over sizes, tokens, ratios and sources; rewrites docs/study.md (about an hour on two idle cores)
	OMP_NUM_THREADS=1 $(BIN)/python -m studies.lab_study.run runs/study$(STUDY) $(STUDY)
	OMP_NUM_THREADS=1 $(BIN)/python -m studies.lab_study.report runs/study$(STUDY) $(STUDY)

clean: ## what the other targets made, apart from trained checkpoints and results
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The package is installed as a user would (no editable install): that is what puts the tasks where lm-eval finds them.
$(VENV)/.dependencies: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet $(PIP_FLAGS) -c constraints.txt .
	touch $@

$(VENV)/.installed: $(VENV)/.dependencies $(SOURCES)
	$(BIN)/python -m pip install --quiet $(PIP_FLAGS) --no-deps --force-reinstall .
	touch $@

$(VENV)/.dependencies-dev: $(VENV)/.dependencies
	$(BIN)/python -m pip install --quiet $(PIP_FLAGS) -c constraints.txt ".[dev]"
	touch $@

$(VENV)/.installed-dev: $(VENV)/.dependencies-dev $(VENV)/.installed
	touch $@
