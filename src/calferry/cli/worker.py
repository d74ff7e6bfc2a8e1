"""`calferry worker`: the syncing alone, beside any number of other processes on one PostgreSQL."""

from typing import Annotated

import typer

from calferry.bootstrap.logs import configure_logs
from calferry.bootstrap.service import running_worker, serving_metrics
from calferry.cli.endings import NOT_CONFIGURED, CommandFailed, run
from calferry.cli.options import AsJson
from calferry.cli.output import Output
from calferry.cli.serve import stop_signal
from calferry.settings import load_settings

ON_SQLITE = (
    "A worker of its own needs PostgreSQL, which any number of processes can share: set CALFERRY_DATABASE_URL to "
    "postgresql://…. On SQLite one `calferry serve` does everything."
)
Concurrency = Annotated[
    int | None,
    typer.Option(
        min=2, max=200, help="Calendars synced at once. Default: CALFERRY_RUNS_AT_ONCE.", show_default=False
    ),
]


def worker(concurrency: Concurrency = None, as_json: AsJson = False) -> None:
    """Sync what is due, without HTTP, until it is told to stop (SIGTERM, or Ctrl-C)."""
    output = Output(as_json=as_json)
    run(output, lambda: work_until_stopped(output, concurrency))


async def work_until_stopped(output: Output, concurrency: int | None) -> None:
    settings = load_settings()
    if not settings.is_shared:
        raise CommandFailed(ON_SQLITE, NOT_CONFIGURED)
    if concurrency is not None:
        settings = settings.model_copy(update={"runs_at_once": concurrency})
    configure_logs(settings.log_level)
    stopped = stop_signal()
    async with running_worker(settings) as metrics, serving_metrics(settings, metrics):
        output.say(f"This worker syncs {settings.runs_at_once} calendars at once.")
        if output.as_json:
            output.outcome({"runs_at_once": settings.runs_at_once})
        await stopped.wait()
        output.say("Stopping: finishing what is in hand.")
