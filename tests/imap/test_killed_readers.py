"""Processes that read a mailbox and are killed between any two of its writes: nothing is lost, nothing read twice."""

import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.houses.desk_with_mailboxes import NOON, DeskWithMailboxes, account
from tests.support.houses.dovecot import Dovecot
from tests.support.houses.wire import Wire

MAILS = 205  # more than are registered at once
READER = (sys.executable, "-m", "tests.support.killed.killed_reader")

pytestmark = pytest.mark.slow


def start(desk: DeskWithMailboxes, moment: str) -> "subprocess.Popen[bytes]":
    arguments = [str(desk.settings.home), str(desk.settings.config), moment]
    return subprocess.Popen([*READER, *arguments])


def is_whole(desk: DeskWithMailboxes) -> bool:
    return desk.subjects() == {f"Subject: Card {n}": 1 for n in range(MAILS)}


@pytest.mark.sampled(every=3)
@pytest.mark.parametrize(
    "moment",
    [
        "before:bodies:1",
        "after:bodies:2",
        "before:raw:1",
        "after:raw:150",
        "before:register:1",
        "after:register:1",
        "after:raw:202",
        "before:register:2",
        "after:register:2",
        "before:state:1",
        "after:state:1",
    ],
)
def test_a_killed_reader_loses_nothing_and_repeats_nothing(
    moment: str, server: Dovecot, user: str, desks: Callable[..., DeskWithMailboxes], wire: Wire
) -> None:
    desk = desks(account(server, user, port=wire.port))
    server.fill(user, MAILS, arrived=NOON)
    assert start(desk, moment).wait(60) == -signal.SIGKILL
    registered = len(desk.received())
    assert desk.read().messages == MAILS - registered
    assert is_whole(desk)
    assert desk.unread() == {}
    fetched = wire.count(b"FETCH")
    assert desk.read().messages == 0
    assert wire.count(b"FETCH") == fetched


@pytest.mark.parametrize("moment", ["before:renumber:1", "after:renumber:1", "after:renumber:3"])
def test_a_reader_killed_while_numbers_change_counts_nothing_twice(
    moment: str, server: Dovecot, user: str, desks: Callable[..., DeskWithMailboxes]
) -> None:
    from tests.support.houses.dovecot import mail

    desk = desks(account(server, user))
    for number in range(3):  # found again one by one, by their bytes
        server.append(user, mail(number, message_id=""), arrived=NOON)
    server.fill(user, 5, start=3, arrived=NOON)
    desk.read()
    server.number_anew(user)
    server.fill(user, 2, start=8, arrived=NOON)
    assert start(desk, moment).wait(60) == -signal.SIGKILL
    desk.read()
    assert desk.subjects() == {f"Subject: Card {n}": 1 for n in range(10)}


@pytest.mark.soak
@pytest.mark.parametrize("seed", [1])
def test_readers_killed_at_random_get_there_together(
    seed: int, server: Dovecot, user: str, desks: Callable[..., DeskWithMailboxes]
) -> None:
    """Two at a time, killed whenever."""
    chance = random.Random(seed)
    desk = desks(account(server, user))
    server.fill(user, MAILS, arrived=NOON)
    raw = desk.settings.home / "raw"
    for _ in range(3):
        readers = [start(desk, "never") for _ in range(2)]
        enough = stored(raw) + chance.randrange(1, 60)
        while stored(raw) < enough and readers[0].poll() is None:
            time.sleep(0.002)  # for bytes that another process writes
        for reader in readers:
            reader.kill()
            reader.wait(10)
    assert stored(raw) > 0
    assert start(desk, "never").wait(60) == 0
    assert is_whole(desk)
    assert list((desk.settings.home / "spool" / "scratch").iterdir()) == []


def stored(raw: Path) -> int:
    return sum(1 for _ in raw.glob("??/*.eml"))
