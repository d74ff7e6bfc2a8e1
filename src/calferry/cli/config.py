"""`calferry config`: the settings as they are read here."""

import re
from dataclasses import dataclass

import typer
from pydantic import SecretStr

from calferry.bootstrap.logs import HIDDEN, SECRET_NAME, hidden
from calferry.cli.endings import run
from calferry.cli.options import AsJson
from calferry.cli.output import Output, table
from calferry.settings import REQUIRED_BY_SERVE, Settings, load_settings, setting_name
from calferry.settings.origins import origins

CREDENTIALS = re.compile(r"(?<=://).*(?=@)")

app = typer.Typer(help="The settings as they are read here.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """The settings as they are read here."""


@app.command()
def show(as_json: AsJson = False) -> None:
    """Print every setting with its effective value and where it comes from; secrets are hidden."""
    output = Output(as_json=as_json)
    run(output, lambda: show_settings(output))


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting as it may be shown."""

    name: str
    value: str | float | bool
    source: str
    needed: bool


async def show_settings(output: Output) -> None:
    found = settings_shown()
    values = [{"name": one.name, "value": one.value, "source": one.source} for one in found]
    rows = [[one.name, text_of(one), one.source] for one in found]
    output.outcome({"settings": values}, table(("setting", "value", "source"), rows, ""))


def settings_shown() -> list[Setting]:
    """In the order of their declaration. Raises `SettingsInvalid` where they cannot be read."""
    settings, sources = load_settings(), origins()
    return [
        Setting(setting_name(field), effective(settings, field), sources[field], field in REQUIRED_BY_SERVE)
        for field in Settings.model_fields
    ]


def effective(settings: Settings, field: str) -> str | float | bool:
    """Without any secret. An unset database is where it would be."""
    value = settings.database_address if field == "database_url" else getattr(settings, field)
    if isinstance(value, SecretStr):
        return HIDDEN if value.get_secret_value() else ""
    return value if isinstance(value, int | float | bool) else without_secrets(str(value))


def without_secrets(text: str) -> str:
    """Who connects to an address is hidden, with any password, also one that is spelled wrongly or a parameter."""
    address, mark, query = text.partition("?")
    parameters = [part.partition("=") for part in query.split("&")]
    shown = [
        f"{name}{equals}{HIDDEN if SECRET_NAME.search(name) else value}" for name, equals, value in parameters
    ]
    return str(hidden("", f"{CREDENTIALS.sub(HIDDEN, address)}{mark}{'&'.join(shown)}"))


def text_of(one: Setting) -> str:
    if one.value == "":
        return "(unset, needed by `calferry serve`)" if one.needed else "(unset)"
    return str(int(one.value)) if isinstance(one.value, bool) else str(one.value)
