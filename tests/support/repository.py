"""Where things are in the repository."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
CONFIG = ROOT / "llm_assets" / "config"
DOCS = ROOT / "docs"
INBOX = ROOT / "data" / "samples" / "inbox"
CONTROL_SET = ROOT / "data" / "samples" / "control_set"
