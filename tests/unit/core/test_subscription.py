"""Signatures that the receivers' library takes, and what follows from how a delivery went."""

import re
import time
from typing import Any

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from calferry.core.subscription import (
    GIVEN_UP_AFTER_MS,
    KINDS,
    LONGEST_WAIT_MS,
    OF_CHANGES,
    TEST,
    Receipt,
    follows,
    kind_of,
    new_secret,
    signature,
    wait_ms,
)
from tests.house.tree import ROOT, read

PAGE = read(ROOT / "docs" / "webhooks.md")
DAY = GIVEN_UP_AFTER_MS


def test_the_example_of_the_page_takes_our_messages_and_no_others() -> None:
    (example,) = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    secret, body, now_s = new_secret("a text"), '{"type": "event.moved", "é": 1}'.encode(), int(time.time())
    known: dict[str, Any] = {}
    exec(example.replace("whsec_…", secret), known)
    headers = {"webhook-id": "msg_1", "webhook-timestamp": str(now_s)}
    for secrets, is_taken in (
        ([secret], True),
        ([new_secret("other"), secret], True),
        ([new_secret("other")], False),
    ):
        signed = headers | {"webhook-signature": signature(secrets, "msg_1", now_s, body)}
        if is_taken:
            assert known["accept"](body, signed) == "event.moved"
        else:
            with pytest.raises(WebhookVerificationError):
                known["accept"](body, signed)
    assert Webhook(secret).verify(
        body, headers | {"webhook-signature": signature([secret], "msg_1", now_s, body)}
    )


def test_the_page_explains_every_kind() -> None:
    assert [kind for kind in (*KINDS, TEST) if f"`{kind}`" not in PAGE] == []
    assert {kind_of(change, moved=False) for change in OF_CHANGES} | {kind_of("updated", moved=True)} <= set(
        KINDS
    )


@pytest.mark.parametrize(
    ("receipt", "after_ms", "success_at", "expected"),
    [
        (Receipt(200), 2 * DAY, None, "delivered"),
        (Receipt(299), 0, None, "delivered"),
        (Receipt(None, "refuses connections"), 0, None, "endpoint_waits"),
        (Receipt(302), 0, None, "endpoint_waits"),
        (Receipt(429), 0, None, "endpoint_waits"),
        (Receipt(500), DAY - 1, None, "endpoint_waits"),
        (Receipt(500), DAY, None, "endpoint_fails"),
        (Receipt(500), DAY, -1, "endpoint_fails"),
        (Receipt(500), DAY, 1, "given_up"),
        (Receipt(404), 0, None, "wait"),
        (Receipt(404), DAY, None, "endpoint_fails"),
        (Receipt(404), DAY, 1, "given_up"),
        (Receipt(410), 0, 1, "endpoint_fails"),
    ],
)
def test_what_follows(receipt: Receipt, after_ms: int, success_at: int | None, expected: str) -> None:
    assert follows(receipt, 0, success_at, after_ms) == expected


def test_waits_double_and_end_at_a_quarter_of_an_hour_or_what_was_asked_for() -> None:
    assert [wait_ms(n, None) for n in (1, 2, 3)] == [5_000, 10_000, 20_000]
    assert wait_ms(100, None) == LONGEST_WAIT_MS
    assert (wait_ms(1, 60.0), wait_ms(1, 1e9), wait_ms(1, -5.0)) == (60_000, 3_600_000, 5_000)
