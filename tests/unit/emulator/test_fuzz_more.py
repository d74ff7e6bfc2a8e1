"""Nonsense sent to rules, free and busy, batches, grants and snapshots gets an answer, never an exception."""

from typing import Any
from urllib.parse import quote, urlencode

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.emulator.desk import ALICE, BOB, Desk, timed
from tests.unit.emulator.test_fuzz import BODIES, DATES, VALUES

RULE = st.fixed_dictionaries({}, optional={"scope": VALUES, "role": VALUES})
QUESTION = st.fixed_dictionaries(
    {"timeMin": DATES | VALUES, "timeMax": DATES | VALUES},
    optional={
        "items": VALUES,
        "timeZone": VALUES,
        "groupExpansionMax": VALUES,
        "calendarExpansionMax": VALUES,
    },
)
REFUSALS = (400, 403, 404, 409, 410)


@settings(max_examples=60, deadline=None)
@given(body=RULE, change=RULE)
def test_rules(body: Any, change: Any) -> None:
    desk = Desk()
    assert desk.api("POST", "calendars/primary/acl", body).status in (200, *REFUSALS)
    rule = {"role": "reader", "scope": {"type": "user", "value": BOB}}
    desk.api("POST", "calendars/primary/acl", rule)
    for method in ("PATCH", "PUT"):
        assert desk.api(method, f"calendars/primary/acl/user:{BOB}", change).status in (200, *REFUSALS)


@settings(max_examples=60, deadline=None)
@given(body=QUESTION)
def test_free_and_busy(body: Any) -> None:
    assert Desk().api("POST", "freeBusy", body).status in (200, 400)


@settings(max_examples=60, deadline=None)
@given(body=BODIES, patch=BODIES, text=st.text(max_size=30))
def test_imports_invitations_and_lines(body: Any, patch: Any, text: str) -> None:
    desk = Desk()
    full = {**timed(), "iCalUID": "u@x", **body}
    assert desk.api("POST", "calendars/primary/events/import", full).status in (200, 400, 409)
    guests = {"attendees": [{"email": BOB}], "guestsCanModify": True}
    made = desk.insert(**guests)["id"]
    assert desk.api("PATCH", f"calendars/primary/events/{made}", patch, BOB).status in (200, *REFUSALS)
    assert desk.api("PATCH", f"calendars/primary/events/{made}", patch).status in (200, *REFUSALS)
    switches = {"conferenceDataVersion": 1, "supportsAttachments": "true", "eventLabelVersion": 1}
    assert desk.change("PATCH", made, patch, **switches).status in (200, *REFUSALS)
    assert desk.api("POST", "calendars/primary/events/quickAdd", text=text).status in (200, 400)
    for user in (ALICE, BOB):
        assert desk.events(user=user, singleEvents="true").status == 200


@settings(max_examples=60, deadline=None)
@given(
    body=st.dictionaries(
        st.sampled_from(["summary", "timeZone", "labelProperties", "workingHours", "location"]), VALUES
    )
)
def test_calendars(body: Any) -> None:
    desk = Desk()
    for method, path in (("POST", "calendars"), ("PATCH", "calendars/primary"), ("PUT", "calendars/primary")):
        assert desk.api(method, path, body).status in (200, 400)


PIECES = st.sampled_from(
    [b"--B", b"--B--", b"\n", b"\r\n", b"\n\n", b"Content-ID: <x>", b"GET /calendar/v3/colors HTTP/1.1", b"POST", b"\xff", b": "]
)  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(pieces=st.lists(PIECES, max_size=14), boundary=st.sampled_from(["B", "", "é", '"B"', "("]))
def test_batches(pieces: list[bytes], boundary: str) -> None:
    headers = {"Content-Type": f"multipart/mixed; boundary={boundary}"}
    assert Desk().send("POST", "/batch/calendar/v3", b"".join(pieces), headers).status in (200, 400)


FORMS = st.dictionaries(
    st.sampled_from(["grant_type", "assertion", "device_code", "client_id", "client_secret", "user_code", "email", "scope",
                     "id_token", "token", "number"]),
    st.text(max_size=8) | st.sampled_from(
        ["urn:ietf:params:oauth:grant-type:jwt-bearer", "urn:ietf:params:oauth:grant-type:device_code", "demo-client",
         "demo-secret", "e30.e30.e30", "eyJhbGciOiJub25lIn0.e30."]),
)  # fmt: skip


@settings(max_examples=80, deadline=None)
@given(form=FORMS)
def test_forms(form: Any) -> None:
    desk = Desk(({"service_accounts": [{"email": "robot@example.com"}]},))
    for path in ("/token", "/device/code", "/device", "/tokeninfo", "/revoke", "/_emulator/resend"):
        body = urlencode(form, quote_via=quote).encode("utf-8", "surrogatepass")
        assert desk.send("POST", path, body).status < 500


@settings(max_examples=60, deadline=None)
@given(
    name=st.sampled_from(["restore", "quota", "device", "service-account", "settings"]),
    body=st.dictionaries(st.sampled_from(["email", "id", "value", "delegated", "user_code", "per_minute", "status", "version", "dice"]), VALUES),
    part=st.sampled_from(["people", "calendars", "oauth", "groups", "channels", "outbox", "quota", "last_change", "dice", "faults"]),
    value=VALUES,
)  # fmt: skip
def test_controls(name: str, body: Any, part: str, value: Any) -> None:
    desk = Desk()
    assert desk.send("POST", f"/_emulator/{name}", body).status in (200, 400)
    broken = {**desk.control("snapshot", {}), part: value}
    assert desk.send("POST", "/_emulator/restore", broken).status in (200, 400)
