"""The ledger's table of requests that are posted one by one and answered hours later."""

from sqlalchemy import Boolean, Column, Integer, Table, Text

from resources.ledger.database.tables import Instant, metadata

receipts = Table(
    "receipts",
    metadata,
    Column("batch_id", Text, primary_key=True),
    Column("request_id", Text, primary_key=True),
    Column("attempt", Integer, nullable=False),
    # How often it may have been taken.
    Column("posts", Integer, nullable=False),
    # The provider's; none while no answer to the post is known.
    Column("response_id", Text),
    Column("over", Boolean, nullable=False),
    # Of the last post.
    Column("asked_at", Instant, nullable=False),
)
