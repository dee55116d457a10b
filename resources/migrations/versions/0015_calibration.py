"""Below which confidence a night sends cases to people, and which cases were drawn for the control set."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "review_thresholds",
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("queue", sa.Text, primary_key=True),
        sa.Column("review_below", sa.Float, nullable=True),
    )
    op.create_table(
        "drawn",
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("case_id", sa.Text, primary_key=True),
        sa.Column("drawn_by", sa.Text, nullable=False),
        sa.Column("drawn_at", sa.DateTime(timezone=True), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("drawn")
    op.drop_table("review_thresholds")
