"""Whether what the store does to a state is what the core's tables allow."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Engine

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

    @property
    def triggers(self) -> list[str]:
        allowed = ", ".join(f"'{before} to {after}'" for before, after in sorted(self.pairs))
        old, new = f"OLD.{self.column}", f"NEW.{self.column}"
        moves = f"{old} <> {new} AND ({old} || ' to ' || {new}) NOT IN ({allowed})"
        return [
            self.trigger("begin", "INSERT", f"{new} <> '{self.first}'"),
            self.trigger("move", f"UPDATE OF {self.column}", moves),
        ]

    def trigger(self, name: str, act: str, condition: str) -> str:
        refusal = f"SELECT RAISE(ABORT, 'a row of {self.table} may not {name} so')"
        return (
            f"CREATE TRIGGER {self.table}_{name} BEFORE {act} ON {self.table} "
            f"WHEN {condition} BEGIN {refusal}; END"
        )


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
    """Let SQLite itself refuse every other move: the statement fails with an IntegrityError."""
    with engine.begin() as connection:
        for machine in MACHINES.values():
            for trigger in machine.triggers:
                connection.exec_driver_sql(trigger)
