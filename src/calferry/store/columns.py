"""Kinds of columns that many tables have."""

from typing import Any

from sqlalchemy import BigInteger, Column, Integer, Text, text
from sqlalchemy.types import TypeEngine

# SQLite numbers rows by itself only in a column declared INTEGER.
RowId = BigInteger().with_variant(Integer, "sqlite")


def required(name: str, kind: type[TypeEngine[Any]] = Text) -> Column[Any]:
    return Column(name, kind, nullable=False)


def counter(name: str) -> Column[Any]:
    return Column(name, BigInteger, nullable=False, server_default=text("0"))
