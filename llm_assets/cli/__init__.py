"""The command line: a file for the commands of each kind. Parsing options and printing only."""

from llm_assets.cli.app import app, main

__all__ = ["app", "main"]
