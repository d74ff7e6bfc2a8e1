"""Node's `googleapis`, unmodified, against the local Google: the programs in tests/node.

The client has a method for everything but batches; there its authorised request carries one written by hand.
"""

import pytest

from calferry.emulator.server import RunningGoogle
from tests.contract.emulator.checked import checked
from tests.contract.emulator.node import run_node

PROGRAMS = {
    "sync.cjs": {
        "events.list 200", "events.list 410", "events.get 200", "events.get 304", "events.patch 200",
        "events.patch 412", "events.update 200", "events.delete 204", "events.delete 412", "calendarList.list 401",
    },
    "writes.cjs": {
        "events.import 200", "events.move 200", "events.quickAdd 200", "events.instances 200", "events.insert 400",
        "events.insert 409", "events.delete 410", "events.get 404",
    },
    "surroundings.cjs": {
        "freebusy.query 200", "acl.list 200", "acl.delete 204", "settings.list 200", "settings.get 200",
        "calendarList.list 200", "calendars.delete 204", "colors.get 200",
    },
    "sign_in.cjs": {"calendars.get 200"},
    "push.cjs": {
        "events.watch 200", "acl.watch 200", "calendarList.watch 200", "settings.watch 200", "channels.stop 204",
        "channels.stop 404",
    },
}  # fmt: skip


@pytest.mark.parametrize("program", PROGRAMS)
def test_the_client_for_node_finds_what_it_expects(local_google: RunningGoogle, program: str) -> None:
    run_node(program, LOCAL_GOOGLE=local_google.url)
    assert PROGRAMS[program] - set(checked(local_google).checked) == set()
