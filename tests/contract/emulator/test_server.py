"""The running server: connections that break on purpose, ports, seed files, the pytest fixture."""

import asyncio
import socket
from pathlib import Path

import aiohttp
import pytest

from calferry.emulator.server import RunningGoogle, new_emulator, run_in_thread, running, serve
from tests.waiting import eventually

ATTEMPTS = 2  # aiohttp repeats a GET whose connection broke before any answer
LIST = "/calendar/v3/users/me/calendarList"


def bearer(google: RunningGoogle) -> dict[str, str]:
    return {"Authorization": f"Bearer {google.tokens('alice@example.com')['access_token']}"}


async def test_reset_and_cut_break_the_connection() -> None:
    async with (
        running(new_emulator(seed=1)) as google,
        aiohttp.ClientSession(headers=bearer(google)) as session,
    ):
        resets = {"method": "calendarList.list", "action": "reset", "times": ATTEMPTS}
        orders = [resets, {"method": "calendarList.list", "action": "truncate"}]
        google.control("faults", {"faults": orders})
        with pytest.raises(aiohttp.ClientConnectionError):
            await session.get(google.url + LIST)
        with pytest.raises(aiohttp.ClientPayloadError):
            async with session.get(google.url + LIST) as response:
                await response.read()
        async with session.get(google.url + LIST) as response:
            assert response.status == 200


async def test_stalled_request_holds_up_nobody_else() -> None:
    async with (
        running(new_emulator(seed=1)) as google,
        aiohttp.ClientSession(headers=bearer(google)) as session,
    ):
        google.control("faults", {"faults": [{"method": "calendarList.list", "action": "stall-60000"}]})
        stalled = asyncio.create_task(session.get(google.url + LIST))
        await eventually(lambda: google.control("requests")["requests"], what="the stalled request")
        async with asyncio.timeout(10), session.get(google.url + LIST) as response:
            assert response.status == 200
        stalled.cancel()


async def test_taken_port_is_an_os_error() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(OSError, match="in use"):
            async with running(port=taken.getsockname()[1]):
                pytest.fail("it listened on a taken port")


async def test_serve_loads_seed_files_and_stops_when_told(tmp_path: Path) -> None:
    seed = tmp_path / "world.json"
    seed.write_text('{"people": [{"email": "carol@example.com"}]}')
    calendar = Path(__file__).parents[2] / "samples" / "ics" / "three_events_one_edited.ics"
    ready: asyncio.Queue[RunningGoogle] = asyncio.Queue()
    over = asyncio.Event()
    serving = asyncio.create_task(
        serve(port=0, seed_files=[calendar, seed], on_ready=ready.put_nowait, until=over)
    )
    async with asyncio.timeout(20):
        google = await ready.get()
        world = google.emulator.world
        assert list(world.people) == ["carol@example.com"]
        assert (
            world.calendars["three-events-one-edited@group.calendar.google.com"].owner == "carol@example.com"
        )
        over.set()
        await serving


def test_thread_reports_a_taken_port() -> None:
    with run_in_thread() as google:
        second = run_in_thread(port=int(google.url.rpartition(":")[2]))
        with pytest.raises(RuntimeError, match="did not start"), second:
            pytest.fail("it listened on a taken port")


def test_fixture_gives_a_fresh_google(google: RunningGoogle) -> None:
    assert google.control("requests") == {"requests": []}
    assert google.emulator.options.origin == google.url
    with pytest.raises(ValueError, match="nobody is called"):
        google.tokens("x@y.z")


def test_a_control_request_without_a_body_is_sent_as_it_has_to_be(google: RunningGoogle) -> None:
    google.tokens("alice@example.com")
    assert google.control("reset") == {}
    assert google.emulator.world.oauth.access_tokens == {}
    assert "alice@example.com" in google.control("expire-sync-tokens")["calendars"]
    assert google.control("faults") == {"faults": []}
    assert google.control("mails") == {"mails": []}


@pytest.mark.parametrize("body", [None, {}])
def test_a_control_request_that_does_not_exist_names_those_that_do(
    google: RunningGoogle, body: dict[str, str] | None
) -> None:
    with pytest.raises(ValueError, match=r"no control request 'fualts'; there are reset, .*faults"):
        google.control("fualts", body)
    with pytest.raises(ValueError, match="requests takes no body"):
        google.control("requests", {})
