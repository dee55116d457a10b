"""`python -m tests.bench`: the chosen scenarios one after the other, a JSON object each on stdout."""

import argparse
import sys
from collections.abc import Sequence

from tests.bench.scenarios import chosen


def main(arguments: Sequence[str]) -> int:
    asked = _parser().parse_args(arguments)
    scenarios = chosen(asked.only, quick=asked.quick)
    if not scenarios:
        print(f"no scenario is called {asked.only}; --list names them", file=sys.stderr)
        return 2
    if asked.list:
        print("\n".join(s.name for s in scenarios))
        return 0
    from tests.bench.running import run  # --list is to be quick

    return 0 if run(scenarios) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument(
        "--only",
        metavar="PATTERN",
        help="a scenario's name, the beginning of names, or a pattern such as '*-postgres'",
    )
    parser.add_argument("--list", action="store_true", help="name the scenarios and end")
    parser.add_argument("--quick", action="store_true", help="2,000 requests only")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
