"""How a command ends: 0 done, 1 differs or failed, 2 wrong use, 3 not configured, 4 sign-in needed again."""

import asyncio
import sys
from collections.abc import Callable, Coroutine
from typing import Any

import typer

from calferry.bootstrap.logs import configure_logs
from calferry.cli.output import Output

DONE = 0
FAILED = 1
WRONG_USE = 2
NOT_CONFIGURED = 3
SIGN_IN_AGAIN = 4
INTERRUPTED = 130


class CommandFailed(Exception):
    """Ends the command with a sentence and an exit code."""

    def __init__(self, message: str, code: int = FAILED) -> None:
        super().__init__(message)
        self.code = code


Ending = tuple[int, list[str]]


def ending_of(error: Exception) -> Ending | None:
    """Exit code and sentences for an expected failure; None for one that nobody expected."""
    if isinstance(error, CommandFailed):
        return error.code, [str(error)]
    return foreseen(error)


def foreseen(error: Exception) -> Ending | None:
    """The same for failures of other floors, which are imported for it alone: most commands end well."""
    from sqlalchemy.exc import DBAPIError  # noqa: PLC0415 - see above

    from calferry.bootstrap.database import DatabaseUnusable, trouble  # noqa: PLC0415
    from calferry.bootstrap.http_server import AddressTaken  # noqa: PLC0415
    from calferry.core.failure import Cause, SourceFailure  # noqa: PLC0415
    from calferry.settings import SettingsInvalid  # noqa: PLC0415
    from calferry.vault import VaultError  # noqa: PLC0415

    match error:
        case SettingsInvalid():
            return NOT_CONFIGURED, error.problems
        case DatabaseUnusable():
            return NOT_CONFIGURED, [str(error)]
        case DBAPIError() if why := trouble(error):
            return FAILED, [f"The database {why}."]
        case VaultError():
            return NOT_CONFIGURED, [f"A stored secret cannot be read: {error}."]
        case SourceFailure(cause=Cause.GRANT_REVOKED):
            return SIGN_IN_AGAIN, [error.message]
        case SourceFailure():
            return FAILED, [f"Google did not do what was asked: {error.message}"]
        case AddressTaken():
            return FAILED, [str(error)]
    return None


def end_with(output: Output, error: Exception) -> typer.Exit:
    """Say what went wrong. Raises the error again if nobody expected it."""
    ending = ending_of(error)
    if ending is None:
        raise error
    code, sentences = ending
    for sentence in sentences:
        output.say(sentence)
    if output.as_json:
        output.outcome({"error": " ".join(sentences)})
    return typer.Exit(code)


def run(output: Output, work: Callable[[], Coroutine[Any, Any, int | None]]) -> None:
    """Run a command's work in an event loop of its own and end as it ended. Standard output is for its outcome alone."""
    configure_logs("warning")
    try:
        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            code = runner.run(work())
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None
    except Exception as error:
        raise end_with(output, error) from error
    raise typer.Exit(code or DONE)


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop where there is one."""
    if sys.platform == "win32":
        return None
    import uvloop  # noqa: PLC0415 - not made for every system

    return uvloop.new_event_loop
