"""The audit trail tells many facts in one entry, and records are deleted on request with a trace of it."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_ROW_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.execute("DELETE FROM audit")  # nothing has written any: the chain begins with what is found now
    op.add_column("audit", sa.Column("facts", sa.Text, nullable=False, server_default=""))
    op.create_index("ix_audit_subject", "audit", ["subject", "action"])
    op.add_column("received", sa.Column("deleted_at", _INSTANT))
    op.create_table(
        "deletions",
        sa.Column("id", _ROW_ID, primary_key=True, autoincrement=True),
        sa.Column("record_id", sa.Text, nullable=False),
        sa.Column("asked_by", sa.Text, nullable=False),
        sa.Column("asked_at", _INSTANT, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("plan", sa.Text, nullable=False),
        sa.Column("finished_at", _INSTANT),
    )
    op.create_index("ix_deletions_record", "deletions", ["record_id"])


def downgrade() -> None:
    raise NotImplementedError(
        "Restore the ledger from a backup instead: going back would forget who did what, and what was deleted."
    )
