"""Edits put into the database as if they had been accepted, so that nothing sends them."""

import itertools
import json
from typing import Any

from sqlalchemy import insert, update

from calferry.store.tables import intents, sync_states
from tests.contract.web.site import Person, Site

numbers = itertools.count(1_000)


def edit(
    site: Site,
    person: Person,
    google_id: str,
    kind: str,
    event_id: str,
    changes: Any = None,
    base: Any = None,
) -> int:
    """Its number."""
    number = next(numbers)
    values = {
        "number": number,
        "id": f"int_{number}",
        "user_id": person.user_id,
        "account_id": person.account_id,
        "calendar_id": person.calendars[google_id],
        "event_id": event_id,
        "line_id": event_id,
        "kind": kind,
        "changes": None if changes is None else json.dumps(changes),
        "base_raw": None if base is None else json.dumps(base),
        "send_updates": "none",
        "on_conflict": "fail",
        "status": "pending",
        "created_at": site.clock.now_ms(),
    }
    site.write(lambda conn: conn.execute(insert(intents).values(**values)))
    return number


def settle(site: Site, number: int, answer: Any = None) -> None:
    """What Google has made of it, and no pass has read yet."""
    ended = (
        update(intents)
        .where(intents.c.number == number)
        .values(
            status="done",
            answer=None if answer is None else json.dumps(answer),
            settled_at=site.clock.now_ms(),
            done_mark=sync_states.c.dirty_seq,
        )
    )
    marked = (
        update(sync_states)
        .where(sync_states.c.id == intents.c.calendar_id, intents.c.number == number)
        .values(dirty_seq=sync_states.c.dirty_seq + 1)
    )
    site.write(lambda conn: conn.execute(marked))
    site.write(lambda conn: conn.execute(ended.where(sync_states.c.id == intents.c.calendar_id)))
