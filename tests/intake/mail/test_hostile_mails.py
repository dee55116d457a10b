"""No mail takes more than seconds and a bounded memory, and what was left unread is flagged."""

import json
import subprocess
import sys
from typing import NamedTuple

import pytest

from tests.support.mail.hostile_mails import MAILS

PROGRAM = (sys.executable, "-m", "tests.support.mail.hostile_mails")
LARGE = [name for name in MAILS if name.startswith("large_")]
SMALL = [name for name in MAILS if name not in LARGE]
SECONDS = 20.0
"""Of CPU for one mail. Each took less than seven; every one of them took minutes or never ended before it was bounded."""


class Outcome(NamedTuple):
    seconds: float
    flags: list[str]
    length: int
    attachments: int


def outcomes(names: list[str], memory: int) -> dict[str, Outcome]:
    """Read in a process that may not have more than `memory` bytes of address space."""
    done = subprocess.run(
        [*PROGRAM, str(memory), *names],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    found = {row[0]: Outcome(*row[1:]) for row in rows}
    missing = [name for name in names if name not in found]
    assert not missing, f"{missing[0]} ended the reader: {done.stderr[-500:]}"
    return found


@pytest.fixture(scope="module")
def small() -> dict[str, Outcome]:
    return outcomes(SMALL, 1 << 30)


@pytest.mark.sampled(every=3)
@pytest.mark.slow
@pytest.mark.parametrize("name", SMALL)
def test_a_hostile_mail_is_read_in_seconds_within_a_gigabyte_and_flagged(
    small: dict[str, Outcome], name: str
) -> None:
    outcome = small[name]
    assert outcome.seconds < SECONDS
    flag = MAILS[name][1]
    assert not flag or flag in outcome.flags


@pytest.mark.soak
def test_a_mail_of_200_mb_takes_little_more_memory_than_itself() -> None:
    for name, outcome in outcomes(LARGE, 3 << 29).items():
        assert outcome.seconds < SECONDS, name
        assert MAILS[name][1] in outcome.flags
        assert outcome.length <= 2_000_000
