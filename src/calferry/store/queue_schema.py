"""The tables of PgQueuer, which passes wake-up calls between workers on PostgreSQL.

Nothing in them is worth keeping, so they are not written to the log of the database, and a newer version of PgQueuer
makes them anew.
"""

from importlib.metadata import version
from typing import Any

from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment
from pgqueuer.domain.settings import DBSettings, Durability
from pgqueuer.domain.types import Channel
from sqlalchemy import Connection
from sqlalchemy.util.concurrency import await_

from calferry.store.postgres_driver import driver_of

# Every name is given, so that no variable of the environment changes one.
SETTINGS = DBSettings(
    prefix="",
    db_schema=None,
    channel=Channel("calferry_queue"),
    function="fn_calferry_queue_changed",
    statistics_table="queue_statistics",
    queue_status_type="queue_status",
    queue_table="queue",
    queue_table_log="queue_log",
    trigger="tg_calferry_queue_changed",
    schedules_table="queue_schedules",
    durability=Durability.volatile,
    widen_id=True,
)
VERSION = version("pgqueuer")
NOTED = "SELECT obj_description(to_regclass('queue')::oid, 'pg_class')"


def is_behind(connection: Connection) -> bool:
    """Whether the tables are missing, or made by an older PgQueuer."""
    noted = connection.exec_driver_sql(NOTED).scalar()
    return noted is None or numbers(noted) < numbers(VERSION)


def install(connection: Connection) -> None:
    """Make the tables, in place of older ones and whatever they hold."""
    statements = QueryBuilderEnvironment(SETTINGS)
    driver: Any = driver_of(connection)
    await_(driver.execute(statements.build_uninstall_query()))
    await_(driver.execute(statements.build_install_query(create_schema=False)))
    await_(driver.execute(f"COMMENT ON TABLE {SETTINGS.queue_table} IS 'pgqueuer {VERSION}'"))


def numbers(noted: str) -> tuple[int, ...]:
    """The version in a name such as `pgqueuer 1.6.0`, in a form that compares."""
    return tuple(int(part) for part in noted.rpartition(" ")[2].split(".") if part.isdecimal())
