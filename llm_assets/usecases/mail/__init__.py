"""Taking mail, records and forms in, and reading them."""
