"""Intents: what was accepted and is on its way to Google, or has been there."""

from collections.abc import Iterable

from sqlalchemy import Connection, literal_column, or_, select

from calferry.core.intent import Intent
from calferry.store.dialect import among
from calferry.store.tables import intents, sync_states

# As the partial index has it.
UNSETTLED = or_(intents.c.status == literal_column("'pending'"), intents.c.done_mark.is_not(None))
COLUMNS = [intents.c[name] for name in Intent.__slots__]


def shown(connection: Connection, calendar_ids: Iterable[str]) -> list[Intent]:
    """What readers are to see over the rows of these calendars, oldest first.

    That is what is pending, and what Google has done as long as no pass has begun since.
    """
    statement = (
        select(*COLUMNS)
        .join(sync_states, sync_states.c.id == intents.c.calendar_id)
        .where(
            UNSETTLED,
            among(connection, intents.c.calendar_id, calendar_ids),
            or_(intents.c.status == "pending", intents.c.done_mark > sync_states.c.clean_seq),
        )
        .order_by(intents.c.number)
    )
    return [Intent(*row) for row in connection.execute(statement)]
