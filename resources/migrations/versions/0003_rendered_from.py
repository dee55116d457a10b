"""What a case's request was rendered from, so that a rerun renders only what has changed."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("work", sa.Column("rendered_from", sa.Text, nullable=True))


def downgrade() -> None:
    op.drop_column("work", "rendered_from")
