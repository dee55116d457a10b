"""Deleting a record from the ledger."""
