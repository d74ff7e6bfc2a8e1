"""Whether what the store does to a state is what the core's tables allow."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, Engine

from calferry.core import channel_state, sync_state


class IllegalMove(AssertionError):
    """A state has gone where no event leads."""


@dataclass(frozen=True)
class Machine:
    """A table of states: where rows begin, and which pairs of states follow each other."""

    table: str
    column: str
    first: str
    pairs: frozenset[tuple[str, str]]

    def triggers(self, dialect: str) -> Iterator[str]:
        allowed = ", ".join(f"'{before} to {after}'" for before, after in sorted(self.pairs))
        old, new = f"OLD.{self.column}", f"NEW.{self.column}"
        moves = f"{old} <> {new} AND ({old} || ' to ' || {new}) NOT IN ({allowed})"
        yield from self.trigger(dialect, "begin", "INSERT", f"{new} <> '{self.first}'")
        yield from self.trigger(dialect, "move", f"UPDATE OF {self.column}", moves)

    def trigger(self, dialect: str, name: str, act: str, condition: str) -> Iterator[str]:
        trigger, refusal = f"{self.table}_{name}", f"a row of {self.table} may not {name} so"
        before = f"CREATE TRIGGER {trigger} BEFORE {act} ON {self.table}"
        if dialect == "postgresql":
            raising = f"BEGIN RAISE check_violation USING MESSAGE = '{refusal}'; END"
            yield f"CREATE FUNCTION {trigger}() RETURNS trigger LANGUAGE plpgsql AS $$ {raising} $$"
            yield f"{before} FOR EACH ROW WHEN ({condition}) EXECUTE FUNCTION {trigger}()"
        else:
            yield f"{before} WHEN {condition} BEGIN SELECT RAISE(ABORT, '{refusal}'); END"


def pairs_of(transitions: Mapping[tuple[str, str], str]) -> frozenset[tuple[str, str]]:
    return frozenset((before, after) for (before, _), after in transitions.items())


MACHINES = {
    "sync_state": Machine(
        "sync_states",
        "status",
        "idle",
        pairs_of({**sync_state.TRANSITIONS}),  # type: ignore[arg-type]
    ),
    "channel": Machine(
        "channels",
        "state",
        "registering",
        pairs_of({**channel_state.TRANSITIONS}),  # type: ignore[arg-type]
    ),
}


def check_transition(kind: str, before: str | None, after: str | None) -> None:
    """`kind` is `sync_state` or `channel`; None stands for no row. Raises `IllegalMove`.

    A row may be deleted in any state, and written without moving.
    """
    machine = MACHINES[kind]
    if after is None or before == after:
        return
    allowed = after == machine.first if before is None else (before, after) in machine.pairs
    if not allowed:
        raise IllegalMove(f"{kind}: {before or 'nothing'} to {after}")


def install(engine: Engine) -> None:
    with engine.begin() as connection:
        install_on(connection)


def install_on(connection: Connection) -> None:
    """Let the database itself refuse every other move: the statement fails with an IntegrityError."""
    for machine in MACHINES.values():
        for statement in machine.triggers(connection.dialect.name):
            connection.exec_driver_sql(statement)
