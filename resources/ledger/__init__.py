"""The ledger: the one durable record of what was received, asked, answered, paid and decided.

`queries/` holds the SQL, `transactions/` offers it to the engine's ports, `database/` connects.
"""

from resources.ledger.ledger import SqlLedger

__all__ = ["SqlLedger"]
