"""What is news and when: of which nights, and what makes the same news the same."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from llm_assets.domain.desk.night import Calendar
from llm_assets.domain.notice import (
    Notice,
    NoticeKind,
    has_stopped,
    is_late,
    is_news,
    is_ready,
    nights_in_question,
    pause_before,
)
from llm_assets.domain.refusals import Refused
from llm_assets.domain.traffic.block import Block, Proof

ALMATY = Calendar(ZoneInfo("Asia/Almaty"))
EVENING = Calendar(ZoneInfo("Asia/Almaty"), day_closes=time(18, 0), night_starts=time(20, 0))
DAY = date(2026, 11, 20)
DEADLINE = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
CLOSED = datetime(2026, 11, 20, 19, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("calendar", "now", "nights"),
    [
        (ALMATY, DEADLINE, [DAY]),
        (ALMATY, DEADLINE - HOUR, [date(2026, 11, 19), DAY]),
        (ALMATY, DEADLINE + 23 * HOUR, [DAY, date(2026, 11, 21)]),
        (ALMATY, CLOSED - HOUR, [date(2026, 11, 19)]),
        (EVENING, CLOSED, [date(2026, 11, 19), DAY]),
    ],
)
def test_only_closed_nights_of_the_last_day_are_in_question(
    calendar: Calendar, now: datetime, nights: list[date]
) -> None:
    assert nights_in_question(calendar, date(2026, 1, 1), now) == nights
    assert nights_in_question(calendar, date(2027, 1, 1), now) == []


def test_a_report_of_the_open_day_is_not_the_night_s_until_the_deadline() -> None:
    noon, night = CLOSED - 12 * HOUR, CLOSED + 3 * HOUR
    assert not is_ready([], ALMATY, DAY, DEADLINE)
    assert not is_ready([noon], ALMATY, DAY, night)
    assert is_ready([noon, night], ALMATY, DAY, night)
    assert is_ready([noon], ALMATY, DAY, DEADLINE)


def test_a_night_is_late_from_its_deadline_on_also_when_its_report_came_after_it() -> None:
    assert not is_late([], ALMATY, DAY, DEADLINE)
    assert is_late([], ALMATY, DAY, DEADLINE + timedelta(seconds=1))
    assert is_late([DEADLINE + HOUR, DEADLINE + 2 * HOUR], ALMATY, DAY, DEADLINE + 3 * HOUR)
    assert not is_late([DEADLINE - HOUR, DEADLINE + HOUR], ALMATY, DAY, DEADLINE + 3 * HOUR)


def test_money_that_may_come_back_is_no_stop_while_there_is_time() -> None:
    none, some = Decimal(0), Decimal("0.5")
    assert not has_stopped(0, none, DEADLINE, CLOSED)
    assert has_stopped(3, none, DEADLINE, CLOSED)
    assert not has_stopped(3, some, DEADLINE, CLOSED)
    assert has_stopped(3, some, DEADLINE, DEADLINE - 2 * HOUR)


def test_a_block_that_the_first_try_lifts_is_no_news() -> None:
    block = Block(Refused.KEY, Proof.CREATED, CLOSED, "renew the key", 0, CLOSED)
    assert not is_news(block, CLOSED + timedelta(seconds=20))
    assert is_news(block, CLOSED + timedelta(seconds=60))


def test_the_same_news_has_the_same_key_whatever_its_figures() -> None:
    first = Notice(NoticeKind.NIGHT_LATE, "2026-11-20", {"open_batches": 2})
    assert first.key == Notice(NoticeKind.NIGHT_LATE, "2026-11-20", {"open_batches": 1}).key
    others = (Notice(NoticeKind.NIGHT_LATE, "2026-11-21"), Notice(NoticeKind.REPORT_READY, "2026-11-20"))
    assert len({first.key, *(other.key for other in others)}) == 3


def test_pauses_double_up_to_an_hour() -> None:
    minutes = [pause_before(tries) / timedelta(minutes=1) for tries in (1, 2, 3, 7, 50)]
    assert minutes == [1, 2, 4, 60, 60]
