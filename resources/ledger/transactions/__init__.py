"""The ledger's ports: a class for each, whose methods are one transaction around one query module. No SQL here."""
