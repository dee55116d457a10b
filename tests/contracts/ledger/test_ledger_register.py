"""The register of everything received: what is new, whose day it is, and what stands at a place now."""

from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import create_engine, insert

from llm_assets.domain.audit import Action
from llm_assets.domain.digest import digest_bytes
from llm_assets.domain.mail.document import Received
from resources.ledger import SqlLedger
from resources.ledger.database import schema
from resources.ledger.database.tables import received
from tests.support.nights.ledger_night import DAY, NEXT_DAY


def mail(
    place: str, content: str = "first", *, day: date = DAY, source: str = "inbox", minute: int = 0
) -> Received:
    arrived_at = datetime(2026, 11, 20, 9, minute, tzinfo=UTC)
    return Received(source, place, day, digest_bytes(content.encode()), "mail", arrived_at)


def test_what_was_received_comes_back_in_order_of_arrival(ledger: SqlLedger) -> None:
    late, early = mail("a", minute=30), mail("Входящие/б#2", "second", minute=5)
    assert ledger.register.receive([late, early]) == 2
    assert ledger.register.received(DAY) == [early, late]
    assert ledger.register.received(NEXT_DAY) == []


def test_reading_a_source_again_adds_nothing(ledger: SqlLedger) -> None:
    ledger.register.receive([mail("a"), mail("b")])
    assert ledger.register.receive([mail("a"), mail("b"), mail("c")]) == 1
    assert ledger.register.receive([mail("a", day=NEXT_DAY)]) == 0
    assert len(ledger.register.received(DAY)) == 3


def test_the_same_mail_twice_in_one_call_is_one_message(ledger: SqlLedger) -> None:
    assert ledger.register.receive([mail("a"), mail("a")]) == 1


def test_the_same_bytes_at_two_places_are_two_messages(ledger: SqlLedger) -> None:
    assert ledger.register.receive([mail("a"), mail("b"), mail("a", source="crm:clients")]) == 3
    assert len(ledger.register.received(DAY)) == 3


def test_other_bytes_on_the_same_day_replace_that_days_version(ledger: SqlLedger) -> None:
    ledger.register.receive([mail("a")])
    newer = mail("a", "changed", minute=10)
    assert ledger.register.receive([newer]) == 1
    assert ledger.register.received(DAY) == [newer]


def test_other_bytes_on_a_later_day_are_a_message_of_that_day(ledger: SqlLedger) -> None:
    ledger.register.receive([mail("a")])
    newer = mail("a", "changed", day=NEXT_DAY)
    assert ledger.register.receive([newer]) == 1
    assert (ledger.register.received(DAY), ledger.register.received(NEXT_DAY)) == ([mail("a")], [newer])


def test_what_comes_back_to_its_first_content_is_as_it_was_and_the_trail_tells_each_change(
    ledger: SqlLedger,
) -> None:
    again = mail("a", minute=20)
    for version in (mail("a"), mail("a", "changed", minute=10), again):
        assert ledger.register.receive([version]) == 1
    assert ledger.register.receive([again]) == 0
    assert ledger.register.received(DAY) == [again]
    told = [entry for entry in ledger.trail.entries() if entry.action == Action.RECEIVED]
    assert [entry.parsed_detail["messages"] for entry in told] == [1, 1, 1]


def test_what_changes_and_comes_back_on_later_days_is_a_message_of_each_day(ledger: SqlLedger) -> None:
    days = [DAY, NEXT_DAY, NEXT_DAY + timedelta(days=1)]
    versions = [
        mail("a", said, day=day) for said, day in zip(("first", "changed", "first"), days, strict=True)
    ]
    for version in versions:
        assert ledger.register.receive([version]) == 1
    assert [ledger.register.received(day) for day in days] == [[version] for version in versions]


def test_of_a_record_in_several_files_the_one_written_last_stands_however_often_all_are_read(
    ledger: SqlLedger,
) -> None:
    first, second, third = (
        replace(mail("crm:7", said, minute=minute), file=f"{minute}.csv")
        for said, minute in (("first", 1), ("changed", 2), ("first", 3))
    )
    assert ledger.register.receive([first, second]) == 2
    assert ledger.register.receive([first, second]) == 0
    assert ledger.register.receive([first, second, third]) == 1
    assert ledger.register.receive([first, second, third]) == 0
    assert ledger.register.received(DAY) == [third]


def test_everything_received_at_a_place_is_told_oldest_first(ledger: SqlLedger) -> None:
    changed = mail("a", "changed", day=NEXT_DAY)
    ledger.register.receive([mail("a"), mail("b"), mail("x", source="crm:clients")])
    ledger.register.receive([changed])
    history = ledger.register.history([mail("a"), mail("x"), mail("x", source="crm:clients")])
    assert {key: [v.raw_sha256 for v in versions] for key, versions in history.items()} == {
        ("inbox", "a"): [mail("a").raw_sha256, changed.raw_sha256],
        ("crm:clients", "x"): [mail("x").raw_sha256],
    }
    assert ledger.register.history([]) == {}


def test_the_newest_arrival_of_each_place_of_a_source_is_told(ledger: SqlLedger) -> None:
    newer = mail("a", "changed", minute=10)
    ledger.register.receive([mail("a"), mail("b"), mail("x", source="crm:clients")])
    ledger.register.receive([newer])
    known = ledger.register.arrivals("inbox")
    assert known.written == {"a": newer.arrived_at, "b": mail("b").arrived_at}
    assert known.digests == {}


def test_the_newest_bytes_of_whole_files_are_told_and_of_rows_and_mail_they_are_not(
    ledger: SqlLedger,
) -> None:
    row = replace(mail("crm:1"), kind="crm", file="a.csv")
    damaged, repaired = (
        replace(mail("a.csv", said, minute=n), kind="crm", file="a.csv") for n, said in enumerate("xy")
    )
    document = replace(mail("b.xlsx"), kind="document")
    ledger.register.receive([mail("a"), row, damaged, document])
    ledger.register.receive([repaired])
    assert ledger.register.arrivals("inbox").digests == {
        "a.csv": repaired.raw_sha256,
        "b.xlsx": document.raw_sha256,
    }


def test_a_whole_days_mail_is_received_at_once(ledger: SqlLedger) -> None:
    many = [
        replace(mail(f"{n:05}"), arrived_at=datetime(2026, 11, 20, tzinfo=UTC) + timedelta(seconds=n))
        for n in range(5000)
    ]
    assert ledger.register.receive(many) == 5000
    assert ledger.register.received(DAY) == many
    assert len(ledger.register.history(many)) == 5000


def test_the_days_that_grew_since_a_position_are_told_once(ledger: SqlLedger) -> None:
    assert ledger.register.grown_since(0) == (0, set())
    ledger.register.receive([mail("a"), mail("b"), mail("c", day=NEXT_DAY)])
    first, days = ledger.register.grown_since(0)
    assert days == {DAY, NEXT_DAY}
    assert ledger.register.grown_since(first) == (first, set())
    ledger.register.receive([mail("a"), mail("d", day=NEXT_DAY)])
    second, days = ledger.register.grown_since(first)
    assert (second > first, days) == (True, {NEXT_DAY})
    assert ledger.register.grown_since(0) == (second, {DAY, NEXT_DAY})


def test_a_ledger_from_before_versions_numbers_them_and_takes_what_came_back(
    new_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as before:
        upgrade = command.upgrade
        before.setattr(command, "upgrade", lambda config, _: upgrade(config, "0007"))
        engine = create_engine(new_url)
        with engine.begin() as connection:
            schema.upgrade(connection)
            names = ["source", "place", "raw_sha256", "day", "kind", "arrived_at"]
            old = [mail("a"), mail("b"), mail("a", "changed", minute=10)]
            rows = [{name: getattr(item, name) for name in names} for item in old]
            connection.execute(insert(received), rows)
        engine.dispose()
    with closing(SqlLedger(new_url, tmp_path)) as ledger:
        assert (
            ledger.register.receive(
                [mail("a", "changed", minute=10), mail("a", minute=20), mail("b", minute=20)]
            )
            == 1
        )
        assert ledger.register.received(DAY) == [mail("b"), mail("a", minute=20)]


def test_messages_are_counted_by_day_as_they_would_be_listed(ledger: SqlLedger) -> None:
    ledger.register.receive([mail("a"), mail("b"), mail("c", day=NEXT_DAY)])
    ledger.register.receive([mail("a", "changed", minute=10), mail("b", "changed", day=NEXT_DAY)])
    days = [DAY, NEXT_DAY, NEXT_DAY + timedelta(days=1)]
    assert ledger.register.counts(days) == {DAY: 2, NEXT_DAY: 2}
    assert {day: len(ledger.register.received(day)) for day in days[:2]} == ledger.register.counts(days)
    assert ledger.register.counts([]) == {}
