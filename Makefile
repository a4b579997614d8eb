# Everything a fresh machine needs beside Python and make is set up by the first target that is called.
PYTHON ?= python3
BIN := .venv/bin
SIZE ?= gate

.PHONY: demo test documents check slow bench gpu pages site dist installed walk clean
demo: .venv/ready
	$(BIN)/contrafact demo --out demo

test: .venv/ready
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile

# Every command and script of the documents, as they are printed; scripts at toy size.
documents: .venv/ready
	$(BIN)/python -m pytest tests/docs -m documents --numprocesses 2 --dist load

check: .venv/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

slow: .venv/ready
	$(BIN)/python -m pytest tests/slow --override-ini addopts=-q

bench: bench-loop bench-penalty bench-remedies bench-modes bench-frechet bench-tables bench-private bench-rows bench-imbalance bench-pixels bench-text bench-causal bench-series

bench-%: .venv/ready
	$(BIN)/python benchmarks/bench_$*.py --size $(SIZE) --out benchmarks/results/$*.json $(ARGS)

gpu: .venv/ready
	$(BIN)/python -m pytest tests/slow/test_gpu.py --override-ini addopts=-q

# The pictures and tables of the documents, made anew at full size by the scripts of examples/; ONLY=NAME for one.
pages: .venv/ready
	for script in $(if $(ONLY),examples/$(ONLY).py,$(filter-out examples/shown.py,$(wildcard examples/*.py))); do \
		CONTRAFACT_SHOWN=docs/shown $(BIN)/python $$script || exit 1; \
	done
	$(BIN)/python docs/build.py

# The documents as a site of plain files; a link that leads nowhere is an error.
site: .venv/site
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

# The wheel and the sdist, made with the pinned tools and without the network; then the wheel is tried elsewhere.
dist: .venv/ready
	rm -rf dist
	$(BIN)/python -m build --no-isolation

installed: dist
	.ci/installed

# torch goes in alone and first, so that a build already chosen for this machine is kept.
.venv/ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check torch==2.13.0
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	touch $@

.venv/site: .venv/ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[docs]'
	touch $@

# The README word for word, in a fresh clone with an environment of its own.
walk:
	$(PYTHON) .ci/walk

clean:
	rm -rf .venv demo build dist site
