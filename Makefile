# Two commands do everything on a fresh machine: `make demo` and `make test`.
VENV := .venv
PY := $(VENV)/bin/python
PYTEST_ARGS ?=

.PHONY: demo test soak check bench budget golden docs lock format clean

demo: $(VENV)/ready
	$(VENV)/bin/elasticblast-exporter demo $(ARGS)

test: $(VENV)/ready
	tests/tools/install
	$(PY) -m pytest $(PYTEST_ARGS)

soak: $(VENV)/ready
	tests/tools/install
	$(PY) -m tests.soak $(ARGS)

check: $(VENV)/ready
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

bench: $(VENV)/ready
	$(PY) benchmarks/bench.py $(if $(KSM),--ksm $(KSM)) $(ARGS)

budget: $(VENV)/ready
	$(PY) -m pytest tests/budget --budget-update $(PYTEST_ARGS)

golden: $(VENV)/ready
	$(PY) -m pytest tests/golden --golden-update $(PYTEST_ARGS)

docs: $(VENV)/ready
	$(VENV)/bin/elasticblast-exporter metrics --format markdown > docs/metrics.md
	$(VENV)/bin/elasticblast-exporter config --format markdown > docs/configuration.md
	$(PY) -m tests.faults.matrix

lock: $(VENV)/ready
	$(VENV)/bin/uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url -q -o requirements.lock --upgrade

format: $(VENV)/ready
	$(VENV)/bin/ruff check --fix-only -q .
	$(VENV)/bin/ruff format -q .

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache

$(VENV)/ready: requirements.lock pyproject.toml
	test -x $(PY) || python3 -m venv $(VENV)
	$(PY) -m pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
	$(PY) -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@
