"""News that people are told of, and who was told what."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "notices",
        sa.Column("notice", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("about", sa.Text, nullable=False),
        sa.Column("facts", sa.Text, nullable=False),
        sa.Column("raised_at", _INSTANT, nullable=False),
    )
    op.create_index("ix_notices_raised", "notices", ["raised_at"])
    op.create_table(
        "notices_told",
        sa.Column("notice", sa.Text, primary_key=True),
        sa.Column("place", sa.Text, primary_key=True),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("next_try", _INSTANT),
        sa.Column("told_at", _INSTANT),
        sa.Column("said", sa.Text, nullable=False),
    )
    held = sa.text("held IS NOT NULL")
    op.create_index("ix_requests_held", "requests", ["request_id"], sqlite_where=held, postgresql_where=held)


def downgrade() -> None:
    op.drop_index("ix_requests_held", "requests")
    op.drop_table("notices_told")
    op.drop_table("notices")
