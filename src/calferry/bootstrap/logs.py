"""Logs on standard error: for people on a terminal, else one JSON object a line. Secrets never pass."""

import logging
import re
import sys
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

SECRET_NAME = re.compile(
    r"token|secret|password|authorization|cookie|verifier|(^|_)(key|keys|nonce)$", re.IGNORECASE
)
SECRET_TEXT = re.compile(
    r"ya29\.[\w.-]+|1//0[\w-]+|GOCSPX-[\w-]+|whsec_[\w+/=-]+|4/0A[\w-]+|eyJ[\w-]+\.[\w-]+\.[\w-]*|(?i:bearer)\s+[\w.~+/=-]+"
    r"|(?<=[?&])(?:code|state|access_token|refresh_token|client_secret|token|key)=[^&\s\"']+"
    r"|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"
)
HIDDEN = "[hidden]"
CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
BUT_LINES = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
QUIET = ("aiosqlite", "alembic", "asyncio", "httpcore", "httpx", "pgqueuer", "sqlalchemy", "uvicorn")


def configure_logs(level: str, stream: TextIO = sys.stderr) -> None:
    """Send everything that is logged in this process, by libraries too, to `stream`."""
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=before_rendering(),
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *rendering(stream)],
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *before_rendering(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def before_rendering() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]


def rendering(stream: TextIO) -> list[Processor]:
    """The last steps: tracebacks become text before secrets are hidden."""
    if stream.isatty():
        console = structlog.dev.ConsoleRenderer()
        return [structlog.processors.format_exc_info, hide_secrets, escape_controls, console]
    return [structlog.processors.format_exc_info, hide_secrets, structlog.processors.JSONRenderer()]


def escape_controls(_logger: WrappedLogger, _method: str, entry: EventDict) -> EventDict:
    """Keep values from moving a terminal's cursor or beginning a line of their own; only a traceback has lines."""
    return {
        name: escaped(value, CONTROLS if name != "exception" else BUT_LINES) for name, value in entry.items()
    }


def escaped(value: Any, controls: re.Pattern[str]) -> Any:
    if not isinstance(value, str):
        return value
    return controls.sub(lambda found: found.group().encode("unicode_escape").decode(), value)


def hide_secrets(_logger: WrappedLogger, _method: str, entry: EventDict) -> EventDict:
    """Replace values that are secret by their name, and parts of text that look like a secret."""
    return {name: hidden(name, value) for name, value in entry.items()}


def hidden(name: str, value: Any) -> Any:
    if SECRET_NAME.search(name):
        return HIDDEN
    if isinstance(value, str):
        return SECRET_TEXT.sub(HIDDEN, value)
    if isinstance(value, dict):
        return {str(key): hidden(str(key), part) for key, part in value.items()}
    if isinstance(value, list | tuple | set):
        return [hidden("", part) for part in value]
    return value if isinstance(value, int | float | bool | None) else SECRET_TEXT.sub(HIDDEN, str(value))
