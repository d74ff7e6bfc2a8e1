"""Items that could not be stored, kept as bytes for a later version to read."""

from collections.abc import Iterable

from sqlalchemy import Connection, bindparam, delete, select

from calferry import __version__
from calferry.core.model import CalendarId, ProjectionId, UnreadableItem, UserId
from calferry.store.dialect import among
from calferry.store.sync_states import bound
from calferry.store.tables import quarantine

OF_PROJECTION = delete(quarantine).where(quarantine.c.projection_id == bindparam("projection"))
SAME_EVENT = OF_PROJECTION.where(quarantine.c.event_id == bindparam("event"))
SAME_BYTES = OF_PROJECTION.where(quarantine.c.raw == bindparam("bytes"))
PUT = quarantine.insert()


def put(
    connection: Connection,
    user_id: UserId,
    calendar_id: CalendarId,
    projection_id: ProjectionId,
    items: Iterable[UnreadableItem],
    generation: int,
    now_ms: int,
) -> None:
    """Keep the newest bytes of each item, met by a pass of this generation.

    Those without an id are told apart by their bytes.
    """
    for item in items:
        if item.event_id is None:
            connection.execute(SAME_BYTES, {"projection": projection_id, "bytes": item.raw})
        else:
            connection.execute(SAME_EVENT, {"projection": projection_id, "event": item.event_id})
        row = {
            "user_id": user_id,
            "calendar_id": calendar_id,
            "projection_id": projection_id,
            "event_id": item.event_id,
            "raw": item.raw,
            "reason": item.reason,
            "version": __version__,
            "seen_at": now_ms,
            "generation": generation,
        }
        connection.execute(PUT, row)


UNSEEN = OF_PROJECTION.where(quarantine.c.generation < bound("listed_generation"))


def release_unseen(connection: Connection, projection_id: ProjectionId, generation: int) -> None:
    """A complete listing of this generation has met none of the others."""
    connection.execute(UNSEEN, {"projection": projection_id, "listed_generation": generation})


WAITING = select(quarantine.c.event_id).where(quarantine.c.projection_id == bindparam("projection"))


def release(connection: Connection, projection_id: ProjectionId, event_ids: Iterable[str]) -> None:
    """These were read again, or are gone."""
    waiting = set(connection.execute(WAITING, {"projection": projection_id}).scalars())
    readable = waiting.intersection(event_ids) if waiting else set()
    if readable:
        connection.execute(
            OF_PROJECTION.where(among(connection, quarantine.c.event_id, readable)),
            {"projection": projection_id},
        )
