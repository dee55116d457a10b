"""The HTTP server: the listening process, routing of calls, the emulator's own endpoints, the recorder.

What a provider's operation does belongs in `operations/`.
"""
