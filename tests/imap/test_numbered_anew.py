"""A folder whose UIDVALIDITY has changed: everything is looked at again and nothing is counted twice."""

from collections.abc import Callable
from datetime import timedelta

from resources.mail.imap.places import Place, Registered, Unclaimed, message_id_of, place_of
from tests.support.houses.desk_with_mailboxes import DAY, NOON, DeskWithMailboxes, account
from tests.support.houses.dovecot import Dovecot, mail
from tests.support.houses.wire import Wire

Desks = Callable[..., DeskWithMailboxes]


def test_nothing_is_counted_twice_and_nothing_fetched_again(
    server: Dovecot, user: str, desks: Desks, wire: Wire
) -> None:
    desk = desks(account(server, user, port=wire.port))
    server.fill(user, 20, arrived=NOON)
    desk.read()
    before = desk.received()
    bodies = wire.count(b"(BODY.PEEK[])")
    server.number_anew(user)
    assert desk.read().messages == 0
    assert desk.received() == before
    assert wire.count(b"(BODY.PEEK[])") == bodies
    fetched = wire.count(b"FETCH")
    assert desk.read().messages == 0
    assert wire.count(b"FETCH") == fetched  # the new numbers are known now
    assert desk.unread() == {}


def test_what_came_since_is_taken_in(server: Dovecot, user: str, desk: DeskWithMailboxes) -> None:
    server.fill(user, 3, arrived=NOON)
    desk.read()
    server.number_anew(user)
    server.fill(user, 2, start=3, arrived=NOON)
    assert desk.read().messages == 2
    assert desk.subjects() == {f"Subject: Card {n}": 1 for n in range(5)}


def test_two_messages_of_the_same_bytes_stay_two(server: Dovecot, user: str, desk: DeskWithMailboxes) -> None:
    for _ in range(2):
        server.append(user, mail(1), arrived=NOON)
    desk.read()
    server.number_anew(user)
    server.append(user, mail(1), arrived=NOON)
    assert desk.read().messages == 1
    assert len(desk.received()) == 3


def test_a_message_without_an_id_is_known_by_its_bytes(
    server: Dovecot, user: str, desk: DeskWithMailboxes
) -> None:
    for number in (1, 2):
        server.append(user, mail(number, message_id=""), arrived=NOON)
    server.append(user, mail(3, message_id="", text="z" * 300_000), arrived=NOON)
    desk.read()
    server.number_anew(user)
    assert desk.read().messages == 0


def test_a_message_that_moving_has_rewritten_is_known_by_second_and_id(
    server: Dovecot, user: str, desk: DeskWithMailboxes
) -> None:
    server.append(user, mail(1), arrived=NOON, folder="Old")
    old = account(server, user, folders=["Old"])
    mover = DeskWithMailboxes(desk.settings.home.parent, [old])
    assert mover.read().messages == 1
    with server.session(user) as client:
        client.delete_folder("Old")
    server.append(user, b"X-Moved: yes\r\n" + mail(1), arrived=NOON, folder="Old")
    server.append(user, mail(1, text="another text"), arrived=NOON + timedelta(seconds=1), folder="Old")
    assert mover.read().messages == 1
    assert [b"another text" in data for data in mover.raw()] == [False, True]
    mover.close()


def test_numbers_may_change_more_than_once(server: Dovecot, user: str, desk: DeskWithMailboxes) -> None:
    for number in range(3):
        server.fill(user, 2, start=2 * number, arrived=NOON)
        assert desk.read().messages == 2
        server.number_anew(user)
    assert desk.read().messages == 0
    assert desk.subjects() == {f"Subject: Card {n}": 1 for n in range(6)}


def test_a_message_copied_to_another_folder_is_another_message(
    server: Dovecot, user: str, desks: Desks
) -> None:
    desk = desks(account(server, user, folders=["INBOX", "Copies"]))
    for folder in ("INBOX", "Copies"):
        server.append(user, mail(1), arrived=NOON, folder=folder)
    assert desk.read().messages == 2
    server.number_anew(user)
    assert desk.read().messages == 0


def test_an_older_day_stays_what_it_was(server: Dovecot, user: str, desk: DeskWithMailboxes) -> None:
    server.fill(user, 3, arrived=NOON)
    desk.read()
    before = desk.assembly.read_day(DAY)
    server.number_anew(user)
    desk.read()
    after = desk.assembly.read_day(DAY)
    assert after.read_now == 0
    assert after.fingerprints == before.fingerprints


def test_the_change_is_got_through_in_ticks(server: Dovecot, user: str, desk: DeskWithMailboxes) -> None:
    server.fill(user, 6, arrived=NOON)
    desk.read()
    server.number_anew(user)
    server.fill(user, 3, start=6, arrived=NOON)
    desk.wait(600)
    taken = [desk.tick(limit=2).messages for _ in range(3)]
    assert taken == [2, 1, 0]
    assert desk.subjects() == {f"Subject: Card {n}": 1 for n in range(9)}


def test_places_survive_folders_with_any_name() -> None:
    for place in (Place("INBOX", 1, 2), Place("a/5/6", 7, 8), Place("Жалобы/2026", 4294967295, 4294967295)):
        assert place_of(str(place)) == place
    assert place_of("mail/a.eml") is None


def test_a_message_is_found_again_at_most_once() -> None:
    twins = [Registered(f"INBOX/1/{n}", "same", NOON) for n in (1, 2)]
    unclaimed = Unclaimed.of(twins)
    assert [unclaimed.by_bytes("same") for _ in range(3)] == ["INBOX/1/1", "INBOX/1/2", None]
    assert not unclaimed
    unclaimed = Unclaimed.of(twins)
    assert unclaimed.by_id(NOON, b"", lambda _: b"") is None
    assert unclaimed.by_id(NOON + timedelta(seconds=1), b"<a>", lambda _: b"<a>") is None
    assert unclaimed.by_id(NOON, b"<a>", lambda _: b"<a>") == "INBOX/1/1"
    assert unclaimed.by_bytes("same") == "INBOX/1/2"


def test_a_message_id_is_read_from_the_head_alone() -> None:
    assert message_id_of(b"Subject: a\r\nMESSAGE-ID:\r\n <a@b>\r\n\r\n") == b"<a@b>"
    assert message_id_of(b"Message-Id: bare@b\n\nMessage-ID: <body@b>\n") == b"bare@b"
    assert message_id_of(b"Subject: a\r\n\r\nMessage-ID: <body@b>\r\n") == b""
    assert message_id_of(b"") == b""
