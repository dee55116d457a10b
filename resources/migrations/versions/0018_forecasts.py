"""A batch keeps when its provider was done; what was forecast of a night is kept."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("batches", sa.Column("ended_at", sa.DateTime(timezone=True)))
    op.create_table(
        "forecasts",
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("at", sa.DateTime(timezone=True), primary_key=True),
        sa.Column("open_requests", sa.Integer, nullable=False),
        sa.Column("probability_in_time", sa.Float, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("forecasts")
    op.drop_column("batches", "ended_at")
