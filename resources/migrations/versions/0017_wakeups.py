"""When each open batch is looked at again, and the webhooks that asked for it earlier."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0015"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("batches", sa.Column("look_from", _INSTANT))
    op.create_index("ix_batches_provider_batch_id", "batches", ["provider_batch_id"])
    op.create_table(
        "wakeups",
        sa.Column("webhook_id", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("about", sa.Text, nullable=False),
        sa.Column("received_at", _INSTANT, nullable=False),
    )
    op.create_index("ix_wakeups_received", "wakeups", ["received_at"])


def downgrade() -> None:
    op.drop_table("wakeups")
    op.drop_index("ix_batches_provider_batch_id", "batches")
    op.drop_column("batches", "look_from")
