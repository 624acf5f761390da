# Two commands matter: `make run` and `make test`. They need Python 3.11 or newer, and nothing else.

PORT ?= 8000
HOST ?= 127.0.0.1
PROCESSES ?= 2
# A file of tests stays with one process, so that what it makes for all of them is made once.
SHARED := --dist loadscope --no-loadscope-reorder
VENV := .venv/bin/python
# A process that starts needs not compile anew what the one before it has compiled.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run test long ready lint lock attack soak live bench clean runtime development venv

run: runtime  ## the whole product, until Ctrl-C
	@exec $(VENV) manage.py up --port $(PORT) --host $(HOST) $(UP)

test: ready  ## every test, browser tests included, on servers of their own
	@$(VENV) -m pytest -n $(PROCESSES) $(SHARED) $(TESTS)

long: ready  ## the long forms of tests: every page in every look, every kind of hard kill
	@$(VENV) -m pytest -m long -n $(PROCESSES) $(SHARED) $(TESTS)

ready: development  ## what tests need beside the packages: a browser, and the tables built
	@$(VENV) -m tests.prepared & built=$$!; $(VENV) -m tests.chromium; found=$$?; \
	  wait $$built && exit $$found

lint: development  ## form, types, who imports whom, and migrations that match the models
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy
	@.venv/bin/lint-imports --no-logo
	@DJANGO_SETTINGS_MODULE=tests.settings $(VENV) manage.py makemigrations --check --dry-run

attack: ready  ## more than 10,000 requests that schemathesis makes of the OpenAPI document
	@EXAMPLES=80 $(VENV) -m pytest -n $(PROCESSES) tests/spm/api/test_as_documented.py

soak: development  ## hard kills in a row, of everything and of whoever books; what was said must be there
	@$(VENV) -m bench.hard_kills
	@$(VENV) -m bench.decide_kills

live: development  ## 500 random moves by each of two browsers on a flaky line; all must end as one
	@$(VENV) -m bench.two_browsers

bench: development  ## what the engines must reach, as ratios; BENCH=--quick for small sizes
	@$(VENV) -m bench.allocation_engine $(BENCH)

lock: runtime  ## resolve the dependencies of pyproject.toml anew into the two lock files
	@$(VENV) -m pip install -qq --disable-pip-version-check -r .ci/uv.txt
	.venv/bin/uv pip compile --quiet --universal --python-version 3.11 --no-header --no-annotate \
	  --no-emit-index-url --upgrade pyproject.toml -o requirements.lock
	.venv/bin/uv pip compile --quiet --universal --python-version 3.11 --no-header --no-annotate \
	  --no-emit-index-url --upgrade --extra dev -c requirements.lock pyproject.toml \
	  -o requirements-dev.lock

clean:  ## what can be made again; the data in .spm stay
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

runtime: venv
	@sh .ci/install requirements.lock

development: venv
	@sh .ci/install requirements-dev.lock

venv:
	@sh .ci/venv
