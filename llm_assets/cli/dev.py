"""The development desk: Dagster UI, daemon and emulator on loopback, until Ctrl-C."""

import argparse
import os
import signal
import subprocess
import sys
from pathlib import Path

from llm_assets.cli.app import UMASK
from llm_assets.usecases.desk.demo_emulator import start_emulator
from llm_assets.usecases.desk.desk import configured_desk

ROOT = Path(__file__).parents[2]
BATCH_SECONDS = 20.0
"""Long enough to watch a run park and be continued."""


def main(arguments: list[str]) -> int:
    """Passes options that it does not know itself on to `dagster dev`, e.g. `--port 3001`."""
    parser = argparse.ArgumentParser(description=__doc__, epilog="Other options go to `dagster dev`.")
    parser.add_argument(
        "--batch-seconds", type=float, default=BATCH_SECONDS, help="how long the emulator takes for a batch"
    )
    options, passed_on = parser.parse_known_args(arguments)
    os.umask(UMASK)  # of Dagster too, which keeps its files under the home
    os.environ.setdefault("LLM_ASSETS_PROVIDER", "emulator")
    os.environ.setdefault("DAGSTER_HOME", str(ROOT))
    home = configured_desk().settings.home.resolve()
    inbox = home / "inbox"
    inbox.mkdir(parents=True, exist_ok=True)
    running = start_emulator(home, latency=options.batch_seconds)
    print(f"emulator: {running.url} (demo model: rules, not an LLM)", file=sys.stderr)
    print(f"drop mail into {inbox}; samples to copy lie in data/samples/inbox", file=sys.stderr)
    command = [sys.executable, "-m", "dagster", "dev", "-h", "127.0.0.1", *passed_on]
    # A background shell hands down an ignored SIGINT, and dagster takes SIGTERM for SIGINT: it would never stop.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    child = subprocess.Popen(command, cwd=ROOT)  # noqa: S603 our own interpreter and arguments
    signal.signal(signal.SIGTERM, lambda *_: child.terminate())
    try:
        return child.wait()
    except KeyboardInterrupt:
        return child.wait()
    finally:
        running.stop()


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
