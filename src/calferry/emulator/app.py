"""The local Google as one synchronous, deterministic value: a request in, a response out."""

import random
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

from calferry.emulator import access, control_paths, finishing, seed, striking
from calferry.emulator.call import Answer, Call, Options, Route
from calferry.emulator.delivery_log import DeliveryLog
from calferry.emulator.errors import Refused
from calferry.emulator.query import Query
from calferry.emulator.routes import ROUTES, parameters
from calferry.emulator.routing import RouteTable
from calferry.emulator.wire import Request, Response
from calferry.emulator.world import snapshot
from calferry.emulator.world.channels import Delivery
from calferry.emulator.world.world import World

REQUESTS_KEPT = 100_000
TABLE = RouteTable(ROUTES)


class Emulator:
    """A Google in one process.

    `clock` answers unix seconds, `dice` is the only source of chance, `seeds` are seed documents (see
    `seed.plant`); without one that names people the world has alice and bob. Nothing in here reads a
    clock, opens a socket or starts a thread.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        dice: random.Random | None = None,
        seeds: Sequence[dict[str, Any]] = (),
        options: Options | None = None,
    ) -> None:
        self.options = options or Options()
        self.requests: deque[dict[str, Any]] = deque(maxlen=REQUESTS_KEPT)
        self.deliveries = DeliveryLog()
        self.handled = 0
        self._clock = clock
        self._dice = dice or random.Random(0)
        self._seeds = tuple(seeds)
        self.world = World(self._dice)
        seed.plant_start(self.world, self._seeds, self.now())

    def now(self) -> float:
        """The world's time: the clock plus whatever it was advanced by."""
        return self._clock() + self.world.clock_offset_s

    def reset(self) -> None:
        """Back to the start: the seeded world, no grants, no channels, no faults, empty logs."""
        self.world = World(self._dice, epoch=self._next_epoch())
        self.requests.clear()
        self.deliveries.clear()
        seed.plant_start(self.world, self._seeds, self.now())

    def _next_epoch(self) -> int:
        """A number that no epoch has had, not even of an earlier process whose world was saved."""
        return max(self.world.epoch + 1, int(self._clock() * 1000))

    def snapshot(self) -> dict[str, Any]:
        """The world and its dice as JSON. Logs are not part of it."""
        version, numbers, spare = self._dice.getstate()
        return {**snapshot.taken(self.world), "dice": [version, list(numbers), spare]}

    def restore(self, document: dict[str, Any]) -> None:
        """Goes on from a snapshot. Raises ValueError for what is none; then nothing has changed."""
        before = self._dice.getstate()
        try:
            if document.get("dice"):
                version, numbers, spare = document["dice"]
                self._dice.setstate((version, tuple(numbers), spare))
            snapshot.restore(self.world, document, self._next_epoch())
        except (ValueError, TypeError, OverflowError) as error:
            self._dice.setstate(before)
            raise ValueError(str(error)) from error

    def methods(self) -> list[str]:
        """The names that faults may strike: Google's methods and those of the OAuth endpoints."""
        return [name for name in TABLE.methods() if not name.startswith("control.")]

    def take_deliveries(self) -> list[Delivery]:
        """The notifications produced since the last call, for a shell to post. None is given twice."""
        return [delivery for delivery in self.world.channels.take() if self.is_wanted(delivery)]

    def is_wanted(self, delivery: Delivery) -> bool:
        """Whether a notification taken earlier is still to be posted: its world has to be there, and for another
        attempt its channel, too."""
        channels = self.world.channels
        retried = delivery.attempt > 1
        return channels.is_ours(delivery) and (
            not retried or channels.is_open(delivery.channel_id, self.now())
        )

    def delivered(self, delivery: Delivery, status: int | None, problem: str = "") -> None:
        """Tells how a post ended: its HTTP status, or None and the problem.

        A status that Google retries puts the notification back into the outbox with a later `not_before`, while
        its channel is open. Of a world that is gone nothing is noted.
        """
        if not self.world.channels.is_ours(delivery):
            return
        is_open = self.world.channels.is_open(delivery.channel_id, self.now())
        again = self.deliveries.record(delivery, status, problem, self.now(), self._dice, is_open)
        if again:
            self.world.channels.outbox.append(again)

    def handle(self, request: Request, batch_from: int | None = None) -> Response:
        """Answers one request. `batch_from` is given for the parts of a batch: the last change before it."""
        self.handled += 1
        request = _overridden(request)
        if request.method == "OPTIONS":
            return finishing.preflight(request)
        if request.method == "HEAD":
            return _bodiless(self.handle(replace(request, method="GET"), batch_from))
        found = TABLE.find(request.method, request.path)
        path = found[1] if found else {}
        call = Call(self, self.world, request, Query(request.query), path, self.now(), batch_from=batch_from)
        if found and found[0].floor == "control":
            return self._carried_out(call, found[0])
        if found is None and control_paths.is_under(request.path):
            return finishing.finished(call, control_paths.astray(request.method, request.path))
        response = self._answered(call, found[0]) if found else finishing.finished(call, striking.html(404))
        self._note(call, response)
        return response

    def _answered(self, call: Call, route: Route) -> Response:
        call.method = route.method
        try:
            if route.floor == "api":
                access.admit(call, route)
                access.charge(call)
        except Refused as refused:
            return finishing.refusal(call, refused)
        fault = self.world.faults.strike(call.target())
        if fault is None:
            return self._carried_out(call, route)
        if not fault.action.commits:
            return _sent(call, striking.instead(route, fault))
        if fault.action.verb == "return":
            self._carried_out(call, route)
            return _sent(call, striking.instead(route, fault))
        return striking.damaged(self._carried_out(call, route, fault.action), fault.action)

    def _carried_out(self, call: Call, route: Route, action: Any = None) -> Response:
        try:
            if route.floor == "api":
                parameters.check(call)
            answer = route.act(call)
            if action is not None:
                answer = striking.altered(answer, action, call)
            return finishing.finished(call, answer)
        except Refused as refused:
            return finishing.refusal(call, refused)

    def _note(self, call: Call, response: Response) -> None:
        self.requests.append(
            {
                "method": call.request.method,
                "path": call.request.path,
                "query": call.query.as_json(),
                "status": response.status or None,
                "user": call.person.email if call.person else None,
                "at": call.now,
                "api_method": call.method or None,
                "fault": response.fault or None,
            }
        )


def _bodiless(response: Response) -> Response:
    """The answer to HEAD: what GET answers, without the body."""
    return replace(response, body=b"")


def _sent(call: Call, outcome: Answer | Refused | Response) -> Response:
    if isinstance(outcome, Response):
        return outcome
    if isinstance(outcome, Refused):
        return finishing.refusal(call, outcome)
    return finishing.finished(call, outcome)


def _overridden(request: Request) -> Request:
    """The request with header names in lower case and a tunnelled method unpacked."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    method = request.method.upper()
    wanted = headers.get("x-http-method-override", "").upper()
    if method != "POST" or not wanted:
        return replace(request, method=method, headers=headers)
    query, body = request.query, request.body
    if wanted == "GET" and body and not headers.get("content-type", "").startswith("application/json"):
        form = request.body.decode("utf-8", "replace")
        query, body = "&".join(filter(None, (query, form))), b""
        parse_qsl(query)
    return replace(request, method=wanted, headers=headers, query=query, body=body)
