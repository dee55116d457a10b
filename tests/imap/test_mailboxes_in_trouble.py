"""What stands between desk and mail server: broken lines, silence, refusals, and what a person is told."""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from structlog.testing import capture_logs

from llm_assets.usecases.mail import read_mailboxes
from resources.mail.imap import session as imap
from tests.support.houses.desk_with_mailboxes import DAY, NOON, TODAY, DeskWithMailboxes, account
from tests.support.houses.dovecot import PASSWORD, Dovecot, mail
from tests.support.houses.wire import Wire

Desks = Callable[..., DeskWithMailboxes]


def every_card(count: int) -> dict[str, int]:
    return {f"Subject: Card {number}": 1 for number in range(count)}


def is_body_of(number: int) -> Callable[[bytes], bool]:
    return lambda command: command.startswith(b"UID FETCH %d (BODY" % number)


def one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    from resources.mail.imap import look as imap_look

    monkeypatch.setattr(imap_look, "GROUP", 1)


@pytest.mark.parametrize("passed", [0, 40, 700, 1500, 3000, 9000])
def test_a_line_that_breaks_anywhere_is_taken_up_again(
    passed: int, server: Dovecot, user: str, desks: Desks, wire: Wire
) -> None:
    desk = desks(account(server, user, port=wire.port))
    server.fill(user, 30, arrived=NOON)
    wire.cut_after_bytes = passed
    assert desk.read_patiently().messages == 30
    assert wire.connections == 2
    assert desk.subjects() == every_card(30)
    assert desk.unread() == {}


def test_a_line_that_breaks_again_and_again_still_gets_there(
    server: Dovecot, user: str, desks: Desks, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    one_by_one(monkeypatch)
    desk = desks(account(server, user, port=wire.port))
    server.fill(user, 12, arrived=NOON)
    bodies: list[bytes] = []

    def every_fifth(command: bytes) -> bool:
        if b"(BODY" in command:
            bodies.append(command)
        return b"(BODY" in command and len(bodies) % 5 == 0

    wire.cut_at = every_fifth
    assert desk.read_patiently().messages == 12
    assert desk.subjects() == every_card(12)


def test_a_message_at_which_the_line_always_breaks_holds_up_no_other(
    server: Dovecot, user: str, desks: Desks, wire: Wire
) -> None:
    desk = desks(account(server, user, port=wire.port))
    server.fill(user, 10, arrived=NOON)
    wire.cut_at = lambda command: (
        b"(BODY" in command and (b" 4," in command or b",4," in command or b" 4 " in command)
    )
    assert desk.read_patiently().messages == 9
    assert "1 message cannot be fetched, first INBOX/" in desk.unread()[user]
    assert desk.read_patiently().messages == 0
    wire.cut_at = lambda command: False
    assert desk.read().messages == 1
    assert desk.unread() == {}
    assert desk.subjects() == every_card(10)


def test_the_same_holds_for_a_tick_of_the_sensor(
    server: Dovecot, user: str, desks: Desks, wire: Wire
) -> None:
    desk = desks(account(server, user, port=wire.port))
    server.fill(user, 4, arrived=NOON)
    wire.cut_at = lambda command: (
        b"(BODY" in command and (b" 1:4" in command or b" 1," in command or b" 1 " in command)
    )
    assert desk.tick().messages == 3
    assert "1 message cannot be fetched" in desk.troubled()[user]


def test_a_server_that_refuses_one_message_gives_the_others(
    server: Dovecot, user: str, desks: Desks, wire: Wire
) -> None:
    desk = desks(account(server, user, port=wire.port))
    server.fill(user, 3, arrived=NOON)
    wire.refuse_at = lambda command: (
        "NO [SERVERBUG] Internal error"
        if b"(BODY" in command and (b" 2 " in command or b",2," in command)
        else None
    )
    assert desk.read_patiently().messages == 2
    assert "1 message cannot be fetched" in desk.unread()[user]


@pytest.mark.parametrize("answer", ["BAD what", "NO [UNAVAILABLE] later", "garbage that is no answer"])
@pytest.mark.parametrize("command", [b"EXAMINE", b"UID SEARCH", b"UID FETCH"])
def test_a_refused_command_is_told_and_the_next_look_reads_on(
    command: bytes, answer: str, server: Dovecot, user: str, desks: Desks, wire: Wire
) -> None:
    desk = desks(account(server, user, port=wire.port))
    server.fill(user, 2, arrived=NOON)
    wire.refuse_at = lambda line: answer if line.startswith(command) else None
    assert desk.read_patiently().messages == 0
    assert desk.troubled() != {}
    assert desk.unread() != {}
    wire.refuse_at = lambda line: None
    assert desk.read().messages == 2
    assert desk.troubled() == desk.unread() == {}


def test_a_stopped_server_is_told_and_read_when_it_is_back(own_server: Dovecot, desks: Desks) -> None:
    desk = desks(account(own_server, "anna"))
    own_server.fill("anna", 2, arrived=NOON)
    assert desk.read().messages == 2
    assert desk.unread() == desk.unread(TODAY) == {}
    own_server.fill("anna", 1, start=2, arrived=desk.now)
    own_server.stop()
    desk.wait(3600)
    assert desk.read_patiently().messages == 0
    assert desk.unread(DAY) == {}  # its mail was complete before
    why = desk.unread(TODAY)["anna"]
    assert (
        why
        == f"not read since 2026-11-21 06:00: 127.0.0.1:{own_server.plain} refuses connections: check port and server"
    )
    own_server.start()
    assert desk.read().messages == 1
    assert desk.unread(TODAY) == {}


def test_a_server_restarted_in_the_middle_is_read_to_the_end(
    own_server: Dovecot, desks: Desks, monkeypatch: pytest.MonkeyPatch
) -> None:
    one_by_one(monkeypatch)
    with Wire(own_server.plain) as wire:
        desk = desks(account(own_server, "anna", port=wire.port))
        own_server.fill("anna", 6, arrived=NOON)
        restarted: list[bytes] = []

        def restart(command: bytes) -> bool:
            if not restarted and is_body_of(4)(command):
                restarted.append(command)
                own_server.stop()
                own_server.start()
            return False

        wire.cut_at = restart
        assert desk.read_patiently().messages == 6
        assert restarted
        assert desk.subjects() == every_card(6)


def test_a_silent_server_does_not_outlast_a_tick(
    server: Dovecot, user: str, desks: Desks, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read_mailboxes, "TICK_SECONDS", 1.5)
    one_by_one(monkeypatch)
    desk = desks(account(server, user, port=wire.port))
    server.fill(user, 3, arrived=NOON)
    wire.silent_at = is_body_of(3)
    began = time.monotonic()
    assert desk.tick().messages == 2
    assert time.monotonic() - began < 20  # one read alone may wait 30 s
    assert desk.troubled() == {}  # it got somewhere; the rest is the next tick's
    desk.wait(1)
    assert desk.tick().messages == 0
    assert "gave no new message within" in desk.troubled()[user]


def test_a_silent_server_is_given_up_at_night(
    server: Dovecot, user: str, desks: Desks, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imap, "READ_SECONDS", 0.3)
    desk = desks(account(server, user, port=wire.port))
    server.fill(user, 1, arrived=NOON)
    wire.silent_at = lambda command: command.startswith(b"UID SEARCH")
    desk.read_patiently()
    assert "does not answer" in desk.unread()[user]


def test_a_refused_login_names_what_to_correct_and_no_password(
    server: Dovecot, user: str, desks: Desks
) -> None:
    desk = desks(account(server, user, password_env="WRONG_PASSWORD"))
    desk.read()
    said = desk.troubled()[user]
    assert said == (
        f"127.0.0.1:{server.plain} refuses the login of mailbox {user} (AUTHENTICATIONFAILED): correct its user in "
        "sources.yaml or WRONG_PASSWORD"
    )
    assert "no horse" not in said


def test_a_missing_password_names_its_variable(server: Dovecot, user: str, desks: Desks) -> None:
    desk = desks(account(server, user, password_env="NOBODY_SET_THIS"))
    desk.read()
    assert desk.troubled()[user] == f"mailbox {user} has no password: set NOBODY_SET_THIS"


def test_a_line_that_breaks_during_the_login_is_no_refusal(
    server: Dovecot, user: str, desks: Desks, wire: Wire
) -> None:
    desk = desks(account(server, user, port=wire.port))
    server.fill(user, 1, arrived=NOON)
    broken: list[bytes] = []

    def once(command: bytes) -> bool:
        broken.append(command)
        return command.startswith(b"AUTHENTICATE") and len(broken) < 4

    wire.cut_at = once
    assert desk.read_patiently().messages == 1


def test_a_server_that_lets_nobody_in_for_now_is_tried_again(
    server: Dovecot, user: str, desks: Desks, wire: Wire
) -> None:
    desk = desks(account(server, user, port=wire.port))
    server.fill(user, 1, arrived=NOON)
    answers = iter(["NO [UNAVAILABLE] Temporary authentication failure"])
    wire.refuse_at = lambda line: next(answers, None) if line.startswith(b"AUTHENTICATE") else None
    assert desk.read_patiently().messages == 1


def test_one_mailbox_in_trouble_holds_up_no_other(server: Dovecot, user: str, desks: Desks) -> None:
    desk = desks(
        account(server, "refused", password_env="WRONG_PASSWORD"),
        account(None, "nobody-there"),
        account(server, user),
    )
    server.fill(user, 2, arrived=NOON)
    assert desk.read_patiently().messages == 2
    assert set(desk.unread()) == {"refused", "nobody-there"}


def test_a_folder_that_is_not_there_is_named_and_the_others_are_read(
    server: Dovecot, user: str, desks: Desks
) -> None:
    desk = desks(account(server, user, folders=["Lost", "Lost/*", "INBOX"]))
    server.fill(user, 1, arrived=NOON)
    assert desk.read().messages == 1
    said = desk.troubled()[user]
    assert f"folder Lost of mailbox {user} cannot be opened" in said
    assert f"no folder of mailbox {user} is named Lost/*" in said


def test_a_trouble_is_logged_when_it_comes_and_when_it_goes(
    server: Dovecot, user: str, desks: Desks, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = desks(account(server, user, password_env="WRONG_PASSWORD"))
    with capture_logs() as logs:
        desk.read()
        desk.read()
        monkeypatch.setenv("WRONG_PASSWORD", PASSWORD)
        desk.read()
        desk.read()
    assert [(entry["event"], entry["mailbox"]) for entry in logs] == [
        ("mailbox_not_read", user),
        ("mailbox_read_again", user),
    ]


def test_a_folder_that_went_back_without_new_numbers_is_named(
    server: Dovecot, user: str, desks: Desks, wire: Wire
) -> None:
    desk = desks(account(server, user, port=wire.port))
    server.fill(user, 3, arrived=NOON)
    desk.read()
    maildir = server.folder / "mail" / user
    *kept, last = (maildir / "dovecot-uidlist").read_text().splitlines()
    gone = next(p for p in maildir.rglob("*") if p.name.startswith(last.split(":")[1]))
    for path in [gone, *maildir.glob("dovecot.index*")]:
        path.unlink()
    (maildir / "dovecot-uidlist").write_text("\n".join(kept) + "\n")
    desk.read()
    assert "went back behind message 3 of INBOX" in desk.troubled()[user]


def test_an_unreadable_file_is_found_before_any_mail_is_read(desks: Desks, user: str) -> None:
    from llm_assets.domain.errors import ConfigurationError

    desk = desks(account(None, user) | {"pasword_env": "X"})
    with pytest.raises(ConfigurationError, match=r"sources.yaml: imap.0.pasword_env: is no setting here"):
        desk.read()
    assert desk.received(DAY) == []


def test_mail_is_never_looked_at_for_less_than_its_bytes(
    server: Dovecot, user: str, desks: Desks, wire: Wire
) -> None:
    """A line cut inside a body gives no half message."""
    desk = desks(account(server, user, port=wire.port))
    server.append(user, mail(1, text="y" * 200_000), arrived=NOON)
    wire.cut_after_bytes = 100_000
    desk.read_patiently()
    assert [len(data) for data in desk.raw()] == [len(mail(1, text="y" * 200_000))]


def test_a_folder_that_always_breaks_holds_up_no_other(
    server: Dovecot, user: str, desks: Desks, wire: Wire
) -> None:
    for number, folder in enumerate(["A", "B", "C"]):
        server.append(user, mail(number), arrived=NOON, folder=folder)
    desk = desks(account(server, user, port=wire.port, folders=["A", "B", "C"]))
    open_folder: list[bytes] = []

    def searched(command: bytes) -> bool:
        if command.startswith(b"EXAMINE"):
            open_folder.append(command)
        return command.startswith(b"UID SEARCH") and b'"A"' in open_folder[-1]

    wire.cut_at = searched
    assert desk.read_patiently().messages == 2
    assert "broke off" in desk.unread()[user]


def test_a_server_that_turns_everybody_away_is_told(
    server: Dovecot, user: str, desks: Desks, wire: Wire
) -> None:
    desk = desks(account(server, user, port=wire.port))
    wire.change = lambda data: b"* BYE too many connections\r\n"
    desk.read_patiently()
    assert "turns everybody away" in desk.troubled()[user]


@contextmanager
def short_patience() -> Iterator[None]:
    """A garbled answer may leave both sides waiting for each other."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(imap, "READ_SECONDS", 0.3)
        yield


@pytest.mark.parametrize("seed", range(12))
def test_garbled_answers_end_in_a_trouble_and_not_in_a_crash(
    seed: int, server: Dovecot, user: str, desks: Desks, wire: Wire
) -> None:
    chance = random.Random(seed)
    desk = desks(account(server, user, port=wire.port))
    server.fill(user, 5, arrived=NOON)
    garbled: list[int] = []

    def garble(data: bytes) -> bytes:
        at = chance.randrange(len(data))
        garbled.append(at)
        return data[:at] + bytes(chance.choices(b'(){}[]"*\\ 0aZ', k=chance.randrange(4))) + data[at + 1 :]

    wire.change = garble
    with short_patience():
        desk.read_patiently()
    assert garbled
    wire.change = lambda data: data
    desk.read()
    assert desk.troubled() == {}
