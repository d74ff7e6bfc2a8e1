"""Of two grants of an account the one that Google gave last is kept, whichever is stored last."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("accounts", sa.Column("granted_at", sa.BigInteger))


def downgrade() -> None:
    op.drop_column("accounts", "granted_at")
