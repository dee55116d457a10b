"""The demo: one whole night on the invented samples, with the demo model. No key, no server, nothing left running."""

import os
import sys
from datetime import date
from pathlib import Path

from llm_assets.cli.console import Console, quiet_logs
from llm_assets.domain.errors import DeskError

DAY = date(2026, 11, 20)
SAMPLES = Path(__file__).parents[2] / "data" / "samples" / "inbox"
SETTINGS = {"LLM_ASSETS_PROVIDER": "emulator", "LLM_ASSETS_POLL_SECONDS": "0.5"}


def main() -> int:
    """Works the night, prints its table and the report's path; 0 when nothing is open."""
    quiet_logs()
    for name, value in SETTINGS.items():
        os.environ.setdefault(name, value)
    from llm_assets.cli.nightly import run_night
    from resources.settings.environment import load_settings

    try:
        with Console() as console:
            outcome = run_night(load_settings(), DAY, [SAMPLES], "auto", console)
    except DeskError as err:
        print(f"demo: {err}", file=sys.stderr)
        return 1
    print("\n".join(outcome.lines()))
    if outcome.sent == 0:
        print("nothing had changed: 0 requests were sent")
    return 1 if outcome.incomplete else 0


if __name__ == "__main__":
    raise SystemExit(main())
