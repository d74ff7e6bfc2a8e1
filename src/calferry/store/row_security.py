"""Row-level security on PostgreSQL: a role that is not the owner of the tables, and sees the rows of one person at a time.

Without a person it sees none. Runs and duties work as the owner, whom the rules do not bind: COPY is not possible
under them (PostgreSQL's page on COPY).
"""

from sqlalchemy import Connection, Table, text
from sqlalchemy.exc import DBAPIError

from calferry.store.dialect import savepoint, take_turns
from calferry.store.tables import metadata

ROLE = "calferry_people"
PERSON = "calferry.person"
RULE = "own_rows"
ACT = f"SELECT set_config('role', '{ROLE}', true), set_config('{PERSON}', $1, true)"
OWN = f"nullif(current_setting('{PERSON}', true), '')::bigint"


def owner_column(table: Table) -> str | None:
    """The column that says whose a row is; None for a table that holds nobody's rows."""
    if table.name == "users":
        return "id"
    return "user_id" if "user_id" in table.columns else None


def install(connection: Connection) -> bool:
    """Make the role and the rules that are missing; False where this user may not make a role.

    Processes that start together take turns.
    """
    take_turns(connection, "row security")
    if not has_role(connection):
        return False
    schema = connection.exec_driver_sql("SELECT current_schema()").scalar_one()
    missing = unguarded(connection)
    for table in missing:
        guard(connection, table)
    if missing:
        connection.exec_driver_sql(f"GRANT USAGE ON SCHEMA {schema} TO {ROLE}")
        connection.exec_driver_sql(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA {schema} TO {ROLE}")
    return True


def has_role(connection: Connection) -> bool:
    """Whether there is the role, made now if need be, and this user may take it on."""
    try:
        with savepoint(connection):
            if not connection.execute(
                text("SELECT 1 FROM pg_roles WHERE rolname = :name"), {"name": ROLE}
            ).first():
                connection.exec_driver_sql(f"CREATE ROLE {ROLE} NOLOGIN")
            if not connection.exec_driver_sql(
                f"SELECT pg_has_role(current_user, '{ROLE}', 'MEMBER')"
            ).scalar():
                connection.exec_driver_sql(f"GRANT {ROLE} TO CURRENT_USER")
    except DBAPIError:
        return False
    return True


def guard(connection: Connection, table: Table) -> None:
    """Let the role see a person's own rows of the table and change them."""
    column = owner_column(table)
    for statement in (
        f"ALTER TABLE {table.name} ENABLE ROW LEVEL SECURITY",
        f"CREATE POLICY {RULE} ON {table.name} TO {ROLE} USING ({column} = {OWN}) WITH CHECK ({column} = {OWN})",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table.name} TO {ROLE}",
    ):
        connection.exec_driver_sql(statement)


def unguarded(connection: Connection) -> list[Table]:
    """Tables that hold people's rows and have no rule yet."""
    ruled = text(
        "SELECT tablename FROM pg_policies WHERE policyname = :rule AND schemaname = current_schema()"
    )
    guarded = set(connection.execute(ruled, {"rule": RULE}).scalars())
    return [table for table in metadata.sorted_tables if owner_column(table) and table.name not in guarded]
