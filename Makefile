# Everything starts here: `make help` lists what there is.
#
# PYTHON  the interpreter that makes the environment (3.11 or newer; found by itself when not given)
# EXTRA   cpu (default) or gpu: which build of FAISS is installed

EXTRA ?= cpu
VENV := .venv
ASSISTANT := $(VENV)/bin/assistant
TEST_WEIGHTS := all-MiniLM-L6-v2 qwen2.5-coder-0.5b-instruct smollm2-135m-instruct efficientnet-lite2

# The question is handed over as text in the environment, so that quotes, dollar signs and
# apostrophes in it stay what they are. Standard output holds the answer and nothing else.
unexport Q
export PYTHON

.PHONY: help run ask setup setup-dev weights test-weights browser check test constraints

help: ## List these targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | while IFS='	' read -r name text; do printf '  make %-14s %s\n' "$$name" "$$text"; done

run: setup weights ## Set everything up and open the chat on 127.0.0.1:7860
	@echo "==> Starting the chat (the index is built on the first start)"
	@exec $(ASSISTANT) serve

ask: export ASK_QUESTION = $(value Q)
ask: setup weights ## Print one grounded answer: make ask Q="What is an anchor box?"
	@exec $(ASSISTANT) ask -- "$$ASK_QUESTION"

setup: ## Make the environment and install the assistant
	@setup/environment.sh $(EXTRA) >&2

setup-dev: ## The same with what the tests and the checks need
	@setup/environment.sh $(EXTRA),dev >&2

weights: setup ## Get the weights that the assistant uses by default
	@$(ASSISTANT) weights pull >&2

test-weights: setup-dev
	@$(ASSISTANT) weights pull $(TEST_WEIGHTS) >&2

browser: ## Install the browser that the browser tests drive (as root, with apt-get)
	@setup/system-packages.sh

check: setup-dev ## Check the format, the style and the types
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy

test: setup-dev test-weights browser check ## Pass every check and every test (PYTEST_ARGS for more)
	$(VENV)/bin/python -m pytest $(PYTEST_ARGS)

constraints: ## Pin the versions that are installed now, after a dependency was added
	@setup/pin-versions.sh
