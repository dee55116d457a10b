"""HTTP shells over the use cases. Nothing is decided here."""
