"""Running the local Google on a port: for the command line, inside another program, or in a thread."""

import asyncio
import contextlib
import json
import random
import signal
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import uvicorn

from calferry.emulator.app import Emulator
from calferry.emulator.call import Options
from calferry.emulator.control_paths import http_of
from calferry.emulator.delivery import Postman
from calferry.emulator.kept_world import KeptWorld
from calferry.emulator.seed import SeedError
from calferry.emulator.seed_files import load_seeds, named
from calferry.emulator.shell import OpenProtocol, Shell
from calferry.emulator.wire import Request, Response

Json = dict[str, Any]

START_TIMEOUT_S = 15.0
ANSWER_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 1.0
LOOK_AGAIN_S = 0.002


class _Server(uvicorn.Server):
    """Leaves signals to the program around it, says when it listens, and ends at once when it is told to.

    The loops of uvicorn look around ten times a second, which a test that starts and stops one would wait for.
    """

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()
        self.over = asyncio.Event()

    async def main_loop(self) -> None:
        await self.over.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for listener in sockets or []:
            listener.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STOP_TIMEOUT_S):
                while self.server_state.connections or self.server_state.tasks:  # noqa: ASYNC110
                    await asyncio.sleep(LOOK_AGAIN_S)
        for task in self.server_state.tasks:
            task.cancel()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


class RunningGoogle:
    """A local Google that listens on `url`. Its methods are safe to call from any thread."""

    def __init__(
        self, url: str, emulator: Emulator, loop: asyncio.AbstractEventLoop, wake: Callable[[], None]
    ):
        self.url = url
        self.emulator = emulator
        self._loop = loop
        self._wake = wake

    def handle(self, request: Request) -> Response:
        """Answers a request without the network, in turn with those that come through it."""
        done: threading.Event = threading.Event()
        found: list[Response] = []

        def run() -> None:
            found.append(self.emulator.handle(request))
            self._wake()
            done.set()

        if _is_running_here(self._loop):
            run()
        else:
            self._loop.call_soon_threadsafe(run)
            if not done.wait(ANSWER_TIMEOUT_S):
                raise TimeoutError("the local Google does not answer")
        return found[0]

    def announce(self) -> None:
        """Sends the notifications of changes made to the world directly, not by a request."""
        self._loop.call_soon_threadsafe(self._wake)

    def control(self, path: str, body: Json | None = None) -> Json:
        """A control request, `path` being what follows `/_emulator/`; what it answers.

        No body is an empty one, but `faults` without a body asks for those that are ordered. Raises ValueError
        if the request is refused, or if there is none of that name.
        """
        method = http_of(path, body is not None)
        sent = b"" if body is None else json.dumps(body).encode()
        response = self.handle(Request(method, f"/_emulator/{path}", body=sent))
        answer: Json = json.loads(response.body)
        if response.status != 200:
            raise ValueError(answer.get("error", f"{path} answered {response.status}"))
        return answer

    def tokens(self, email: str, *scopes: str) -> Json:
        """Tokens of one person, as if consent had been given."""
        return self.control("tokens", {"email": email} | ({"scopes": list(scopes)} if scopes else {}))


def _is_running_here(loop: asyncio.AbstractEventLoop) -> bool:
    try:
        return asyncio.get_running_loop() is loop
    except RuntimeError:
        return False


@contextlib.asynccontextmanager
async def running(
    emulator: Emulator | None = None, host: str = "127.0.0.1", port: int = 0
) -> AsyncIterator[RunningGoogle]:
    """Serves on `host`:`port` (0: any free one) in the running event loop until the block ends.

    Raises OSError if the port is taken.
    """
    emulator = emulator or new_emulator()
    listener = _listener(host, port)
    url = f"http://{host}:{listener.getsockname()[1]}"
    emulator.options = replace(emulator.options, origin=url)
    postman = Postman(emulator)
    server = _Server(_config(Shell(emulator, postman.wake)))
    tasks = [asyncio.create_task(server.serve([listener])), asyncio.create_task(postman.run())]
    try:
        await _until_ready(server, tasks[0])
        yield RunningGoogle(url, emulator, asyncio.get_running_loop(), postman.wake)
    finally:
        server.should_exit = True
        server.over.set()
        tasks[1].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        listener.close()


def new_emulator(seeds: Sequence[Json] = (), auto: bool = False, seed: int | None = None) -> Emulator:
    """An emulator on the real clock; `seed` fixes its dice."""
    return Emulator(time.time, random.Random(seed), seeds, Options(auto=auto))


def _listener(host: str, port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # Inherited by connections; asyncio sets it only on sockets that name their protocol.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        listener.bind((host, port))
    except UnicodeError as error:
        listener.close()
        raise socket.gaierror(socket.EAI_NONAME, "not the name of a host") from error
    except OSError:
        listener.close()
        raise
    return listener


def _config(application: Shell) -> uvicorn.Config:
    return uvicorn.Config(
        application,
        http=OpenProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        log_level="critical",
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=1,
    )


async def _until_ready(server: _Server, serving: asyncio.Task[None]) -> None:
    waiting = asyncio.create_task(server.ready.wait())
    await asyncio.wait({waiting, serving}, return_when=asyncio.FIRST_COMPLETED, timeout=START_TIMEOUT_S)
    waiting.cancel()
    if not server.ready.is_set():
        raise RuntimeError("the local Google did not start")


@dataclass(slots=True)
class _Thread:
    """What the thread and its starter tell each other."""

    ready: threading.Event
    google: RunningGoogle | None = None
    stop: Callable[[], object] | None = None
    error: BaseException | None = None


@contextlib.contextmanager
def run_in_thread(
    port: int = 0,
    seeds: Sequence[Json] = (),
    auto: bool = False,
    seed: int | None = 0,
    emulator: Emulator | None = None,
) -> Iterator[RunningGoogle]:
    """Serves from a thread with a loop of its own until the block ends."""
    shared = _Thread(threading.Event())
    wanted = emulator or new_emulator(seeds, auto, seed)

    async def main() -> None:
        over = asyncio.Event()
        loop = asyncio.get_running_loop()
        async with running(wanted, port=port) as google:
            shared.google, shared.stop = google, lambda: loop.call_soon_threadsafe(over.set)
            shared.ready.set()
            await over.wait()

    def run() -> None:
        try:
            asyncio.run(main())
        except BaseException as error:  # noqa: BLE001 (told to the thread that waits)
            shared.error = error
        finally:
            shared.ready.set()

    thread = threading.Thread(target=run, name="local-google", daemon=True)
    thread.start()
    shared.ready.wait(START_TIMEOUT_S)
    if shared.google is None or shared.stop is None:
        raise RuntimeError("the local Google did not start") from shared.error
    try:
        yield shared.google
    finally:
        shared.stop()
        thread.join(START_TIMEOUT_S)


async def serve(
    host: str = "127.0.0.1",
    port: int = 8001,
    auto: bool = False,
    seed_files: Sequence[str | Path] = (),
    on_ready: Callable[[RunningGoogle], None] | None = None,
    until: asyncio.Event | None = None,
    data: str | Path | None = None,
    say: Callable[[str], object] = lambda _: None,
) -> None:
    """Serves until `until` is set, or without one until SIGINT or SIGTERM.

    `on_ready` is called once it listens. With `data` the world goes on from that file, if it is there, and is
    kept in it; the seeds then count for a reset only, which `say` is told. Raises SeedError for a seed and
    DataFileError for a data file that cannot be used, and OSError for a host or port that cannot.
    """
    over = until or _signals()
    emulator = _seeded(seed_files, auto)
    kept = KeptWorld(Path(data), emulator, say) if data else None
    if kept and kept.load() and seed_files:
        names = ", ".join(map(str, seed_files))
        say(f"{data} is there already: its world goes on, and the seed is left out ({names}).")
    async with running(emulator, host, port) as google:
        if on_ready:
            on_ready(google)
        await (kept.keep_until(over) if kept else over.wait())


def _seeded(seed_files: Sequence[str | Path], auto: bool) -> Emulator:
    documents = load_seeds(seed_files)
    try:
        return new_emulator(documents, auto)
    except SeedError as error:
        raise named(error, seed_files, documents) from error


def _signals() -> asyncio.Event:
    over = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, over.set)
    return over
