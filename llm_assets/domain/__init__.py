"""Pure types and rules that every layer shares. Standard library and pydantic only; no I/O, no clock, no settings lookup.

Rooms: `sources/` (places that yield records), `mail/` (messages, documents, cases), `desk/` (what a desk is configured
with), `requests/` (what is asked, answered and paid), `traffic/` (calls to a provider). Beside them is what several
rooms use: errors, reasons, digests, the clock, provider profiles, and the form of the audit trail.
"""
