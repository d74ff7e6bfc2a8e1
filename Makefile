# Thin on purpose: every target is a script, and every script does its own set-up. Options go in ARGS.
.PHONY: help demo serve test check bench soak reference docs clean
.SILENT:
MAKEFLAGS += --no-print-directory

help:
	echo "make demo       the local Google and the service, no account needed (ARGS=\"--once --json\")"
	echo "make serve      the service, configured by the environment or .env"
	echo "make test       checks, then every test"
	echo "make check      style, types, import contracts, known vulnerabilities of pinned packages"
	echo "make bench      measure against the loops people write by hand"
	echo "make soak       long random runs of the engine and of killed processes (ARGS=\"--seeds 20000\": engine only)"
	echo "make reference  write docs/reference/ from the code"
	echo "make docs       the documentation as a site, in site/"
	echo "make clean      remove .venv and everything made by these commands"

demo:
	exec scripts/demo $(ARGS)

serve:
	exec scripts/serve $(ARGS)

test:
	exec scripts/test $(ARGS)

check:
	scripts/setup dev
	exec scripts/check

bench:
	exec scripts/bench $(ARGS)

soak:
	exec scripts/soak $(ARGS)

reference:
	scripts/setup dev
	.venv/bin/python -m scripts.reference
	exec .venv/bin/python -m scripts.coverage_table

docs:
	scripts/setup dev
	.venv/bin/python -m properdocs --quiet build --strict --no-directory-urls
	echo "site/index.html"

clean:
	rm -rf .venv build dist site .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find src tests bench -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
