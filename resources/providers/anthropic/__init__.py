"""Anthropic's protocol: the adapter calls, and the wire module reads and writes."""
