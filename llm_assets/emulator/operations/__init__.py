"""The operations of each provider, as paths of the emulator."""
