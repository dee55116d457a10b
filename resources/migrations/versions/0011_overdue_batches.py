"""A batch remembers that it is to be cancelled and since when the provider was asked, and when its files were removed there."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("batches", sa.Column("cancel_why", sa.Text, nullable=False, server_default=""))
    op.add_column("batches", sa.Column("cancel_asked_at", sa.DateTime(timezone=True)))
    op.add_column("batches", sa.Column("files_removed_at", sa.DateTime(timezone=True)))


def downgrade() -> None:
    raise NotImplementedError(
        "Restore the ledger from a backup instead: going back would forget which batches were to be cancelled."
    )
