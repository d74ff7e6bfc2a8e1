"""SIGTERM: the service ends soon and in order, whatever it was doing."""

import signal
import time
from pathlib import Path

from calferry.emulator.server import run_in_thread
from tests.system.processes import DEADLINE_S, Site
from tests.waiting import until

EMAIL = "alice@example.com"
STOPS_WITHIN_S = 10.0


def test_sigterm_in_the_middle_of_a_sync_ends_within_ten_seconds(tmp_path: Path) -> None:
    with run_in_thread() as google:
        site = Site(tmp_path, google.url)
        token = site.connect(EMAIL, google.tokens(EMAIL)["refresh_token"])
        google.control("faults", {"faults": [{"method": "events.list", "times": 9, "action": "stall-60000"}]})
        with site.serving() as process:
            calendars = site.ask("GET", "/calendar/calendars", token)["calendars"]
            mine = next(calendar["id"] for calendar in calendars if calendar["primary"])
            site.ask("PATCH", f"/calendar/calendars/{mine}", token, {"selected": True})
            held = "SELECT lease_owner, status, next_due_at FROM sync_states WHERE id = ?"
            until(lambda: site.rows(held, mine)[0]["lease_owner"], DEADLINE_S, "run that waits for Google")
            began = time.monotonic()
            process.send_signal(signal.SIGTERM)
            assert process.wait(DEADLINE_S) == 0
            assert time.monotonic() - began < STOPS_WITHIN_S
        (state,) = site.rows(held, mine)
        assert (state["lease_owner"], state["status"]) == (None, "idle")
        assert state["next_due_at"] is not None
