# The verbs of everyday work. `make demo` is all that a new reader needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CORES ?= all

# Byte code saves five seconds at each start of Snakemake.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup demo demo-all test torture check dataset network method walkthrough snapshot docs site dist gpu-bundle clean

help:  ## what each verb does
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

setup: $(VENV)/ready  ## make .venv with all pinned packages (a C++ compiler is needed)

$(VENV)/ready: envs/install.py $(wildcard envs/*.txt) pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; choose one: make PYTHON=python3.11")'
	@$(PYTHON) envs/install.py $(VENV)

demo: setup  ## phantom data, twelve methods, four tables and a page; no network, minutes on a laptop
	PATH="$(CURDIR)/$(BIN):$$PATH" snakemake --cores $(CORES)

demo-all: setup  ## the same with all methods, and one table of a paper
	PATH="$(CURDIR)/$(BIN):$$PATH" snakemake --cores $(CORES) demo_all

test: setup  ## all tests
	PATH="$(CURDIR)/$(BIN):$$PATH" python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

torture: setup  ## the tests that take many minutes: kills, time limits, arrays on a real Slurm, oldest and newest packages, the site
	PATH="$(CURDIR)/$(BIN):$$PATH" python -m pytest -m torture

check: setup  ## ruff, snakefmt, snakemake --lint, mypy, then all tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check Snakefile workflow
	PATH="$(CURDIR)/$(BIN):$$PATH" snakemake --lint
	$(BIN)/mypy
	$(MAKE) test

dataset: setup  ## own data in nnU-Net's layout: make dataset NAME=mine FOLDER=/data/Dataset001_Mine
	@$(BIN)/python -m softbench new dataset $(NAME) $(if $(FOLDER),"$(FOLDER)") $(if $(AFFINE),--affine $(AFFINE)) $(if $(filter yes,$(RESCALE_LABELS)),--rescale-labels)

network: setup  ## an own network: make network NAME=mine
	@$(BIN)/python -m softbench new network $(NAME)

method: setup  ## an own soft label: make method NAME=mine, with IMAGE=yes, LANGUAGE=perl or LANGUAGE=R if wanted
	@$(BIN)/python -m softbench new method "$(NAME)" $(or $(LANGUAGE),$(if $(filter yes,$(IMAGE)),image))

walkthrough: setup  ## types what README.md and other pages say, in a fresh clone, and runs the tutorials; options: WALK='--help'
	$(BIN)/python tests/walkthrough/walk.py $(WALK)

snapshot: setup  ## rewrite tests/snapshots after a VERSION was raised
	PATH="$(CURDIR)/$(BIN):$$PATH" python -m pytest tests/snapshots --rewrite-snapshots

docs: setup  ## rewrite the pages of docs/ that are made from code and data
	PYTHONPATH=workflow:docs $(BIN)/python -m make
	$(BIN)/python benchmarks/performance.py

site: setup  ## the documentation as a site in build/site, to be opened as a file or put on a server
	PYTHONPATH=workflow:docs $(BIN)/python -m make.site
	$(BIN)/python envs/documentation.py

dist: setup  ## the package: wheel and source archive of the commit in dist/, checked by twine
	$(BIN)/python envs/distribution.py dist

gpu-bundle: setup  ## fill build/gpu-bundle for benchmarks/gpu.py on a machine without network: make gpu-bundle HIPPOCAMPUS=/data/Task04_Hippocampus
	$(BIN)/python benchmarks/gpu_bundle.py $(if $(HIPPOCAMPUS),--hippocampus "$(HIPPOCAMPUS)")

clean:  ## delete everything computed
	find results -mindepth 1 -maxdepth 1 ! -name README.md -exec rm -rf {} +
	rm -rf .snakemake
