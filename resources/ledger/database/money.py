"""Money as the ledger keeps it: whole numbers of 1e-12 USD, and reservations one at a time."""

import hashlib
from decimal import Decimal

from sqlalchemy import Connection, text

PICO = Decimal(10) ** 12
NOTHING = Decimal(0) / PICO
_TURN = int.from_bytes(hashlib.sha256(b"reserve from a budget").digest()[:8], "big", signed=True)


def pico(usd: Decimal) -> int:
    return int((usd * PICO).to_integral_value()) if usd else 0


def usd(pico_usd: int) -> Decimal:
    return Decimal(pico_usd) / PICO if pico_usd else NOTHING


def take_turns(connection: Connection) -> None:
    """One reservation at a time until the transaction ends: two never both see the last of a budget."""
    if connection.dialect.name == "postgresql":  # SQLite's writers take turns anyway
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _TURN})
