"""Views for people who query: `calferry_events`, `calferry_calendars` and `calferry_changes`, as docs/sql.md explains them.

They show what readers of the HTTP API see. A view belongs to the owner of the tables, so that whoever is let in to the
views needs no right to the tables.
"""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

VIEWS = ("calferry_changes", "calferry_events", "calferry_calendars")

# JSON allows escapes that make no text, such as half of a surrogate pair: one odd event must not fail everybody's query.
READ_JSON = """
CREATE FUNCTION calferry_json(raw text) RETURNS jsonb LANGUAGE plpgsql IMMUTABLE STRICT AS $$
BEGIN
    RETURN raw::jsonb;
EXCEPTION WHEN OTHERS THEN
    RETURN NULL;
END $$
"""

READABLE = (
    "CASE WHEN json_valid({table}.raw) AND {table}.raw NOT GLOB '*\\u[dD][89a-fA-F]*' "
    "THEN json_extract({table}.raw, '$.{path}') END"
)

CALENDARS = """
CREATE VIEW calferry_calendars AS
SELECT c.user_id, c.account_id, a.email AS account_email, c.id AS calendar_id, c.google_id, c.summary AS title,
    c.access_role, c.is_primary, c.is_hidden, c.selected AS is_selected,
    CASE c.access_role WHEN 'freeBusyReader' THEN 'instances' ELSE c.mode END AS mode,
    c.time_zone,
    {background} AS background_color,
    {foreground} AS foreground_color,
    CASE WHEN a.status IN ('needs_reauth', 'calendar_disabled', 'paused') THEN a.status
        WHEN NOT c.selected THEN 'not_selected'
        WHEN s.status IN ('halted', 'blocked') THEN s.status
        WHEN s.last_error_code IS NOT NULL THEN 'failing'
        WHEN s.last_success_at IS NULL THEN 'never_synced'
        WHEN s.status = 'syncing' THEN 'syncing'
        ELSE 'ok' END AS health,
    {last_synced} AS last_synced_at,
    s.last_error_message AS last_error
FROM calendars c
JOIN accounts a ON a.id = c.account_id AND a.status <> 'closing'
LEFT JOIN sync_states s ON s.id = c.id
WHERE c.removed_at IS NULL
"""

EVENTS = """
CREATE VIEW calferry_events AS
SELECT e.user_id, c.account_id, c.id AS calendar_id, c.summary AS calendar_title,
    e.event_id, e.ical_uid, e.status,
    {title} AS title,
    {description} AS description,
    {location} AS location,
    {organizer} AS organizer_email,
    coalesce({transparency}, 'opaque') AS transparency,
    coalesce({event_type}, 'default') AS event_type,
    e.start_date IS NOT NULL AS is_all_day,
    {starts} AS starts_at,
    {ends} AS ends_at,
    {start_date} AS start_date,
    {end_date} AS end_date,
    e.start_at AS start_ms, e.end_at AS end_ms,
    coalesce({zone}, c.time_zone) AS time_zone,
    e.recurring AS is_series, e.series_id, e.original_start,
    {updated} AS updated_at,
    {event} AS event
FROM calendars c
JOIN accounts a ON a.id = c.account_id AND a.status <> 'closing'
JOIN projections p ON p.id = c.projection_id
JOIN events e ON e.projection_id = c.projection_id
WHERE c.selected AND c.removed_at IS NULL
    AND (e.status <> 'cancelled' OR (p.mode = 'series' AND e.series_id IS NOT NULL AND EXISTS (
        SELECT 1 FROM events m
        WHERE m.projection_id = e.projection_id AND m.event_id = e.series_id AND m.status <> 'cancelled')))
"""

CHANGES = """
CREATE VIEW calferry_changes AS
SELECT h.user_id, h.id AS change_id, h.calendar_id, h.event_id, h.kind,
    {changed} AS changed_at,
    {event} AS event
FROM changes h
LEFT JOIN calendars c ON c.id = h.calendar_id AND c.removed_at IS NULL
LEFT JOIN events e ON e.projection_id = c.projection_id AND e.event_id = h.event_id
"""

PATHS = {
    "title": "summary",
    "description": "description",
    "location": "location",
    "organizer": "organizer.email",
    "transparency": "transparency",
    "event_type": "eventType",
    "zone": "start.timeZone",
    "background": "backgroundColor",
    "foreground": "foregroundColor",
}
INSTANTS = {
    "starts": "e.start_at",
    "ends": "e.end_at",
    "updated": "e.updated_at",
    "changed": "h.at",
    "last_synced": "s.last_success_at",
}


def sqlite_columns(table: str) -> dict[str, str]:
    fields = {name: READABLE.format(table=table, path=path) for name, path in PATHS.items()}
    instants = {
        name: f"strftime('%Y-%m-%dT%H:%M:%fZ', {column} / 1000.0, 'unixepoch')"
        for name, column in INSTANTS.items()
    }
    return fields | instants | {"start_date": "e.start_date", "end_date": "e.end_date", "event": "e.raw"}


def postgresql_columns(table: str) -> dict[str, str]:
    fields = {
        name: f"calferry_json({table}.raw) #>> '{{{path.replace('.', ',')}}}'" for name, path in PATHS.items()
    }
    instants = {name: f"to_timestamp({column} / 1000.0)" for name, column in INSTANTS.items()}
    dates = {name: f"CAST(e.{name} AS date)" for name in ("start_date", "end_date")}
    return fields | instants | dates | {"event": "calferry_json(e.raw)"}


def upgrade() -> None:
    connection = op.get_bind()
    is_postgres = connection.dialect.name == "postgresql"
    columns = postgresql_columns if is_postgres else sqlite_columns
    if is_postgres:
        connection.exec_driver_sql(READ_JSON)
    for view, table in ((CALENDARS, "c"), (EVENTS, "e"), (CHANGES, "e")):
        statement = view.format(**columns(table))
        connection.exec_driver_sql(statement)


def downgrade() -> None:
    connection = op.get_bind()
    for name in VIEWS:
        op.execute(f"DROP VIEW {name}")
    if connection.dialect.name == "postgresql":
        op.execute("DROP FUNCTION calferry_json")
