"""The ledger's tables of calibration, beside those of `tables.py`: thresholds of nights, and drawn cases."""

from sqlalchemy import Column, Date, Float, Table, Text

from resources.ledger.database.tables import Instant, metadata

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
