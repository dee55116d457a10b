"""Callers of the online door: their keys, what each may, and how much of it."""
