"""Several processes of calferry on one database, some of which are always being killed."""

import asyncio
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import asyncpg
import httpx

from calferry.emulator.server import RunningGoogle
from tests.system import forked
from tests.system.editors import Editor
from tests.system.processes import DEADLINE_S, Site, free_port
from tests.waiting import until

WATCHED = """
CREATE TABLE lease_overlaps (id text, was text, became text, left_ms bigint);
CREATE TABLE takings (id text, fence bigint);
CREATE FUNCTION watch_leases() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE now_ms bigint := (extract(epoch FROM clock_timestamp()) * 1000)::bigint;
BEGIN
    IF NEW.lease_owner IS NOT NULL AND NEW.fence > OLD.fence THEN
        INSERT INTO takings VALUES (NEW.id, NEW.fence);
        IF OLD.lease_owner IS NOT NULL AND OLD.lease_until > now_ms + 250 THEN
            INSERT INTO lease_overlaps VALUES (NEW.id, OLD.lease_owner, NEW.lease_owner, OLD.lease_until - now_ms);
        END IF;
    END IF;
    IF NEW.clean_seq <> OLD.clean_seq AND NEW.fence <> OLD.fence THEN
        INSERT INTO lease_overlaps VALUES (NEW.id, 'finished', 'under another fence', 0);
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER watch_leases BEFORE UPDATE ON sync_states FOR EACH ROW EXECUTE FUNCTION watch_leases();
"""
UNSETTLED = """
SELECT s.id, s.dirty_seq, s.clean_seq, s.last_success_at, s.last_error_message FROM sync_states s
JOIN calendars c ON c.id = s.id AND c.selected
WHERE s.dirty_seq <> s.clean_seq OR s.last_success_at IS NULL OR s.last_success_at < $1
"""


def ask(address: str, statement: str, *values: Any) -> list[Any]:
    async def asked() -> list[Any]:
        connection = await asyncpg.connect(address)
        try:
            return list(await connection.fetch(statement, *values))
        finally:
            await connection.close()

    return asyncio.run(asked())


def execute(address: str, statements: str) -> None:
    async def executed() -> None:
        connection = await asyncpg.connect(address)
        try:
            await connection.execute(statements)
        finally:
            await connection.close()

    asyncio.run(executed())


@dataclass
class Fleet:
    """`servers` and `workers` by number; the first server is where notifications go."""

    site: Site
    database: str
    servers: int = 2
    workers: int = 3
    running: dict[str, BaseProcess] = field(default_factory=dict)
    ports: list[int] = field(default_factory=list)
    kills: int = 0

    def __post_init__(self) -> None:
        self.ports = [self.site.port, *(free_port() for _ in range(self.servers - 1))]

    def start(self, name: str) -> None:
        kind, number = name.split()
        arguments = (
            ["serve", "--port", str(self.ports[int(number)])]
            if kind == "serve"
            else ["worker", "--concurrency", "6"]
        )
        log = self.site.folder / f"{kind}{number}.log"
        self.running[name] = forked.start(arguments, self.site.environment, log)

    @contextmanager
    def up(self) -> Iterator[None]:
        names = [*(f"serve {n}" for n in range(self.servers)), *(f"worker {n}" for n in range(self.workers))]
        try:
            for name in names:
                self.start(name)
            until(lambda: all(map(forked.listens, self.ports)), DEADLINE_S, "servers listen")
            yield
            for process in self.running.values():
                forked.stop(process)
        finally:
            for process in self.running.values():
                forked.kill(process)

    def kill_one(self, dice: random.Random) -> None:
        name = dice.choice(sorted(self.running))
        forked.kill(self.running[name])
        self.start(name)
        self.kills += 1

    def cut_connections(self) -> None:
        execute(
            self.database,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() "
            "AND datname = current_database() AND application_name LIKE 'calferry%'",
        )

    def empty_queue(self) -> None:
        execute(self.database, "DELETE FROM queue")

    def unsettled(self, since_ms: int) -> list[Any]:
        return ask(self.database, UNSETTLED, since_ms)


@dataclass
class Chaos:
    """What goes on for a while: edits all the time, and now and then something breaks."""

    google: RunningGoogle
    fleet: Fleet
    editors: list[Editor]
    dice: random.Random
    failed: list[Exception] = field(default_factory=list)

    def reign(self, rounds: int, every_s: float) -> None:
        stopped, pace = threading.Event(), threading.Event()
        threads = [threading.Thread(target=self.guarded, args=(editor, stopped)) for editor in self.editors]
        for thread in threads:
            thread.start()
        try:
            for number in range(1, rounds + 1):
                pace.wait(every_s)
                self.fleet.kill_one(self.dice)
                if number % 4 == 0:
                    self.fleet.cut_connections()
                if number % 5 == 3:
                    self.fleet.empty_queue()
        finally:
            stopped.set()
            for thread in threads:
                thread.join()
        assert self.failed == []

    def guarded(self, editor: Editor, stopped: threading.Event) -> None:
        try:
            editor.work(stopped, 0.2)
        except httpx.HTTPError as error:
            self.failed.append(error)


def error_lines(folder: Path) -> list[str]:
    lines = [line for log in folder.glob("*.log") for line in log.read_text("utf-8").splitlines()]
    return [line for line in lines if '"level": "error"' in line]
