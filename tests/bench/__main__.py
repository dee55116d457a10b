"""`python -m tests.bench`: the chosen scenarios one after the other, a JSON object each on stdout."""

import argparse
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import orjson

from tests.bench.places import NoPostgresError, Place, place_for
from tests.bench.scenarios import Scenario, chosen, in_groups

ROOT = Path(__file__).parents[2]


class FailedError(Exception):
    """A scenario whose process ended with an error."""


def main(arguments: Sequence[str]) -> int:
    asked = _parser().parse_args(arguments)
    scenarios = chosen(asked.only, quick=asked.quick)
    if not scenarios:
        print(f"no scenario is called {asked.only}; --list names them", file=sys.stderr)
        return 2
    if asked.list:
        print("\n".join(s.name for s in scenarios))
        return 0
    failed = False
    for group in in_groups(scenarios):
        try:
            for line in _figures(group, frozenset(scenarios)):
                print(line, flush=True)
        except NoPostgresError as err:
            print(f"left out {', '.join(s.name for s in group)}: {err}", file=sys.stderr)
        except FailedError as err:
            print(err, file=sys.stderr)
            failed = True
    return 1 if failed else 0


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


def _figures(group: Sequence[Scenario], wanted: frozenset[Scenario]) -> Iterator[str]:
    """The lines of a group's wanted scenarios; the others only prepare them."""
    with place_for(group[0]) as place:
        for scenario in group:
            _tell(f"{scenario.name} …")
            line = _measure(scenario, place)
            _tell("")
            if scenario in wanted:
                yield line


def _measure(scenario: Scenario, place: Place) -> str:
    """Measures a scenario in a process of its own, which has no children."""
    command = [
        sys.executable,
        "-m",
        "tests.bench.measured",
        scenario.name,
        orjson.dumps(place.as_json()).decode(),
    ]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        raise FailedError(f"{scenario.name} failed; what it said stands above")
    return done.stdout.strip()


def _tell(text: str) -> None:
    """One line that the next one overwrites, where a person is watching."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
