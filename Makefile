# A newcomer's two commands: `make demo` and `make test`. Both set up what they need first.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin

# One thread a process: more make a busy machine slower, and results differ.
export OMP_NUM_THREADS := 1

.PHONY: help setup demo test test-quick test-packages lint docs coverage fuzz assignments study clean

help:
	@echo "make demo         set up, then grade sample submissions and show the results"
	@echo "make test         set up, then lint, types and tests"
	@echo "make test-quick   a part of the tests, in a minute"
	@echo "make fuzz         hostile bytes for all that reads any, a minute"
	@echo "make lint         style, the contracts on imports, types, links of the documentation"
	@echo "make docs         the documentation as a site: out/site/index.html"
	@echo "make coverage     the tests, and which lines none of them runs"
	@echo "make assignments  release the assignments: student versions and packages"
	@echo "make study        the slow statistical studies under benchmarks/ (hours)"

setup: $(VENV)/.done

# By the system's package manager, as root or through sudo: $(call install,PACKAGE)
define install
if [ "$$(id -u)" = 0 ]; then sudo=; else sudo=sudo; fi; \
echo "Installing $(1)"; \
if command -v apt-get >/dev/null; then $$sudo apt-get update -qq && $$sudo apt-get install -y -qq $(1) >/dev/null; \
elif command -v dnf >/dev/null; then $$sudo dnf install -y -q $(1); \
elif command -v pacman >/dev/null; then $$sudo pacman -S --noconfirm $(1); \
else echo "Please install $(1) by your system's package manager." >&2; exit 1; fi
endef

# bubblewrap confines student code. Without it, grading falls back on Landlock, and the tests of namespaces fail.
# PyTorch comes first, at the pinned version: torchvision would bring another.
$(VENV)/.done: pyproject.toml constraints.txt
	@command -v bwrap >/dev/null || { $(call install,bubblewrap); }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt torch
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dask,dev,lessons,similar]'
	@touch $@

# A few of each kind, as a class would hand them in: right, wrong, hostile, broken, and the blank student version.
DEMO := right/reference.py right/log_softmax_nll.ipynb right/best_epoch_dropout_batchnorm.py \
        wrong/q1_padding_once.ipynb wrong/q2_ends_at_2x2.ipynb wrong/q3_softmax_before_cross_entropy.py \
        wrong/q4_last_batch_accuracy.py hostile/reads_files.py hostile/exit_in_q1.py broken/word_document.ipynb

demo: setup
	@rm -rf out/demo && mkdir -p out/demo/submissions
	@$(BIN)/python -m autograder.quality.declared cnn out/demo/declared $(DEMO)
	@cp $(addprefix out/demo/declared/,$(DEMO)) out/demo/submissions
	@cp assignments/cnn/cnn.ipynb out/demo/submissions/blank.ipynb
	$(BIN)/autograder grade cnn out/demo/submissions -o out/demo

# A file is for one process, which shares what it sets up; the other fills the time in which tests wait. The submissions
# of the lessons are for whichever has nothing to do (tests/conftest.py).
PYTEST := $(BIN)/python -m pytest --numprocesses 2 --dist loadgroup

test: test-packages lint
	$(PYTEST)

# For who changed a line. It leaves out what takes long: the lessons (their graders, their notebooks, the studies of
# them), Otter and the release, the processes of the command, of CI and of commit hooks, engines, the sandboxes, and what
# trains, draws or attacks. And single tests of other files, by the marker `slow`.
SLOW := attacks calibrate cells ci clean_room cli cnn_lesson commit_hooks convolve_lesson dask docs drawings engines \
        faults_benchmark feedback fuzz lessons_graders load neighbours new packaging page reports sandbox similar student \
        study temporary trials tryout tutorial whole_road why written zygote

test-quick: setup
	$(PYTEST) -m "not slow" $(SLOW:%=--ignore=tests/test_%.py)

# Which lines no test runs. It takes longer than `make test` does.
coverage: test-packages setup
	$(PYTEST) --cov --cov-report=term

# 100,000 inputs for what decodes replies, computations and evidence, and 10,000 for the reader of submissions. A part of
# them is in the tests.
fuzz: setup
	$(BIN)/python tests/fuzzing.py --seed $${SEED:-0}

# What tests ask for and Python's index does not have. Only Debian and its kin package the images: elsewhere, the test
# that compares with them fails and says so.
test-packages:
	@command -v jq >/dev/null || { $(call install,jq); }
	@command -v chromium >/dev/null || { $(call install,chromium); }
	@test -d /usr/share/datasets/fashion-mnist || ! command -v apt-get >/dev/null || \
		{ $(call install,dataset-fashion-mnist); }

# The variable keeps the theme from advertising its successor at each build.
docs: export NO_MKDOCS_2_WARNING := 1
docs: setup
	$(BIN)/mkdocs build --strict

# Graders of two assignments have modules of the same names, so each assignment's are checked apart.
lint: setup docs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-logo
	$(BIN)/mypy
	for graders in solutions/*/graders; do $(BIN)/mypy $$graders || exit 1; done

assignments: setup
	$(BIN)/autograder assign cnn
	$(BIN)/autograder assign convolve

study: setup
	$(BIN)/python benchmarks/training.py
	$(BIN)/python benchmarks/tiny_images.py
	$(BIN)/python benchmarks/load.py

clean:
	rm -rf $(VENV) out .cache
