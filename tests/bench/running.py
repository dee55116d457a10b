"""Running groups of scenarios: a place for each group, a process for each scenario. Nothing is measured here."""

import subprocess
import sys
from collections.abc import Iterator, Sequence

import orjson

from tests.bench.invented_documents import write_documents
from tests.bench.places import NoPostgresError, Place, place_for
from tests.bench.scenarios import Scenario, in_groups
from tests.support.repository import ROOT


class FailedError(Exception):
    """A scenario whose process ended with an error."""


def run(scenarios: Sequence[Scenario]) -> bool:
    """Prints each scenario's figures as they come. False when one of them failed."""
    good = True
    for group in in_groups(scenarios):
        try:
            for line in _figures(group, frozenset(scenarios)):
                print(line, flush=True)
        except NoPostgresError as err:
            _tell("")
            print(f"left out {', '.join(s.name for s in group)}: {err}", file=sys.stderr)
        except FailedError as err:
            _tell("")
            print(err, file=sys.stderr)
            good = False
    return good


def _figures(group: Sequence[Scenario], wanted: frozenset[Scenario]) -> Iterator[str]:
    """The lines of a group's wanted scenarios; the others only prepare them."""
    with place_for(group[0]) as place:
        for scenario in group:
            _tell(f"{scenario.name} …")
            if scenario.size == "night":
                write_documents(place, scenario)
            line = _run(scenario, place, "with-floor" if scenario in wanted else "prepare")
            _tell("")
            if line:
                yield line


def _run(scenario: Scenario, place: Place, how: str) -> str:
    """The figures of a scenario, which runs in a process of its own that has no children."""
    command = [
        sys.executable,
        "-m",
        "tests.bench.measured",
        scenario.name,
        orjson.dumps(place.as_json()).decode(),
        how,
    ]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        raise FailedError(f"{scenario.name} failed; what it said stands above")
    return done.stdout.strip()


def _tell(text: str) -> None:
    """One line that the next one overwrites, where a person is watching."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)
