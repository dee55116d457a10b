"""Results that cannot be read yet are asked for again by the clock; what surplus and unreadable lines cost is booked."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("batches", sa.Column("troubled_since", sa.DateTime(timezone=True)))
    op.add_column("batches", sa.Column("short_since", sa.DateTime(timezone=True)))
    op.add_column("attempts", sa.Column("estimated", sa.Boolean, nullable=False, server_default=sa.false()))
    op.create_table(
        "surplus_lines",
        sa.Column("batch_id", sa.Text, primary_key=True),
        sa.Column("place", sa.Text, primary_key=True),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("step", sa.Text, nullable=False),
        sa.Column("lane", sa.Text, nullable=False),
        sa.Column("provider", sa.Text, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("prompt_version", sa.Text, nullable=False),
        sa.Column("mode", sa.Text, nullable=False),
        sa.Column("surplus", sa.Text, nullable=False),
        sa.Column("input_tokens", sa.BigInteger, nullable=False),
        sa.Column("cached_tokens", sa.BigInteger, nullable=False),
        sa.Column("cache_write_tokens", sa.BigInteger, nullable=False),
        sa.Column("output_tokens", sa.BigInteger, nullable=False),
        sa.Column("cost_pico_usd", sa.BigInteger, nullable=False),
        sa.Column("estimated", sa.Boolean, nullable=False),
        sa.Column("booked_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_surplus_spend", "surplus_lines", ["day", "lane", "cost_pico_usd"])


def downgrade() -> None:
    raise NotImplementedError(
        "Restore the ledger from a backup instead: going back would forget what was paid for."
    )
