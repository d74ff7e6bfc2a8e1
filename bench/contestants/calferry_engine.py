"""The whole engine: lease, change log, indexes, cursor, one transaction a page."""

import uvloop

from bench.contestants.calferry_service import ROWS, ROWS_ON_POSTGRES, connected_account
from bench.contestants.stopwatch import Lap, report, task_from_arguments
from bench.task import Phase, Task


async def measure(task: Task) -> dict[str, Phase]:
    phases = {}
    async with connected_account(task.base_url, task.database_url, task.calendars) as account:
        for name in task.phases:
            await account.rest()
            lap = Lap()
            phases[name] = lap.done((await account.sync()).events)
    return phases


def main() -> None:
    task = task_from_arguments()
    report(uvloop.run(measure(task)), task, ROWS_ON_POSTGRES if task.postgres else ROWS)


if __name__ == "__main__":
    main()
