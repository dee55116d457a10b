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
)

_IN_USE = callers.c.revoked_at.is_(None)
Index(
    "ix_callers_name",
    callers.c.name,
    unique=True,
    sqlite_where=_IN_USE,
    postgresql_where=_IN_USE,
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
    # The process that works it, by the name of its lock.
    Column("owner", Text, nullable=False),
    Index("ix_kept_answers_key", "key_id", "day"),
    Index("ix_kept_answers_idempotency", "key_id", "idempotency_key", unique=True),
    Index("ix_kept_answers_record", "record_id"),
    Index("ix_kept_answers_answered", "answered_at"),
)

# What was asked for an answer: what it paid, and whose a request is that no night asks.
answer_requests = Table(
    "answer_requests",
    metadata,
    Column("answer_id", Text, primary_key=True),
    Column("request_id", Text, primary_key=True),
    Index("ix_answer_requests_request", "request_id"),
)

_ADMITTED = kept_answers.c.state == "admitted"
Index(
    "ix_kept_answers_open",
    kept_answers.c.owner,
    sqlite_where=_ADMITTED,
    postgresql_where=_ADMITTED,
)
