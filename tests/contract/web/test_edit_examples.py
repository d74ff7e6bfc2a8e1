"""The examples of the OpenAPI document are requests that the service takes."""

from typing import Any

from calferry.emulator.server import RunningGoogle
from tests.contract.web.site import Person, Site, sync

ALICE = "alice@example.com"


def examples(site: Site) -> dict[str, Any]:
    """Bodies by route, of every route of edits that takes one."""
    document = site.client().get("/openapi.json").json()
    found: dict[str, Any] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if "event edits" in operation.get("tags", ()) and "requestBody" in operation:
                schema = operation["requestBody"]["content"]["application/json"]["schema"]
                found[f"{method.upper()} {path}"] = example_of(schema, document)
    return found


def example_of(schema: dict[str, Any], document: dict[str, Any]) -> Any:
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        return {name: example_of(inner, document) for name, inner in schema["properties"].items()}
    return schema["examples"][0]


def mirrored(site: Site) -> Person:
    alice = site.person(ALICE)
    sync(alice.http, alice.calendars[ALICE])
    return alice


def test_every_body_of_an_edit_has_an_example_that_is_taken(google: RunningGoogle, site: Site) -> None:
    alice = mirrored(site)
    bodies = examples(site)
    events = "/calendar/calendars/{calendar_id}/events"
    resolve = "/calendar/conflicts/{conflict_id}/resolve"
    assert set(bodies) == {
        f"POST {events}",
        f"PATCH {events}/{{event_id}}",
        f"PUT {events}/{{event_id}}",
        f"POST {resolve}",
    }
    address = events.format(calendar_id=alice.calendars[ALICE])
    made = alice.http.post(address, json=bodies[f"POST {events}"])
    assert made.status_code == 201, made.text
    event = f"{address}/{made.json()['id']}"
    for method in ("PATCH", "PUT"):
        changed = alice.http.request(method, event, json=bodies[f"{method} {events}/{{event_id}}"])
        assert changed.status_code == 200, changed.text
    at_google = f"/calendars/{ALICE}/events/{made.json()['id']}"
    site.google_client(ALICE).patch(at_google, json={"summary": "Supper"})
    refused = alice.http.patch(event, json={"summary": "Brunch"}).json()
    decided = alice.http.post(
        resolve.format(conflict_id=refused["conflict_id"]), json=bodies[f"POST {resolve}"]
    )
    assert (decided.status_code, decided.json()["outcome"]) == (200, "ours"), decided.text
