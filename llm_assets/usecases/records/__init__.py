"""One record: what happened to it, and its deletion on request."""
