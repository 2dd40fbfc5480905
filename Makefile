# Two commands do everything on a fresh machine: `make demo` and `make test`.
VENV := .venv
PY := $(VENV)/bin/python
PYTEST_ARGS ?=
WORKERS ?= 2
COMPILE := $(VENV)/bin/uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url -q
IMAGE ?= elasticblast-exporter
HELM ?= $(or $(wildcard tests/tools/bin/helm),helm)

.PHONY: screenshots demo test soak check bench budget golden docs dashboards pictures site rules manifests image image-inputs dist tagged publish lock format clean

demo: $(VENV)/ready
	$(VENV)/bin/elasticblast-exporter demo $(ARGS)

# Files run side by side in so many processes; with WORKERS=0 one after the other in one.
test: $(VENV)/ready
	tests/tools/install
	$(PY) -m pytest -n $(WORKERS) $(PYTEST_ARGS)

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
	$(PY) -m exporter.cli.reference > docs/cli.md
	$(PY) -m tests.faults.matrix
	$(PY) -m tests.docs.tables
	$(PY) -m deploy.chart_table

site: $(VENV)/ready
	NO_MKDOCS_2_WARNING=1 $(PY) -m mkdocs build --strict --clean $(ARGS)

rules: $(VENV)/ready
	$(PY) -m deploy.rules $(ARGS)

dashboards: $(VENV)/ready
	$(PY) -m dashboards.generator

# Needs node, npm and Chromium; takes a quarter of an hour, most of which the demo lives.
pictures: $(VENV)/ready
	tests/tools/install
	npm ci --prefix dashboards/picture --ignore-scripts
	npm run --prefix dashboards/picture bundle
	$(PY) -m dashboards.picture $(ARGS)

manifests: $(VENV)/ready
	$(PY) -m deploy.manifests

# Builds the image, runs it as a cluster would, and measures it.
image:
	docker build --tag $(IMAGE) .
	docker run --rm --read-only --cap-drop ALL --network none $(IMAGE) metrics > /dev/null
	test "$$(docker save $(IMAGE) | gzip -9 | wc -c)" -lt 60000000

# For a release: tag, packages, what the image is built from, publication.
tagged: $(VENV)/ready
	test "$(TAG)" = "v$$($(PY) -c 'import exporter; print(exporter.__version__)')"
	grep -qF "## [$(TAG:v%=%)]" CHANGELOG.md

dist: $(VENV)/ready
	rm -rf dist
	$(PY) -m hatchling build -d dist
	$(HELM) package deploy/helm/elasticblast-exporter --destination dist

image-inputs:
	@echo "version=$(TAG:v%=%)"
	@echo "created=$$(git log -1 --format=%cI)"
	@for name in BUILD RUNTIME; do \
	  image=$$(sed -n "s/^ARG $${name}_IMAGE=//p" Dockerfile); \
	  digest=$$(docker buildx imagetools inspect "$$image" --format '{{.Manifest.Digest}}') || exit 1; \
	  echo "$$(echo $$name | tr A-Z a-z)_image=$$image@$$digest"; \
	done

publish: $(VENV)/ready
	$(VENV)/bin/uv publish --trusted-publishing always dist/*.whl dist/elasticblast_exporter-*.tar.gz

screenshots: $(VENV)/ready
	$(PY) -m tests.browser.screenshots

lock: $(VENV)/ready
	$(COMPILE) pyproject.toml --group dev -o requirements.lock --upgrade
	$(COMPILE) pyproject.toml -c requirements.lock -o requirements-runtime.lock
	sed -n 's/^requires = \["\(.*\)"\]/\1/p' pyproject.toml | $(COMPILE) - -c requirements.lock -o requirements-build.lock

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
