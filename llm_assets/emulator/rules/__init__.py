"""The model behind the emulator: rules, pure and the same on every run. No clock, no files, no randomness."""
