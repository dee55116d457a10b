"""The ledger's tables of the online door: keys of callers, and the answers that they got."""

from sqlalchemy import BigInteger, Column, Date, Float, Index, Integer, Table, Text

from resources.ledger.database.tables import Instant, metadata

callers = Table(
    "callers",
    metadata,
    Column("key_id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("secret_sha256", Text, nullable=False),
    # JSON lists.
    Column("steps", Text, nullable=False),
    Column("queues", Text, nullable=False),
    Column("lane", Text, nullable=False),
    Column("requests_per_minute", Integer),
    Column("tokens_per_minute", Integer),
    Column("budget_pico_usd", BigInteger),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant),
    Column("revoked_at", Instant),
    # What its limits per minute left when they were last drawn from; NULL before.
    Column("requests_left", Float),
    Column("tokens_left", Float),
    Column("drawn_at", Instant),
    Index("ix_callers_name", "name"),
)

kept_answers = Table(
    "kept_answers",
    metadata,
    Column("answer_id", Text, primary_key=True),
    Column("key_id", Text, nullable=False),
    Column("idempotency_key", Text),
    Column("body_sha256", Text, nullable=False),
    Column("step", Text, nullable=False),
    # What the case turned out to be; NULL before it was read.
    Column("record_id", Text),
    Column("day", Date, nullable=False),
    Column("state", Text, nullable=False),
    Column("reserved_pico_usd", BigInteger, nullable=False),
    Column("cost_pico_usd", BigInteger, nullable=False),
    Column("tokens", BigInteger, nullable=False),
    # What the caller was answered, as JSON; removed with the record, and after a while.
    Column("content", Text),
    Column("admitted_at", Instant, nullable=False),
    Column("answered_at", Instant),
    Index("ix_kept_answers_key", "key_id", "day"),
    Index("ix_kept_answers_idempotency", "key_id", "idempotency_key", unique=True),
    Index("ix_kept_answers_record", "record_id"),
)
