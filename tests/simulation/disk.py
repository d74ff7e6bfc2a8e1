"""The database that survives crashes: the store's real code on an in-memory SQLite, emptied between runs."""

import sqlite3
from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

from sqlalchemy.exc import OperationalError

from tests.harness.databases import copy_of, driver_of, made_once

T = TypeVar("T")


class StoreDown(OperationalError):
    """What a process sees of a store that is down."""

    def __init__(self) -> None:
        super().__init__("", None, sqlite3.OperationalError("unable to open database file"))


def is_store_down(error: BaseException | None) -> bool:
    """Whether nothing else is wrong than that the store is down."""
    if isinstance(error, BaseExceptionGroup):
        return all(is_store_down(inner) for inner in error.exceptions)
    return isinstance(error, StoreDown)


# What a transaction did to event rows, for the checks that follow it.
WATCHING = [
    "CREATE TEMP TABLE touched (projection_id INTEGER, event_id TEXT, verb TEXT)",
    *(
        f"CREATE TEMP TRIGGER note_{verb} AFTER {verb.upper()} ON main.events BEGIN "
        f"INSERT INTO touched VALUES ({row}.projection_id, {row}.event_id, '{verb}'); END"
        for verb, row in (("insert", "new"), ("update", "new"), ("delete", "old"))
    ),
    "CREATE TEMP TABLE touched_intents (id TEXT)",
    *(
        f"CREATE TEMP TRIGGER note_intent_{verb} AFTER {verb.upper()} ON main.intents BEGIN "
        f"INSERT INTO touched_intents VALUES ({row}.id); END"
        for verb, row in (("insert", "new"), ("update", "new"), ("delete", "old"))
    ),
]


class Disk:
    """One database for every process of a run. Compiled statements are kept from run to run."""

    def __init__(self) -> None:
        self.store = copy_of(made_once(guarded=True))
        self.connection = self.store.writing.connect()
        self.raw = driver_of(self.connection)
        # SQLAlchemy believes in one transaction for ever; those that there are begin and end below it, which is quick.
        self.connection.begin()
        self.raw.execute("COMMIT")
        self.template = sqlite3.connect(":memory:")
        self.raw.backup(self.template)
        for statement in WATCHING:
            self.raw.execute(statement)
        self.seen = 0
        """How much had been written when somebody looked last."""

    def has_changed(self) -> bool:
        """Whether any row has been written since `take_note`."""
        return self.raw.total_changes != self.seen

    def take_note(self) -> None:
        self.seen = self.raw.total_changes

    def format(self) -> None:
        """Empty every table, counters included."""
        self.template.backup(self.raw)
        self.raw.execute("DELETE FROM temp.touched")
        self.raw.execute("DELETE FROM temp.touched_intents")
        self.take_note()

    def transact(self, work: Callable[[Any], T]) -> T:
        self.raw.execute("BEGIN IMMEDIATE")
        try:
            result = work(self.connection)
        except BaseException:
            self.raw.execute("ROLLBACK")
            raise
        self.raw.execute("COMMIT")
        return result

    def touched(self) -> list[tuple[int, str, str]]:
        """Event rows written since the last call: projection, event, verb."""
        found = self.raw.execute("SELECT DISTINCT projection_id, event_id, verb FROM touched").fetchall()
        if found:
            self.raw.execute("DELETE FROM temp.touched")
        return found

    def touched_intents(self) -> list[str]:
        """Intents written since the last call, in the order in which they were."""
        found = self.raw.execute("SELECT id FROM touched_intents ORDER BY rowid").fetchall()
        if found:
            self.raw.execute("DELETE FROM temp.touched_intents")
        return list(dict.fromkeys(row[0] for row in found))


@cache
def the_disk() -> Disk:
    """The only one of this interpreter."""
    return Disk()
