"""A decision says what kind it is, what the person saw, and its number among those about its case and step."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_NUMBERED = """
UPDATE decisions SET number = (
  SELECT count(*) FROM decisions AS other
  WHERE other.day = decisions.day AND other.step = decisions.step AND other.case_id = decisions.case_id
    AND (other.decided_at < decisions.decided_at
         OR (other.decided_at = decisions.decided_at AND other.id <= decisions.id)))
"""


def upgrade() -> None:
    op.add_column("decisions", sa.Column("kind", sa.Text, nullable=False, server_default="correct"))
    op.add_column("decisions", sa.Column("before", sa.Text, nullable=False, server_default="{}"))
    op.add_column("decisions", sa.Column("prompt_version", sa.Text, nullable=False, server_default=""))
    op.add_column("decisions", sa.Column("number", sa.Integer, nullable=False, server_default="0"))
    op.execute(_NUMBERED)
    op.create_index("uq_decisions_number", "decisions", ["day", "step", "case_id", "number"], unique=True)


def downgrade() -> None:
    raise NotImplementedError(
        "Restore the ledger from a backup instead: going back would forget which decisions were undone."
    )
