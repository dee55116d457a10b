"""One night: planned, processed, watched, reported."""
