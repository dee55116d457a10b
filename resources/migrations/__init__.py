"""The ledger's schema in numbered steps. Each is small, forward only, and never changed once released."""
