"""Parameters that every method takes, laid over a request.

`fields`: /workspace/calendar/api/guides/performance, `quotaUser`: /workspace/calendar/api/guides/quota, both on
Google's site.
"""

import re
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

import msgspec

from calferry.google.calls import Call, Request
from calferry.google.errors import ProtocolViolation

T = TypeVar("T")
QUOTA_USER_LENGTH_MAX = 40
PRINTABLE = re.compile(r"[!-~]+")
LISTS = (".list", ".instances")


@dataclass(frozen=True, slots=True)
class Partial:
    """Only the fields that are named, as the JSON object that came: `Partial(EventGet(...), "id,start/dateTime")`.

    A listing must name nextPageToken: Google leaves it out like any other field, and the listing would seem to end.
    """

    request: Request[Any]
    fields: str

    def call(self) -> Call:
        call = self.request.call()
        if not call.is_answered:
            raise ValueError(f"{call.name} has no answer to take fields of")
        if not self.fields:
            raise ValueError("fields must name at least one field")
        if call.name.endswith(LISTS) and not {"nextPageToken", "*"} & set(self.fields.split(",")):
            raise ValueError("fields of a listing must name nextPageToken")
        return replace(call, query=(*call.query, ("fields", self.fields)))

    def read(self, body: bytes) -> dict[str, Any]:
        try:
            return msgspec.json.decode(body, type=dict[str, Any])
        except (ValueError, RecursionError):
            raise ProtocolViolation("not a JSON object", reason="shape") from None


@dataclass(frozen=True, slots=True)
class ForUser(Generic[T]):
    """The same request, charged to the quota of another user than the one who asks. quota_user: any text of yours
    that stands for that person."""

    request: Request[T]
    quota_user: str

    def __post_init__(self) -> None:
        require_quota_user(self.quota_user)

    def call(self) -> Call:
        call = self.request.call()
        return replace(call, query=(*call.query, ("quotaUser", self.quota_user)))

    def read(self, body: bytes) -> T:
        return self.request.read(body)


def require_quota_user(value: str) -> None:
    if len(value) > QUOTA_USER_LENGTH_MAX or PRINTABLE.fullmatch(value) is None:
        raise ValueError(f"quota_user must have 1 to {QUOTA_USER_LENGTH_MAX} printable characters")
