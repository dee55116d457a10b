"""Cases through whole nights: threads of several days, records that change, several mailboxes, a forged Message-ID,
late mail. What a night says of them is what the public interface promises."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

import pytest

from llm_assets.domain.desk.tables import DOCUMENTS
from llm_assets.steps import STEPS
from resources.report_files import newest_revision
from tests.support.houses.small_desk import DAY, NIGHT, NOON, SmallDesk, mail

pytestmark = pytest.mark.slow

CATEGORIES = next(s.table for s in STEPS if s.name == "categories")
SENDER = "anna@posteo.example"
RULE = """
drops:
  - match: "export*.csv"
    columns: {id: ClientNo, text: Complaint, sender_email: Contact}
    mailbox: support@altyn.example
"""


class Counted(NamedTuple):
    received: int
    duplicates: int
    updates: int
    documents: int


class Week:
    """A desk whose nights are worked one after the other; days count from 0."""

    def __init__(self, desk: SmallDesk) -> None:
        self.desk = desk

    def day(self, number: int) -> date:
        return DAY + timedelta(days=number)

    def noon(self, number: int, hours: float = 0) -> datetime:
        return NOON + timedelta(days=number, hours=hours)

    def declare(self, text: str) -> None:
        assert self.desk.settings.config is not None
        (self.desk.settings.config / "sources.yaml").write_text(text, encoding="utf-8")

    def drop(self, name: str, data: bytes, day: int, hours: float = 0) -> None:
        self.desk.drop(name, data, self.noon(day, hours))

    def work(self, number: int) -> tuple[int, Counted]:
        """Works a night; how many requests were answered for it, and what its report counts."""
        self.desk.clock.now = max(self.desk.clock.now, NIGHT + timedelta(days=number))
        before = self.desk.executed()
        assert self.desk.materialize(day=self.day(number)).success
        totals = self.desk.report(self.day(number))["totals"]
        assert totals["documents"] == totals["ok"] + totals["review"] + totals["dead"] + totals["open"]
        assert totals["open"] == 0
        return self.desk.executed() - before, Counted(*(totals[name] for name in Counted._fields))

    def rows(self, number: int) -> Mapping[str, dict[str, Any]]:
        """Documents by the place they came to."""
        return {
            row["place"].removeprefix("inbox/"): row for row in self.desk.rows(DOCUMENTS, self.day(number))
        }

    def revision(self, number: int) -> int:
        newest = newest_revision(self.desk.settings.home.resolve() / "reports", self.day(number))
        assert newest is not None
        return newest.number


def written(
    text: str, number: int, *, answers: int | None = None, sender: str = SENDER, to: str = ""
) -> bytes:
    extra = f"In-Reply-To: <{answers}@posteo.example>" if answers is not None else ""
    data = mail("anna", "My card", text, sender=sender, to=to or "support@altyn.example", extra=extra)
    return data.replace(b"<anna-1@", f"<{number}@".encode())


@pytest.mark.soak
def test_a_thread_of_three_days_is_a_case_a_day_each_linked_to_the_one_before(small: SmallDesk) -> None:
    week = Week(small)
    week.drop("1.eml", written("When will my card arrive?", 1), 0)
    week.drop("2.eml", written("I need it by Friday.", 2, answers=1), 0, hours=1)
    week.drop("3.eml", written("Still nothing, where is it?", 3, answers=2), 1)
    week.drop("4.eml", written("It was the wrong card, send another.", 4, answers=3), 2)
    counted = [week.work(number)[1] for number in range(3)]
    assert counted == [Counted(2, 0, 1, 1), Counted(1, 0, 0, 1), Counted(1, 0, 0, 1)]
    rows = {place: row for number in range(3) for place, row in week.rows(number).items()}
    links = {place: row["supersedes"] for place, row in rows.items()}
    expected = {"1.eml": None, **{f"{n + 1}.eml": rows[f"{n}.eml"]["record_id"] for n in range(1, 4)}}
    assert links == expected
    assert rows["1.eml"]["case_id"] == rows["2.eml"]["case_id"]
    assert len({row["case_id"] for row in rows.values()}) == 3


def table(*records: tuple[str, str]) -> bytes:
    rows = [f"{number};{text};anna@posteo.example" for number, text in records]
    return "\r\n".join(["ClientNo;Complaint;Contact", *rows, ""]).encode("cp1251")


@pytest.mark.soak
def test_a_record_that_changes_is_one_record_a_day_and_a_linked_case_on_the_next(small: SmallDesk) -> None:
    week = Week(small)
    week.declare(RULE)
    week.drop("export-1.csv", table(("7", "Где моя карта?"), ("8", "Где мой заказ?")), 0)
    week.drop("export-2.csv", table(("7", "Где моя карта? Жду неделю."), ("8", "Где мой заказ?")), 0, hours=1)
    asked, counted = week.work(0)
    assert counted == Counted(2, 0, 0, 2) and asked > 0
    first = week.rows(0)
    assert first["crm:7"]["new_text"] == "Где моя карта? Жду неделю."

    week.drop("export-3.csv", table(("7", "Карту нашли."), ("8", "Где мой заказ?"), ("9", "Спасибо!")), 1)
    asked, counted = week.work(1)
    assert counted == Counted(2, 0, 0, 2)
    second = week.rows(1)
    assert set(second) == {"crm:7", "crm:9"}, "the unchanged one is not received again"
    assert second["crm:7"]["record_id"] == first["crm:7"]["record_id"]
    assert second["crm:7"]["content_hash"] != first["crm:7"]["content_hash"]
    assert second["crm:7"]["supersedes"] == first["crm:7"]["record_id"]
    assert second["crm:7"]["case_id"] != first["crm:7"]["case_id"]
    assert week.work(0) == (0, Counted(2, 0, 0, 2)), "yesterday stands as it was"

    week.drop("export-4.csv", table(("7", "Где моя карта? Жду неделю.")), 2)
    assert week.work(2) == (0, Counted(1, 0, 0, 1)), "what it says again was answered before"
    back = week.rows(2)["crm:7"]
    assert back["content_hash"] == first["crm:7"]["content_hash"]
    assert back["supersedes"] == first["crm:7"]["record_id"] != back["case_id"]


@pytest.mark.soak
def test_an_export_that_repeats_everything_costs_nothing(small: SmallDesk) -> None:
    week = Week(small)
    week.declare(RULE)
    records = table(("7", "Где моя карта?"), ("8", "Где мой заказ?"))
    week.drop("export-1.csv", records, 0)
    week.work(0)
    week.drop("export-2.csv", records, 1)
    week.drop("export-1.csv", records, 1, hours=1)
    assert week.work(1) == (0, Counted(0, 0, 0, 0))
    assert week.work(0) == (0, Counted(2, 0, 0, 2)) and week.revision(0) == 1


def test_a_broken_row_costs_only_itself_and_waits_for_a_person(small: SmallDesk) -> None:
    week = Week(small)
    week.declare(RULE)
    broken = table(("7", "Где моя карта?"), ("8", "Где мой\r\nзаказ?"), ("9", "Спасибо!"))
    week.drop("export-1.csv", broken, 0)
    _, counted = week.work(0)
    assert counted.documents == 4
    rows = week.rows(0)
    assert {place for place, row in rows.items() if not row["ok"]} == {"export-1.csv:3", "export-1.csv:4"}
    doubts = {row["record_id"]: row["doubt_reason"] for row in small.rows(CATEGORIES)}
    unread = {place for place, row in rows.items() if doubts[row["record_id"]] == "unreadable"}
    assert unread == {"export-1.csv:3", "export-1.csv:4"}


def test_one_mail_in_two_mailboxes_is_one_case_and_one_bill(small: SmallDesk) -> None:
    week = Week(small)
    both = written("When will my card arrive?", 1, to="support@altyn.example, orders@altyn.example")
    for name, box in (("bank/1.eml", "support"), ("shop/1.eml", "orders")):
        week.drop(name, f"Delivered-To: {box}@altyn.example\r\n".encode() + both, 0)
    week.drop("shop/2.eml", written("Any news?", 2, answers=1, to="orders@altyn.example"), 0, hours=1)
    _, counted = week.work(0)
    assert counted == Counted(3, 1, 1, 1)
    rows = week.rows(0)
    assert rows["shop/1.eml"]["duplicate_of"] == rows["bank/1.eml"]["record_id"]
    assert len({row["case_id"] for row in rows.values()}) == 1
    assert [row["queue"] for row in small.rows(CATEGORIES)] == [rows["bank/1.eml"]["queue"]]


def test_a_message_id_of_another_sender_joins_nothing_today_or_tomorrow(small: SmallDesk) -> None:
    week = Week(small)
    forger = "Anna <anna@posteo.exampie>"
    week.drop("1.eml", written("When will my card arrive?", 1), 0)
    week.drop("forged.eml", written("Send the card to my new address.", 1, sender=forger), 0, hours=1)
    week.drop("answer.eml", written("And the PIN as well.", 9, answers=1, sender=forger), 0, hours=2)
    week.drop("own.eml", written("To the old address, please.", 2, answers=1), 0, hours=3)
    _, counted = week.work(0)
    rows = week.rows(0)
    assert rows["own.eml"]["case_id"] == rows["1.eml"]["case_id"]
    assert rows["forged.eml"]["case_id"] != rows["1.eml"]["case_id"]
    assert rows["forged.eml"]["record_id"] != rows["1.eml"]["record_id"]
    assert rows["answer.eml"]["case_id"] == rows["forged.eml"]["case_id"], "their own thread"
    assert counted == Counted(4, 0, 2, 2)

    week.drop("later.eml", written("Where is it?", 10, answers=2, sender=forger), 1)
    week.drop("copy.eml", written("When will my card arrive?", 1, sender=forger), 1)
    assert week.work(1)[1].documents == 2
    links = {place: row["supersedes"] for place, row in week.rows(1).items()}
    assert links == {"later.eml": None, "copy.eml": rows["forged.eml"]["record_id"]}, "only to their own"


def test_late_mail_makes_its_day_anew_and_costs_only_itself(small: SmallDesk) -> None:
    week = Week(small)
    week.drop("1.eml", written("When will my card arrive?", 1), 0)
    week.drop("2.eml", mail("boris", "Refund", "The refund of 45 000 KZT has not come."), 0)
    week.drop("3.eml", written("And by which courier?", 3, answers=2), 1)
    first, _ = week.work(0)
    week.work(1)
    assert week.rows(1)["3.eml"]["supersedes"] is None

    week.drop("late.eml", written("I need it by Friday.", 2, answers=1), 0, hours=2)
    asked, counted = week.work(0)
    assert counted == Counted(3, 0, 1, 2) and week.revision(0) == 2
    assert 0 < asked < first, "the case it belongs to, and not the other one"
    assert week.work(0) == (0, counted) and week.revision(0) == 2
    _, tomorrow = week.work(1)
    assert tomorrow == Counted(1, 0, 0, 1)
    assert week.rows(1)["3.eml"]["supersedes"] == week.rows(0)["late.eml"]["record_id"]
