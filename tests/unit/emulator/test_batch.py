"""Many requests in one."""

import json
from typing import Any

import pytest

from tests.unit.emulator.desk import Answer, Desk, timed

LIST = b"GET /calendar/v3/users/me/calendarList HTTP/1.1\n\n"


def part(request: bytes, content_id: str = "<one + 1>") -> bytes:
    return b"Content-Type: application/http\nContent-ID: %s\n\n%s" % (content_id.encode(), request)


def send(desk: Desk, *parts: bytes, end: bytes = b"\n", **headers: str) -> Answer:
    body = b"".join(b"--B\n" + text + b"\n" for text in parts) + b"--B--\n"
    sent = {
        "Content-Type": "multipart/mixed; boundary=B",
        "Authorization": f"Bearer {desk.token()}",
        **headers,
    }
    return desk.send("POST", "/batch/calendar/v3", body.replace(b"\n", end), sent)


def answers(answer: Answer) -> list[tuple[str, int, Any]]:
    """Content id, status and body of every part, read as Google's Python client reads them."""
    kind = answer.response.headers["Content-Type"]
    boundary = kind.partition("boundary=")[2].encode()
    found = []
    for text in answer.response.body.split(b"--" + boundary)[1:-1]:
        head, _, inner = text.partition(b"\r\n\r\n")
        status, _, rest = inner.partition(b"\r\n")
        body = rest.partition(b"\r\n\r\n")[2].rstrip(b"\r\n")
        content_id = [line[12:] for line in head.decode().splitlines() if line.startswith("Content-ID: ")]
        found.append(("".join(content_id), int(status.split()[1]), json.loads(body) if body else None))
    return found


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_every_part_is_answered_under_its_name(desk: Desk, end: bytes) -> None:
    event = json.dumps(timed()).encode()
    insert = (
        b"POST /calendar/v3/calendars/primary/events HTTP/1.1\ncontent-type: application/json\n\n" + event
    )
    missing = b"DELETE /calendar/v3/calendars/primary/events/nothing HTTP/1.1\n\n"
    answer = send(desk, part(LIST), part(insert, "<two + 2>"), part(missing, "three"), end=end)
    assert answer.status == 200
    found = answers(answer)
    assert [(name, status) for name, status, _ in found] == [
        ("<response-one + 1>", 200), ("<response-two + 2>", 200), ("response-three", 404),
    ]  # fmt: skip
    assert found[1][2]["summary"] == "Meeting"
    assert len(desk.events().json["items"]) == 1


def test_an_empty_answer_still_ends_its_headers(desk: Desk) -> None:
    made = desk.insert()["id"]
    answer = send(desk, part(f"DELETE /calendar/v3/calendars/primary/events/{made} HTTP/1.1\n\n".encode()))
    assert answers(answer)[0][1] == 204
    assert b"HTTP/1.1 204 No Content\r\n" in answer.response.body
    assert answer.response.body.count(b"\r\n\r\n") == 2


def test_a_part_may_bring_its_own_token(desk: Desk) -> None:
    stranger = LIST.replace(b"\n\n", b"\nAuthorization: Bearer nonsense\n\n")
    assert [status for _, status, _ in answers(send(desk, part(LIST), part(stranger)))] == [200, 401]


def test_what_is_no_request_fails_alone(desk: Desk) -> None:
    elsewhere = b"GET /_emulator/requests HTTP/1.1\n\n"
    found = answers(send(desk, part(b"what?\n\n"), part(elsewhere), part(LIST)))
    assert [status for _, status, _ in found] == [400, 404, 200]


def test_faults_strike_single_parts(desk: Desk) -> None:
    desk.control(
        "faults", {"faults": [{"method": "calendarList.list", "action": "return-403:rateLimitExceeded"}]}
    )
    assert [status for _, status, _ in answers(send(desk, part(LIST), part(LIST)))] == [403, 200]
    desk.control("faults", {"faults": [{"method": "calendarList.list", "action": "reset"}]})
    assert [status for _, status, _ in answers(send(desk, part(LIST)))] == [503]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"--B\n" + part(LIST) + b"\n--B--", "text/plain"),
        (b"--B\n" + part(LIST) + b"\n--B--", "multipart/mixed"),
        (b"--B\n" + part(LIST) + b"\n", "multipart/mixed; boundary=B"),
        (b"--B--\n", "multipart/mixed; boundary=B"),
        (b"", "multipart/mixed; boundary=B"),
        ((b"--B\n" + part(LIST) + b"\n") * 1001 + b"--B--", "multipart/mixed; boundary=B"),
    ],
)
def test_a_broken_outer_request_is_refused_as_a_whole(desk: Desk, body: bytes, kind: str) -> None:
    answer = desk.send("POST", "/batch/calendar/v3", body, {"Content-Type": kind})
    assert (answer.status, answer.reason) == (400, "badRequest")


def write(method: str, path: str, body: Any, content_id: str = "<one + 1>") -> bytes:
    head = (
        f"{method} /calendar/v3/calendars/primary/events{path} HTTP/1.1\ncontent-type: application/json\n\n"
    )
    return part(head.encode() + (b"" if body is None else json.dumps(body).encode()), content_id)


def outcomes(answer: Answer) -> list[str]:
    """The status of every part, with the reason of a refusal."""
    return [
        f"{status} {body['error']['errors'][0]['reason']}" if status >= 400 else str(status)
        for _, status, body in answers(answer)
    ]


def test_an_id_is_taken_once_in_a_batch_too(desk: Desk) -> None:
    event = {**timed(), "id": "event00001"}
    assert outcomes(send(desk, write("POST", "", event), write("POST", "", event))) == [
        "200",
        "409 duplicate",
    ]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", "", {"summary": "second"}),
        ("PUT", "", timed()),
        ("DELETE", "", None),
        ("POST", "/move?destination=alice-team%40group.calendar.google.com", None),
    ],
)
def test_a_second_write_to_one_event_in_a_batch_is_a_conflict(
    desk: Desk, method: str, path: str, body: Any
) -> None:
    made, other = desk.insert()["id"], desk.insert()["id"]
    first = write("PATCH", f"/{made}", {"summary": "first"})
    again = write(method, f"/{made}{path}", body)
    answer = send(desk, first, again, write("PATCH", f"/{other}", {"summary": "first"}))
    assert outcomes(answer) == ["200", "409 conflict", "200"]
    assert desk.change("GET", made).json["summary"] == "first"
    assert outcomes(send(desk, again))[0] in ("200", "204")


def test_working_locations_are_not_written_in_batches(desk: Desk) -> None:
    home = {
        **timed(),
        "eventType": "workingLocation",
        "visibility": "public",
        "transparency": "transparent",
        "workingLocationProperties": {"type": "homeOffice", "homeOffice": {}},
    }
    made = desk.insert(**home)["id"]
    parts = [
        write("POST", "", home),
        write("PATCH", f"/{made}", {"summary": "x"}),
        write("DELETE", f"/{made}", None),
    ]
    assert outcomes(send(desk, *parts)) == ["400 eventTypeRestriction", "400 eventTypeRestriction", "204"]


def test_a_dead_outer_token_refuses_the_whole_batch(desk: Desk) -> None:
    bold = LIST.replace(b"\n\n", f"\nAuthorization: Bearer {desk.token()}\n\n".encode())
    answer = send(desk, part(bold), Authorization="Bearer nonsense")
    assert (answer.status, answer.reason) == (401, "authError")


def test_without_an_outer_token_every_part_speaks_for_itself(desk: Desk) -> None:
    bold = LIST.replace(b"\n\n", f"\nAuthorization: Bearer {desk.token()}\n\n".encode())
    assert outcomes(send(desk, part(bold), part(LIST), Authorization="")) == ["200", "401 required"]


def test_every_part_costs_quota(desk: Desk) -> None:
    desk.control("quota", {"per_minute_per_user": 2})
    assert outcomes(send(desk, part(LIST), part(LIST), part(LIST))) == ["200", "200", "403 rateLimitExceeded"]
