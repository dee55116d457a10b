"""The emulator's batches: how they are stored, answered in the background, and which phase they show.

The providers' endpoints for batches are in `operations/`.
"""
