"""A mailbox on a real server: what is taken in, once, and that nothing in it changes."""

import logging
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from llm_assets.usecases.mail.read_day import read_day
from tests.support.houses.desk_with_mailboxes import DAY, NOON, TODAY, DeskWithMailboxes, account
from tests.support.houses.dovecot import Dovecot, mail
from tests.support.houses.wire import Wire

Desks = Callable[..., DeskWithMailboxes]


def test_mail_belongs_to_the_day_on_which_the_server_took_it(
    server: Dovecot, user: str, desk: DeskWithMailboxes
) -> None:
    east = timezone(timedelta(hours=9))
    server.append(user, mail(1), arrived=datetime(2026, 11, 20, 18, 59, tzinfo=UTC))  # 23:59 in Almaty
    server.append(user, mail(2), arrived=datetime(2026, 11, 21, 4, 0, tzinfo=east))  # 00:00 in Almaty
    assert desk.read().days == {DAY, TODAY}
    assert desk.raw(DAY) == [mail(1)]
    assert desk.raw(TODAY) == [mail(2)]
    assert desk.received(TODAY)[0].arrived_at == datetime(2026, 11, 20, 19, 0, tzinfo=UTC)


def test_a_message_is_known_by_its_folder_and_number(
    server: Dovecot, user: str, desk: DeskWithMailboxes
) -> None:
    server.fill(user, 2, arrived=NOON)
    desk.read()
    with server.session(user) as client:
        validity = client.select_folder("INBOX")[b"UIDVALIDITY"]
    places = [(r.source, r.place, r.kind) for r in desk.received()]
    assert places == [(f"imap:{user}", f"INBOX/{validity}/{uid}", "mail") for uid in (1, 2)]


def test_reading_again_fetches_only_what_is_new(server: Dovecot, user: str, desks: Desks, wire: Wire) -> None:
    desk = desks(account(server, user, port=wire.port))
    server.fill(user, 3, arrived=NOON)
    assert desk.read().messages == 3
    fetched = wire.count(b"FETCH")
    assert desk.read().messages == 0
    assert wire.count(b"FETCH") == fetched
    server.fill(user, 1, start=3, arrived=NOON)
    assert desk.read().messages == 1
    assert wire.count(b"UID FETCH 4 ") == 2  # its size and date, then its body
    assert desk.subjects() == {f"Subject: Card {n}": 1 for n in range(4)}


def test_the_owner_sees_no_trace_of_it(server: Dovecot, user: str, desks: Desks, wire: Wire) -> None:
    desk = desks(account(server, user, port=wire.port))
    server.fill(user, 2, arrived=NOON)
    server.append(user, b"\r\n".join([b"Subject: Large", b"", b"x" * 400_000]), arrived=NOON)
    desk.read()
    with server.session(user) as client:
        client.select_folder("INBOX", readonly=True)
        assert client.search("UNSEEN") == [1, 2, 3]
        assert client.search("RECENT") == [1, 2, 3]
    changing = (
        b"SELECT",
        b"STORE",
        b"COPY",
        b"MOVE",
        b"EXPUNGE",
        b"CLOSE",
        b"APPEND",
        b"DELETE",
        b"SUBSCRIBE",
    )
    assert [line for line in wire.said if any(word in line.upper() for word in changing)] == []


def test_the_same_bytes_in_two_places_are_two_messages(
    server: Dovecot, user: str, desk: DeskWithMailboxes
) -> None:
    for _ in range(2):
        server.append(user, mail(1), arrived=NOON)
    assert desk.read().messages == 2


def test_a_message_removed_before_it_was_read_is_no_trouble(
    server: Dovecot, user: str, desks: Desks, wire: Wire
) -> None:
    desk = desks(account(server, user, port=wire.port))
    server.fill(user, 3, arrived=NOON)

    def remove(command: bytes) -> bool:
        if b"FETCH" in command and b"BODY" in command:
            with server.session(user) as client:
                client.select_folder("INBOX")
                client.delete_messages([2])
                client.expunge()
        return False

    wire.cut_at = remove
    assert desk.read().messages == 2
    assert desk.troubled() == {}
    assert desk.unread() == {}


def test_mail_before_the_first_day_is_left_alone(server: Dovecot, user: str, desks: Desks) -> None:
    server.append(user, mail(1), arrived=datetime(2026, 11, 18, 12, tzinfo=UTC))
    server.append(user, mail(2), arrived=datetime(2026, 11, 18, 19, 30, tzinfo=UTC))  # the 19th in Almaty
    server.append(user, mail(3), arrived=NOON)
    late = desks(account(server, user, since=date(2026, 11, 19)))
    assert late.read().days == {date(2026, 11, 19), DAY}
    assert late.read().messages == 0
    earlier = desks(account(server, user, since=date(2026, 11, 1)))
    assert earlier.read().days == {date(2026, 11, 18)}


def test_without_a_first_day_it_is_that_of_the_partitions(
    server: Dovecot, user: str, desk: DeskWithMailboxes
) -> None:
    server.append(user, mail(1), arrived=datetime(2025, 12, 31, 12, tzinfo=UTC))
    server.append(user, mail(2), arrived=datetime(2026, 1, 1, 12, tzinfo=UTC))
    assert desk.read().days == {date(2026, 1, 1)}


def test_patterns_name_folders_but_not_those_of_sent_mail(server: Dovecot, user: str, desks: Desks) -> None:
    for number, folder in enumerate(["INBOX", "Жалобы", "Жалобы/2026", "Sent", "Trash"]):
        server.append(user, mail(number), arrived=NOON, folder=folder)
    assert desks(account(server, user, folders=["inbox", "Жал*"])).read().messages == 3
    assert desks(account(server, user, folders=["*"])).read().messages == 0
    assert desks(account(server, user, folders=["Sent"])).read().messages == 1


def test_a_large_mail_is_fetched_in_pieces(server: Dovecot, user: str, desks: Desks, wire: Wire) -> None:
    desk = desks(account(server, user, port=wire.port))
    large = mail(1, text="\r\n".join(["a line of a large mail"] * 150_000))
    exact = mail(2).ljust(2 << 20, b".")
    for message in (large, exact):
        server.append(user, message, arrived=NOON)
    assert desk.read().messages == 2
    assert desk.raw() == [large, exact]
    assert wire.count(b"BODY.PEEK[]<") == 4 + 3
    assert list((desk.settings.home / "spool" / "scratch").iterdir()) == []


def test_a_mail_that_is_too_large_goes_to_a_person_and_holds_nothing_up(
    server: Dovecot, user: str, desks: Desks
) -> None:
    desk = desks(account(server, user, largest_mb=1))
    server.append(user, mail(1, text="x" * 1_200_000), arrived=NOON)
    server.append(user, mail(2), arrived=NOON)
    assert desk.read().messages == 2
    assert desk.read().messages == 0
    assert read_day(desk.assembly, DAY).unreadable == 1
    assert desk.unread() == {}


def test_a_server_that_does_not_know_sizes_fills_neither_memory_nor_disk(
    server: Dovecot, user: str, desks: Desks, wire: Wire
) -> None:
    wire.change = lambda data: re.sub(rb"RFC822.SIZE [0-9]+", b"RFC822.SIZE 0", data)
    desk = desks(account(server, user, port=wire.port, largest_mb=2))
    bodies = [mail(1), mail(2).ljust(1 << 20, b"."), mail(3).ljust(1_300_000, b".")]
    for body in [*bodies, mail(4).ljust(2_200_000, b".")]:
        server.append(user, body, arrived=NOON)
    assert desk.read().messages == 4
    assert wire.count(b"(BODY.PEEK[])") == 0
    assert desk.raw()[:3] == bodies
    assert b"larger than 2 MB" in desk.raw()[3]


def test_no_word_of_a_mail_reaches_a_log(
    server: Dovecot, user: str, desk: DeskWithMailboxes, caplog: pytest.LogCaptureFixture
) -> None:
    server.append(user, mail(1, text="my secret is aubergine"), arrived=NOON)
    logging.getLogger("imapclient").setLevel(logging.NOTSET)
    with caplog.at_level(logging.DEBUG):
        desk.read()
    assert desk.raw() != []
    assert "aubergine" not in caplog.text
    assert "Card 1" not in caplog.text
