"""What a batch has to remember about a provider that says no, and why single attempts failed."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("creates", "turned_away", "halvings"):
        op.add_column("batches", sa.Column(name, sa.Integer, nullable=False, server_default="0"))
    op.add_column("batches", sa.Column("refusal", sa.Text, nullable=True))
    op.add_column("batches", sa.Column("disowned", sa.Text, nullable=False, server_default=""))
    op.add_column("attempts", sa.Column("reason", sa.Text, nullable=False, server_default=""))


def downgrade() -> None:
    raise NotImplementedError(
        "Restore the ledger from a backup instead: going back would forget what must not be sent again."
    )
