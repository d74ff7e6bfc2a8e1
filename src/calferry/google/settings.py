"""What a person chose in Google Calendar's own pages; the API only reads it.

Reference: /workspace/calendar/api/v3/reference/settings on Google's site.
"""

from dataclasses import dataclass

import msgspec

from calferry.google.calls import Call, Query, path_of, require_id, require_page_size
from calferry.google.requests import ListRequest
from calferry.google.resources import Resource, ResourcePage, read_resource, read_resource_page

SETTINGS_KIND = "calendar#settings"
SETTINGS_PAGE_MAX = 250


class Setting(Resource, frozen=True, kw_only=True):
    """setting_id: such as `timezone` or `weekStart`. value: always text, whatever it stands for."""

    setting_id: str = msgspec.field(name="id")
    value: str


class SettingsList(ListRequest, frozen=True, kw_only=True, tag_field="method", tag="settings.list"):
    """settings.list. What a person left as it was may be missing."""

    max_results: int = SETTINGS_PAGE_MAX

    def __post_init__(self) -> None:
        super().__post_init__()
        require_page_size(self.max_results, SETTINGS_PAGE_MAX)

    def call(self) -> Call:
        query = Query()
        query.add("maxResults", self.max_results)
        query.add("syncToken", self.sync_token)
        query.add("pageToken", self.page_token)
        return Call("settings.list", "GET", path_of("users", "me", "settings"), query.pairs)

    def read(self, body: bytes) -> ResourcePage[Setting]:
        return read_resource_page(body, SETTINGS_KIND, Setting)


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingGet:
    """settings.get."""

    setting_id: str

    def call(self) -> Call:
        require_id(self.setting_id, "setting_id")
        return Call("settings.get", "GET", path_of("users", "me", "settings", self.setting_id))

    def read(self, body: bytes) -> Setting:
        return read_resource(body, Setting)
