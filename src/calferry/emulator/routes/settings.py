"""settings: what a person chose in the calendar's own pages. The API only reads them."""

from calferry.emulator.call import Answer, Call, Route
from calferry.emulator.routes import scopes
from calferry.emulator.routes.paging import Collection, list_collection
from calferry.emulator.world import settings

COLLECTION = "/calendar/v3/users/me/settings"


def list_settings(call: Call) -> Answer:
    person = call.caller()
    collection = Collection(
        kind="calendar#settings",
        binding=f"settings {person.email}",
        etag=lambda: settings.etag(person),
        select=lambda since: settings.names(person, since),
        render=lambda name: settings.resource(person, name),
    )
    return list_collection(call, collection)


def get_setting(call: Call) -> Answer:
    found = settings.resource(call.caller(), call.path["setting"])
    headers = {"ETag": found["etag"]}
    if call.header("if-none-match") == found["etag"]:
        return Answer(status=304, headers=headers)
    return Answer(found, headers=headers)


ROUTES = (
    Route("GET", COLLECTION, "settings.list", list_settings, scopes.SETTINGS),
    Route("GET", f"{COLLECTION}/{{setting}}", "settings.get", get_setting, scopes.SETTINGS),
)
