"""Commands that look ahead of a night: nothing is asked, sent or written to the ledger."""
