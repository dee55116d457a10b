"""The ledger's tables of the morning, beside those of the night in `tables.py`: thresholds, drawn cases, drafts handed over,
texts, notices."""

from sqlalchemy import Column, Date, Float, Index, Integer, Table, Text

from resources.ledger.database.tables import Instant, RowId, metadata

# What a night's queues sent to people below: fixed when it begins, so that decisions about earlier nights do not move it.
review_thresholds = Table(
    "review_thresholds",
    metadata,
    Column("day", Date, primary_key=True),
    Column("queue", Text, primary_key=True),
    Column("review_below", Float, nullable=True),
)

# Cases that were drawn for the control set and wait to be labelled.
drawn = Table(
    "drawn",
    metadata,
    Column("day", Date, primary_key=True),
    Column("case_id", Text, primary_key=True),
    Column("drawn_by", Text, nullable=False),
    Column("drawn_at", Instant, nullable=False),
)

# A person's version may hold whatever that person wrote; one of the platform holds counts and configured names only.
part_texts = Table(
    "part_texts",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("day", Date, nullable=False),
    Column("part", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("queues", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("facts", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("written_by", Text, nullable=False),
    Column("written_at", Instant, nullable=False),
    Index("uq_part_texts", "day", "part", "number", unique=True),
)

notices = Table(
    "notices",
    metadata,
    # Digest of what it is about: the same news is one row.
    Column("notice", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("about", Text, nullable=False),
    Column("facts", Text, nullable=False),
    Column("raised_at", Instant, nullable=False),
    Index("ix_notices_raised", "raised_at"),
)

notices_told = Table(
    "notices_told",
    metadata,
    Column("notice", Text, primary_key=True),
    Column("place", Text, primary_key=True),
    Column("tries", Integer, nullable=False),
    Column("next_try", Instant),
    Column("told_at", Instant),
    # Why the last try failed; of a notice that was told, what is wrong nevertheless.
    Column("said", Text, nullable=False),
)

handed_over = Table(
    "handed_over",
    metadata,
    Column("message_id", Text, primary_key=True),
    Column("day", Date, nullable=False),
    Column("case_id", Text, nullable=False),
    Column("mailbox", Text, nullable=False),
    Column("begun_at", Instant, nullable=False),
    # NULL while it is not known that the mailbox has it.
    Column("at", Instant),
    Index("ix_handed_over_day", "day"),
)

# What was forecast of a night while it ran.
forecasts = Table(
    "forecasts",
    metadata,
    Column("day", Date, primary_key=True),
    Column("at", Instant, primary_key=True),
    Column("open_requests", Integer, nullable=False),
    Column("probability_in_time", Float, nullable=False),
)
