"""Rescues."""
