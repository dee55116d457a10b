"""The business day: which instants belong to it, when it closes, and when its report is due."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from llm_assets.domain.desk.night import Calendar, Rework

ALMATY, BERLIN = ZoneInfo("Asia/Almaty"), ZoneInfo("Europe/Berlin")
MIDNIGHT = Calendar(ALMATY)
LATE = Calendar(ALMATY, day_closes=time(2, 0))
EVENING = Calendar(ALMATY, day_closes=time(18, 0))
FRIDAY, SATURDAY = date(2026, 11, 20), date(2026, 11, 21)


def local(day: date, hour: int, minute: int = 0, zone: ZoneInfo = ALMATY) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone)


@pytest.mark.parametrize(
    ("calendar", "instant", "day"),
    [
        pytest.param(MIDNIGHT, local(FRIDAY, 0), FRIDAY, id="midnight opens the new day"),
        pytest.param(MIDNIGHT, local(FRIDAY, 23, 59), FRIDAY, id="the last minute is the day's own"),
        pytest.param(
            LATE, local(SATURDAY, 1, 59), FRIDAY, id="before a closing at two it is still yesterday"
        ),
        pytest.param(LATE, local(SATURDAY, 2), SATURDAY, id="the closing minute is the next day's"),
        pytest.param(EVENING, local(FRIDAY, 17, 59), FRIDAY, id="before an evening closing it is today"),
        pytest.param(EVENING, local(FRIDAY, 18), SATURDAY, id="the evening belongs to tomorrow"),
    ],
)
def test_an_instant_belongs_to_one_day(calendar: Calendar, instant: datetime, day: date) -> None:
    assert calendar.day_of(instant) == day
    assert calendar.day_of(instant.astimezone(UTC)) == day


@pytest.mark.parametrize(
    "calendar", [MIDNIGHT, LATE, EVENING, Calendar(BERLIN), Calendar(BERLIN, time(18, 0))]
)
@pytest.mark.parametrize(
    "day", [FRIDAY, date(2026, 3, 28), date(2026, 3, 29), date(2026, 10, 24), date(2026, 10, 25)]
)
def test_a_day_ends_where_the_next_begins(calendar: Calendar, day: date) -> None:
    closing = calendar.closes_at(day)
    assert calendar.day_of(closing) == day + timedelta(days=1)
    assert calendar.day_of(closing.astimezone(UTC) - timedelta(seconds=1)) == day


@pytest.mark.parametrize(
    ("calendar", "deadline"),
    [
        pytest.param(MIDNIGHT, local(SATURDAY, 8), id="closing at midnight: that morning"),
        pytest.param(LATE, local(SATURDAY, 8), id="closing at two: the same morning"),
        pytest.param(EVENING, local(SATURDAY, 8), id="closing in the evening: the next morning"),
        pytest.param(
            Calendar(ALMATY, time(9, 0)), local(date(2026, 11, 22), 8), id="closing after it: a day on"
        ),
    ],
)
def test_the_deadline_is_the_first_one_after_the_day_has_closed(
    calendar: Calendar, deadline: datetime
) -> None:
    assert calendar.deadline_of(FRIDAY) == deadline
    assert calendar.deadline_of(FRIDAY) > calendar.closes_at(FRIDAY)


def test_the_deadline_keeps_its_local_hour_when_clocks_change() -> None:
    berlin = Calendar(BERLIN)
    before, after = berlin.deadline_of(date(2026, 3, 27)), berlin.deadline_of(date(2026, 3, 28))
    assert (before.hour, after.hour) == (8, 8)
    assert after.astimezone(UTC) - before.astimezone(UTC) == timedelta(hours=23)


def test_both_readings_of_a_repeated_hour_are_of_the_same_day() -> None:
    twice = [datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN, fold=fold) for fold in (0, 1)]
    assert {Calendar(BERLIN).day_of(i) for i in twice} == {date(2026, 10, 25)}


def test_a_night_is_redone_until_its_deadline_and_only_completed_after_it() -> None:
    deadline = MIDNIGHT.deadline_of(FRIDAY)
    assert MIDNIGHT.default_rework(FRIDAY, deadline - timedelta(seconds=1)) is Rework.STALE
    assert MIDNIGHT.default_rework(FRIDAY, deadline) is Rework.MISSING
