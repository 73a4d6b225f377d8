# `make demo` runs the demo; `make test` runs all checks and tests. Each target installs what it needs into $(VENV), and
# requires only Python 3.10 or newer, cargo, gcc and make. Another interpreter: make PYTHON=python3.13 test

PYTHON ?= python3
VENV ?= .venv
PYTEST_ARGUMENTS ?=
BENCH_ARGUMENTS ?=

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
MAKEFLAGS += --no-builtin-rules
.SUFFIXES:
.DELETE_ON_ERROR:
# cargo uses every core by itself, and two pips must not install at once.
ifndef SIDE_BY_SIDE
.NOTPARALLEL:
endif

# The stamp file is named after the version, so that another PYTHON recreates the environment.
PYTHON_VERSION := $(shell $(PYTHON) -c 'import platform; print(platform.python_version())' 2>/dev/null)
BIN := $(abspath $(VENV))/bin
ENVIRONMENT := $(VENV)/.python-$(or $(PYTHON_VERSION),none)
BUILD_TOOLS := $(VENV)/.build-tools
ZIG := $(VENV)/.zig
DEVELOPMENT_TOOLS := $(VENV)/.development-tools
BUILT := $(VENV)/.built

# cargo, run here or by maturin, builds for the interpreter of the environment.
export VIRTUAL_ENV := $(abspath $(VENV))
export PYO3_PYTHON := $(BIN)/python
unexport CONDA_PREFIX PYTHONHOME PYTHONPATH

# The benchmarks of the core are a separate workspace with a separate target folder: in a shared one, their build of the
# core, which does not contain the Python binding, would overwrite the library of the package.
BENCH_CORE := --locked --manifest-path benches/core/Cargo.toml
TARGET := $(or $(CARGO_TARGET_DIR),target)
BENCH_TARGET := $(TARGET)/benches

# The clients that `make bench` compares: a group bench-… in pyproject.toml and an environment in .venv-bench for each.
PEERS := aiohttp httpx niquests primp pycurl pyreqwest requests wechatpy wreq wxaudit

# What the searches need: `make fuzz`, `make mutants`, `make soak`, `make deny`.
TOOLS := $(abspath $(TARGET))/tools
FUZZ_SECONDS ?= 600
FUZZ_TARGETS ?=
SOAK_MINUTES ?= 30
MUTANTS_ARGUMENTS ?=

PIP_INSTALL := $(BIN)/python -m pip --disable-pip-version-check install --quiet --require-hashes

.PHONY: help
help:
	@echo 'make demo     build quickly and run the demo: one audit from submission to decision, over real HTTP'
	@echo 'make notebook open the example notebook in JupyterLab'
	@echo 'make example-dask  check 20 000 audits on a Dask cluster of two worker processes'
	@echo 'make example-ray  the same on a Ray cluster'
	@echo 'make example-django  tell the story of eight merchants on Django; make example-django-serve: look at it'
	@echo 'make test     run everything: lint, the Rust core, the release wheel, all tests of the package'
	@echo 'make build    make a quick, editable development build in $(VENV)'
	@echo 'make lint     check formatting, clippy, ruff, mypy, pyright and stubs'
	@echo 'make format   format Rust and Python'
	@echo 'make messages  bring the translations of the Django app up to date'
	@echo 'make cli-reference  write the tables of docs/cli.md and the man pages from the commands'
	@echo 'make wheel    build a release wheel and a source distribution in dist/; print the size of the wheel and the cost of its import'
	@echo 'make sdist    build and install the source distribution in an environment that has nothing but pip'
	@echo 'make docs     build the documentation in English and Chinese in target/docs; make docs-serve: look at it'
	@echo 'make instructions  count instructions of the core with callgrind, and compare with the recorded counts'
	@echo 'make bench    compare with other clients, about 10 minutes; make bench-quick: about 2'
	@echo 'make bench-core    time parts of a call in the core with criterion'
	@echo 'make bench-django  measure the watch of wxaudit.django on PostgreSQL: rows a second, large tables, memory'
	@echo 'make cli-batch     measure wxaudit batch on 100 000 rows: memory, and time beside the same in Python'
	@echo 'make fuzz     search for inputs that break the core or the receiver of pushes, 10 minutes for each target'
	@echo 'make mutants  change the core in one place after the other, and see whether its tests notice'
	@echo 'make soak     make all kinds of calls at once for 30 minutes, against servers and networks that misbehave'
	@echo 'make deny     check licenses, bans, sources and advisories of the libraries in Rust'
	@echo 'make lock     update the pinned requirements from pyproject.toml'
	@echo 'make clean    remove everything that make created'

.PHONY: demo
demo: build
	$(BIN)/python examples/demo.py

# JupyterLab contacts no other host. It refuses to run as root, as in a container, without --allow-root.
.PHONY: notebook
notebook: build $(DEVELOPMENT_TOOLS)
	$(BIN)/python -m jupyterlab $(if $(filter 0,$(shell id -u)),--allow-root) --LabApp.news_url=None \
		--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate examples/notebooks/review-ops.ipynb

.PHONY: example-dask
example-dask: build $(DEVELOPMENT_TOOLS)
	$(BIN)/python examples/dask/audit_on_dask.py

.PHONY: example-ray
example-ray: build $(DEVELOPMENT_TOOLS)
	$(BIN)/python examples/ray/audit_on_ray.py

# DATABASE_URL=postgresql://… and BROKER_URL=redis://… run it on PostgreSQL, Redis and Celery.
.PHONY: example-django example-django-serve
example-django example-django-serve: build $(DEVELOPMENT_TOOLS)
	$(BIN)/python examples/django_shop/run.py $(if $(findstring serve,$@),--serve)

# mypy uses one core, and so does the last step of the wheel: something else runs beside each. Nothing runs beside the
# tests of the package, many of which are about time.
.PHONY: test checks
test: build $(DEVELOPMENT_TOOLS) servers
	$(MAKE) --jobs 2 --output-sync SIDE_BY_SIDE=yes checks
	$(MAKE) test-package

checks: lint-rust lint-python test-core wheel instructions

# clippy has seen this code with the binding. What only the binding uses is a warning here, so an error.
.PHONY: test-core
test-core:
	cargo test --locked --no-default-features
	cargo rustc --locked --no-default-features --lib -- -D warnings

# `-X dev` enables checks of memory, resources and asyncio's threads. Two processes take a file of tests each: much of the
# time is waiting. Another number of them: make PYTEST_PROCESSES=1 test-package
PYTEST_PROCESSES ?= 2
.PHONY: test-package
test-package: build $(DEVELOPMENT_TOOLS)
	$(BIN)/python -X dev -m pytest --dist loadfile --no-loadscope-reorder --tx '$(PYTEST_PROCESSES)*popen//python=$(BIN)/python -X dev' \
		$(PYTEST_ARGUMENTS)

# Warnings are errors, such as links that lead nowhere. `tests/docs` builds the site too. With the address where the site
# will be, it has a sitemap: make docs DOCS_URL=https://docs.example/wxaudit/
.PHONY: docs docs-serve
docs: build $(DEVELOPMENT_TOOLS)
	$(BIN)/python -m docs.builder $(TARGET)/docs $(DOCS_URL)

docs-serve: docs
	$(BIN)/python -m http.server --bind 127.0.0.1 --directory $(TARGET)/docs 8000

# If this fails, the tests that need a server fail too, and say what to install.
.PHONY: servers
servers:
	-@bash tests/install_servers.sh

.PHONY: instructions instructions-renew
instructions instructions-renew: $(ENVIRONMENT)
	cargo build $(BENCH_CORE) --target-dir $(BENCH_TARGET) --profile counted --bin instructions
	$(BIN)/python -m benches.instructions $(BENCH_TARGET)/counted/instructions $(if $(findstring renew,$@),--renew)

# The harness reports what is missing, and continues.
.PHONY: bench bench-quick bench-docs bench-core bench-django
bench bench-quick: wheel
	-@bash tests/install_servers.sh nginx wrk openssl
	$(BIN)/python -m benches run $(if $(findstring quick,$@),--quick) $(BENCH_ARGUMENTS)

bench-docs: $(ENVIRONMENT)
	$(BIN)/python -m benches publish benches/results/latest.json docs/performance.md

bench-core:
	CRITERION_HOME=$(abspath $(BENCH_TARGET))/criterion cargo bench $(BENCH_CORE) --target-dir $(BENCH_TARGET)

bench-django: build $(DEVELOPMENT_TOOLS)
	-@bash tests/install_servers.sh nginx postgresql
	PYTHONPATH=tests $(BIN)/python -m benches.django_watch $(BENCH_ARGUMENTS)

# Searches that go on finding: not part of `make test`. Failures of the fuzzer are kept in target/fuzz/failures.
.PHONY: fuzz mutants soak deny
fuzz: build $(DEVELOPMENT_TOOLS) $(TOOLS)/bin/cargo-fuzz
	PATH=$(TOOLS)/bin:$$PATH PYTHONPATH=tests $(BIN)/python -m fuzz --seconds $(FUZZ_SECONDS) $(FUZZ_TARGETS)

mutants: $(ENVIRONMENT) $(TOOLS)/bin/cargo-mutants
	PATH=$(TOOLS)/bin:$$PATH $(BIN)/python tests/mutants_report.py $(TARGET) $(MUTANTS_ARGUMENTS)

soak: build $(DEVELOPMENT_TOOLS)
	PYTHONPATH=tests:tests/programs $(BIN)/python -m soak --minutes $(SOAK_MINUTES)

deny: $(TOOLS)/bin/cargo-deny
	PATH=$(TOOLS)/bin:$$PATH cargo deny check licenses bans sources
	PATH=$(TOOLS)/bin:$$PATH cargo deny check advisories

$(TOOLS)/bin/cargo-fuzz: TOOL := cargo-fuzz@0.13.2
$(TOOLS)/bin/cargo-mutants: TOOL := cargo-mutants@27.1.0
$(TOOLS)/bin/cargo-deny: TOOL := cargo-deny@0.20.2
$(TOOLS)/bin/%:
	cargo install --locked --root $(TOOLS) $(TOOL)

# The Django app while workers are killed and servers restart: 10 000 watches, about 10 minutes.
.PHONY: chaos
chaos: build $(DEVELOPMENT_TOOLS)
	-@bash tests/install_servers.sh
	PYTHONPATH=tests $(BIN)/python -m chaos $(CHAOS_ARGUMENTS)

.PHONY: build
build: $(BUILT)

.PHONY: lint lint-rust lint-python
lint: lint-rust lint-python

lint-rust: build
	cargo fmt --check
	cargo clippy --locked --all-targets -- -D warnings
	cargo fmt --check --manifest-path benches/core/Cargo.toml
	cargo fmt --check --manifest-path fuzz/Cargo.toml
	cargo clippy $(BENCH_CORE) --all-targets --target-dir $(TARGET) -- -D warnings

# mypy checks for the oldest supported Python; stubtest uses the running one. pyright reads what a user's program sees, and
# whether every public name has a complete type; it does not count what Django, pandas and others leave open in theirs.
lint-python: build $(DEVELOPMENT_TOOLS)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/lint-imports --no-cache
	$(BIN)/mypy --python-version 3.10
	$(BIN)/python -m mypy.stubtest wxaudit --mypy-config-file pyproject.toml --allowlist tests/stubtest-allowlist.txt
	$(BIN)/pyright --pythonpath $(BIN)/python --project tests/typing
	PATH=$(BIN):$$PATH pyright --verifytypes wxaudit --ignoreexternal

.PHONY: format
format: $(DEVELOPMENT_TOOLS)
	cargo fmt
	cargo fmt --manifest-path benches/core/Cargo.toml
	cargo fmt --manifest-path fuzz/Cargo.toml
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

# Finds the texts of the Django app, and compiles their translations.
.PHONY: messages
messages: $(DEVELOPMENT_TOOLS)
	$(BIN)/python tests/django_messages.py

# Memory and time of `wxaudit batch` on 100 000 rows.
.PHONY: cli-batch
cli-batch: build $(DEVELOPMENT_TOOLS)
	-@bash tests/install_servers.sh nginx
	PYTHONPATH=tests $(BIN)/python -m benches.cli_batch

# The tables of options and the man pages, in both languages.
.PHONY: cli-reference
cli-reference: build $(DEVELOPMENT_TOOLS)
	$(BIN)/python tests/cli_reference.py

# On Linux, zig compiles and links for the glibc of manylinux2014, which old systems have. It is large, so that nothing
# else installs it.
.PHONY: wheel sdist
wheel: $(BUILD_TOOLS)
	rm -rf dist
	@$(MAKE) --no-print-directory $(ZIG) || echo 'wheel: no zig, so that this wheel needs the glibc of this system, or a newer one'
	PATH=$(BIN):$$PATH $(BIN)/maturin build --release --locked --interpreter $(BIN)/python --out dist \
		$$(cat $(ZIG) 2>/dev/null || true)
	$(BIN)/maturin sdist --out dist
	$(BIN)/python tests/sdist_report.py dist
	$(BIN)/python tests/wheel_report.py dist

# Builds and installs the source distribution in an environment that has nothing but pip.
sdist: $(BUILD_TOOLS)
	rm -rf $(TARGET)/sdist
	$(BIN)/maturin sdist --out $(TARGET)/sdist
	$(BIN)/python tests/sdist_report.py $(TARGET)/sdist --install

.PHONY: lock
lock: $(ENVIRONMENT)
	$(BIN)/python -m pip --disable-pip-version-check install --quiet uv
	for group in build zig quick development; do \
		UV_CUSTOM_COMPILE_COMMAND='make lock' $(BIN)/uv pip compile --quiet --upgrade --universal \
			--python-version 3.10 --generate-hashes --no-emit-index-url \
			--group $$group --output-file requirements/$$group.txt; \
	done
	for peer in $(PEERS); do \
		UV_CUSTOM_COMPILE_COMMAND='make lock' $(BIN)/uv pip compile --quiet --upgrade --universal \
			--python-version 3.10 --generate-hashes --no-emit-index-url \
			--group bench-$$peer --output-file benches/requirements/$$peer.txt; \
	done

.PHONY: clean
clean:
	rm -rf $(VENV) .venv-bench target dist benches/results .mypy_cache .pytest_cache .ruff_cache python/wxaudit/_native*.so \
		test-artefacts fuzz/artifacts examples/notebooks/exports
	find python tests examples benches fuzz -name __pycache__ -prune -exec rm -rf {} +

$(ENVIRONMENT):
	@$(PYTHON) --version >/dev/null || { \
		echo 'make: $(PYTHON) does not run; wxaudit needs Python 3.10 or newer: make PYTHON=/path/to/python' >&2; \
		exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { \
		echo 'make: $(PYTHON) is $(PYTHON_VERSION); wxaudit needs Python 3.10 or newer: make PYTHON=python3.12' >&2; \
		exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo 'make: $(PYTHON) cannot create virtual environments; on Debian and Ubuntu: apt-get install python3-venv' >&2; \
		exit 1; }
	@cargo --version >/dev/null || { \
		echo 'make: cargo is not installed; wxaudit needs Rust, see rust-version in Cargo.toml' >&2; \
		exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	@touch $@

$(BUILD_TOOLS): requirements/build.txt $(ENVIRONMENT)
	$(PIP_INSTALL) -r $<
	@touch $@

# pip would compile with one core. Some files are templates, or for another Python: they cannot be compiled.
$(DEVELOPMENT_TOOLS): requirements/development.txt $(ENVIRONMENT)
	$(PIP_INSTALL) --no-compile -r $<
	$(BIN)/python -m compileall -qq -j 0 $(VENV) || true
	@touch $@

# Holds what maturin is told: nothing on a system without glibc.
$(ZIG): requirements/zig.txt $(ENVIRONMENT)
	if [ "$$($(BIN)/python -c 'import platform; print(platform.libc_ver()[0])')" = glibc ]; then \
		$(PIP_INSTALL) -r $< && echo '--zig --compatibility manylinux2014' >$@; \
	else \
		touch $@; \
	fi

# `find` lists folders too: their time changes when a file is removed.
$(BUILT): Cargo.toml Cargo.lock pyproject.toml $(shell find src) $(BUILD_TOOLS)
	$(BIN)/maturin develop
	@touch $@
