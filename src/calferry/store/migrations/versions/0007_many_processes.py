"""Many processes share what is due, and the quotas."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

LEASED = sa.text("lease_owner IS NOT NULL")
PRIMARY = {"sqlite": sa.text("is_primary = 1"), "postgresql": sa.text("is_primary")}


def upgrade() -> None:
    op.add_column("accounts", sa.Column("quota_until", sa.BigInteger))
    op.drop_index("ix_sync_states_account_id", "sync_states")
    op.create_index("ix_sync_states_account_id", "sync_states", ["account_id", "next_due_at", "id"])
    op.create_index("ix_sync_states_last_attempt_at", "sync_states", ["last_attempt_at"])
    op.create_index(
        "ix_sync_states_leased",
        "sync_states",
        ["account_id"],
        sqlite_where=LEASED,
        postgresql_where=LEASED,
    )
    op.create_index(
        "ix_calendars_primary",
        "calendars",
        ["account_id"],
        sqlite_where=PRIMARY["sqlite"],
        postgresql_where=PRIMARY["postgresql"],
    )
    op.create_table(
        "quota_spent",
        sa.Column("scope", sa.Text, nullable=False),
        sa.Column("second", sa.BigInteger, nullable=False),
        sa.Column("units", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("scope", "second", name=op.f("pk_quota_spent")),
    )


def downgrade() -> None:
    op.drop_table("quota_spent")
    op.drop_index("ix_calendars_primary", "calendars")
    op.drop_index("ix_sync_states_leased", "sync_states")
    op.drop_index("ix_sync_states_last_attempt_at", "sync_states")
    op.drop_index("ix_sync_states_account_id", "sync_states")
    op.create_index("ix_sync_states_account_id", "sync_states", ["account_id"])
    op.drop_column("accounts", "quota_until")
