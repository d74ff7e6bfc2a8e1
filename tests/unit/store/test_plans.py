"""What is asked all the time is answered by an index, however many calendars there are."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Connection, event

from bench.many_rows import fill
from bench.scale import QUESTIONS
from tests.harness.databases import ON_BOTH, empty_store

pytestmark = [pytest.mark.anyio, ON_BOTH]
CALENDARS = 20_000
BIG = "sync_states|calendars|channels|accounts|users"
WHOLE = {
    "sqlite": re.compile(rf"SCAN ({BIG})(?! USING)"),
    "postgresql": re.compile(rf"Seq Scan on ({BIG})"),
}


def plans(connection: Connection, question: Callable[[Connection], Any]) -> str:
    """What the database says of every statement that the question makes."""
    asked: list[tuple[str, Any]] = []

    def note(_conn: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        asked.append((statement, parameters))

    event.listen(connection, "before_cursor_execute", note)
    question(connection)
    event.remove(connection, "before_cursor_execute", note)
    explain = "EXPLAIN" if connection.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN"
    rows = [
        row
        for statement, parameters in asked
        for row in connection.exec_driver_sql(f"{explain} {statement}", tuple(parameters))
    ]
    return "\n".join(str(row[-1]) for row in rows)


async def test_no_question_reads_a_whole_table() -> None:
    store = empty_store()
    await store.write(lambda tx: fill(tx, CALENDARS))

    def look(connection: Connection) -> dict[str, str]:
        if connection.dialect.name == "postgresql":
            # A table as small as this is read whole where that is cheaper; the question is whether it has to be.
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        return {name: plans(connection, question) for name, question in QUESTIONS.items()}

    found = await store.read(look)
    for name, plan in found.items():
        assert plan, name
        for kind, whole in WHOLE.items():
            assert not whole.search(plan), f"{kind}, {name}:\n{plan}"


def test_a_plan_that_reads_everything_would_be_seen() -> None:
    assert WHOLE["sqlite"].search("SCAN channels")
    assert not WHOLE["sqlite"].search(
        "SEARCH sync_states USING INDEX ix_sync_states_next_due_at (next_due_at<?)"
    )
    assert WHOLE["postgresql"].search("  ->  Seq Scan on sync_states  (cost=0.00..1.00)")
