"""Calls that are answered one by one: by which route, at which tier, within which limits."""
