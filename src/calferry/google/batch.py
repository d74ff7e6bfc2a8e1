"""Many small requests in few round trips; each has an answer of its own.

/workspace/calendar/api/guides/batch on Google's site. Google carries parts out in any order, counts each of them
against the quota, and promises nothing between them: put no two changes of one event into a batch. It makes and
changes no working locations there.
"""

from collections.abc import Generator, Iterable, Sequence
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from calferry.google.caller import OK, Caller, Sending, headers_of
from calferry.google.calls import Request
from calferry.google.endpoints import CALENDAR_PATH
from calferry.google.errors import Conflict, GoogleError, ProtocolViolation, Unauthorized
from calferry.google.exchange import is_harmless
from calferry.google.multipart import PartRequest, read_batch, write_batch
from calferry.google.wire import WireResponse

T = TypeVar("T")
S = TypeVar("S")
PARTS_USUAL = 50
PARTS_MAX = 1000


class Part(Generic[T]):
    """One request of a batch and what became of it. error: None as long as it did not fail."""

    def __init__(self, request: Request[T]) -> None:
        self.request = request
        self.call = request.call()
        self.error: GoogleError | None = None
        self._values: list[T] = []

    @property
    def is_settled(self) -> bool:
        return bool(self._values) or self.error is not None

    def result(self) -> T:
        """What the method answers. Raises the GoogleError of this part; RuntimeError before the batch was sent."""
        if self.error is not None:
            raise self.error
        if not self._values:
            raise RuntimeError("the batch has not been sent")
        return self._values[0]

    @property
    def may_repeat(self) -> bool:
        error = self.error
        return error is not None and error.transient and (self.call.is_repeatable or is_harmless(error))

    @property
    def is_better_alone(self) -> bool:
        """A change that met another one of its batch, or a token that ended meanwhile."""
        return isinstance(self.error, Conflict | Unauthorized)

    def fail(self, error: GoogleError) -> None:
        self.error = error

    def answer(self, value: T) -> None:
        self.error, self._values = None, [value]


class Batch(Generic[T]):
    """Requests that are sent together, `parts_max` at a time, when the block ends or the batch is awaited.

    Awaiting gives, in the order of the requests, what each answers or the GoogleError it met; neither that nor the
    end of the block raises a GoogleError. A part that failed for a passing cause is sent again in another batch, under
    the same rules as a request of its own. A block that is left by an exception sends nothing.
    """

    def __init__(
        self, caller: Caller, requests: Iterable[Request[T]] = (), *, parts_max: int = PARTS_USUAL
    ) -> None:
        if not 1 <= parts_max <= PARTS_MAX:
            raise ValueError(f"parts_max must be 1 to {PARTS_MAX}")
        self._caller = caller
        self._parts_max = parts_max
        self._parts: list[Part[Any]] = [Part(request) for request in requests]

    def add(self, request: Request[S]) -> Part[S]:
        """Joins the batch; the part has the result once it was sent."""
        part = Part(request)
        self._parts.append(part)
        return part

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            await self._send()

    def __await__(self) -> Generator[Any, None, list[T | GoogleError]]:
        return self._outcomes().__await__()

    async def _outcomes(self) -> list[T | GoogleError]:
        await self._send()
        return [part.result() if part.error is None else part.error for part in self._parts]

    async def _send(self) -> None:
        waiting = [part for part in self._parts if not part.is_settled]
        for start in range(0, len(waiting), self._parts_max):
            await Rounds(self._caller, waiting[start : start + self._parts_max]).run()


class Rounds:
    """One batch, sent until no part of it is worth another try."""

    def __init__(self, caller: Caller, parts: Sequence[Part[Any]]) -> None:
        self._caller = caller
        self._parts = parts
        self._exchange = caller.exchange
        self._started_at = caller.clock.monotonic()

    async def run(self) -> None:
        self._exchange.budget.note_request(self._started_at)
        parts, attempts = list(self._parts), 0
        while parts:
            attempts += 1
            asked_alone = await self._round(parts)
            repeatable = [part for part in parts if part.may_repeat and part not in asked_alone]
            found = [(part, self._pause_s(part, attempts)) for part in repeatable]
            pauses = {part: pause for part, pause in found if pause is not None}
            if not pauses or not self._exchange.take_retry():
                return
            parts = list(pauses)
            await self._caller.clock.sleep(max(pauses.values()))

    def _pause_s(self, part: Part[Any], attempts: int) -> float | None:
        error = part.error
        is_nonsense = isinstance(error, ProtocolViolation)
        if error is None or (is_nonsense and attempts >= self._exchange.policy.violations_max):
            return None
        return self._exchange.pause_s(error, attempts, self._started_at)

    async def _round(self, parts: Sequence[Part[Any]]) -> list[Part[Any]]:
        """Gives every part an outcome; answers those that were asked alone in the end."""
        try:
            answers = await self._answers(parts)
        except GoogleError as error:
            for part in parts:
                part.fail(error)
            return []
        missing = ProtocolViolation("no answer to this part of the batch", reason="missingPart")
        for number, part in enumerate(parts):
            self._settle(part, answers.get(part_id(number), missing))
        better_alone = [part for part in parts if part.is_better_alone]
        await self._alone(better_alone)
        return better_alone

    def _settle(self, part: Part[Any], answer: WireResponse | GoogleError) -> None:
        try:
            if isinstance(answer, GoogleError):
                raise answer
            part.answer(self._caller.read(part.request, part.call, answer))
        except GoogleError as error:
            part.fail(error)

    async def _answers(self, parts: Sequence[Part[Any]]) -> dict[str, WireResponse | GoogleError]:
        """Each answer by part. Raises GoogleError when the batch failed as a whole."""
        content_type, body = write_batch([part_request(number, part) for number, part in enumerate(parts)])
        units = sum(part.call.units for part in parts)
        headers = {"Content-Type": content_type, "Accept": "multipart/mixed"}
        sending = Sending("POST", self._caller.endpoints.batch_url, headers, body, units, "batch")
        response = await self._caller.answer(sending, lambda: self._exchange.time_left_s(self._started_at))
        if response.status != OK:
            raise self._caller.error(response)
        return read_batch(response.headers.get("content-type", ""), response.body)

    async def _alone(self, parts: Sequence[Part[Any]]) -> None:
        """One after the other, outside the batch, each with the retries of a single request."""
        for part in parts:
            try:
                value = await self._caller.send(part.request)
            except GoogleError as error:
                part.fail(error)
            else:
                part.answer(value)


def part_id(number: int) -> str:
    return f"part-{number}"


def part_request(number: int, part: Part[Any]) -> PartRequest:
    call = part.call
    return PartRequest(
        part_id(number), call.method, CALENDAR_PATH + call.target(), headers_of(call), call.body
    )
