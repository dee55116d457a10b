"""The ledger: the one durable record of what was received, asked, answered, paid and decided."""

from resources.ledger.ledger import SqlLedger

__all__ = ["SqlLedger"]
