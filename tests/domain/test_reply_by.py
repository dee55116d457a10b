"""Until when a case should be answered: the nearest of the date in its mail and the rule of its queue."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from pydantic import TypeAdapter, ValidationError

from llm_assets.domain.desk.reply_by import QueueDeadline, Source, is_near, reply_by

ZONE = ZoneInfo("Asia/Almaty")
FRIDAY = datetime(2026, 11, 20, 14, 30, tzinfo=UTC)  # 19:30 in Almaty


@pytest.mark.parametrize(
    ("within", "due"),
    [
        ("1 hour", "2026-11-20 20:30"),
        ("5 hours", "2026-11-21 00:30"),
        ("1 day", "2026-11-21 23:59"),
        ("1 working day", "2026-11-23 23:59"),
        ("3 working days", "2026-11-25 23:59"),
    ],
)
def test_a_queue_counts_from_the_arrival_in_the_business_time_zone(within: str, due: str) -> None:
    found = reply_by(QueueDeadline(within=within), FRIDAY, [], ZONE)
    assert found is not None
    assert f"{found.at:%Y-%m-%d %H:%M}" == due


def test_the_nearest_of_mail_and_queue_counts() -> None:
    rule = QueueDeadline(within="1 working day")
    sooner = reply_by(rule, FRIDAY, [date(2026, 11, 22), date(2026, 12, 9)], ZONE)
    assert sooner is not None
    assert (sooner.day, sooner.source) == (date(2026, 11, 22), Source.MAIL)
    later = reply_by(rule, FRIDAY, [date(2026, 12, 9)], ZONE)
    assert later is not None
    assert (later.day, later.source) == (date(2026, 11, 23), Source.QUEUE)
    assert reply_by(None, FRIDAY, [], ZONE) is None


@pytest.mark.parametrize("within", ["", "soon", "0 days", "1 week", "-1 hours", "1 working hour", "1h"])
def test_what_is_no_time_to_answer_in_is_refused(within: str) -> None:
    with pytest.raises(ValidationError, match="is no time to answer in"):
        QueueDeadline(within=within)


def test_a_time_without_within_is_refused_with_the_form_to_write() -> None:
    with pytest.raises(ValidationError, match=r"write \{within: 2 days\}"):
        TypeAdapter(QueueDeadline).validate_python("2 days")


def test_a_deadline_is_near_from_three_working_days_before() -> None:
    friday = date(2026, 11, 20)
    assert [is_near(date(2026, 11, day), friday) for day in (1, 25, 26)] == [True, True, False]
