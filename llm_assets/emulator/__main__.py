"""`python -m llm_assets.emulator`: the emulator's own command line. `llm-assets emulator` does the same."""

import argparse
import os
import sys
from pathlib import Path

from llm_assets.domain.errors import ConfigurationError
from llm_assets.emulator.process.options import EmulatorOptions


def parse(words: list[str]) -> EmulatorOptions:
    parser = argparse.ArgumentParser(
        prog="python -m llm_assets.emulator",
        description="Anthropic and OpenAI batch APIs on one loopback port, answered by rules.",
    )
    parser.add_argument("--state", type=Path, required=True, help="folder for batches, files and results")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--latency", type=float, default=1.0, help="seconds a batch takes; 0 is instant")
    parser.add_argument(
        "--seed", type=int, default=0, help="drives the order of results and a scenario's shares"
    )
    parser.add_argument("--scenario", type=Path, help="YAML file of faults, see docs/reference/emulator.md")
    parser.add_argument("--record", type=Path, help="write every request to this JSON Lines file")
    parser.add_argument("--port-file", type=Path, help="write the port here once it is open")
    parser.add_argument(
        "--exit-with-parent", type=int, metavar="PID", help="end soon after this process does"
    )
    given = vars(parser.parse_args(words))
    return EmulatorOptions(home=given.pop("state"), **given)


def main() -> int:
    options = parse(sys.argv[1:])
    os.umask(0o077)  # what it keeps and records are mails
    from llm_assets.emulator.server.serve import serve

    try:
        serve(options)
    except ConfigurationError as err:
        sys.stderr.write(f"{err}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
