"""The ledger's table of webhooks that were received, each once."""

from sqlalchemy import Column, Index, Table, Text

from resources.ledger.database.tables import Instant, metadata

wakeups = Table(
    "wakeups",
    metadata,
    # The sender's, the same with every try.
    Column("webhook_id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    # What it is about, by its id at the provider.
    Column("about", Text, nullable=False),
    Column("received_at", Instant, nullable=False),
    Index("ix_wakeups_received", "received_at"),
)
