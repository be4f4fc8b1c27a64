# Every target makes its own environment from nothing: `make test` is enough.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
# Tests and verification cases that run side by side.
JOBS   ?= 2
PIP    := $(BIN)/python -m pip --quiet --disable-pip-version-check

.PHONY: demo test lint typecheck pytest slow verify bench records docs tables \
        installed clean

demo: $(VENV)/.ready
	$(BIN)/python examples/heat_sink.py $(ARGS)

test: lint typecheck pytest

lint: $(VENV)/.ready-test
	$(BIN)/ruff check .

typecheck: installed
	$(BIN)/pyright --pythonpath $(BIN)/python

pytest: $(VENV)/.ready-test
	$(BIN)/python -m pytest --numprocesses $(JOBS) --dist loadfile -m "not slow" $(ARGS)

# The tests that take long; continuous integration runs them too.
slow: $(VENV)/.ready-test
	$(BIN)/python -m pytest --numprocesses $(JOBS) -m slow $(ARGS)

# make verify [ONLY="case case"] [DATA=folder] [RECORD=1]
verify: $(VENV)/.ready-test
	$(BIN)/python -m benchmarks.verify --jobs $(JOBS) $(if $(DATA),--data $(DATA)) \
	  $(if $(ONLY),--only $(ONLY)) $(if $(RECORD),--record)

# make bench [ONLY=comparison] [RECORD=1]
bench: $(VENV)/.ready-test
	$(BIN)/python -m benchmarks.bench $(if $(ONLY),--only $(ONLY)) \
	  $(if $(RECORD),--record)

# make records [ONLY=case]
records: $(VENV)/.ready-test
	$(BIN)/python -m benchmarks.records $(if $(ONLY),--only $(ONLY))

# The generated parts of the README and the docs, from what is committed.
tables: $(VENV)/.ready-test
	$(BIN)/python -m benchmarks.tables
	$(BIN)/python docs/api_pages.py

docs: installed $(VENV)/.ready-docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

# The wheel, unpacked: only once installed do the root folders import as froude.*,
# which is what a type checker and the reader of docstrings need.
installed: $(VENV)/.ready-test
	rm -rf build/lib build/bdist* build/wheel build/installed
	$(PIP) wheel . --no-deps --no-build-isolation --wheel-dir build/wheel
	$(PIP) install --no-deps --target build/installed build/wheel/*.whl

$(VENV)/.ready: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --upgrade "pip>=25.1"
	$(PIP) install --editable ".[plot]"
	touch $@

$(VENV)/.ready-test: $(VENV)/.ready
	$(PIP) install --group test
	touch $@

$(VENV)/.ready-docs: $(VENV)/.ready
	$(PIP) install --group docs
	touch $@

clean:
	rm -rf build $(VENV)
