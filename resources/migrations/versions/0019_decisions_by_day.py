"""The newest decision of a day is found without reading the others."""

from alembic import op

revision = "0019"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_decisions_day", "decisions", ["day", "id"])


def downgrade() -> None:
    op.drop_index("ix_decisions_day", "decisions")
