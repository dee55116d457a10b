"""Calls to a provider: how many a minute may go, and when to stop asking one that fails. Pure rules; no clock, no network."""
