"""Who may see and change a calendar. Reference: /workspace/calendar/api/v3/reference/acl on Google's site."""

from dataclasses import dataclass

import msgspec

from calferry.google.calls import (
    PATCH_UNITS,
    Body,
    Call,
    Query,
    Unanswered,
    json_body,
    path_of,
    require_id,
    require_page_size,
)
from calferry.google.requests import ListRequest
from calferry.google.resources import Resource, ResourcePage, read_resource, read_resource_page

ACL_KIND = "calendar#acl"
ACL_PAGE_MAX = 250


class AclScope(msgspec.Struct, frozen=True):
    """type: default, user, group, domain or a word not known yet. value: an address or domain; none for default."""

    type: str
    value: str | None = None


class AclRule(Resource, frozen=True, kw_only=True):
    """rule_id: such as `user:bob@example.com`. role: `none` in a listing says that the rule is gone."""

    rule_id: str = msgspec.field(name="id")
    role: str | None = None
    scope: AclScope | None = None


class AclList(ListRequest, frozen=True, kw_only=True, tag_field="method", tag="acl.list"):
    """acl.list: for writers of the calendar and above."""

    calendar_id: str
    show_deleted: bool = True
    max_results: int = ACL_PAGE_MAX

    def __post_init__(self) -> None:
        super().__post_init__()
        require_id(self.calendar_id, "calendar_id")
        require_page_size(self.max_results, ACL_PAGE_MAX)

    def call(self) -> Call:
        query = Query()
        query.add("maxResults", self.max_results)
        query.add_true("showDeleted", self.show_deleted)
        query.add("syncToken", self.sync_token)
        query.add("pageToken", self.page_token)
        return Call("acl.list", "GET", path_of("calendars", self.calendar_id, "acl"), query.pairs)

    def read(self, body: bytes) -> ResourcePage[AclRule]:
        return read_resource_page(body, ACL_KIND, AclRule)


@dataclass(frozen=True, slots=True, kw_only=True)
class OfOneCalendar:
    """A request about the rules of one calendar."""

    calendar_id: str

    def __post_init__(self) -> None:
        require_id(self.calendar_id, "calendar_id")

    def _path(self, *rest: str) -> str:
        return path_of("calendars", self.calendar_id, "acl", *rest)


@dataclass(frozen=True, slots=True, kw_only=True)
class AclGet(OfOneCalendar):
    """acl.get."""

    rule_id: str

    def call(self) -> Call:
        require_id(self.rule_id, "rule_id")
        return Call("acl.get", "GET", self._path(self.rule_id))

    def read(self, body: bytes) -> AclRule:
        return read_resource(body, AclRule)


@dataclass(frozen=True, slots=True, kw_only=True)
class AclWrite(OfOneCalendar):
    """A write that carries a rule. send_notifications: whether a person who is given access gets a mail; said
    always, because Google's own default is yes."""

    rule: Body
    send_notifications: bool = False

    def _query(self) -> tuple[tuple[str, str], ...]:
        return (("sendNotifications", "true" if self.send_notifications else "false"),)

    def read(self, body: bytes) -> AclRule:
        return read_resource(body, AclRule)


@dataclass(frozen=True, slots=True, kw_only=True)
class AclInsert(AclWrite):
    """acl.insert: `role` and `scope`. A rule for somebody who has one takes its place."""

    def call(self) -> Call:
        body = json_body(self.rule)
        return Call("acl.insert", "POST", self._path(), self._query(), body, is_repeatable=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class AclUpdate(AclWrite):
    """acl.update. if_match: the etag it was based on."""

    rule_id: str
    if_match: str | None = None

    def call(self) -> Call:
        require_id(self.rule_id, "rule_id")
        path, body = self._path(self.rule_id), json_body(self.rule)
        return Call("acl.update", "PUT", path, self._query(), body, False, self.if_match)


@dataclass(frozen=True, slots=True, kw_only=True)
class AclPatch(AclWrite):
    """acl.patch. if_match: the etag it was based on."""

    rule_id: str
    if_match: str | None = None

    def call(self) -> Call:
        require_id(self.rule_id, "rule_id")
        path, body = self._path(self.rule_id), json_body(self.rule)
        return Call("acl.patch", "PATCH", path, self._query(), body, False, self.if_match, PATCH_UNITS)


@dataclass(frozen=True, slots=True, kw_only=True)
class AclDelete(Unanswered, OfOneCalendar):
    """acl.delete. if_match: the etag it was based on."""

    rule_id: str
    if_match: str | None = None

    def call(self) -> Call:
        require_id(self.rule_id, "rule_id")
        path = self._path(self.rule_id)
        return Call("acl.delete", "DELETE", path, if_match=self.if_match, is_answered=False)
