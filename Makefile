# Each target does all of its own set-up in .venv; a second call installs nothing.
PYTHON ?= python3
STORE ?= results
ENGINE ?= local
FULL ?=
SIZE := $(if $(filter-out 0,$(FULL)),full)
SWEEP := horizon$(if $(SIZE),-$(SIZE))
RUN := .venv/bin/python
REPORTS := horizon battery parity extrapolation copy_memory adding babi
# A process a core; the tests of a file share their fixtures in one of them.
SPREAD := -n logical --maxprocesses 8 --dist loadfile

.PHONY: run docs bench bench-quick test test-slow lint lock

run: .venv/.installed
	@$(RUN) -m experiments.sweep --config=configs/horizon.py$(if $(SIZE),:$(SIZE)) --store=$(STORE) --engine=$(ENGINE); \
	code=$$?; case $$code in 0|1) ;; *) exit $$code ;; esac; \
	$(RUN) -m experiments.report --store=$(STORE) --name=$(SWEEP) && exit $$code

# Every table and every report in docs/, anew from the results that the code ships. The
# runs of babi are known by its data set: prepare it first.
docs: .venv/.installed
	@failed=; for name in $(REPORTS); do \
	  $(RUN) -m experiments.sweep --config=configs/$$name.py --baselines=on --store=build/docs && \
	  $(RUN) -m experiments.report --name=$$name --store=build/docs --copy=docs/$$name > /dev/null \
	  || failed="$$failed $$name"; \
	done; \
	$(RUN) -m experiments.tables; \
	if [ -n "$$failed" ]; then echo "not made:$$failed" >&2; exit 1; fi

bench: .venv/.installed .venv/.installed-bench
	@$(RUN) -m experiments.bench --store=$(STORE) $(if $(SIZE),--full)

bench-quick: .venv/.installed .venv/.installed-bench
	@$(RUN) -m experiments.bench --store=$(STORE) --quick

test: .venv/.installed
	$(RUN) -m pytest $(SPREAD)

test-slow: .venv/.installed .venv/.installed-ray
	$(RUN) -m pytest $(SPREAD) -m "slow or not slow"

lint: .venv/.installed .venv/.installed-lint
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/basedpyright

# uv where it is there, else venv and pip; both install the same pinned versions.
.venv/.installed: requirements.txt
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(0 if v >= (3, 11) else \
	"Horizon needs Python 3.11 or newer, got %d.%d; name one: make PYTHON=python3.12 ..." % v[:2])'
	@if command -v uv > /dev/null; then \
	  uv venv --quiet --seed --allow-existing --python $(PYTHON) .venv; \
	else $(PYTHON) -m venv .venv; fi
	@$(call install,requirements.txt)
	@touch $@

.venv/.installed-%: requirements-%.txt .venv/.installed
	@$(call install,$<)
	@touch $@

# With pip, whose settings may name where torch's small build without CUDA is found.
.venv/.installed-bench: requirements-bench.txt .venv/.installed
	@echo "Installing $< into .venv"
	@if .venv/bin/python -m pip install --quiet -r $<; then touch $@; \
	else echo "$< could not be installed: peers that lack are left out" >&2; fi

install = echo "Installing $(1) into .venv"; \
	if command -v uv > /dev/null; then uv pip install --quiet --python .venv -r $(1); \
	else .venv/bin/python -m pip install --quiet -r $(1); fi

# The locks, made anew from pyproject.toml for every supported Python and system.
lock:
	uv pip compile --quiet --universal --no-header --python-version 3.11 pyproject.toml --group test -o requirements.txt
	uv pip compile --quiet --universal --no-header --python-version 3.11 -c requirements.txt --group lint -o requirements-lint.txt
	uv pip compile --quiet --universal --no-header --python-version 3.11 -c requirements.txt pyproject.toml --extra ray -o requirements-ray.txt
	# Without what they need: that of torch's build with CUDA is several gigabytes.
	uv pip compile --quiet --universal --no-header --no-deps --python-version 3.11 -c requirements.txt --group bench -o requirements-bench.txt
