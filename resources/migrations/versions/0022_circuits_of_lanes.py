"""A circuit belongs to a provider and a lane, and says since when it is open. Former states last minutes and are left out."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0015"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)
_STATE = (
    ("failures", sa.Integer, False),
    ("pause_seconds", sa.Float, False),
    ("until", _INSTANT, True),
    ("resting_until", _INSTANT, True),
)


def upgrade() -> None:
    op.drop_table("circuits")
    op.create_table(
        "circuits",
        sa.Column("provider", sa.Text, primary_key=True),
        sa.Column("lane", sa.Text, primary_key=True),
        *(sa.Column(name, kind, nullable=nullable) for name, kind, nullable in _STATE),
        sa.Column("since", _INSTANT),
    )


def downgrade() -> None:
    op.drop_table("circuits")
    op.create_table(
        "circuits",
        sa.Column("provider", sa.Text, primary_key=True),
        *(sa.Column(name, kind, nullable=nullable) for name, kind, nullable in _STATE),
    )
