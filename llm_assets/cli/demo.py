"""The demo: one whole night on the invented samples, with the demo model. No key, no server, nothing left running."""

import os
import sys
from datetime import date
from pathlib import Path

from llm_assets.cli.console import Console, quiet_logs
from llm_assets.cli.night import outcome_lines, run_night
from llm_assets.domain.errors import DeskError

DAY = date(2026, 11, 20)
SAMPLES = Path(__file__).parents[2] / "data" / "samples" / "inbox"
REVIEW = "LLM_ASSETS_PROVIDER=emulator .venv/bin/llm-assets review"
SETTINGS = {"LLM_ASSETS_PROVIDER": "emulator", "LLM_ASSETS_POLL_SECONDS": "0.5"}


def main() -> int:
    """Processes the night, prints its table and the report's path; 0 when nothing is open."""
    quiet_logs()
    for name, value in SETTINGS.items():
        os.environ.setdefault(name, value)
    from llm_assets.usecases.desk.desk import Wait, configured_desk

    try:
        with Console() as console:
            desk = configured_desk(Wait.INLINE, on_progress=console.steps, on_stage=console.stage)
            outcome = run_night(desk, DAY, [SAMPLES])
    except DeskError as err:
        print(f"demo: {err}", file=sys.stderr)
        return 1
    print("\n".join(outcome_lines(outcome)))
    print(f"settle its doubts in the browser: {REVIEW}")
    if outcome.read == outcome.sent == 0:
        print("nothing had changed: 0 messages were read, 0 requests were sent")
    return 1 if outcome.incomplete else 0


if __name__ == "__main__":
    raise SystemExit(main())
