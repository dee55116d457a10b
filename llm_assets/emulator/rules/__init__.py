"""The emulator's stand-in for a model: rules that read a prompt and fill the wanted JSON schema.

Pure and the same on every run: no clock, no files, no randomness. They know the tags of our prompts, not our steps.
"""
