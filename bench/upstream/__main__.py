"""Serves the upstream until standard input ends; the first line of standard output is its address."""

import argparse
import asyncio
import contextlib
import gc
import sys

import uvloop

from bench.upstream.routes import Upstream
from bench.upstream.wire import Connection
from bench.upstream.world import build_calendars, recipes


async def serve(upstream: Upstream) -> None:
    loop = asyncio.get_running_loop()

    def connection() -> Connection:
        return Connection(lambda method, target, gzip: upstream.respond(method, target, accepts_gzip=gzip))

    server = await loop.create_server(connection, "127.0.0.1", 0, backlog=1024)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    async with server:
        await loop.run_in_executor(None, sys.stdin.read)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    for name, default in {"calendars": 20, "events": 5000, "changes": 50, "seed": 1}.items():
        options.add_argument(f"--{name}", type=int, default=default)
    asked = options.parse_args()
    upstream = Upstream(build_calendars(recipes(asked.calendars, asked.events, asked.changes, asked.seed)))
    gc.freeze()
    gc.disable()
    with contextlib.suppress(KeyboardInterrupt):
        uvloop.run(serve(upstream))


if __name__ == "__main__":
    main()
