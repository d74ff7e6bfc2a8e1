"""`calferry tokens`: bearer tokens for the HTTP API."""

from typing import Annotated

import typer

from calferry.bootstrap.database import open_store
from calferry.bootstrap.system import SystemClock, SystemIds
from calferry.cli.endings import run
from calferry.cli.options import AsJson, Email
from calferry.cli.output import Output
from calferry.cli.people import known_user
from calferry.settings import load_settings
from calferry.store import api_tokens

app = typer.Typer(help="Bearer tokens for the HTTP API.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """Bearer tokens for the HTTP API."""


@app.command()
def create(
    email: Email,
    name: Annotated[str, typer.Option(help="What the token is for.")] = "command line",
    as_json: AsJson = False,
) -> None:
    """Print a new bearer token of that person. It is shown this once."""
    output = Output(as_json=as_json)
    run(output, lambda: create_token(output, email, name))


async def create_token(output: Output, email: str, name: str) -> None:
    settings = load_settings()
    store = await open_store(settings.database_address, auto_migrate=settings.auto_migrate, must_exist=True)
    try:
        user = await known_user(store, email)
        ids, now_ms = SystemIds(), SystemClock().now_ms()
        token, token_id = ids.secret(), ids.new("tok")
        await store.write(
            lambda connection: api_tokens.create(
                connection, user.id, token_id=token_id, name=name, token=token, now_ms=now_ms
            )
        )
    finally:
        await store.close()
    output.outcome({"id": token_id, "name": name, "email": user.email, "token": token}, token)
