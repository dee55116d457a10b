"""The ledger's tables as the queries see them; `migrations/` builds them and a test holds the two together.

No mail text in any column: digests, ids, model outputs and counts only.
"""

from datetime import UTC, datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Dialect,
    Float,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    false,
)

metadata = MetaData()

RowId = BigInteger().with_variant(Integer, "sqlite")
"""SQLite numbers rows by itself only in a column that is spelled INTEGER."""


class Instant(TypeDecorator[datetime]):
    """An aware datetime, kept in UTC: SQLite forgets the zone otherwise."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.astimezone(UTC) if value is not None else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.astimezone(UTC) if value.tzinfo is not None else value.replace(tzinfo=UTC)


class Ids(TypeDecorator[tuple[str, ...]]):
    """Ids without spaces in them, as one text."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: tuple[str, ...] | None, dialect: Dialect) -> str:
        return " ".join(value or ())

    def process_result_value(self, value: str | None, dialect: Dialect) -> tuple[str, ...]:
        return tuple((value or "").split())


received = Table(
    "received",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("source", Text, nullable=False),
    Column("place", Text, nullable=False),
    Column("raw_sha256", Text, nullable=False),
    Column("day", Date, nullable=False),
    Column("kind", Text, nullable=False),
    Column("arrived_at", Instant, nullable=False),
    # Its bytes are gone and stay known, so that reading the source again does not bring them back.
    Column("deleted_at", Instant),
    # Which of its place's contents it is, from 1.
    Column("version", Integer, nullable=False, server_default="1"),
    # Where it stood and when that was written, where these are not the place and the arrival.
    Column("file", Text),
    Column("written_at", Instant),
    Index("uq_received", "source", "place", "version", unique=True),
    Index("ix_received_day", "day"),
)

sources = Table(
    "sources",
    metadata,
    Column("source", Text, primary_key=True),
    Column("looked_at", Instant, nullable=False),
    Column("read_until", Instant),
    Column("failures", Integer, nullable=False),
    Column("trouble", Text, nullable=False),
)

renumbered = Table(
    "renumbered",
    metadata,
    Column("source", Text, primary_key=True),
    Column("place", Text, primary_key=True),
    # Under which the message is registered.
    Column("first_place", Text, nullable=False),
)

work = Table(
    "work",
    metadata,
    Column("day", Date, primary_key=True),
    Column("step", Text, primary_key=True),
    Column("case_id", Text, primary_key=True),
    Column("input_hash", Text, nullable=False),
    Column("request_id", Text, nullable=False),
    Column("lane", Text, nullable=False),
    Column("prompt_version", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("rendered_from", Text),
    Index("ix_work_request", "request_id"),
)

requests = Table(
    "requests",
    metadata,
    Column("request_id", Text, primary_key=True),
    Column("step", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("prompt_version", Text, nullable=False),
    Column("state", Text, nullable=False),
    # The last attempt that was sent; the next one is this plus one.
    Column("attempt", Integer, nullable=False),
    # Attempts of earlier rounds: attempt - rounds_before is what the retry rule counts.
    Column("rounds_before", Integer, nullable=False),
    Column("provider", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("output", Text),
    # Why it is not sent though it is due.
    Column("held", Text),
)
Index(
    "ix_requests_dead",
    requests.c.request_id,
    sqlite_where=requests.c.state == "dead",
    postgresql_where=requests.c.state == "dead",
)
Index(
    "ix_requests_held",
    requests.c.request_id,
    sqlite_where=requests.c.held.is_not(None),
    postgresql_where=requests.c.held.is_not(None),
)

batches = Table(
    "batches",
    metadata,
    Column("batch_id", Text, primary_key=True),
    Column("day", Date, nullable=False),
    Column("step", Text, nullable=False),
    Column("lane", Text, nullable=False),
    Column("mode", Text, nullable=False),
    Column("route_why", Text, nullable=False, server_default=""),
    Column("provider", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("requests", Integer, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("creating_at", Instant),
    Column("submitted_at", Instant),
    Column("provider_batch_id", Text),
    Column("provider_file_id", Text),
    Column("provisional", Boolean, nullable=False),
    Column("not_before", Instant),
    Column("detail", Text, nullable=False),
    Column("creates", Integer, nullable=False, server_default="0"),
    Column("turned_away", Integer, nullable=False, server_default="0"),
    Column("halvings", Integer, nullable=False, server_default="0"),
    Column("refusal", Text),
    Column("disowned", Ids, nullable=False, server_default=""),
    Column("warms", Boolean, nullable=False, server_default=false()),
    # Why it is to be cancelled, empty when it is not; and since when the provider has been asked to.
    Column("cancel_why", Text, nullable=False, server_default=""),
    Column("cancel_asked_at", Instant),
    Column("files_removed_at", Instant),
    # Since when its results cannot be read, and since when they are shorter than promised.
    Column("troubled_since", Instant),
    Column("short_since", Instant),
    # When the provider was done, or when it was given up; NULL while it runs.
    Column("ended_at", Instant),
    # From when on it is looked at again; NULL, as after a webhook: at once.
    Column("look_from", Instant),
    Index("ix_batches_state", "state"),
    Index("ix_batches_provider_batch_id", "provider_batch_id"),
)

batch_members = Table(
    "batch_members",
    metadata,
    Column("batch_id", Text, primary_key=True),
    Column("request_id", Text, primary_key=True),
    Column("attempt", Integer, nullable=False),
    Column("released", Boolean, nullable=False),
    Column("estimated_tokens", BigInteger),
    # Counts against the budget until an attempt with its cost takes its place, or it is released.
    Column("reserved_pico_usd", BigInteger),
)
Index(
    "uq_batch_members",
    batch_members.c.request_id,
    batch_members.c.attempt,
    unique=True,
    sqlite_where=batch_members.c.released == false(),
    postgresql_where=batch_members.c.released == false(),
)

attempts = Table(
    "attempts",
    metadata,
    Column("request_id", Text, primary_key=True),
    Column("attempt", Integer, primary_key=True),
    Column("batch_id", Text),
    Column("day", Date, nullable=False),
    Column("step", Text, nullable=False),
    Column("lane", Text, nullable=False),
    Column("provider", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("prompt_version", Text, nullable=False),
    Column("mode", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    # Why it is not usable, as a word that is counted; empty for a success.
    Column("reason", Text, nullable=False, server_default=""),
    Column("input_tokens", BigInteger, nullable=False),
    Column("cached_tokens", BigInteger, nullable=False),
    Column("cache_write_tokens", BigInteger, nullable=False),
    Column("output_tokens", BigInteger, nullable=False),
    # 1e-12 USD: prices are multiples of it per token, so sums are exact on every database.
    Column("cost_pico_usd", BigInteger, nullable=False),
    Column("settled_at", Instant, nullable=False),
    # The provider named no usage: tokens and cost are estimates.
    Column("estimated", Boolean, nullable=False, server_default=false()),
    Index("ix_attempts_spend", "day", "lane", "cost_pico_usd"),
)

# Result lines that answer no request of their batch, and what they cost.
surplus_lines = Table(
    "surplus_lines",
    metadata,
    Column("batch_id", Text, primary_key=True),
    # Which line, by what it says: the same whenever the results are read.
    Column("place", Text, primary_key=True),
    Column("day", Date, nullable=False),
    Column("step", Text, nullable=False),
    Column("lane", Text, nullable=False),
    Column("provider", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("prompt_version", Text, nullable=False),
    Column("mode", Text, nullable=False),
    Column("surplus", Text, nullable=False),
    Column("input_tokens", BigInteger, nullable=False),
    Column("cached_tokens", BigInteger, nullable=False),
    Column("cache_write_tokens", BigInteger, nullable=False),
    Column("output_tokens", BigInteger, nullable=False),
    Column("cost_pico_usd", BigInteger, nullable=False),
    Column("estimated", Boolean, nullable=False),
    Column("booked_at", Instant, nullable=False),
    Index("ix_surplus_spend", "day", "lane", "cost_pico_usd"),
)

online_calls = Table(
    "online_calls",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("provider", Text, nullable=False),
    Column("sent_at", Instant, nullable=False),
    Column("tokens", BigInteger, nullable=False),
    Index("ix_online_calls", "provider", "sent_at"),
)

circuits = Table(
    "circuits",
    metadata,
    Column("provider", Text, primary_key=True),
    # Empty in the row that holds what concerns all lanes: how long the provider rests.
    Column("lane", Text, primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("pause_seconds", Float, nullable=False),
    Column("until", Instant),
    Column("resting_until", Instant),
    Column("since", Instant),
)

blocks = Table(
    "blocks",
    metadata,
    Column("provider", Text, primary_key=True),
    # What is wrong with the account, and which kind of call shows that it is right again.
    Column("kind", Text, nullable=False),
    Column("needs", Integer, nullable=False),
    Column("since", Instant, nullable=False),
    Column("sentence", Text, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("next_try", Instant, nullable=False),
)

decisions = Table(
    "decisions",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("day", Date, nullable=False),
    Column("step", Text, nullable=False),
    Column("case_id", Text, nullable=False),
    Column("decided_by", Text, nullable=False),
    Column("decided_at", Instant, nullable=False),
    Column("values", Text, nullable=False),
    Column("kind", Text, nullable=False, server_default="correct"),
    Column("before", Text, nullable=False, server_default="{}"),
    Column("prompt_version", Text, nullable=False, server_default=""),
    Column("number", Integer, nullable=False),
    Index("uq_decisions", "day", "step", "case_id", "decided_by", "decided_at", unique=True),
    Index("uq_decisions_number", "day", "step", "case_id", "number", unique=True),
    Index("ix_decisions_day", "day", "id"),
)

# An id is the entry's number in the chain: given, not counted by the database.
audit = Table(
    "audit",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("at", Instant, nullable=False),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("previous", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("facts", Text, nullable=False, server_default=""),
    Index("ix_audit_subject", "subject", "action"),
)

deletions = Table(
    "deletions",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("record_id", Text, nullable=False),
    Column("asked_by", Text, nullable=False),
    Column("asked_at", Instant, nullable=False),
    Column("reason", Text, nullable=False),
    # What is to go, so that a process killed half-way is followed by one that finishes.
    Column("plan", Text, nullable=False),
    Column("finished_at", Instant),
    Index("ix_deletions_record", "record_id"),
)

people = Table(
    "people",
    metadata,
    Column("name", Text, primary_key=True),
    Column("role", Text, nullable=False),
    Column("queues", Text, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
)

sessions = Table(
    "sessions",
    metadata,
    # Of the cookie's token, so that who reads the database cannot take a session over.
    Column("token_hash", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("queues", Text, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Index("ix_sessions_name", "name"),
)

leases = Table(
    "leases",
    metadata,
    Column("day", Date, primary_key=True),
    Column("case_id", Text, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("until", Instant, nullable=False),
)
