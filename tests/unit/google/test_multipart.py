import pytest
from hypothesis import given
from hypothesis import strategies as st

from calferry.google import ProtocolViolation, WireResponse
from calferry.google.multipart import PartRequest, read_batch, write_batch

TYPE = "multipart/mixed; boundary=b"


def body_of(*parts: bytes, end: bytes = b"--b--\r\n") -> bytes:
    return b"".join(b"--b\r\n" + part + b"\r\n" for part in parts) + end


def part_of(content_id: str, text: bytes) -> bytes:
    return b"Content-Type: application/http\r\nContent-ID: " + content_id.encode() + b"\r\n\r\n" + text


OK = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{"id":"a"}'


def answered(answers: object) -> dict[str, tuple[int, bytes]]:
    assert isinstance(answers, dict)
    return {name: (each.status, each.body) for name, each in answers.items()}


def test_a_batch_is_written_as_the_guide_shows_it() -> None:
    content_type, body = write_batch(
        [
            PartRequest("one", "GET", "/calendar/v3/colors"),
            PartRequest(
                "two", "PATCH", "/calendar/v3/calendars/c", {"If-Match": '"7"'}, '{"summary":"ü"}'.encode()
            ),
        ]
    )
    assert content_type == "multipart/mixed; boundary=batch_0"
    assert body.decode() == (
        "--batch_0\r\nContent-Type: application/http\r\nContent-ID: <one>\r\n\r\n"
        "GET /calendar/v3/colors HTTP/1.1\r\n\r\n\r\n"
        "--batch_0\r\nContent-Type: application/http\r\nContent-ID: <two>\r\n\r\n"
        'PATCH /calendar/v3/calendars/c HTTP/1.1\r\nIf-Match: "7"\r\nContent-Length: 16\r\n\r\n'
        '{"summary":"ü"}\r\n--batch_0--\r\n'
    )


def test_the_boundary_stands_in_no_part() -> None:
    content_type, _ = write_batch([PartRequest("a", "PUT", "/x", {}, b"\r\n--batch_0--\r\n --batch_1")])
    assert content_type.endswith("boundary=batch_2")


def test_answers_are_told_apart_by_their_ids_not_by_their_order() -> None:
    gone = b"HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\n\r\n{}"
    body = body_of(part_of("<response-two>", gone), part_of("<response-one>", OK))
    assert answered(read_batch(TYPE, body)) == {"two": (404, b"{}"), "one": (200, b'{"id":"a"}')}


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        (TYPE, body_of(part_of("<response-a>", OK)).replace(b"\r\n", b"\n")),
        ('Multipart/Mixed; boundary="b"', b"preamble\r\n" + body_of(part_of("response-a", OK))),
        (TYPE, body_of(part_of("<response-a>", OK), end=b"--b-- \r\nepilogue")),
        (TYPE, body_of(part_of("<response-a>", OK.replace(b"\r\n\r\n", b"\r\nContent-Length: 12\r\n\r\n")))),
        (TYPE, body_of(part_of("<response-a>", OK.replace(b"1.1 200 OK", b"2 200")))),
    ],
    ids=["line feeds only", "quoted boundary", "epilogue", "length that counts a line end", "no phrase"],
)
def test_forms_that_servers_use_are_understood(content_type: str, body: bytes) -> None:
    assert answered(read_batch(content_type, body)) == {"a": (200, b'{"id":"a"}')}


def test_an_answer_without_a_body_is_one() -> None:
    body = body_of(part_of("<response-a>", b"HTTP/1.1 204 No Content\r\nDate: today\r\n\r\n"))
    assert answered(read_batch(TYPE, body)) == {"a": (204, b"")}


def test_a_part_that_is_cut_short_is_not_handed_over() -> None:
    body = body_of(part_of("<response-a>", OK), part_of("<response-b>", OK), end=b"")
    assert set(read_batch(TYPE, body[:-4])) == {"a"}


def test_a_part_that_is_no_answer_spoils_only_itself() -> None:
    body = body_of(part_of("<response-a>", b"oops"), part_of("<response-b>", OK), part_of("", OK))
    answers = read_batch(TYPE, body)
    assert isinstance(answers["a"], ProtocolViolation)
    assert isinstance(answers["b"], WireResponse)
    assert set(answers) == {"a", "b"}


def test_two_answers_to_one_part_are_none() -> None:
    answers = read_batch(TYPE, body_of(part_of("<response-a>", OK), part_of("<response-a>", OK)))
    assert isinstance(answers["a"], ProtocolViolation)


@pytest.mark.parametrize(
    "content_type", ["", "application/json", "multipart/mixed", "multipart/mixed; boundary="]
)
def test_an_answer_that_is_no_multipart_is_a_violation(content_type: str) -> None:
    with pytest.raises(ProtocolViolation):
        read_batch(content_type, body_of(part_of("<response-a>", OK)))


@given(st.text(), st.binary())
def test_nothing_that_is_sent_breaks_the_reader(content_type: str, body: bytes) -> None:
    for boundary in (content_type, TYPE):
        try:
            read_batch(boundary, b"--b\r\n" + body + b"\r\n--b--")
        except ProtocolViolation:
            continue
