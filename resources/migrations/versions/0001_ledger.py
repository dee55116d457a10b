"""The register, the work of each night, requests, batches, attempts, decisions and the audit trail."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_ROW_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_INSTANT = sa.DateTime(timezone=True)


def _text(name: str, *, nullable: bool = False) -> "sa.Column[str]":
    return sa.Column(name, sa.Text, nullable=nullable)


def _int(name: str, *, big: bool = False) -> "sa.Column[int]":
    return sa.Column(name, sa.BigInteger if big else sa.Integer, nullable=False)


def upgrade() -> None:
    _register()
    _work_and_requests()
    _batches()
    _attempts()
    _people()


def _register() -> None:
    op.create_table(
        "received",
        sa.Column("id", _ROW_ID, primary_key=True, autoincrement=True),
        _text("source"),
        _text("place"),
        _text("raw_sha256"),
        sa.Column("day", sa.Date, nullable=False),
        _text("kind"),
        sa.Column("arrived_at", _INSTANT, nullable=False),
    )
    op.create_index("uq_received", "received", ["source", "place", "raw_sha256"], unique=True)
    op.create_index("ix_received_day", "received", ["day"])


def _work_and_requests() -> None:
    op.create_table(
        "work",
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("step", sa.Text, primary_key=True),
        sa.Column("case_id", sa.Text, primary_key=True),
        _text("input_hash"),
        _text("request_id"),
        _text("lane"),
        _text("prompt_version"),
        _text("model"),
    )
    op.create_index("ix_work_request", "work", ["request_id"])
    op.create_table(
        "requests",
        sa.Column("request_id", sa.Text, primary_key=True),
        _text("step"),
        _text("model"),
        _text("prompt_version"),
        _text("state"),
        _int("attempt"),
        _int("rounds_before"),
        _text("provider"),
        _text("outcome"),
        _text("detail"),
        _text("output", nullable=True),
    )
    dead = sa.text("state = 'dead'")
    op.create_index("ix_requests_dead", "requests", ["request_id"], sqlite_where=dead, postgresql_where=dead)


def _batches() -> None:
    op.create_table(
        "batches",
        sa.Column("batch_id", sa.Text, primary_key=True),
        sa.Column("day", sa.Date, nullable=False),
        _text("step"),
        _text("lane"),
        _text("mode"),
        _text("provider"),
        _text("model"),
        _text("state"),
        _int("requests"),
        _int("bytes", big=True),
        _text("sha256"),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("creating_at", _INSTANT),
        sa.Column("submitted_at", _INSTANT),
        _text("provider_batch_id", nullable=True),
        _text("provider_file_id", nullable=True),
        sa.Column("provisional", sa.Boolean, nullable=False),
        sa.Column("not_before", _INSTANT),
        _text("detail"),
    )
    op.create_index("ix_batches_state", "batches", ["state"])
    op.create_table(
        "batch_members",
        sa.Column("batch_id", sa.Text, primary_key=True),
        sa.Column("request_id", sa.Text, primary_key=True),
        _int("attempt"),
        sa.Column("released", sa.Boolean, nullable=False),
    )
    op.create_index(
        "uq_batch_members",
        "batch_members",
        ["request_id", "attempt"],
        unique=True,
        sqlite_where=sa.text("released = 0"),
        postgresql_where=sa.text("released = false"),
    )


def _attempts() -> None:
    op.create_table(
        "attempts",
        sa.Column("request_id", sa.Text, primary_key=True),
        sa.Column("attempt", sa.Integer, primary_key=True),
        _text("batch_id", nullable=True),
        sa.Column("day", sa.Date, nullable=False),
        _text("step"),
        _text("lane"),
        _text("provider"),
        _text("model"),
        _text("prompt_version"),
        _text("mode"),
        _text("outcome"),
        _int("input_tokens", big=True),
        _int("cached_tokens", big=True),
        _int("cache_write_tokens", big=True),
        _int("output_tokens", big=True),
        _int("cost_pico_usd", big=True),
        sa.Column("settled_at", _INSTANT, nullable=False),
    )
    op.create_index("ix_attempts_day", "attempts", ["day"])


def _people() -> None:
    op.create_table(
        "decisions",
        sa.Column("id", _ROW_ID, primary_key=True, autoincrement=True),
        sa.Column("day", sa.Date, nullable=False),
        _text("step"),
        _text("case_id"),
        _text("decided_by"),
        sa.Column("decided_at", _INSTANT, nullable=False),
        _text("values"),
    )
    key = ["day", "step", "case_id", "decided_by", "decided_at"]
    op.create_index("uq_decisions", "decisions", key, unique=True)
    op.create_table(
        "audit",
        sa.Column("id", _ROW_ID, primary_key=True, autoincrement=True),
        sa.Column("at", _INSTANT, nullable=False),
        _text("actor"),
        _text("action"),
        _text("subject"),
        _text("detail"),
        _text("previous"),
        _text("digest"),
    )


def downgrade() -> None:
    raise NotImplementedError(
        "Restore the ledger from a backup instead: going back would drop what was paid for."
    )
