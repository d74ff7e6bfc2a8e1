"""Secret addresses under which calendars can be read as iCalendar files. Only the fingerprint of a secret is stored."""

from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, insert, select, update

from calferry.core.ical_events import FeedRow
from calferry.store import audit
from calferry.store.event_reads import EventQuery, Readable, change_head, is_shown, readable
from calferry.store.fingerprints import fingerprint
from calferry.store.tables import calendar_feeds, calendars

PER_USER_MAX = 50
USED_STEP_MS = 3_600_000
"""`last_used_at` is written at most this often, so that reading costs no write."""


@dataclass(frozen=True, slots=True)
class CalendarFeed:
    """`calendar_id` None: every selected calendar of the person."""

    id: str
    user_id: int
    calendar_id: str | None
    name: str
    created_at: int
    last_used_at: int | None


COLUMNS = [calendar_feeds.c[name] for name in CalendarFeed.__slots__]


def create(connection: Connection, feed: CalendarFeed, secret: str) -> None:
    values = {name: getattr(feed, name) for name in CalendarFeed.__slots__}
    connection.execute(insert(calendar_feeds).values(**values, secret_hash=fingerprint(secret)))
    audit.add(connection, "feed_created", feed.created_at, user_id=feed.user_id, subject=feed.id)


def count(connection: Connection, user_id: int) -> int:
    owned = select(func.count()).select_from(calendar_feeds).where(calendar_feeds.c.user_id == user_id)
    return int(connection.execute(owned).scalar_one())


def of_user(connection: Connection, user_id: int) -> list[CalendarFeed]:
    """Oldest first."""
    owned = select(*COLUMNS).where(calendar_feeds.c.user_id == user_id)
    ordered = owned.order_by(calendar_feeds.c.created_at, calendar_feeds.c.id)
    return [CalendarFeed(*row) for row in connection.execute(ordered)]


def revoke(connection: Connection, user_id: int, feed_id: str, now_ms: int) -> bool:
    """Tells whether there was such a feed of that user."""
    owned = (calendar_feeds.c.user_id == user_id, calendar_feeds.c.id == feed_id)
    if connection.execute(delete(calendar_feeds).where(*owned)).rowcount == 0:
        return False
    audit.add(connection, "feed_revoked", now_ms, user_id=user_id, subject=feed_id)
    return True


def find(connection: Connection, secret: str) -> CalendarFeed | None:
    found = select(*COLUMNS).where(calendar_feeds.c.secret_hash == fingerprint(secret))
    row = connection.execute(found).one_or_none()
    return None if row is None else CalendarFeed(*row)


def touch(connection: Connection, feed: CalendarFeed, now_ms: int) -> None:
    own = (calendar_feeds.c.user_id == feed.user_id, calendar_feeds.c.id == feed.id)
    connection.execute(update(calendar_feeds).where(*own).values(last_used_at=now_ms))


@dataclass(frozen=True, slots=True)
class Contents:
    """What a feed holds at the moment: its calendars, their titles, and what tells whether anything has changed."""

    calendars: list[Readable]
    titles: dict[str, str]
    state: str


def look(connection: Connection, feed: CalendarFeed) -> Contents:
    """No calendar: nothing is mirrored, or not yet."""
    found = readable(connection, query_of(feed))
    ids = [calendar.calendar_id for calendar in found]
    named = select(calendars.c.id, calendars.c.summary).where(
        calendars.c.user_id == feed.user_id, calendars.c.id.in_(ids)
    )
    titles = {row.id: row.summary for row in connection.execute(named)}
    shown = [(one.calendar_id, one.projection_id, one.time_zone, titles[one.calendar_id]) for one in found]
    return Contents(found, titles, repr((change_head(connection, feed.user_id), feed.name, shown)))


def query_of(feed: CalendarFeed) -> EventQuery:
    only = None if feed.calendar_id is None else (feed.calendar_id,)
    return EventQuery(feed.user_id, only, None, None, show_deleted=False, text="", at_most=1)


def rows_of(connection: Connection, feed: CalendarFeed, calendar: Readable) -> list[FeedRow]:
    """The stored events of one calendar, as readers see them without edits that are on their way."""
    rows = calendar.rows.table.c
    statement = (
        select(*(rows[name] for name in FeedRow.__slots__))
        .where(
            rows.user_id == feed.user_id,
            rows.projection_id == calendar.projection_id,
            is_shown(calendar),
        )
        .order_by(rows.event_id)
    )
    return [FeedRow(*row) for row in connection.execute(statement)]
