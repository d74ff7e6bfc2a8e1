"""The command line."""

from calferry.cli.commands import app, main

__all__ = ["app", "main"]
