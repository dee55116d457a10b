"""The command line: a file for the commands of each kind. Wiring and printing only; the use cases are elsewhere."""

from llm_assets.cli.commands import app, main

__all__ = ["app", "main"]
