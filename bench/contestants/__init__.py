"""One program per contestant: `python -m bench.contestants.<name> TASK`, answers with one JSON line."""
