"""`calferry doctor`: what is wrong with an installation, and how to mend it."""

import os

from calferry import google
from calferry.bootstrap.engine import engine_of, new_watch
from calferry.bootstrap.surroundings import surroundings
from calferry.cli.endings import run
from calferry.cli.examine_google import (
    examine_account,
    examine_clock,
    examine_publishing,
    examine_redirect,
    examine_webhook,
)
from calferry.cli.examine_store import AccountFacts, accounts_in, examine_keys, open_as_it_is
from calferry.cli.findings import Finding, exit_code, lines_of, note, ok, values_of
from calferry.cli.options import AsJson
from calferry.cli.output import Output
from calferry.settings import REQUIRED_BY_SERVE, Settings, SettingsInvalid, load_settings
from calferry.sync.engine import Engine

ACCOUNTS_MAX = 50


def doctor(as_json: AsJson = False) -> None:
    """Check settings, keys, database, clock, Google's side, every account and the webhook; say how to mend what is wrong.

    Exit code 3: something is not configured; 1: something is broken; 4: somebody has to sign in again.
    """
    output = Output(as_json=as_json)
    run(output, lambda: examine(output))


async def examine(output: Output) -> int:
    findings = await every_finding()
    output.outcome(values_of(findings), *lines_of(findings))
    return exit_code(findings)


async def every_finding() -> list[Finding]:
    try:
        settings = load_settings()
    except SettingsInvalid as invalid:
        return [Finding("settings", "not_configured", problem) for problem in invalid.problems]
    findings = examine_settings(settings)
    if findings[0].state == "not_configured":
        return findings
    store, said = await open_as_it_is(settings)
    findings.append(said)
    try:
        async with google.AiohttpTransport() as transport:
            if store is None:
                return findings + await examine_all(settings, None, [], transport)
            async with surroundings(store) as around:
                engine = engine_of(settings, store, transport, new_watch(), around)
                accounts = await store.read(accounts_in)
                return findings + await examine_all(settings, engine, accounts, transport)
    finally:
        if store is not None:
            await store.close()


def examine_settings(settings: Settings) -> list[Finding]:
    try:
        settings.require(*REQUIRED_BY_SERVE)
    except SettingsInvalid as invalid:
        return [Finding("settings", "not_configured", problem) for problem in invalid.problems]
    found = [ok("settings", "Everything that `calferry serve` needs is set.")]
    if settings.cron_secrets:
        return [*found, ok("cron", "CRON_SECRET opens the cron routes.")]
    return [
        *found,
        note(
            "cron", "CRON_SECRET is not set: the cron routes are shut, which is well where the worker runs."
        ),
    ]


async def examine_all(
    settings: Settings, engine: Engine | None, accounts: list[AccountFacts], transport: google.Transport
) -> list[Finding]:
    """`engine` is None where there is no database to look into."""
    findings = [examine_keys(settings, accounts, os.urandom)]
    readable = findings[0].state == "ok"
    findings += await examine_clock(settings, transport)
    findings.append(await examine_redirect(settings, transport))
    if engine is not None and readable:
        asked = [await examine_account(engine, settings, account) for account in accounts[:ACCOUNTS_MAX]]
        findings += [*asked, *examine_publishing(asked)]
    if not accounts:
        findings.append(
            note("accounts", "Nobody has signed in yet: whether the Calendar API is enabled cannot be told.")
        )
    elif len(accounts) > ACCOUNTS_MAX:
        findings.append(note("accounts", f"The first {ACCOUNTS_MAX} of {len(accounts)} were asked about."))
    findings.append(await examine_webhook(engine, settings, transport, accounts))
    return findings
