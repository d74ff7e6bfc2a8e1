"""These tests run on both kinds of database."""

from tests.harness.databases import always_on_both

__all__ = ["always_on_both"]
