"""How reading each source stands, and messages of a mailbox whose server has numbered them anew."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "sources",
        sa.Column("source", sa.Text, primary_key=True),
        sa.Column("looked_at", _INSTANT, nullable=False),
        sa.Column("read_until", _INSTANT),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("trouble", sa.Text, nullable=False),
    )
    op.create_table(
        "renumbered",
        sa.Column("source", sa.Text, primary_key=True),
        sa.Column("place", sa.Text, primary_key=True),
        sa.Column("first_place", sa.Text, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("renumbered")
    op.drop_table("sources")
