"""The commands that serve until they are stopped, and the keys of those who ask."""
