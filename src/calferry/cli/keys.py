"""`calferry keys`: the keys that seal stored secrets."""

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from calferry.bootstrap.database import open_store
from calferry.bootstrap.system import SystemClock
from calferry.cli.endings import DONE, FAILED, run
from calferry.cli.options import AsJson
from calferry.cli.output import Output, count, table
from calferry.duties.reseal import Progressed, Resealed, reseal, stale
from calferry.settings import load_settings
from calferry.store import audit, sealed
from calferry.vault import SealingVault

app = typer.Typer(help="The keys that seal stored secrets.", no_args_is_help=True)

ForgetUnreadable = Annotated[
    bool,
    typer.Option(
        "--forget-unreadable",
        help="Forget secrets that no listed key opens; their people have to sign in again.",
    ),
]


@app.callback()
def group() -> None:
    """The keys that seal stored secrets."""


@app.command()
def rotate(forget_unreadable: ForgetUnreadable = False, as_json: AsJson = False) -> None:
    """Seal every stored secret anew with the newest key, beside a running service; may be interrupted and run again."""
    output = Output(as_json=as_json)
    run(output, lambda: rotate_keys(output, forget_unreadable=forget_unreadable))


async def rotate_keys(output: Output, *, forget_unreadable: bool) -> int:
    settings = load_settings()
    settings.require("keys")
    vault = SealingVault(settings.sealing_keys, os.urandom)
    store = await open_store(settings.database_address, auto_migrate=settings.auto_migrate, must_exist=True)
    now_ms = SystemClock().now_ms()
    try:
        with bar(output, await stale(store, vault)) as progressed:
            done = await reseal(
                store, vault, now_ms, forget_unreadable=forget_unreadable, progressed=progressed
            )
        left = await stale(store, vault)
        if done.values or done.forgotten:
            note = partial(audit.add, action="keys_rotated", now_ms=now_ms, resealed=done.values, left=left)
            await store.write(partial(note, forgotten=done.forgotten, key=vault.key_ids[0].hex()))
        counts = await store.read(sealed.counts)
    finally:
        await store.close()
    tell(output, vault, done, left, counts)
    return FAILED if left else DONE


@contextmanager
def bar(output: Output, total: int) -> Iterator[Progressed]:
    columns = (TextColumn("{task.description}"), BarColumn(bar_width=24), MofNCompleteColumn())
    with Progress(*columns, console=output.errors) as progress:
        task = progress.add_task("sealing anew", total=total)
        yield lambda number: progress.advance(task, number)


def tell(output: Output, vault: SealingVault, done: Resealed, left: int, counts: Counter[bytes]) -> None:
    by_key: Counter[bytes] = Counter()
    for name, number in counts.items():
        by_key[name[1:]] += number
    keys = [*vault.key_ids, *sorted(set(by_key) - set(vault.key_ids))]
    rows: list[dict[str, Any]] = [
        {"id": key.hex(), "values": by_key[key], "listed": key in vault.key_ids} for key in keys
    ]
    unused = [row["id"] for row in rows[1:] if not row["values"]]
    cells = [[row["id"], f"{row['values']:,}", "yes" if row["listed"] else "no"] for row in rows]
    values = {
        "resealed": done.values,
        "forgotten": done.forgotten,
        "left": left,
        "keys": rows,
        "unused": unused,
    }
    output.outcome(
        values,
        table(("key", "values", "listed"), cells, ""),
        f"Sealed {count(done.values, 'value')} anew with the newest key.",
        *endings(done, left, unused),
    )


def endings(done: Resealed, left: int, unused: list[str]) -> list[str]:
    """What a person has to know or do next."""
    said = []
    if done.forgotten:
        said.append(f"Forgot {count(done.forgotten, 'value')} that no key opens: their people sign in again.")
    if left:
        said.append(
            f"{count(left, 'value')} could not be sealed anew. If a key is missing, list it in CALFERRY_KEYS; if a "
            "running process knows the older keys only, restart it; then run this again. What is lost for good is "
            "given up by --forget-unreadable."
        )
    if unused and not left:
        said.append(
            f"Nothing uses {', '.join(unused)} any more: drop what is listed of it once every process runs."
        )
    return said
