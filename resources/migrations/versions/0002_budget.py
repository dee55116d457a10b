"""Reservations and estimates of requests under way, why due requests are held back, and what a budget has spent."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("requests", sa.Column("held", sa.Text, nullable=True))
    op.add_column("batch_members", sa.Column("estimated_tokens", sa.BigInteger, nullable=True))
    op.add_column("batch_members", sa.Column("reserved_pico_usd", sa.BigInteger, nullable=True))
    op.drop_index("ix_attempts_day", "attempts")
    op.create_index("ix_attempts_spend", "attempts", ["day", "lane", "cost_pico_usd"])


def downgrade() -> None:
    raise NotImplementedError(
        "Restore the ledger from a backup instead: going back would forget what is reserved."
    )
