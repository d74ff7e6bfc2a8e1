"""`calferry listen`: changes as they happen, sent on to an endpoint that no service could reach."""

import base64
import json
import secrets as randomness
import time
from dataclasses import dataclass
from typing import Annotated

import aiohttp
import typer

from calferry.cli.endings import CommandFailed, run
from calferry.cli.options import whole_address
from calferry.cli.output import Output, shortened
from calferry.cli.to_service import SERVICE, Url, service_at
from calferry.client import Change, Client, CursorExpired, Unreachable
from calferry.core import subscription as rules
from calferry.core.subscription import Receipt

TIMEOUT_S = 15

ForwardTo = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        help="Where to send them, on this machine too, over http or https.",
        callback=whole_address("http://127.0.0.1:3000/hook"),
    ),
]
Kinds = Annotated[
    list[str] | None,
    typer.Option("--kind", help=f"Only these: {', '.join(sorted(rules.OF_CHANGE_LOG))}. May be repeated."),
]
Secret = Annotated[
    str | None,
    typer.Option(
        envvar="CALFERRY_WEBHOOK_SECRET",
        help="Sign with this one, `whsec_…`, instead of a new one each time.",
    ),
]
Since = Annotated[
    str | None, typer.Option("--from", metavar="CURSOR", help="Begin after this change, instead of now.")
]
Until = Annotated[int | None, typer.Option("--count", min=1, help="End after so many.")]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to tell, from where on, and to whom."""

    kinds: frozenset[str]
    since: str | None
    count: int | None
    forward_to: str | None
    secret: str


def listen(
    forward_to: ForwardTo = None,
    kind: Kinds = None,
    secret: Secret = None,
    since: Since = None,
    until: Until = None,
    url: Url = SERVICE,
    as_json: Annotated[bool, typer.Option("--json", help="Print a line of JSON for each.")] = False,
) -> None:
    """Show changes as they happen, and send them on to an endpoint under development, signed as webhooks are."""
    output = Output(as_json=as_json)
    if unknown := set(kind or ()) - rules.OF_CHANGE_LOG:
        raise typer.BadParameter(
            f"there is no {min(unknown)}; there are {', '.join(sorted(rules.OF_CHANGE_LOG))}",
            param_hint="--kind",
        )
    if since is not None and not (since.isascii() and since.isdecimal()):
        raise typer.BadParameter("a cursor is the number of a change", param_hint="--from")
    key = rules.new_secret(randomness.token_hex(32)) if secret is None else checked(secret)
    wanted = Wanted(frozenset(kind or rules.OF_CHANGE_LOG), since, until, forward_to, key)
    run(output, lambda: tell(output, url, wanted))


def checked(secret: str) -> str:
    """Raises BadParameter for what no library would verify with."""
    try:
        is_key = len(base64.b64decode(secret.removeprefix(rules.SECRET_PREFIX), validate=True)) > 0
    except ValueError:
        is_key = False
    if not (is_key and secret.startswith(rules.SECRET_PREFIX)):
        raise typer.BadParameter(
            f"a secret is {rules.SECRET_PREFIX} and base64 after it", param_hint="--secret"
        )
    return secret


async def tell(output: Output, url: str, wanted: Wanted) -> None:
    """Until `wanted.count` changes were told, or for ever. Raises CommandFailed."""
    async with service_at(url) as client:
        since = wanted.since or await client.cursor()
        output.say(f"Listening to {url} from change {since} on; Ctrl-C ends it.")
        if wanted.forward_to is not None:
            output.show(f"Every message goes to {wanted.forward_to}, once, signed with {wanted.secret}")
        # A connection that the endpoint is about to close would swallow a message.
        connector = aiohttp.TCPConnector(force_close=True)
        timeout, jar = aiohttp.ClientTimeout(total=TIMEOUT_S), aiohttp.DummyCookieJar()
        async with aiohttp.ClientSession(connector=connector, timeout=timeout, cookie_jar=jar) as session:
            await Listener(output, client, session, wanted, since).listen()


@dataclass(slots=True)
class Listener:
    """`position` is the newest change that has been dealt with."""

    output: Output
    client: Client
    session: aiohttp.ClientSession
    wanted: Wanted
    position: str
    told: int = 0

    async def listen(self) -> None:
        """Go on over whatever the service goes through. Raises CommandFailed where its log does not go back that far."""
        while True:
            try:
                await self.follow()
                return
            except Unreachable as lost:
                self.output.say(f"{lost}. Trying again, from change {self.position} on.")
            except CursorExpired as expired:
                newest = f" {expired.cursor} is the newest change." if expired.cursor else ""
                raise CommandFailed(f"The log does not go back to change {self.position}.{newest}") from None

    async def follow(self) -> None:
        async for change in self.client.changes(self.position):
            kind = rules.kind_of(change.kind, moved=change.moved)
            if kind in self.wanted.kinds:
                is_sent = self.wanted.forward_to is not None
                receipt = await forward(self.session, self.wanted, change, kind) if is_sent else None
                show(self.output, change, kind, receipt)
                self.told += 1
            self.position = change.id
            if self.told == self.wanted.count:
                return


async def forward(session: aiohttp.ClientSession, wanted: Wanted, change: Change, kind: str) -> Receipt:
    """One attempt. The same change has the same `webhook-id` each time."""
    event = None if change.event is None else json.dumps(change.event)
    data = {"change_id": change.id, "calendar_id": change.calendar_id, "event_id": change.event_id}
    body = rules.body_of(kind, change.at, data, event)
    headers = rules.headers_of([wanted.secret], f"msg_{change.id}", int(time.time()), body)
    try:
        async with session.post(
            str(wanted.forward_to), data=body, headers=headers, allow_redirects=False
        ) as answer:
            return Receipt(answer.status)
    except TimeoutError:
        return Receipt(None, f"no answer within {TIMEOUT_S} s")
    except (aiohttp.ClientError, ValueError) as error:
        return Receipt(None, str(error) or type(error).__name__)


def show(output: Output, change: Change, kind: str, receipt: Receipt | None) -> None:
    """One line for each: what it is about, and how it was taken."""
    answer = None if receipt is None else receipt.answer or receipt.error
    values = {"type": kind, "at": change.at, "change_id": change.id, "calendar_id": change.calendar_id}
    taken = "" if receipt is None else f"  → {receipt.error or receipt.answer}"
    title = shortened(str((change.event or {}).get("summary", "")))
    what = change.event_id or change.calendar_id
    line = f"{change.at}  {change.id:>6}  {kind:<16} {what}  {title}{taken}"
    output.outcome({**values, "event_id": change.event_id, "answer": answer}, line.rstrip())
