"""The conformance suite: what a batch client must survive, as scenario files, and a judge of how it did.

The judge sees the emulator's journal alone, so the client may be written in anything. Nothing here knows our engine.
"""
