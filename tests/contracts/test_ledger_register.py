"""The register of everything received: what is new, whose day it is, and what stands at a place now."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from ledger_night import DAY, NEXT_DAY

from llm_assets.domain.digest import digest_bytes
from llm_assets.domain.document import Received
from resources.ledger import SqlLedger


def mail(
    place: str, content: str = "first", *, day: date = DAY, source: str = "inbox", minute: int = 0
) -> Received:
    arrived_at = datetime(2026, 11, 20, 9, minute, tzinfo=UTC)
    return Received(source, place, day, digest_bytes(content.encode()), "mail", arrived_at)


def test_what_was_received_comes_back_in_order_of_arrival(ledger: SqlLedger) -> None:
    late, early = mail("a", minute=30), mail("Входящие/б#2", "second", minute=5)
    assert ledger.receive([late, early]) == 2
    assert ledger.received(DAY) == [early, late]
    assert ledger.received(NEXT_DAY) == []


def test_reading_a_source_again_adds_nothing(ledger: SqlLedger) -> None:
    ledger.receive([mail("a"), mail("b")])
    assert ledger.receive([mail("a"), mail("b"), mail("c")]) == 1
    assert ledger.receive([mail("a", day=NEXT_DAY)]) == 0
    assert len(ledger.received(DAY)) == 3


def test_the_same_mail_twice_in_one_call_is_one_message(ledger: SqlLedger) -> None:
    assert ledger.receive([mail("a"), mail("a")]) == 1


def test_the_same_bytes_at_two_places_are_two_messages(ledger: SqlLedger) -> None:
    assert ledger.receive([mail("a"), mail("b"), mail("a", source="crm:clients")]) == 3
    assert len(ledger.received(DAY)) == 3


def test_other_bytes_on_the_same_day_replace_that_days_version(ledger: SqlLedger) -> None:
    ledger.receive([mail("a")])
    newer = mail("a", "changed", minute=10)
    assert ledger.receive([newer]) == 1
    assert ledger.received(DAY) == [newer]


def test_other_bytes_on_a_later_day_are_a_message_of_that_day(ledger: SqlLedger) -> None:
    ledger.receive([mail("a")])
    newer = mail("a", "changed", day=NEXT_DAY)
    assert ledger.receive([newer]) == 1
    assert (ledger.received(DAY), ledger.received(NEXT_DAY)) == ([mail("a")], [newer])


def test_the_newest_digest_of_each_known_place_is_told(ledger: SqlLedger) -> None:
    changed = mail("a", "changed", day=NEXT_DAY)
    ledger.receive([mail("a"), mail("b"), mail("x", source="crm:clients")])
    ledger.receive([changed])
    assert ledger.known_digests("inbox", ["a", "b", "x", "y"]) == {
        "a": changed.raw_sha256,
        "b": mail("b").raw_sha256,
    }
    assert ledger.known_digests("inbox", []) == {}


def test_the_newest_arrival_of_each_place_of_a_source_is_told(ledger: SqlLedger) -> None:
    newer = mail("a", "changed", minute=10)
    ledger.receive([mail("a"), mail("b"), mail("x", source="crm:clients")])
    ledger.receive([newer])
    assert ledger.arrivals("inbox") == {"a": newer.arrived_at, "b": mail("b").arrived_at}


def test_a_whole_days_mail_is_received_at_once(ledger: SqlLedger) -> None:
    many = [
        replace(mail(f"{n:05}"), arrived_at=datetime(2026, 11, 20, tzinfo=UTC) + timedelta(seconds=n))
        for n in range(5000)
    ]
    assert ledger.receive(many) == 5000
    assert ledger.received(DAY) == many
    assert len(ledger.known_digests("inbox", [m.place for m in many])) == 5000


def test_the_days_that_grew_since_a_position_are_told_once(ledger: SqlLedger) -> None:
    assert ledger.grown_since(0) == (0, set())
    ledger.receive([mail("a"), mail("b"), mail("c", day=NEXT_DAY)])
    first, days = ledger.grown_since(0)
    assert days == {DAY, NEXT_DAY}
    assert ledger.grown_since(first) == (first, set())
    ledger.receive([mail("a"), mail("d", day=NEXT_DAY)])
    second, days = ledger.grown_since(first)
    assert (second > first, days) == (True, {NEXT_DAY})
    assert ledger.grown_since(0) == (second, {DAY, NEXT_DAY})
