"""A mail server for the folder, a mailbox and a desk for each test."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest

from tests.support.houses.desk_with_mailboxes import DeskWithMailboxes, account
from tests.support.houses.dovecot import DOVECOT, PASSWORD, Dovecot
from tests.support.houses.wire import Wire

_users = count(1)


@contextmanager
def running_dovecot(drafts: str = "") -> Iterator[Dovecot]:
    if DOVECOT is None:
        pytest.skip("no Dovecot here: install dovecot-imapd")
    running = Dovecot(drafts)
    try:
        running.start()
        yield running
    finally:
        running.remove()


@pytest.fixture(scope="session")
def server() -> Iterator[Dovecot]:
    with running_dovecot() as running:
        yield running


@pytest.fixture
def own_server() -> Iterator[Dovecot]:
    """One that the test may stop and start."""
    with running_dovecot() as running:
        yield running


@pytest.fixture
def user() -> str:
    """A mailbox nobody has used."""
    return f"user{next(_users)}"


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [n for n in os.environ if n.startswith("LLM_ASSETS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("MAILBOX_PASSWORD", PASSWORD)
    monkeypatch.setenv("WRONG_PASSWORD", "no horse")


@pytest.fixture(scope="session")
def new_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with an empty ledger and lake, to be copied: making one takes a second."""
    desk = DeskWithMailboxes(tmp_path_factory.mktemp("new"), [])
    desk.read()
    desk.close()
    return desk.assembly.home


@pytest.fixture
def desks(tmp_path: Path, new_home: Path) -> Iterator[Callable[..., DeskWithMailboxes]]:
    """Desks with the given accounts, all in one home."""
    shutil.copytree(new_home, tmp_path / "home")
    made: list[DeskWithMailboxes] = []

    def make(*accounts: dict[str, object]) -> DeskWithMailboxes:
        made.append(DeskWithMailboxes(tmp_path, accounts))
        return made[-1]

    yield make
    for desk in made:
        desk.close()


@pytest.fixture
def desk(server: Dovecot, user: str, desks: Callable[..., DeskWithMailboxes]) -> DeskWithMailboxes:
    """Reads the test's mailbox."""
    return desks(account(server, user))


@pytest.fixture
def wire(server: Dovecot) -> Iterator[Wire]:
    """Between desk and server, and in the test's hand."""
    with Wire(server.plain) as between:
        yield between
