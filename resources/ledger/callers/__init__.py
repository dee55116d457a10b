"""The online door in the ledger: keys of callers, the answers that they got, and the work of cases that are in no night."""
