"""Readers of expanded events look for the masters of a calendar among its thousands of rows."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_events_projection_id_masters",
        "events",
        ["projection_id"],
        sqlite_where=sa.text("recurring = 1"),
        postgresql_where=sa.text("recurring"),
    )


def downgrade() -> None:
    op.drop_index("ix_events_projection_id_masters", table_name="events")
