"""What is pending, or lasts, is found by an index of its own, however long the log of what was delivered is."""

from calferry.store import alarms, deliveries
from calferry.store.subscriptions import Subscription
from calferry.store.sync_states import LeaseTerms
from tests.harness.databases import transaction
from tests.unit.store.test_plans import plans

HELD = Subscription("sub_1", 1, "", "", "[]", "active", 0, 0, None, None, None, 1, 0)


def test_no_question_of_every_second_reads_the_log() -> None:
    questions = {
        "due": lambda tx: deliveries.due(tx, 1, LeaseTerms("me", "boot", 1)),
        "next": lambda tx: deliveries.next_ones(tx, HELD, 1, 8),
        "pending": lambda tx: deliveries.count_pending(tx, "sub_1", 8),
        "lasting": lambda tx: tx.execute(alarms.LASTING).all(),
    }
    with transaction() as connection:
        for name, question in questions.items():
            lines = [line for line in plans(connection, question).splitlines() if "deliveries" in line]
            index = "ix_deliveries_lasting" if name == "lasting" else "ix_deliveries_pending"
            assert lines, name
            assert all(index in line for line in lines), (name, lines)
