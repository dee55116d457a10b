"""A place may come back to what it held before: its versions are numbered, and each knows the file it stood in."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("received", sa.Column("version", sa.Integer, nullable=False, server_default="1"))
    op.add_column("received", sa.Column("file", sa.Text))
    op.add_column("received", sa.Column("written_at", sa.DateTime(timezone=True)))
    op.execute(
        "UPDATE received SET version = (SELECT count(*) FROM received AS other WHERE other.source = received.source "
        "AND other.place = received.place AND other.id <= received.id)"
    )
    op.drop_index("uq_received", "received")
    op.create_index("uq_received", "received", ["source", "place", "version"], unique=True)


def downgrade() -> None:
    raise NotImplementedError(
        "Restore the ledger from a backup instead: going back would forget records that came back to what they said before."
    )
