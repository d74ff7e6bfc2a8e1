"""What lasts is looked for twice a minute among everything that was ever delivered."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_deliveries_lasting",
        "deliveries",
        ["kind"],
        sqlite_where=sa.text("lasting = 1"),
        postgresql_where=sa.text("lasting"),
    )


def downgrade() -> None:
    op.drop_index("ix_deliveries_lasting", table_name="deliveries")
