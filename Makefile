# Two commands: `make run` sets up and runs the main job, `make test` sets up and passes the tests.
# Both may be repeated; what is done already is not done again.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STORYDESK := $(BIN)/storydesk
QUESTION := How many US troops have to go?

export HF_HUB_OFFLINE = 1
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: run test check bench setup clean

run: setup
	@echo "==> Indexing the story"
	@$(STORYDESK) index
	@echo "==> Proof of life: $(QUESTION)"
	@$(STORYDESK) ask "$(QUESTION)"
	@if [ -n "$$DISCORD_TOKEN$$DISCORD_TOKEN_FILE" ]; then \
		echo "==> Starting the bot on Discord (Ctrl-C ends it)"; exec $(STORYDESK) run; \
	else \
		echo "==> No DISCORD_TOKEN is set: starting the preview in the browser (Ctrl-C ends it)"; exec $(STORYDESK) preview; \
	fi

test: setup
	@echo "==> Checking format, lint, types and import contracts, and running the tests"
	@$(BIN)/task check

check: test

bench: setup
	@echo "==> Measuring into bench/RESULTS.md (about half an hour, and more the first time for the peers' environments)"
	@$(BIN)/python -W ignore -m bench.everything

setup: $(VENV)/.installed

$(VENV)/.installed: pyproject.toml constraints.txt
	@echo "==> Setting up $(VENV) with pinned dependencies (some minutes the first time)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

clean:
	rm -rf $(VENV) bench/.cache bench/peers/.venv-* build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache
