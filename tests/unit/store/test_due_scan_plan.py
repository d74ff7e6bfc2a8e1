"""On PostgreSQL the due scan never sorts everything that is due, however many calendars one person has."""

from typing import Any

import pytest
from sqlalchemy import Connection
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.expression import ClauseElement, Executable

from calferry.store.due_scan import due_statement
from tests.harness.databases import transaction
from tests.unit.duties.rows import NOW, add_account, add_calendar

MANY = 3_000
ASKED = {"now": NOW, "lease_now": 0, "boot": "boot-1", "per_account": 5, "at_most": 40}


class Explained(Executable, ClauseElement):
    """What the database did to answer a statement."""

    inherit_cache = False

    def __init__(self, statement: Any) -> None:
        self.statement = statement


@compiles(Explained)  # type: ignore[no-untyped-call,untyped-decorator]
def explain(element: Explained, compiler: Any, **options: Any) -> str:
    return "EXPLAIN (ANALYZE, FORMAT JSON) " + compiler.process(element.statement, **options)


def nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [plan, *(node for inner in plan.get("Plans", ()) for node in nodes(inner))]


@pytest.mark.greenlet
def test_what_is_sorted_is_a_handful(on_both: str) -> None:
    if on_both == "sqlite":
        return
    with transaction() as connection:
        fill(connection)
        connection.exec_driver_sql("ANALYZE")
        answer = connection.execute(Explained(due_statement("postgresql")), ASKED).scalar_one()
    found = nodes(answer[0]["Plan"])
    assert {node["Node Type"] for node in found} >= {"Recursive Union", "Index Scan"}
    assert [node for node in found if node["Node Type"] == "Seq Scan" and node["Actual Rows"] > 50] == []
    sorted_rows = [node["Actual Rows"] for node in found if node["Node Type"] == "Sort"]
    assert sorted_rows
    assert max(sorted_rows) <= 20


def fill(connection: Connection) -> None:
    add_account(connection, "big")
    for number in range(MANY):
        add_calendar(connection, f"big_{number}", "big", next_due_at=NOW - 1, dirty_seq=1, sync_token="t")
    for account in ("one", "two"):
        add_account(connection, account)
        add_calendar(connection, account, account, next_due_at=NOW, sync_token="t")
