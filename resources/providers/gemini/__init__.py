"""Gemini's protocol: the adapter calls through its own HTTP client, and the wire module reads and writes.

Why not through Google's SDK: docs/decisions/0008-gemini-without-its-sdk.md.
"""
