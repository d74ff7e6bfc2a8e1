"""For many calendars: channels are found by when they end, and PostgreSQL compresses long events by LZ4 where it can.

Its own way costs as much as storing the row.
"""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

COMPRESS = """
DO $$ BEGIN
    ALTER TABLE events ALTER raw SET COMPRESSION {0}, ALTER last_raw SET COMPRESSION {0};
EXCEPTION WHEN feature_not_supported THEN NULL;
END $$
"""


def upgrade() -> None:
    op.create_index("ix_channels_state_expires_at", "channels", ["state", "expires_at"])
    if op.get_bind().dialect.name == "postgresql":
        op.execute(COMPRESS.format("lz4"))


def downgrade() -> None:
    op.drop_index("ix_channels_state_expires_at", table_name="channels")
    if op.get_bind().dialect.name == "postgresql":
        op.execute(COMPRESS.format("pglz"))
