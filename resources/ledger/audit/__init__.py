"""The audit trail in the ledger: written, read, verified."""
