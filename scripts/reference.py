"""Writes docs/reference/ from the code: settings, HTTP routes, commands, metrics.

Usage: python scripts/reference.py          (tests/house fails while a page is not current)
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import typer.main
from fastapi import FastAPI
from prometheus_client.core import Metric
from pydantic import SecretStr
from starlette.routing import Mount, Route

from calferry.bootstrap.figures import Figures
from calferry.bootstrap.metrics import families
from calferry.cli import app as command_line
from calferry.cli.promised import PromisedCommand
from calferry.core.limits import SYNC_COOLDOWN_MS
from calferry.settings import REQUIRED_BY_SERVE, Settings, setting_name
from calferry.store.totals import Totals
from calferry.sync.engine import Engine
from calferry.web.app import create_app

FOLDER = Path(__file__).parents[1] / "docs" / "reference"
WRITTEN = "<!-- Written by scripts/reference.py from the code; edit the code. -->"
METHODS = ("get", "post", "put", "patch", "delete")

MEANINGS = {
    "keys": "Keys that seal refresh tokens: comma-separated, newest first, each 32 random bytes in base64. Older ones only open.",
    "base_url": "The address people open; decides the redirect address of sign-in and whether cookies are `Secure`.",
    "google_client_id": "The OAuth client of type web application that you made in the Google Cloud console.",
    "google_client_secret": "Its secret.",
    "allowed_emails": "Who may sign in: comma-separated addresses, `*@example.com` for a domain, `*` for anybody.",
    "data": "The data directory; the default database lies in it.",
    "database_url": "`sqlite:///path` or `postgresql://user:password@host:port/database`. Unset: a SQLite file in the data directory.",
    "auto_migrate": "Bring the schema up to date when the service starts; with `0` it refuses to start on an old schema.",
    "webhook_base_url": "The https address at which Google reaches this service. Unset: poll only.",
    "cron_secret": "Bearer secret of the cron routes, 32 characters or more; two, comma-separated, while it is being changed.",
    "allow_private_webhooks": "Let subscriptions lead into private networks and to plain http: for development alone, since whoever may sign in could reach what only this machine can.",
    "extra_scopes": "Scopes to ask for beyond the built-in four, separated by blanks or commas.",
    "google_api_url": "The root that ends before `/calendar/v3`; another one points calferry at the local Google.",
    "google_auth_url": "Where people are sent to consent.",
    "google_token_url": "Where codes and refresh tokens are exchanged.",
    "google_revoke_url": "Where grants are revoked.",
    "google_certs_url": "The keys that verify id tokens.",
    "google_userinfo_url": "Who the person is, where an id token does not say.",
    "poll_with_push_s": "Seconds between two looks at a calendar that has a live notification channel.",
    "poll_without_push_s": "Seconds between two looks at a calendar without one.",
    "poll_jitter": "Share by which every such interval varies, so that calendars spread out.",
    "calendar_list_s": "Seconds between two looks at an account's list of calendars.",
    "runs_at_once": "Calendars synced at the same time by one process.",
    "quota_per_minute": "Requests per minute that Google grants your project.",
    "quota_per_user_per_minute": "Requests per minute that Google grants each user of your project.",
    "quota_per_day": "Requests per day that Google grants your project.",
    "tombstones_kept_days": "Days for which a cancelled event is kept.",
    "changes_kept_days": "Days for which the change log is kept; a cursor older than that is refused.",
    "audit_kept_days": "Days for which the audit is kept: who connected, signed in, was refused. See `calferry audit`.",
    "session_idle_days": "Days after which an unused browser session ends.",
    "session_max_days": "Days after which every browser session ends.",
    "metrics_port": "A port that answers `/metrics` and nothing else, without a token: keep it inside. `0`: none.",
    "metrics_host": "The address that port listens on.",
    "metrics_token": "Bearer token that opens `/metrics` on the service's own port, 32 characters or more. Unset: it stays shut.",
    "tracing": "Send spans of runs, of requests to Google and of HTTP requests to an OpenTelemetry collector; needs the extra `calferry[otel]`.",
    "otlp_endpoint": "Where the collector is; setting it asks for spans, too. OpenTelemetry's other settings count as well.",
    "otlp_traces_endpoint": "The same, for spans alone.",
    "log_level": "The least important messages that are written.",
    "docs": "Serve the interactive API pages at `/docs`.",
}

BESIDE = {
    "/openapi.json": "The OpenAPI description of all of these.",
    "/docs": "The same as a page to try things on; works offline, switched off by `CALFERRY_DOCS=0`.",
    "/calendar/webhook": "A second address of the webhook.",
    "/static": "Files of the pages.",
}

HTTP_INTRODUCTION = f"""The service describes itself, with every parameter and answer, at `/openapi.json` and `/docs`.

## Who asks

- **A bearer token**: `Authorization: Bearer …`, for programs. `calferry tokens create EMAIL` prints one, and
  `POST /auth/tokens` gives one to whoever is signed in. Tokens never travel in an address.
- **The session cookie** that signing in at `/auth/google/login` leaves in a browser: for pages, whose `EventSource` cannot
  send headers.
- **`CRON_SECRET`** as a bearer token, for `/api/cron/…` alone, and **`CALFERRY_METRICS_TOKEN`** for `/metrics` alone.

Without valid credentials the answer is 401, also where token and cookie belong to two people. `/`, `/healthz`, `/readyz`,
signing in and the webhook ask for none.

**What a cookie may change.** A POST, PUT, PATCH or DELETE with the cookie has to come from a page of this site. Browsers
say so by `Sec-Fetch-Site: same-origin`, older ones by an `Origin` that is exactly `CALFERRY_BASE_URL`; another site, or neither
header, is a 403 `cross_site`. `GET /calendar/sync` with the cookie is refused where the headers name another site. Requests
with a bearer token alone need neither header.

## What is refused, and how

Errors are RFC 9457 problem details with `detail`, `code` and `retryable`. A field of a body, or a query parameter under
`/calendar/`, that is not known is a 400 that names it. `GET /calendar/sync` is accepted once in
{SYNC_COOLDOWN_MS // 1000} seconds from each person; a 429 says in `Retry-After`, and in its body as
`retry_after_s`, how many seconds to wait.

HEAD is answered as GET, without the body, except where a GET does something or never ends: `/calendar/sync`, `/calendar/stream`, `/auth/google/…` and
`/api/cron/…` answer it with 405."""

EXIT_CODES = (
    ("0", "Done."),
    ("1", "It failed, or mirror and Google differ."),
    ("2", "It was typed wrongly."),
    ("3", "A setting is missing or unusable, or the database cannot be used; the message says what to do."),
    ("4", "Somebody has to sign in at Google again."),
    ("130", "Ended by Ctrl-C."),
)


def pages() -> dict[str, str]:
    """File name to text of every page."""
    return {
        "settings.md": settings_page(),
        "http.md": http_page(),
        "command-line.md": command_line_page(),
        "metrics.md": metrics_page(),
    }


def settings_page() -> str:
    rows = [
        (f"`{setting_name(name)}`", default_of(field), MEANINGS[name])
        for name, field in Settings.model_fields.items()
        if name not in REQUIRED_BY_SERVE
    ]
    needed = [(f"`{setting_name(name)}`", MEANINGS[name]) for name in REQUIRED_BY_SERVE]
    return page(
        "Settings",
        "Read from the environment, then from a file `.env` in the working directory. Nothing secret is ever made up for"
        " you outside `calferry demo`; a missing or unusable setting is answered with a sentence that says how to mend it.",
        "## Needed by `calferry serve`",
        table(("setting", "meaning"), needed),
        "## Optional",
        table(("setting", "default", "meaning"), rows),
    )


def default_of(field: Any) -> str:
    if field.default_factory is not None:
        return "`$XDG_DATA_HOME/calferry`"
    value = field.default.get_secret_value() if isinstance(field.default, SecretStr) else field.default
    if value == "":
        return ""
    if isinstance(value, bool):
        return f"`{int(value)}`"
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"


def http_page() -> str:
    app = application()
    document = app.openapi()
    documented = document["paths"]
    rows = [row for path, operations in documented.items() for row in operation_rows(path, operations)]
    others = [path for path in raw_paths(app) if path not in documented]
    return page(
        "HTTP",
        HTTP_INTRODUCTION,
        "## Routes",
        table(("route", "what it does"), rows),
        "Beside these, for people and for compatibility:",
        table(("route", "what it does"), [(f"`{path}`", BESIDE[path]) for path in others]),
        "## Parameters",
        "Of queries, headers and bodies; what stands in braces in an address is an id that another route answers.",
        *[part for path in documented for part in parameter_sections(document, path)],
    )


def parameter_sections(document: dict[str, Any], path: str) -> Iterator[str]:
    """What is to be known to call the operations of a path, beyond their first sentences."""
    for method, operation in each_operation(document["paths"][path]):
        rows = [*parameter_rows(operation), *body_rows(document, operation)]
        if rows:
            yield f"### `{method.upper()} {path}`"
            yield later_paragraphs(operation.get("description", ""))
            yield table(("name", "in", "default", "meaning"), rows)


def parameter_rows(operation: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    for parameter in operation.get("parameters", []):
        if parameter["in"] != "path":
            default = default_shown(parameter["schema"], needed=parameter["required"])
            meaning = meaning_of(parameter.get("description", ""), parameter["schema"])
            yield f"`{parameter['name']}`", parameter["in"], default, meaning


def body_rows(document: dict[str, Any], operation: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    for content in operation.get("requestBody", {}).get("content", {}).values():
        if "$ref" not in content["schema"]:
            yield "the body", "body", "needed", reflow(content["schema"].get("description", ""))
            continue
        schema = document["components"]["schemas"][content["schema"]["$ref"].rpartition("/")[2]]
        for name, field in schema["properties"].items():
            default = default_shown(field, needed=name in schema.get("required", []))
            yield f"`{name}`", "body", default, meaning_of(field.get("description", ""), field)


def default_shown(schema: dict[str, Any], *, needed: bool) -> str:
    if needed:
        return "needed"
    default = schema.get("default")
    return (
        "" if default in (None, "") else f"`{str(default).lower() if default in (True, False) else default}`"
    )


def meaning_of(said: str, schema: dict[str, Any]) -> str:
    """The description, and the words that are taken where only some are."""
    kinds = [schema, *schema.get("anyOf", [])]
    words = [f"`{word}`" for kind in kinds for word in kind.get("enum", [])]
    return reflow(" ".join([said, f"One of {', '.join(words)}." if words else ""]))


def application() -> FastAPI:
    """An application that answers nothing, to be looked at."""
    nothing = MagicMock()
    engine = Engine(**{field.name: nothing for field in fields(Engine) if field.default is MISSING})
    settings = Settings(_env_file=None)  # type: ignore[call-arg]
    return create_app(engine, settings, spawn=nothing, authorize_url=nothing)


def raw_paths(app: FastAPI) -> list[str]:
    return [route.path for route in app.routes if isinstance(route, Route | Mount)]


def operation_rows(path: str, operations: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for method, operation in each_operation(operations):
        said = operation.get("description") or operation["summary"].capitalize() + "."
        yield f"`{method.upper()} {path}`", first_paragraph(said)


def each_operation(operations: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for method in METHODS:
        if operation := operations.get(method):
            yield method, operation


def command_line_page() -> str:
    group = typer.main.get_command(command_line)
    sections = [part for names, command in commands(group) for part in command_section(names, command)]
    return page(
        "Command line",
        "With `--json` a command prints exactly one line of JSON, the last on standard output: its outcome, or `error`"
        " with a sentence. Bars and logs go to standard error. A command that was typed wrongly prints no JSON."
        " `NO_COLOR` is honoured, and `calferry --version` prints the version."
        " `calferry --install-completion` teaches the shell to complete commands and options.",
        table(("exit code", "meaning"), EXIT_CODES),
        *sections,
    )


def commands(command: Any, names: tuple[str, ...] = ("calferry",)) -> Iterator[tuple[str, Any]]:
    command = command.promise.kept() if isinstance(command, PromisedCommand) else command
    children = getattr(command, "commands", None)
    if children is None or command.invoke_without_command:
        yield " ".join(names), command
    for name, child in (children or {}).items():
        yield from commands(child, (*names, name))


def command_section(names: str, command: Any) -> Iterator[str]:
    arguments = [str(p.name).upper() for p in command.params if p.param_type_name == "argument"]
    yield f"## `{' '.join([names, *arguments])}`"
    yield reflow(command.help or "")
    rows = [
        (f"`{spelled(p)}`", option_default(p), reflow(p.help or ""))
        for p in command.params
        if hasattr(p, "help")
    ]
    options = [row for row in rows if row[0].startswith("`-")]
    if options:
        yield table(("option", "default", "meaning"), options)


def spelled(option: Any) -> str:
    names = "/".join([*option.opts, *option.secondary_opts])
    metavar = "" if getattr(option, "is_flag", False) else f" {option.name.upper()}"
    return names + metavar


def option_default(option: Any) -> str:
    plain = option.default is None or callable(option.default) or option.default in ((), [], "", False)
    return "" if plain else f"`{option.default}`"


def metrics_page() -> str:
    counted = [
        (one, one.describe()[0]) for one in vars(Figures(lambda: 0)).values() if hasattr(one, "describe")
    ]
    looked_up = [(one, one) for one in families(Totals(next_expiry_at=0), 0)]
    rows = [
        (
            f"`{shown_name(one)}`",
            one.type,
            ", ".join(f"`{label}`" for label in source._labelnames),  # noqa: SLF001 - nothing else tells them
            one.documentation,
        )
        for source, one in (*counted, *looked_up)
    ]
    return page(
        "Metrics",
        "What `GET /metrics` answers, in Prometheus' text format; [Operating](../operating.md#what-to-watch) says how it is opened and what is worth an alert."
        " No name of a person, calendar or event is in any of them.",
        table(("figure", "type", "labels", "meaning"), sorted(rows)),
    )


def shown_name(metric: Metric) -> str:
    """As it stands on the page, where counters end in `_total`."""
    return f"{metric.name}_total" if metric.type == "counter" else metric.name


def page(title: str, *parts: str) -> str:
    return "\n\n".join([f"# {title}", WRITTEN, *[part for part in parts if part]]) + "\n"


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def first_paragraph(text: str) -> str:
    return reflow(text.strip().split("\n\n")[0])


def later_paragraphs(text: str) -> str:
    return "\n\n".join(reflow(part) for part in text.strip().split("\n\n")[1:])


def reflow(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
