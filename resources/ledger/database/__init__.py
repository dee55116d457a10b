"""The database of the ledger: connections, transactions, locks, schema, the SQL that both databases speak."""
