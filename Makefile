# PYTHON  interpreter that creates the environment, 3.11 or newer
# VENV    where the environment stands
# DEMO    where `make demo` writes its result
PYTHON ?= python3
VENV ?= .venv
DEMO ?= demo

BIN := $(VENV)/bin
LOCK := requirements.lock
# The second variable pins the build back end too; pip before 25.3 takes it from the first.
INSTALL := PIP_CONSTRAINT=$(LOCK) PIP_BUILD_CONSTRAINT=$(LOCK) PIP_DISABLE_PIP_VERSION_CHECK=1 \
	$(BIN)/python -m pip install --quiet

.DELETE_ON_ERROR:
.PHONY: help demo test check format clean

help:
	@echo "make demo    create the environment, forecast scikit-learn's digits, say where the page is"
	@echo "make test    run the tests; those on public data sets too where PREFIT_DATA is set"
	@echo "make check   lint, format check, strict types"
	@echo "make format  let ruff mend what it can"
	@echo "make clean   remove what these commands made"

demo: $(VENV)/.core
	$(BIN)/prefit forecast digits --out $(DEMO)
	@echo "The page: $(DEMO)/forecast.html"

test: $(VENV)/.test
	$(BIN)/python -m pytest -n auto

check: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict src

format: $(VENV)/.test
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf $(VENV) build dist demo .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find src tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

# pip is the last thing venv makes: where it is missing, the environment was left half made.
$(BIN)/pip:
	@command -v $(PYTHON) >/dev/null || \
		{ echo "prefit needs Python 3.11 or newer; there is no '$(PYTHON)' here. Name one: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "prefit needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -V 2>&1). Name another: make PYTHON=python3.11" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.core: $(BIN)/pip pyproject.toml $(LOCK)
	@echo "Installing prefit and what it needs into $(VENV) ..."
	$(INSTALL) --editable .
	@touch $@

$(VENV)/.test: $(VENV)/.core
	@echo "Installing the test extras into $(VENV) ..."
	$(INSTALL) --editable '.[test]'
	@touch $@
