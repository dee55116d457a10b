"""Urgent mail: answered when it comes, before the night of its day."""
