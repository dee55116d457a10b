"""The SQL of the ledger: a module for each group of statements. Each function works in the transaction of its caller."""
