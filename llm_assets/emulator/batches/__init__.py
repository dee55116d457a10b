"""Batches at the emulator: stored, answered in the background, handed out."""
