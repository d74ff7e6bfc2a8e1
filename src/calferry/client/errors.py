"""What a call of the client may raise."""

import msgspec


class Problem(msgspec.Struct, frozen=True):
    """The body of a refusal (RFC 9457), as far as it is there."""

    detail: str = ""
    code: str = "unknown"
    retryable: bool = False
    reason: str | None = None
    intent_id: str | None = None
    conflict_id: str | None = None


class Refused(Exception):
    """The service answered, and did not do it. The message says why and what to do.

    `code` is the word that programs go by, `status` HTTP's; `reason` is Google's word where Google refused.
    """

    def __init__(self, status: int, problem: Problem) -> None:
        super().__init__(
            f"{status} {problem.code}: {problem.detail}" if problem.detail else f"{status} {problem.code}"
        )
        self.status = status
        self.code = problem.code
        self.detail = problem.detail
        self.is_retryable = problem.retryable
        self.reason = problem.reason
        self.intent_id = problem.intent_id
        self.conflict_id = problem.conflict_id


class Unreachable(Exception):
    """No whole answer came, however often it was asked for. A change may have been made; repeating it is safe."""


class CursorExpired(Exception):
    """The log of changes does not go back that far: read the events again, then go on from `cursor`."""

    def __init__(self, cursor: str | None) -> None:
        super().__init__("the log of changes does not go back to this cursor: read the events again")
        self.cursor = cursor
