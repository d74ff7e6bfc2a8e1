"""Databases of many calendars, made by the database itself: a few per account, one in a thousand of them due."""

from collections.abc import Iterator

from sqlalchemy import Connection

NOW_MS = 1_790_000_000_000
HOUR_MS = 3_600_000
CALENDARS_PER_ACCOUNT = 4
DUE_EVERY = 1_000
RENEWED_EVERY = 500


def numbers(dialect: str, upto: int) -> str:
    """A table expression `n(i)` of the numbers from 1."""
    if dialect == "postgresql":
        return f"generate_series(1::bigint, {upto}) AS n(i)"
    counting = (
        f"WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < {upto}) SELECT i FROM c"
    )
    return f"({counting}) AS n"


def statements(dialect: str, calendars: int) -> Iterator[str]:
    """SQL that fills an empty, migrated database."""
    people = max(1, calendars // CALENDARS_PER_ACCOUNT)
    each, yes = numbers(dialect, calendars), "true" if dialect == "postgresql" else "1"
    empty = "''::bytea" if dialect == "postgresql" else "x''"
    account = f"'acc_' || (1 + i % {people})"
    yield (
        "INSERT INTO users (id, email, created_at) "
        f"SELECT i, 'p' || i || '@example.com', {NOW_MS} FROM {numbers(dialect, people)}"
    )
    yield (
        "INSERT INTO accounts (id, user_id, email, status, scopes, created_at) "
        f"SELECT 'acc_' || i, i, 'p' || i || '@example.com', 'active', '', {NOW_MS} FROM {numbers(dialect, people)}"
    )
    yield (
        "INSERT INTO calendars (id, user_id, account_id, google_id, summary, access_role, selected, mode, push, raw, "
        f"created_at) SELECT 'cal_' || i, 1 + i % {people}, {account}, 'c' || i || '@group', 'c', 'owner', {yes}, "
        f"'series', 'on', '{{}}', {NOW_MS} FROM {each}"
    )
    due = f"{NOW_MS} + CASE WHEN i % {DUE_EVERY} = 0 THEN -1000 ELSE 1000 + (i * 7919) % {6 * HOUR_MS} END"
    yield (
        "INSERT INTO sync_states (id, user_id, account_id, kind, status, sync_token, next_due_at, last_attempt_at, "
        f"last_success_at) SELECT 'cal_' || i, 1 + i % {people}, {account}, 'events', 'idle', 't', {due}, "
        f"{NOW_MS - HOUR_MS}, {NOW_MS - HOUR_MS} FROM {each}"
    )
    renew = f"{NOW_MS} + CASE WHEN i % {RENEWED_EVERY} = 0 THEN -1000 ELSE 1000 + (i * 104729) % {144 * HOUR_MS} END"
    yield (
        "INSERT INTO channels (id, user_id, account_id, resource, state, token_hash, resource_id, expires_at, created_at, "
        f"renew_at) SELECT 'chn_' || i, 1 + i % {people}, {account}, 'cal_' || i, 'active', {empty}, 'r' || i, "
        f"{NOW_MS} + {24 * HOUR_MS} + (i * 104729) % {144 * HOUR_MS}, {NOW_MS}, {renew} FROM {each}"
    )


def fill(connection: Connection, calendars: int) -> None:
    """Make the rows, and let the database learn how many there are."""
    for statement in statements(connection.dialect.name, calendars):
        connection.exec_driver_sql(statement)
    connection.exec_driver_sql("ANALYZE")
