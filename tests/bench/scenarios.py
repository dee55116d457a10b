"""Scenarios: their names, what each part of a name means, and in which groups they are run. No measuring here."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatch
from itertools import groupby
from typing import Literal, get_args

Run = Literal["first", "unchanged", "changed-1pct"]
Size = Literal["short", "mail", "night"]
Protocol = Literal["openai", "anthropic"]
Database = Literal["sqlite", "postgres"]

RUNS: tuple[Run, ...] = get_args(Run)
_NAME = re.compile(
    rf"({'|'.join(RUNS)})-({'|'.join(get_args(Size))})-([1-9]\d*)"
    rf"-({'|'.join(get_args(Protocol))})-({'|'.join(get_args(Database))})"
)

QUICK = 2_000
MIDDLE = 20_000
LARGE = 100_000
NIGHT = 40_000


@dataclass(frozen=True)
class Scenario:
    run: Run
    size: Size
    requests: int
    """In the whole night; a rerun sends fewer."""
    protocol: Protocol
    database: Database

    @property
    def name(self) -> str:
        return f"{self.run}-{self.size}-{self.requests}-{self.protocol}-{self.database}"

    @property
    def sends(self) -> int:
        """How many requests this run has to send, no more and no less."""
        return {"first": self.requests, "unchanged": 0, "changed-1pct": -(-self.requests // 100)}[self.run]

    @property
    def group(self) -> tuple[Size, int, Protocol, Database]:
        """Scenarios of one group share a ledger and an emulator, one after the other."""
        return self.size, self.requests, self.protocol, self.database

    @classmethod
    def parse(cls, name: str) -> "Scenario | None":
        """None when this is not a scenario's name."""
        found = _NAME.fullmatch(name)
        if found is None:
            return None
        run, size, requests, protocol, database = found.groups()
        return cls(run, size, int(requests), protocol, database)  # type: ignore[arg-type]


def defaults(*, quick: bool = False) -> list[Scenario]:
    """The scenarios that are run when nobody names one."""
    return [
        Scenario(run, *group)
        for group in _groups(quick)
        for run in RUNS
        if group[0] != "night" or run == "unchanged"
    ]


def _groups(quick: bool) -> Iterator[tuple[Size, int, Protocol, Database]]:
    sizes: tuple[Size, Size] = ("short", "mail")
    for requests in (QUICK,) if quick else (QUICK, MIDDLE, LARGE):
        for size in sizes:
            for protocol in get_args(Protocol):
                yield size, requests, protocol, "sqlite"
                if requests == MIDDLE:
                    yield size, requests, protocol, "postgres"
    if not quick:
        yield "night", NIGHT, "openai", "sqlite"


def chosen(pattern: str | None, *, quick: bool = False) -> list[Scenario]:
    """The scenarios whose name fits a shell pattern or begins with it; one that is named in full may be of any size."""
    if pattern is None:
        return defaults(quick=quick)
    single = Scenario.parse(pattern)
    if single is not None:
        return [single]
    return [s for s in defaults(quick=quick) if fnmatch(s.name, pattern) or s.name.startswith(pattern)]


def in_groups(scenarios: Sequence[Scenario]) -> Iterator[list[Scenario]]:
    """Each group in the order of its runs, with the first run in front even where nobody asked for it."""
    for _, members in groupby(scenarios, key=lambda s: s.group):
        listed = list(members)
        yield listed if listed[0].run == "first" else [replace(listed[0], run="first"), *listed]
