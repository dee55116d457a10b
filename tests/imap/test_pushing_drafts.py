"""Released drafts in the Drafts folder of a real mail server: each once, wherever the process ends, and nothing else changed."""

import email
import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from llm_assets.cli.app import app
from llm_assets.domain.audit import Action
from llm_assets.domain.errors import BlockedError, ConfigurationError, TransientError
from llm_assets.usecases.drafts.push import Pushed, push
from llm_assets.usecases.drafts.ready import Drafts
from llm_assets.usecases.drafts.release import release_queue, take_back
from llm_assets.usecases.records.audit import verified
from resources.mail.imap.drafts_folder import DraftsFolder
from tests.imap.conftest import running_dovecot
from tests.support.houses.desk_with_drafts import OTHER_QUEUE, QUEUE, DeskWithDrafts, case_of
from tests.support.houses.desk_with_mailboxes import account
from tests.support.houses.dovecot import Dovecot
from tests.support.mail.invented_documents import DAY

FOLDER = "Черновики"
CASES = 3


@pytest.fixture(scope="module")
def house() -> Iterator[Dovecot]:
    """A server whose Drafts folder is found by its mark alone: its name says nothing to a program."""
    with running_dovecot(FOLDER) as running:
        yield running


@pytest.fixture
def open_desk(tmp_path: Path) -> Iterator[Callable[..., DeskWithDrafts]]:
    """Desks with the given mailboxes and three cases, whose drafts are released; all in one home."""
    made: list[DeskWithDrafts] = []

    def make(*accounts: dict[str, object]) -> DeskWithDrafts:
        made.append(DeskWithDrafts(tmp_path, accounts))
        if len(made) == 1:
            made[0].write([case_of(n) for n in range(1, CASES + 1)])
            release_queue(made[0].assembly, Drafts(made[0].assembly), DAY, QUEUE, None, "lena")
        return made[-1]

    yield make
    for desk in made:
        desk.close()


def in_folder(house: Dovecot, user: str, folder: str = FOLDER) -> dict[str, Any]:
    """Subject -> message, of what lies in the folder; fails where a subject is there twice."""
    found: dict[str, Any] = {}
    with house.session(user) as client:
        client.select_folder(folder, readonly=True)
        for data in client.fetch(client.search(), ["BODY.PEEK[]", "FLAGS"]).values():
            message = email.message_from_bytes(data[b"BODY[]"], policy=default)
            message.flags = data[b"FLAGS"]
            assert message["Subject"] not in found, "one draft for a case"
            found[message["Subject"]] = message
    return found


def pushed(desk: DeskWithDrafts, mailbox: str) -> Pushed:
    return push(desk.assembly, DAY, mailbox, "lena")


def test_released_drafts_lie_in_the_folder_once(
    house: Dovecot, user: str, open_desk: Callable[..., DeskWithDrafts]
) -> None:
    desk = open_desk(account(house, user))
    first = pushed(desk, user)
    assert (first.folder, first.added, first.before) == (FOLDER, CASES, 0)
    lying = in_folder(house, user)
    assert set(lying) == {f"Re: Карта {n}" for n in range(1, CASES + 1)}
    one = lying["Re: Карта 1"]
    assert {b"\\Draft", b"\\Seen"} <= set(one.flags)
    assert (one["In-Reply-To"], one["To"].addresses[0].addr_spec) == (
        "<1@post.example>",
        "aigerim@example.com",
    )
    again = pushed(desk, user)
    assert (again.added, again.before) == (0, CASES)
    with house.session(user) as client:  # their reader sends one and throws another away
        client.select_folder(FOLDER)
        client.delete_messages(client.search()[:2])
        client.expunge()
    assert pushed(desk, user).added == 0, "what was handed over is its reader's"
    assert len(in_folder(house, user)) == CASES - 2
    told = desk.assembly.ledger.trail.entries()
    assert sum(e.action == Action.HANDED_OVER for e in told) == CASES
    assert verified(desk.assembly).wrong == []


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["after:begin:1", "before:add:2", "after:add:2", "after:finish:3"])
def test_a_killed_push_leaves_one_draft_for_each_case(
    moment: str, house: Dovecot, user: str, open_desk: Callable[..., DeskWithDrafts], tmp_path: Path
) -> None:
    accounts = [account(house, user)]
    desk = open_desk(*accounts)
    words = [sys.executable, "-m", "tests.support.killed.killed_pusher"]
    killed = subprocess.run([*words, str(tmp_path), json.dumps(accounts), user, moment], timeout=60)
    assert killed.returncode == -signal.SIGKILL
    made = pushed(desk, user)
    assert made.added + made.found + made.before == CASES
    assert made.found == (moment == "after:add:2"), "looked for before it was added again"
    assert len(in_folder(house, user)) == CASES
    assert pushed(desk, user).before == CASES


def test_a_connection_that_breaks_is_taken_up_again(
    house: Dovecot, user: str, open_desk: Callable[..., DeskWithDrafts], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server stores a draft and its answer is lost."""
    desk = open_desk(account(house, user))
    add = DraftsFolder.add

    def lost(self: DraftsFolder, *given: Any) -> None:
        add(self, *given)
        raise TransientError("the connection broke off")

    with monkeypatch.context() as patch:
        patch.setattr(DraftsFolder, "add", lost)
        with pytest.raises(TransientError):
            pushed(desk, user)
    made = pushed(desk, user)
    assert (made.found, made.added) == (1, CASES - 1)
    assert len(in_folder(house, user)) == CASES


def test_two_who_push_at_once_add_each_draft_once(
    house: Dovecot, user: str, open_desk: Callable[..., DeskWithDrafts]
) -> None:
    desks = [open_desk(account(house, user)) for _ in range(3)]
    with ThreadPoolExecutor(3) as pool:
        made = list(pool.map(lambda desk: pushed(desk, user), desks))
    assert sum(each.added for each in made) == len(in_folder(house, user)) == CASES


def test_a_draft_that_is_taken_back_or_changed_is_named_and_left_to_its_reader(
    house: Dovecot, user: str, open_desk: Callable[..., DeskWithDrafts]
) -> None:
    desk = open_desk(account(house, user))
    pushed(desk, user)
    take_back(desk.assembly, DAY, "case2", "lena")
    made = pushed(desk, user)
    assert (made.added, made.withdrawn) == (0, ["record2"])
    assert len(in_folder(house, user)) == CASES


def test_each_mailbox_gets_its_own_mail_and_one_draft_is_never_in_two(
    house: Dovecot, user: str, open_desk: Callable[..., DeskWithDrafts]
) -> None:
    other, third = f"{user}b", f"{user}c"
    desk = open_desk(
        account(house, user),
        account(house, other),
        account(house, third) | {"user": "Orders@altyn.example"},
    )
    came = case_of(1)
    came = replace(came, received=replace(came.received, source=f"imap:{other}"))
    desk.write([came, case_of(2), case_of(3), case_of(4, OTHER_QUEUE)])
    release_queue(desk.assembly, Drafts(desk.assembly), DAY, OTHER_QUEUE, None, "lena")
    made = pushed(desk, user)
    assert (made.added, made.elsewhere) == (2, {other: 1, third: 1})
    made = pushed(desk, other)
    assert (made.added, made.elsewhere) == (1, {user: 2, third: 1})
    assert [len(in_folder(house, u)) for u in (user, other)] == [2, 1]


def test_a_mailbox_without_a_drafts_folder_gets_one_named(
    server: Dovecot, user: str, open_desk: Callable[..., DeskWithDrafts]
) -> None:
    desk = open_desk(account(server, user))
    with pytest.raises(BlockedError, match="sources.yaml"):
        pushed(desk, user)
    with pytest.raises(ConfigurationError, match=f"use one of: {user}"):
        pushed(desk, "nobody")
    named = open_desk(account(server, user, drafts="Replies"))
    with pytest.raises(BlockedError, match="Replies"):
        pushed(named, user)
    with server.session(user) as client:
        client.create_folder("Replies")
    assert pushed(named, user).added == CASES
    assert len(in_folder(server, user, "Replies")) == CASES


def test_the_command_says_what_was_added_and_where_the_rest_belongs(
    house: Dovecot,
    user: str,
    open_desk: Callable[..., DeskWithDrafts],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    other = f"{user}b"
    desk = open_desk(account(house, user), account(house, other))
    elsewhere = case_of(1)
    elsewhere = replace(elsewhere, received=replace(elsewhere.received, source=f"imap:{other}"))
    desk.write([elsewhere, case_of(2, sender=None), case_of(3)])
    for name, value in (
        ("HOME", tmp_path / "home"),
        ("CONFIG", tmp_path / "config"),
        ("PROVIDER", "emulator"),
    ):
        monkeypatch.setenv(f"LLM_ASSETS_{name}", str(value))

    def said(mailbox: str) -> list[str]:
        ran = CliRunner().invoke(app, ["drafts", "push", "--day", DAY.isoformat(), "--mailbox", mailbox])
        assert ran.exit_code == 0, ran.output
        return ran.output.splitlines()

    assert said(user) == [
        f"2 added in {FOLDER}, 0 were handed over before",
        f"1 of mailbox {other}: run `drafts push --day {DAY} --mailbox {other}`",
        "1 without an address to answer to: record2",
    ]
    assert said(other)[0] == f"1 added in {FOLDER}, 0 were handed over before"
    take_back(desk.assembly, DAY, "case3", "lena")
    assert said(user)[-1] == "1 in the folder, not released any more, remove them there: record3"
