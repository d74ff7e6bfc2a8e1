"""The project's own measurements: `make bench` or `python -m bench`."""
