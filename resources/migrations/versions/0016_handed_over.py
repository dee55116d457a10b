"""Drafts that were put into a mailbox."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "handed_over",
        sa.Column("message_id", sa.Text, primary_key=True),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("case_id", sa.Text, nullable=False),
        sa.Column("mailbox", sa.Text, nullable=False),
        sa.Column("begun_at", _INSTANT, nullable=False),
        sa.Column("at", _INSTANT),
    )
    op.create_index("ix_handed_over_day", "handed_over", ["day"])


def downgrade() -> None:
    op.drop_table("handed_over")
