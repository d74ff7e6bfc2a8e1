"""What all processes together have reserved of Google's quotas. On PostgreSQL alone; one process counts by itself."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection, and_, bindparam, delete, or_, select, update

from calferry.core.quota_seconds import room, wait_s
from calferry.store.dialect import insert_for, take_turns
from calferry.store.tables import quota_spent as spent

PROJECT = "project"
DAY = "day"
NOW = "SELECT extract(epoch FROM clock_timestamp())::double precision"
DAYS_KEPT_S = 2 * 86_400
SOON_S = 0.1

Counts = defaultdict[str, dict[int, int]]

Lots = Mapping[tuple[str, int], int]
"""Units by whom they were reserved for, and when."""


@dataclass(frozen=True, slots=True)
class Limits:
    """`window_s` is longer than Google's minute by how long a reservation may be held, and by the length of a second."""

    per_window: int
    per_user: int
    per_day: int
    window_s: float


@dataclass(frozen=True, slots=True)
class Asked:
    """What is needed now for each user, with how many more to take along while they are there.

    `given_back`: units reserved earlier and not used.
    """

    users: Mapping[str, int]
    day_began_s: int
    project_batch: int = 0
    user_batch: int = 0
    given_back: Lots = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reserved:
    """Units granted in this second, and for those who got too few how many seconds to wait; None: not before tomorrow."""

    second: int
    granted: dict[str, int]
    waits: dict[str, float | None]
    left: int
    left_today: int


def reserve(connection: Connection, asked: Asked, limits: Limits) -> Reserved:
    """Reserve of all three quotas at once, all processes taking turns."""
    take_turns(connection, "quota")
    now_s = float(connection.exec_driver_sql(NOW).scalar_one())
    give_back(connection, asked.given_back)
    counts = read(connection, [*asked.users, PROJECT], now_s - limits.window_s, asked.day_began_s)
    left = room(limits.per_window, counts[PROJECT])
    today = limits.per_day - counts[DAY].get(asked.day_began_s, 0)
    granted = share_out(asked, counts, limits, min(left, today))
    waits = {
        user: None if today < units else wait_of(counts, user, units, limits, now_s)
        for user, units in asked.users.items()
        if granted.get(user, 0) < units
    }
    needed = sum(min(units, asked.users[user]) for user, units in granted.items())
    taken = min(max(needed, asked.project_batch), left, today) if needed else 0
    second = int(now_s)
    add(connection, {(user, second): units for user, units in granted.items()})
    add(connection, {(PROJECT, second): taken, (DAY, asked.day_began_s): taken})
    return Reserved(second, {**granted, PROJECT: taken}, waits, left - taken, today - taken)


def share_out(asked: Asked, counts: Counts, limits: Limits, fits: int) -> dict[str, int]:
    """Units for each user, some more than needed while there are any."""
    granted: dict[str, int] = {}
    for user, units in asked.users.items():
        has = room(limits.per_user, counts[user])
        used = min(units, has, fits)
        if used > 0:
            granted[user] = min(max(used, asked.user_batch), has)
            fits -= used
    return granted


def wait_of(counts: Counts, user: str, units: int, limits: Limits, now_s: float) -> float:
    own = wait_s(limits.per_user, counts[user], units, now_s, limits.window_s)
    everybodys = wait_s(limits.per_window, counts[PROJECT], units, now_s, limits.window_s)
    return max(own, everybodys, SOON_S)


def read(connection: Connection, scopes: list[str], since_s: float, day_began_s: int) -> Counts:
    """Counted seconds of each scope that lie in the window."""
    recent = and_(spent.c.scope.in_(scopes), spent.c.second > since_s)
    today = and_(spent.c.scope == DAY, spent.c.second == day_began_s)
    found: Counts = defaultdict(dict)
    for row in connection.execute(select(spent).where(or_(recent, today))):
        found[row.scope][row.second] = row.units
    return found


def add(connection: Connection, lots: Lots) -> None:
    rows = [
        {"scope": scope, "second": second, "units": units} for (scope, second), units in lots.items() if units
    ]
    if rows:
        statement = insert_for(connection, spent)
        more = {"units": spent.c.units + statement.excluded.units}
        connection.execute(
            statement.on_conflict_do_update(index_elements=["scope", "second"], set_=more), rows
        )


GIVE_BACK = (
    update(spent)
    .where(spent.c.scope == bindparam("of"), spent.c.second == bindparam("at"))
    .values(units=spent.c.units - bindparam("number"))
)


def give_back(connection: Connection, lots: Lots) -> None:
    rows = [{"of": scope, "at": second, "number": units} for (scope, second), units in lots.items() if units]
    if rows:
        connection.execute(GIVE_BACK, rows)


def forget(connection: Connection, now_s: float, window_s: float) -> None:
    """Seconds that count no more."""
    over = or_(
        and_(spent.c.scope != DAY, spent.c.second < now_s - window_s),
        and_(spent.c.scope == DAY, spent.c.second < now_s - DAYS_KEPT_S),
    )
    connection.execute(delete(spent).where(over))
