"""The discovery document, with this server as its root."""

from calferry.emulator import errors
from calferry.emulator.call import Answer, Call, Json, Route
from calferry.emulator.json_text import FRONT_END_INDENT
from calferry.emulator.routes import inventory

DIRECTORY = "/discovery/v1/apis"


def _document(call: Call) -> Answer:
    return Answer(inventory.served_from(call.backstage.options.origin), indent=FRONT_END_INDENT)


def named(call: Call) -> Answer:
    """The document under the address that names API and version."""
    if (call.path["api"], call.path["version"]) != ("calendar", "v3"):
        raise errors.not_found()
    return _document(call)


def asked_for_version(call: Call) -> Answer:
    """The document under the API's own address."""
    if call.query.text("version", "v3") != "v3":
        raise errors.not_found()
    return _document(call)


def directory(call: Call) -> Answer:
    """The only API there is, as the directory of APIs lists it."""
    found = inventory.document()
    keys = ("id", "name", "version", "title", "documentationLink")
    item: Json = {"kind": "discovery#directoryItem"} | {key: found[key] for key in keys}
    address = f"{call.backstage.options.origin}{DIRECTORY}/calendar/v3/rest"
    items = [item | {"discoveryRestUrl": address, "preferred": True}]
    return Answer({"kind": "discovery#directoryList", "discoveryVersion": "v1", "items": items})


ROUTES = (
    Route("GET", DIRECTORY, "apis.list", directory, floor="open"),
    Route("GET", f"{DIRECTORY}/{{api}}/{{version}}/rest", "apis.getRest", named, floor="open"),
    Route("GET", "/$discovery/rest", "apis.getRest", asked_for_version, floor="open"),
)
