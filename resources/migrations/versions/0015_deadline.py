"""What keeps the deadline: why a batch takes its route, when it is looked at again and when it was done, webhooks, and what was
forecast of a night, and what its rescue costs."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)
_CIRCUIT = (
    ("failures", sa.Integer, False),
    ("pause_seconds", sa.Float, False),
    ("until", _INSTANT, True),
    ("resting_until", _INSTANT, True),
)
"""Its state lasts minutes: former states are left out."""


def upgrade() -> None:
    op.add_column("batches", sa.Column("route_why", sa.Text, nullable=False, server_default=""))
    op.add_column("batches", sa.Column("look_from", _INSTANT))
    op.add_column("batches", sa.Column("ended_at", _INSTANT))
    op.create_index("ix_batches_provider_batch_id", "batches", ["provider_batch_id"])
    op.create_table(
        "wakeups",
        sa.Column("webhook_id", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("about", sa.Text, nullable=False),
        sa.Column("received_at", _INSTANT, nullable=False),
    )
    op.create_index("ix_wakeups_received", "wakeups", ["received_at"])
    op.create_table(
        "forecasts",
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("at", _INSTANT, primary_key=True),
        sa.Column("open_requests", sa.Integer, nullable=False),
        sa.Column("probability_in_time", sa.Float, nullable=False),
    )

    op.create_table(
        "rescues",
        sa.Column("request_id", sa.Text, primary_key=True),
        sa.Column("attempt", sa.Integer, primary_key=True),
        sa.Column("batch_id", sa.Text, nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("mode", sa.Text, nullable=False),
        sa.Column("extra_pico_usd", sa.BigInteger, nullable=False),
        sa.Column("settled", sa.Boolean, nullable=False),
    )
    op.create_index("ix_rescues_day", "rescues", ["day"])
    op.create_index("ix_rescues_batch", "rescues", ["batch_id"])
    op.create_table(
        "races",
        sa.Column("batch_id", sa.Text, primary_key=True),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("requests", sa.Integer, nullable=False),
        sa.Column("most_pico_usd", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_races_day", "races", ["day"])
    op.create_table(
        "receipts",
        sa.Column("batch_id", sa.Text, primary_key=True),
        sa.Column("request_id", sa.Text, primary_key=True),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("posts", sa.Integer, nullable=False),
        sa.Column("response_id", sa.Text),
        sa.Column("over", sa.Boolean, nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
    )
    _circuits(sa.Column("lane", sa.Text, primary_key=True), since=sa.Column("since", _INSTANT))


def _circuits(*keys: sa.Column[str], since: sa.Column[object] | None = None) -> None:
    state = [sa.Column(name, kind, nullable=nullable) for name, kind, nullable in _CIRCUIT]
    op.drop_table("circuits")
    op.create_table(
        "circuits",
        sa.Column("provider", sa.Text, primary_key=True),
        *keys,
        *state,
        *([since] if since is not None else []),
    )


def downgrade() -> None:
    _circuits()
    op.drop_table("receipts")
    op.drop_table("races")
    op.drop_table("rescues")
    op.drop_table("forecasts")
    op.drop_table("wakeups")
    op.drop_index("ix_batches_provider_batch_id", "batches")
    for column in ("ended_at", "look_from", "route_why"):
        op.drop_column("batches", column)
