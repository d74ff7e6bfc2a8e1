"""Statements are compiled once a process, not once for every database that a test opens.

SQLAlchemy compiles for an engine, and keeps what it compiled by the engine's dialect. Ours are all alike, but a test has
an engine of its own, and compiling its statements takes longer than running them.
"""

from typing import Any

from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine import Engine
from sqlalchemy.util import LRUCache

KEPT = 10_000


def share_compiled_statements() -> None:
    """From now on, in this process."""
    shared: Any = LRUCache(KEPT)
    begin = Engine.__init__

    def begin_shared(self: Engine, *args: Any, **kwargs: Any) -> None:
        begin(self, *args, **kwargs)
        self._compiled_cache = shared

    setattr(Engine, "__init__", begin_shared)  # noqa: B010
    for dialect in (SQLiteDialect_pysqlite, PGDialect_asyncpg):
        setattr(dialect, "__eq__", lambda one, other: type(one) is type(other))  # noqa: B010
        setattr(dialect, "__hash__", lambda one: hash(type(one)))  # noqa: B010
