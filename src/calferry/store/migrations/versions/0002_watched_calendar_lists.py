"""Calendar lists are watched, too: when Google last refused to let us."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("accounts", sa.Column("list_push_checked_at", sa.BigInteger))


def downgrade() -> None:
    op.drop_column("accounts", "list_push_checked_at")
