"""Edits of our own, what became of them, and how the last comparison of a calendar with Google went."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

RowId = sa.BigInteger().with_variant(sa.Integer, "sqlite")
UNSETTLED = sa.text("status = 'pending' OR done_mark IS NOT NULL")
PENDING = sa.text("status = 'pending'")


def upgrade() -> None:
    create_intents()
    create_conflicts()
    op.add_column("sync_states", sa.Column("verified_at", sa.BigInteger))
    op.add_column("sync_states", sa.Column("verified_differences", sa.BigInteger))
    op.drop_column("events", "written_at")


def create_intents() -> None:
    op.create_table(
        "intents",
        sa.Column("number", RowId, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("user_id", sa.BigInteger, nullable=False),
        sa.Column("account_id", sa.Text, nullable=False),
        sa.Column("calendar_id", sa.Text, nullable=False),
        sa.Column("event_id", sa.Text, nullable=False),
        sa.Column("line_id", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("changes", sa.Text),
        sa.Column("base_raw", sa.Text),
        sa.Column("base_etag", sa.Text),
        sa.Column("send_updates", sa.Text, nullable=False),
        sa.Column("on_conflict", sa.Text, nullable=False),
        sa.Column("after_id", sa.Text),
        sa.Column("idempotency_key", sa.Text),
        sa.Column("request_hash", sa.LargeBinary),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("attempts", sa.BigInteger, nullable=False, server_default=sa.text("0")),
        sa.Column("uncertain", sa.Boolean, nullable=False, server_default=sa.text("false")),
        sa.Column("next_try_at", sa.BigInteger),
        sa.Column("error_code", sa.Text),
        sa.Column("error_reason", sa.Text),
        sa.Column("error_message", sa.Text),
        sa.Column("answer", sa.Text),
        sa.Column("done_mark", sa.BigInteger),
        sa.Column("lease_owner", sa.Text),
        sa.Column("lease_until", sa.BigInteger),
        sa.Column("lease_boot", sa.Text),
        sa.Column("fence", sa.BigInteger, nullable=False, server_default=sa.text("0")),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("settled_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("number", name="pk_intents"),
        sa.UniqueConstraint("id", name="uq_intents_id"),
        sa.UniqueConstraint("user_id", "idempotency_key", name="uq_intents_user_id_idempotency_key"),
    )
    op.create_index("ix_intents_calendar_id", "intents", ["calendar_id"])
    op.create_index("ix_intents_settled_at", "intents", ["settled_at"])
    op.create_index(
        "ix_intents_unsettled",
        "intents",
        ["calendar_id"],
        sqlite_where=UNSETTLED,
        postgresql_where=UNSETTLED,
    )
    op.create_index(
        "ix_intents_next_try_at", "intents", ["next_try_at"], sqlite_where=PENDING, postgresql_where=PENDING
    )


def create_conflicts() -> None:
    op.create_table(
        "conflicts",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("user_id", sa.BigInteger, nullable=False),
        sa.Column("calendar_id", sa.Text, nullable=False),
        sa.Column("event_id", sa.Text, nullable=False),
        sa.Column("intent_id", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("fields", sa.Text, nullable=False),
        sa.Column("base", sa.Text),
        sa.Column("ours", sa.Text),
        sa.Column("theirs", sa.Text),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("resolved_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_conflicts"),
    )
    op.create_index("ix_conflicts_user_id", "conflicts", ["user_id"])
    op.create_index("ix_conflicts_calendar_id", "conflicts", ["calendar_id"])


def downgrade() -> None:
    op.add_column("events", sa.Column("written_at", sa.BigInteger))
    op.drop_column("sync_states", "verified_differences")
    op.drop_column("sync_states", "verified_at")
    op.drop_table("conflicts")
    op.drop_table("intents")
