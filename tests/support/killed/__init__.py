"""Processes that tests kill or break."""
