"""A batch says why its requests go by its route."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("batches", sa.Column("route_why", sa.Text, nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("batches", "route_why")
