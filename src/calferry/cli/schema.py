"""`calferry db`: the schema of the database."""

import typer

from calferry.bootstrap.database import connect, explained
from calferry.cli.endings import run
from calferry.cli.options import AsJson
from calferry.cli.output import Output, count
from calferry.settings import load_settings
from calferry.store import migrate

app = typer.Typer(help="The schema of the database.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """The schema of the database."""


@app.command()
def upgrade(as_json: AsJson = False) -> None:
    """Bring the database to the schema this version needs."""
    output = Output(as_json=as_json)
    run(output, lambda: upgrade_database(output))


async def upgrade_database(output: Output) -> None:
    address = load_settings().database_address
    store = connect(address)
    try:
        with explained(address):
            ran = await store.write(migrate.upgrade)
            revision = await store.read(migrate.revision_of)
    finally:
        await store.close()
    said = f"Ran {count(ran, 'migration')}; the database is at revision {revision}."
    output.outcome({"migrations": ran, "revision": revision}, said)
