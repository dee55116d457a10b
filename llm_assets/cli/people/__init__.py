"""The commands with which people decide about cases."""
