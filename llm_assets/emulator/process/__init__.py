"""The emulator as an operating-system process: its options, starting and finding one, ending with the processes that use it.

Standard library only, so that a caller starts an emulator without loading the server.
"""
