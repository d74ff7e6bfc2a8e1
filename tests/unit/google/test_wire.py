import gzip
import random
import tracemalloc
import zlib

import pytest

from calferry.google import (
    ProtocolViolation,
    ResponseTooLarge,
    Unreachable,
    WireRequest,
    WireResponse,
    decode_body,
    receive,
)
from calferry.google.wire import INFLATED_AT_ONCE
from tests.unit.google.fakes import zipped

BODY = b'{"kind":"calendar#events"}' * 500
CAP = 10**6
GZIP = {"content-encoding": "gzip"}


@pytest.mark.parametrize("headers", [{}, {"content-encoding": "identity"}, {"content-encoding": ""}])
def test_a_plain_body_is_itself(headers) -> None:
    assert decode_body(headers, BODY, CAP) == BODY


@pytest.mark.parametrize("encoding", ["gzip", "GZIP", " x-gzip "])
def test_a_gzip_body_is_inflated(encoding) -> None:
    assert decode_body({"content-encoding": encoding}, zipped(BODY), CAP) == BODY


def test_members_that_follow_one_another_are_one_body() -> None:
    assert decode_body(GZIP, zipped(BODY) + zipped(b"more"), CAP) == BODY + b"more"


def test_members_begin_and_end_anywhere_in_a_large_body() -> None:
    noise = random.Random(1).randbytes(INFLATED_AT_ONCE)
    for length in range(INFLATED_AT_ONCE - 60, INFLATED_AT_ONCE):
        raw = gzip.compress(noise[:length]) + gzip.compress(b"end") + gzip.compress(noise)
        assert decode_body(GZIP, raw, CAP) == noise[:length] + b"end" + noise
        with pytest.raises(ProtocolViolation, match="cut short"):
            decode_body(GZIP, raw[:-1], CAP)


def test_no_bytes_are_an_empty_body() -> None:
    assert decode_body(GZIP, b"", CAP) == b""


def flipped(raw: bytes, at: int) -> bytes:
    return raw[:at] + bytes([raw[at] ^ 0x10]) + raw[at + 1 :]


RAW = zipped(BODY)
DAMAGE = {
    "half of it": RAW[: len(RAW) // 2],
    "only the header": RAW[:10],
    "one byte": RAW[:1],
    "no trailer": RAW[:-8],
    "no length": RAW[:-4],
    "wrong checksum": flipped(RAW, len(RAW) - 6),
    "wrong length": flipped(RAW, len(RAW) - 2),
    "rubbish behind": RAW + b"rubbish",
    "a second member cut short": RAW + RAW[:20],
    "not gzip": b"<html></html>",
    "zlib instead": zlib.compress(BODY),
}


@pytest.mark.parametrize("damage", DAMAGE, ids=str)
def test_a_damaged_stream_is_never_a_body(damage) -> None:
    with pytest.raises(ProtocolViolation) as caught:
        decode_body(GZIP, DAMAGE[damage], CAP)
    assert caught.value.transient


def test_no_flipped_bit_of_the_payload_changes_the_body_unseen() -> None:
    unseen = 0
    for at in range(10, len(RAW)):
        try:
            assert decode_body(GZIP, flipped(RAW, at), CAP) == BODY
            unseen += 1
        except ProtocolViolation:
            continue
    assert unseen <= 1, "only the padding behind the last block may be anything"


@pytest.mark.parametrize("encoding", ["deflate", "br", "zstd", "gzip, gzip"])
def test_an_encoding_that_was_not_asked_for_is_refused(encoding) -> None:
    with pytest.raises(ProtocolViolation, match="encoding"):
        decode_body({"content-encoding": encoding}, BODY, CAP)


def test_a_bomb_is_stopped_at_the_cap_in_bounded_memory() -> None:
    packer = zlib.compressobj(9, wbits=31)
    raw = b"".join(packer.compress(b" " * 2**20) for _ in range(200)) + packer.flush()
    tracemalloc.start()
    with pytest.raises(ResponseTooLarge) as caught:
        decode_body(GZIP, raw, 2 * 2**20)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 * 2**20
    assert not caught.value.transient


def test_the_cap_itself_is_allowed_and_one_more_is_not() -> None:
    assert decode_body(GZIP, RAW, len(BODY)) == BODY
    assert decode_body({}, BODY, len(BODY)) == BODY
    for headers, raw in ((GZIP, RAW), ({}, BODY), (GZIP, RAW + zipped(b"x"))):
        with pytest.raises(ResponseTooLarge):
            decode_body(headers, raw, len(BODY) - (headers != GZIP or raw is RAW))


def test_a_bomb_of_many_members_is_stopped_too() -> None:
    with pytest.raises(ResponseTooLarge):
        decode_body(GZIP, gzip.compress(b" " * 1000) * 100, 50_000)


def test_an_answer_has_lower_case_headers_and_a_decoded_body() -> None:
    response = receive(200, {"Content-Encoding": "gzip", "Content-Length": str(len(RAW))}, RAW, CAP)
    assert response.body == BODY
    assert response.headers["content-encoding"] == "gzip"


def test_fewer_bytes_than_announced_are_no_answer() -> None:
    with pytest.raises(Unreachable) as caught:
        receive(200, {"Content-Length": str(len(BODY))}, BODY[:-1], CAP)
    assert caught.value.kind == "truncated"


@pytest.mark.parametrize("announced", ["", "x", "-1", "9" * 5000])
def test_an_announcement_that_is_no_length_is_ignored(announced) -> None:
    assert receive(200, {"Content-Length": announced}, BODY, CAP).body == BODY


@pytest.mark.parametrize(
    ("headers", "raw"), [(GZIP, RAW[:50]), ({"content-encoding": "br"}, BODY), ({}, b" " * 2_000_000)]
)
def test_an_error_keeps_its_status_whatever_its_body(headers, raw) -> None:
    assert receive(503, headers, raw, CAP) == WireResponse(503, headers, b"")


def test_neither_token_nor_query_nor_body_shows_in_a_request() -> None:
    request = WireRequest(
        "POST", "https://x/token?code=4/0secret", {"Authorization": "Bearer t0k"}, b"s3cret"
    )
    assert repr(request) == "WireRequest(POST https://x/token)"
    assert "s3cret" not in repr(WireResponse(200, {"set-cookie": "s3cret"}, b"s3cret"))
