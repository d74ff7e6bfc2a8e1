"""A world that is kept in a file: over restarts, while it runs, and where it cannot be."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from calferry.emulator import Request
from calferry.emulator.kept_world import DataFileError, KeptWorld
from calferry.emulator.server import RunningGoogle, new_emulator, serve
from tests.waiting import eventually

LIST = "/calendar/v3/users/me/calendarList"


async def served(data: Path, during: Callable[[RunningGoogle], object], *seeds: Path) -> list[str]:
    """Serves with a data file, does something and stops; what was said."""
    ready: asyncio.Queue[RunningGoogle] = asyncio.Queue()
    over = asyncio.Event()
    said: list[str] = []
    serving = asyncio.create_task(
        serve(port=0, seed_files=seeds, on_ready=ready.put_nowait, until=over, data=data, say=said.append)
    )
    async with asyncio.timeout(20):
        during(await ready.get())
        over.set()
        await serving
    return said


def names_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


async def test_a_data_file_carries_the_world_over_a_restart(tmp_path: Path) -> None:
    data = tmp_path / "google.json"
    made: list[str] = []
    await served(data, lambda google: made.append(google.tokens("alice@example.com")["access_token"]))
    found: list[int] = []

    def ask(google: RunningGoogle) -> None:
        headers = {"Authorization": f"Bearer {made[0]}"}
        found.append(google.handle(Request("GET", LIST, headers=headers)).status)

    assert await served(data, ask) == []
    assert found == [200]
    assert names_in(tmp_path) == ["google.json"]


async def test_a_changed_world_is_saved_while_it_runs(tmp_path: Path) -> None:
    emulator = new_emulator(seed=1)
    data = tmp_path / "google.json"
    over = asyncio.Event()
    keeping = asyncio.create_task(KeptWorld(data, emulator, print).keep_until(over, every_s=0.01))
    await eventually(data.exists, what="the first save")
    changes: list[tuple[str, bytes, Callable[[dict[str, dict[str, str]]], bool]]] = [
        ("push", b'{"mode": "drop"}', lambda world: world["push"]["mode"] == "drop"),
        ("watchable", b'{"watchable": false}', lambda world: '"watchable": false' in json.dumps(world)),
    ]
    for name, body, is_saved in changes:
        assert emulator.handle(Request("POST", f"/_emulator/{name}", body=body)).status == 200
        await eventually(lambda seen=is_saved: seen(json.loads(data.read_text())), what=name)  # type: ignore[misc]
    over.set()
    await keeping


async def test_a_save_that_fails_is_told_once_and_made_up_for(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    said: list[str] = []
    kept = KeptWorld(folder / "google.json", new_emulator(seed=1), said.append)
    assert kept.load() is False
    folder.rmdir()
    over = asyncio.Event()
    keeping = asyncio.create_task(kept.keep_until(over, every_s=0.01))
    await eventually(lambda: said, what="the failure")
    folder.mkdir()
    await eventually((folder / "google.json").exists, what="the save")
    over.set()
    await keeping
    assert len(said) == 1
    assert str(folder / "google.json") in said[0]


@pytest.mark.parametrize(
    ("content", "words"), [('{"version": 99}', "not a snapshot"), ("", "not JSON"), ("[]", "google.json")]
)
async def test_a_data_file_of_something_else_is_refused(tmp_path: Path, content: str, words: str) -> None:
    data = tmp_path / "google.json"
    data.write_text(content)
    with pytest.raises(DataFileError, match=words) as refused:
        await serve(port=0, data=data, until=asyncio.Event())
    assert str(data) in str(refused.value)
    assert data.read_text() == content


async def test_a_data_file_that_cannot_be_written_is_refused_at_the_start(tmp_path: Path) -> None:
    for data, words in ((tmp_path / "missing" / "google.json", "no folder"), (tmp_path, "directory")):
        with pytest.raises(DataFileError, match=words) as refused:
            await serve(port=0, data=data, until=asyncio.Event())
        assert str(data) in str(refused.value)


async def test_a_seed_beside_an_existing_data_file_is_left_out_aloud(tmp_path: Path) -> None:
    data, seed = tmp_path / "google.json", tmp_path / "carol.json"
    seed.write_text('{"people": [{"email": "carol@example.com"}]}')
    people: list[str] = []
    assert await served(data, lambda google: people.extend(google.emulator.world.people), seed) == []
    seed.write_text('{"people": [{"email": "dora@example.com"}]}')
    said = await served(data, lambda google: people.extend(google.emulator.world.people), seed)
    assert people == ["carol@example.com"] * 2
    assert len(said) == 1
    assert str(data) in said[0]
    assert str(seed) in said[0]
