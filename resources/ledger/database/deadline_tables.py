"""The ledger's tables of a night that may be late: what its rescue costs beyond the usual price."""

from sqlalchemy import BigInteger, Boolean, Column, Date, Index, Integer, Table, Text

from resources.ledger.database.tables import metadata

rescues = Table(
    "rescues",
    metadata,
    Column("request_id", Text, primary_key=True),
    Column("attempt", Integer, primary_key=True),
    Column("batch_id", Text, nullable=False),
    Column("day", Date, nullable=False),
    Column("mode", Text, nullable=False),
    # Beyond the price in a batch, in 1e-12 USD: the most until it is answered, then what it was.
    Column("extra_pico_usd", BigInteger, nullable=False),
    Column("settled", Boolean, nullable=False),
    Index("ix_rescues_day", "day"),
    Index("ix_rescues_batch", "batch_id"),
)

races = Table(
    "races",
    metadata,
    Column("batch_id", Text, primary_key=True),
    Column("day", Date, nullable=False),
    Column("requests", Integer, nullable=False),
    # The most that is paid twice; what it was is booked as surplus when the batch can be read.
    Column("most_pico_usd", BigInteger, nullable=False),
    Index("ix_races_day", "day"),
)
