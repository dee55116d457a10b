"""The ledger: the one durable record of what was received, asked, answered, paid and decided.

The files here hold the SQL, one for each subject. `transactions/` offers it to the engine's ports, `database/` connects.
"""

from resources.ledger.ledger import SqlLedger

__all__ = ["SqlLedger"]
