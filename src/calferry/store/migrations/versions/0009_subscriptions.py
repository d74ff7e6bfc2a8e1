"""Where changes are told to, how that goes, and which changes moved an event in time."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

RowId = sa.BigInteger().with_variant(sa.Integer, "sqlite")
PENDING = sa.text("status = 'pending'")


def upgrade() -> None:
    moved = sa.Column("moved", sa.Boolean, nullable=False, server_default=sa.text("false"))
    op.add_column("changes", moved)
    create_subscriptions()
    create_deliveries()


def create_subscriptions() -> None:
    op.create_table(
        "subscriptions",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("user_id", sa.BigInteger, nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("kinds", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("failures", sa.BigInteger, nullable=False, server_default=sa.text("0")),
        sa.Column("next_try_at", sa.BigInteger),
        sa.Column("last_success_at", sa.BigInteger),
        sa.Column("last_error", sa.Text),
        sa.Column("lease_owner", sa.Text),
        sa.Column("lease_until", sa.BigInteger),
        sa.Column("lease_boot", sa.Text),
        sa.Column("fence", sa.BigInteger, nullable=False, server_default=sa.text("0")),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_subscriptions"),
    )
    op.create_index("ix_subscriptions_user_id", "subscriptions", ["user_id"])
    op.create_table(
        "subscription_secrets",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("user_id", sa.BigInteger, nullable=False),
        sa.Column("subscription_id", sa.Text, nullable=False),
        sa.Column("secret", sa.LargeBinary, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_subscription_secrets"),
    )
    op.create_index("ix_subscription_secrets_subscription_id", "subscription_secrets", ["subscription_id"])


def create_deliveries() -> None:
    op.create_table(
        "deliveries",
        sa.Column("number", RowId, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("user_id", sa.BigInteger, nullable=False),
        sa.Column("subscription_id", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("line", sa.Text, nullable=False),
        sa.Column("change_id", sa.BigInteger),
        sa.Column("account_id", sa.Text),
        sa.Column("calendar_id", sa.Text),
        sa.Column("event_id", sa.Text),
        sa.Column("lasting", sa.Boolean, nullable=False, server_default=sa.text("false")),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("attempts", sa.BigInteger, nullable=False, server_default=sa.text("0")),
        sa.Column("first_try_at", sa.BigInteger),
        sa.Column("next_try_at", sa.BigInteger),
        sa.Column("answer", sa.BigInteger),
        sa.Column("error", sa.Text),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("settled_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("number", name="pk_deliveries"),
        sa.UniqueConstraint("id", name="uq_deliveries_id"),
    )
    op.create_index("ix_deliveries_subscription_id", "deliveries", ["subscription_id", "number"])
    op.create_index("ix_deliveries_calendar_id", "deliveries", ["calendar_id"])
    op.create_index("ix_deliveries_settled_at", "deliveries", ["settled_at"])
    op.create_index(
        "ix_deliveries_pending",
        "deliveries",
        ["subscription_id", "line", "number"],
        sqlite_where=PENDING,
        postgresql_where=PENDING,
    )


def downgrade() -> None:
    for table in ("deliveries", "subscription_secrets", "subscriptions"):
        op.drop_table(table)
    op.drop_column("changes", "moved")
