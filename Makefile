# make demo   one night from beginning to end      make test   all tests
# Variables: PYTHON, PIP_FLAGS, ARGS; see `make help`.

PYTHON ?= python3
PIP_FLAGS ?=
ARGS ?=

VENV := .venv
RUFF := $(VENV)/bin/ruff
MACHINE = $(shell sh .ci/check_machine $(VENV) '$(PYTHON)' $(if $(filter file,$(origin PYTHON)),,chosen))

.DEFAULT_GOAL := help
.PHONY: help demo test docs bench gpu-wheels lint format clean check

help:
	@echo 'make demo     train, sleep, measure: prints the table, leaves figures and a page in runs/'
	@echo 'make test     all tests but those that need CUDA'
	@echo 'make docs     the documentation site, in docs/_build/html'
	@echo 'make bench    who is ahead: against other libraries, earlier commits, C++ (25 minutes)'
	@echo 'make gpu-wheels    what benchmarks/on_gpu.sh needs on a machine with a GPU and no network'
	@echo 'make faults   kills, damaged files, full disks, pairs of writers: what holds (hours)'
	@echo 'make lint     ruff and mypy'
	@echo 'make format   let ruff put the code in order'
	@echo 'make clean    remove .venv, caches and build output; runs/ stays'
	@echo
	@echo 'PYTHON=python3.12      the Python that .venv is made with (3.11 or newer)'
	@echo 'PIP_FLAGS="..."        passed to pip install: an index or a folder of wheels, say'
	@echo 'ARGS="..."             passed to brainsleep run (make demo), pytest (make test) or summary.py'

demo: $(VENV)/installed-run
	$(VENV)/bin/brainsleep run --report $(ARGS)

test: $(VENV)/installed-dev
	$(VENV)/bin/python -m pytest -m 'not gpu and not cuda_build' -n 2 --dist worksteal $(ARGS)

docs: $(VENV)/installed-docs
	$(VENV)/bin/python docs/make_site.py $(ARGS)

bench: $(VENV)/installed-run
	$(VENV)/bin/python benchmarks/summary.py --measure $(ARGS)

# For Python 3.12 on x86-64, whatever Python and machine this is.
GPU_PLATFORMS := $(foreach n,28 27 26 24 17,--platform manylinux_2_$(n)_x86_64) --platform manylinux2014_x86_64

gpu-wheels:
	rm -rf $@ && mkdir $@
	grep -v ';' constraints.txt > $@/constraints.txt
	$(PYTHON) -m pip download --disable-pip-version-check $(PIP_FLAGS) -q --no-deps \
	    --only-binary=:all: --implementation cp --python-version 3.12 $(GPU_PLATFORMS) \
	    -c $@/constraints.txt -r benchmarks/gpu-wheels.txt -d $@
	@du -sh $@

faults: $(VENV)/installed-dev
	$(VENV)/bin/python tests/faults/attack.py

lint: $(VENV)/installed-dev
	$(RUFF) check .
	$(RUFF) format --check .
	$(VENV)/bin/mypy

format: $(VENV)/installed-dev
	$(RUFF) check --fix-only .
	$(RUFF) format .

clean:
	rm -rf $(VENV) build dist docs/_build *.egg-info .pytest_cache .hypothesis .mypy_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# One line and the end, if the machine lacks something.
check:
	$(if $(MACHINE),$(error $(MACHINE)))@:

# The stamps stand for an installed environment; they are made anew when its description changes.
$(VENV)/installed-run: setup.cfg pyproject.toml constraints.txt | check
	@test -x $(VENV)/bin/python || $(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --disable-pip-version-check $(PIP_FLAGS) -c constraints.txt -e .
	@touch $@

$(VENV)/installed-docs: setup.cfg pyproject.toml constraints.txt | check
	@test -x $(VENV)/bin/python || $(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --disable-pip-version-check $(PIP_FLAGS) -c constraints.txt -e '.[docs]'
	@touch $(VENV)/installed-run $@

# Holds everything that installed-run and installed-docs do.
$(VENV)/installed-dev: setup.cfg pyproject.toml constraints.txt | check
	@test -x $(VENV)/bin/python || $(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --disable-pip-version-check $(PIP_FLAGS) -c constraints.txt -e '.[test,lint]'
	@touch $(VENV)/installed-run $(VENV)/installed-docs $@
