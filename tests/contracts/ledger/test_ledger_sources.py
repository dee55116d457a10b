"""Sources in the ledger: how each stands, what is known of a mailbox, numbers that have changed."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from llm_assets.domain.digest import digest_bytes
from llm_assets.domain.mail.document import Received
from llm_assets.domain.sources.state import SourceState
from resources.ledger import SqlLedger
from resources.mail.imap.places import Registered
from tests.support.nights.ledger_night import DAY

AT = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
SOURCE = "imap:support"


def mail(place: str, *, source: str = SOURCE) -> Received:
    return Received(source, place, DAY, digest_bytes(place.encode()), "mail", AT)


def places(found: list[Registered]) -> list[str]:
    return sorted(message.place for message in found)


def test_a_source_stands_as_it_was_noted_last(ledger: SqlLedger) -> None:
    assert ledger.source_state(SOURCE) is None
    first = SourceState(SOURCE, AT, AT)
    ledger.note_look(first)
    assert ledger.source_state(SOURCE) == first
    later = replace(first, looked_at=AT + timedelta(minutes=1), failures=1, trouble="nobody there")
    ledger.note_look(later)
    ledger.note_look(SourceState("imap:other", AT, None))
    assert ledger.source_state(SOURCE) == later
    assert ledger.source_state("imap:other") == SourceState("imap:other", AT, None)


def test_known_numbers_are_those_of_one_folder_and_validity(ledger: SqlLedger) -> None:
    known = [
        "INBOX/7/1",
        "INBOX/7/20",
        "INBOX/70/3",
        "INBOX/8/4",
        "inbox/7/5",
        "INBOX/7/6/6",
        "Жалобы/7/7",
        "INBOX/7/x",
    ]
    ledger.receive([*(mail(place) for place in known), mail("INBOX/7/9", source="imap:other")])
    assert ledger.known_uids(SOURCE, "INBOX", 7) == {1, 20}
    assert ledger.known_uids(SOURCE, "INBOX/7", 6) == {6}
    assert ledger.known_uids(SOURCE, "Жалобы", 7) == {7}
    assert ledger.known_uids(SOURCE, "INBOX", 9) == set()


def test_a_new_number_of_a_known_message_is_known(ledger: SqlLedger) -> None:
    ledger.receive([mail("INBOX/7/1"), mail("INBOX/7/2"), mail("INBOX/8/3"), mail("INBOX/sub/7/4")])
    assert places(ledger.numbered_otherwise(SOURCE, "INBOX", 8)) == ["INBOX/7/1", "INBOX/7/2"]
    for _ in range(2):  # as after a crash
        ledger.renumber(SOURCE, {"INBOX/8/1": "INBOX/7/2"})
    assert ledger.known_uids(SOURCE, "INBOX", 8) == {1, 3}
    assert ledger.numbered_otherwise(SOURCE, "INBOX", 8) == [
        Registered("INBOX/7/1", digest_bytes(b"INBOX/7/1"), AT)
    ]
    assert places(ledger.numbered_otherwise(SOURCE, "INBOX", 9)) == ["INBOX/7/1", "INBOX/7/2", "INBOX/8/3"]
    assert len(ledger.received(DAY)) == 4
