"""`python -m llm_assets.cli`."""

from llm_assets.cli import main

main()
