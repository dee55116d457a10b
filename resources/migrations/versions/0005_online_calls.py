"""What all processes together have asked a provider online, how it is doing, and batches that fill a prompt cache."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_ROW_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "online_calls",
        sa.Column("id", _ROW_ID, primary_key=True, autoincrement=True),
        sa.Column("provider", sa.Text, nullable=False),
        sa.Column("sent_at", _INSTANT, nullable=False),
        sa.Column("tokens", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_online_calls", "online_calls", ["provider", "sent_at"])
    op.create_table(
        "circuits",
        sa.Column("provider", sa.Text, primary_key=True),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("pause_seconds", sa.Float, nullable=False),
        sa.Column("until", _INSTANT),
        sa.Column("resting_until", _INSTANT),
    )
    op.add_column("batches", sa.Column("warms", sa.Boolean, nullable=False, server_default=sa.false()))


def downgrade() -> None:
    op.drop_column("batches", "warms")
    op.drop_table("circuits")
    op.drop_table("online_calls")
