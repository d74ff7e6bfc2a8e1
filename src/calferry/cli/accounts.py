"""`calferry accounts`: bring an existing grant, see the accounts, disconnect one."""

import os
import sys
from contextlib import AbstractAsyncContextManager
from typing import Annotated

import typer

from calferry.bootstrap.database import open_store
from calferry.cli.endings import FAILED, NOT_CONFIGURED, SIGN_IN_AGAIN, CommandFailed, run
from calferry.cli.options import AsJson, Email
from calferry.cli.output import Output, count, table
from calferry.cli.people import (
    Account,
    accounts_of_address,
    calendars_of_accounts,
    known_accounts,
    nothing_in,
)
from calferry.core.failure import Cause, SourceFailure
from calferry.core.google_account import Grant
from calferry.duties.finish_closing import closing_accounts
from calferry.settings import Settings, load_settings
from calferry.sync import accounts as connecting
from calferry.sync.engine import Engine
from calferry.sync.listing import list_calendars

app = typer.Typer(help="Connected Google accounts.", no_args_is_help=True)

VARIABLE = "CALFERRY_REFRESH_TOKEN"
RefreshToken = Annotated[
    str | None,
    typer.Option(
        metavar="-", help=f"`-` reads the refresh token from standard input; without it {VARIABLE} is taken."
    ),
]


@app.callback()
def group() -> None:
    """Connected Google accounts."""


@app.command()
def add(email: Email, refresh_token: RefreshToken = None, as_json: AsJson = False) -> None:
    """Bring an existing grant: a refresh token that Google gave to the same OAuth client."""
    output = Output(as_json=as_json)
    if refresh_token not in (None, "-"):
        raise typer.BadParameter(
            "a token on the command line can be seen by everybody on this machine; give - and pipe it in, "
            f"or set {VARIABLE}",
            param_hint="--refresh-token",
        )
    run(output, lambda: add_account(output, email, read_token(from_input=refresh_token == "-")))  # noqa: S105


def read_token(*, from_input: bool) -> str:
    """Raises CommandFailed when there is none."""
    token = sys.stdin.readline().strip() if from_input else os.environ.get(VARIABLE, "").strip()
    if not token:
        where = "on standard input" if from_input else f"in {VARIABLE}"
        raise CommandFailed(
            f"There is no refresh token {where}: pipe it in with --refresh-token -, or set {VARIABLE}.",
            FAILED if from_input else NOT_CONFIGURED,
        )
    return token


async def add_account(output: Output, email: str, refresh_token: str) -> None:
    settings = load_settings()
    async with asking_google(settings) as engine:
        grant = await proven_grant(engine, settings, email, refresh_token)
        account_id = await connected(engine, grant)
        listed = await list_calendars(engine, account_id, or_by_others=True)
        found = await engine.store.read(lambda connection: accounts_of_address(connection, email))
        account = next(account for account in found if account.id == account_id)
        calendars = await calendars_of_accounts(engine.store, [account])
    if listed.error is not None:
        output.say(f"The calendars could not be listed yet: {listed.error.message}")
    values = {"id": account_id, "email": account.email, "status": account.status, "calendars": len(calendars)}
    output.outcome(values, f"Connected {account.email} with {count(len(calendars), 'calendar')}.")


def asking_google(settings: Settings, *, must_exist: bool = False) -> AbstractAsyncContextManager[Engine]:
    """`opened_engine`, imported where Google is asked: a third of a start that `list` can do without."""
    from calferry.bootstrap.engine import opened_engine  # noqa: PLC0415 - see above

    return opened_engine(settings, must_exist=must_exist)


async def connected(engine: Engine, grant: Grant) -> str:
    """The id of the account. Raises CommandFailed when it belongs to somebody else."""
    try:
        return (await connecting.connect(engine, grant)).account_id
    except connecting.ConnectRefused as refused:
        raise CommandFailed(str(refused)) from None


async def proven_grant(engine: Engine, settings: Settings, email: str, refresh_token: str) -> Grant:
    """Ask Google whether the token works and whose it is. Raises SourceFailure or CommandFailed."""
    try:
        fresh = await engine.oauth.refresh(refresh_token)
    except SourceFailure as failure:
        if failure.cause is Cause.GRANT_REVOKED:
            raise CommandFailed(
                "Google does not accept this refresh token any more.", SIGN_IN_AGAIN
            ) from None
        raise
    try:
        identity = await engine.oauth.identify(fresh.token)
    except SourceFailure as failure:
        if failure.cause in (Cause.UNREACHABLE, Cause.SERVER_ERROR):
            raise
        identity = None
    if identity is not None and identity.email.lower() != email.lower():
        raise CommandFailed(f"This refresh token belongs to {identity.email}, not to {email}.")
    return Grant(
        identity=identity,
        email=identity.email if identity else email,
        scopes=fresh.scopes or frozenset(settings.scopes),
        refresh_token=fresh.refresh_token or refresh_token,
        access_token=fresh,
    )


@app.command(name="list")
def show(as_json: AsJson = False) -> None:
    """Show the connected accounts."""
    output = Output(as_json=as_json)
    run(output, lambda: show_accounts(output))


async def show_accounts(output: Output) -> None:
    settings = load_settings()
    store = await open_store(settings.database_address, auto_migrate=settings.auto_migrate, must_exist=True)
    try:
        found = await store.read(lambda connection: accounts_of_address(connection, None))
        calendars = await calendars_of_accounts(store, found)
    finally:
        await store.close()
    rows = [
        {
            "id": account.id,
            "email": account.email,
            "status": account.status,
            "calendars": sum(calendar.account_id == account.id for calendar in calendars),
            "selected": sum(
                calendar.account_id == account.id and calendar.selected for calendar in calendars
            ),
        }
        for account in found
    ]
    headings = ("email", "status", "calendars", "selected", "id")
    cells = [[str(row[heading]) for heading in headings] for row in rows]
    output.outcome({"accounts": rows}, table(headings, cells, nothing_in(settings, "account")))


@app.command()
def remove(
    email: Annotated[
        str, typer.Argument(metavar="EMAIL|ID", help="The account's address or id.", show_default=False)
    ],
    as_json: AsJson = False,
) -> None:
    """Disconnect an account: stop its channels, revoke its grant and erase its mirror."""
    output = Output(as_json=as_json)
    run(output, lambda: remove_account(output, email))


async def remove_account(output: Output, email_or_id: str) -> None:
    async with asking_google(load_settings(), must_exist=True) as engine:
        everybody = await engine.store.read(lambda connection: accounts_of_address(connection, None))
        named = [account for account in everybody if account.id == email_or_id]
        named = named or await exactly_of_address(engine, email_or_id)
        with output.errors.status("Disconnecting…"):
            for account in named:
                await connecting.disconnect(engine, account.id)
        pending = [account.id for account in named if account.id in await engine.store.read(closing_accounts)]
    if pending:
        output.say(
            "Google could not be told to end its grant yet; a running `calferry serve` goes on trying."
        )
    removed = ", ".join(account.email for account in named)
    values = {"removed": [account.id for account in named], "pending": pending}
    output.outcome(values, f"Disconnected {removed}.")


async def exactly_of_address(engine: Engine, email: str) -> list[Account]:
    """Accounts of that Google address alone, not others of the same person."""
    found = await known_accounts(engine.store, email)
    named = [account for account in found if account.email.lower() == email.lower()]
    if not named:
        raise CommandFailed(f"No account of {email} is connected.")
    return named
