"""Rounds over the open batches of a night: each batch is moved as far as it can be moved now."""
