"""The online door: its use cases and its HTTP, against the emulator."""
