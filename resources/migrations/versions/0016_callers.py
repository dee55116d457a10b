"""Callers of the online door: their keys, and the answers that they got."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "callers",
        sa.Column("key_id", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("secret_sha256", sa.Text, nullable=False),
        sa.Column("steps", sa.Text, nullable=False),
        sa.Column("queues", sa.Text, nullable=False),
        sa.Column("lane", sa.Text, nullable=False),
        sa.Column("requests_per_minute", sa.Integer),
        sa.Column("tokens_per_minute", sa.Integer),
        sa.Column("budget_pico_usd", sa.BigInteger),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("expires_at", _INSTANT),
        sa.Column("revoked_at", _INSTANT),
        sa.Column("requests_left", sa.Float),
        sa.Column("tokens_left", sa.Float),
        sa.Column("drawn_at", _INSTANT),
    )
    in_use = sa.text("revoked_at IS NULL")
    op.create_index(
        "ix_callers_name", "callers", ["name"], unique=True, sqlite_where=in_use, postgresql_where=in_use
    )
    op.create_table(
        "kept_answers",
        sa.Column("answer_id", sa.Text, primary_key=True),
        sa.Column("key_id", sa.Text, nullable=False),
        sa.Column("idempotency_key", sa.Text),
        sa.Column("body_sha256", sa.Text, nullable=False),
        sa.Column("step", sa.Text, nullable=False),
        sa.Column("record_id", sa.Text),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("reserved_pico_usd", sa.BigInteger, nullable=False),
        sa.Column("cost_pico_usd", sa.BigInteger, nullable=False),
        sa.Column("tokens", sa.BigInteger, nullable=False),
        sa.Column("content", sa.Text),
        sa.Column("admitted_at", _INSTANT, nullable=False),
        sa.Column("answered_at", _INSTANT),
        sa.Column("owner", sa.Text, nullable=False),
    )
    op.create_index("ix_kept_answers_key", "kept_answers", ["key_id", "day"])
    op.create_index("ix_kept_answers_idempotency", "kept_answers", ["key_id", "idempotency_key"], unique=True)
    op.create_index("ix_kept_answers_record", "kept_answers", ["record_id"])
    op.create_index("ix_kept_answers_answered", "kept_answers", ["answered_at"])
    is_open = sa.text("state = 'admitted'")
    op.create_index(
        "ix_kept_answers_open", "kept_answers", ["owner"], sqlite_where=is_open, postgresql_where=is_open
    )
    op.create_table(
        "answer_requests",
        sa.Column("answer_id", sa.Text, primary_key=True),
        sa.Column("request_id", sa.Text, primary_key=True),
    )
    op.create_index("ix_answer_requests_request", "answer_requests", ["request_id"])
