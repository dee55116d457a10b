"""The conformance suite: cases that a batch client must survive, as scenario files, and a judge of its behaviour.

The judge reads only the emulator's journal, so the client may be written in any language. Nothing here knows our engine.
"""
