"""Dates in the spellings of offices, CRMs and web forms; one that may be read in two ways is kept as it is written."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from llm_assets.intake.records.drops import read_drop
from llm_assets.intake.records.entry import Entry
from llm_assets.intake.records.moments import moment

HERE = timezone(timedelta(hours=5))
ZONE = ZoneInfo("Asia/Almaty")


@pytest.mark.parametrize(
    "written",
    [
        "03.09.2026 16:07",
        "3.9.2026, 16:07",
        "03.09.2026, 16:07:00",
        "03.09.2026 г. 16:07",
        "03.09.26 16:07",
        "03.09.2026 16.07",
        "03.09.2026 4:07 PM",
        "03.09.2026 04:07\u202fp.m.",
        "03-09-2026 16:07:00",
        "2026-09-03 16:07:00.000",
        "2026-09-03T16:07:00+05:00",
        "2026-09-03T11:07:00Z",
        "2026-09-03 11:07:00 UTC",
        "2026/09/03 4:07:00 PM GMT+5",
        "20260903160700",
        "46268.6715277778",
        "46268,6715277778",
        "1788433620",
        "1788433620000",
        "3 сентября 2026 г. 16:07",
        "3 сентября 2026 г., 16:07:00",
        "2026 ж. 3 қыркүйек, 16:07",
        "Sep 3, 2026 4:07 PM",
        "September 3, 2026 at 4:07 PM",
        "3-Sep-2026 16:07",
        "Thu, 3 Sep 2026 16:07:00 +0500",
        "Thu Sep 03 2026 16:07:00 GMT+0500 (Qyzylorda Standard Time)",
        "чт, 03.09.2026 16:07",
        "Четверг, 3 сентября 2026 г. 16:07",
        "03.09.2026 в 16:07",
        "03.09.2026 сағат 16:07",
        "2026.09.03. 16:07",
        "03.09.2026 16:07:00 (UTC+5)",
        "03.09.2026 14:07 (МСК)",
    ],
)
def test_a_moment_is_understood_in_this_spelling(written: str) -> None:
    assert moment(written, (), ZONE).when == datetime(2026, 9, 3, 16, 7, tzinfo=HERE)


@pytest.mark.parametrize(
    "written",
    [
        *(
            "tomorrow",
            "31.02.2026",
            "01.09.2026 - 03.09.2026",
            "12345",
            "4711",
            "100.500",
            "8 800 555 35 35",
            "25:61",
        ),
        *(
            "03.09.2026 16:07 CST",
            "3.9 of the year",
            "3 сентября 2026 перезвонить",
            "31.12.9999 23:59",
            "9" * 500,
        ),
    ],
)
def test_what_is_no_moment_stays_as_it_is_written(written: str) -> None:
    found = moment(written, (), ZONE)
    assert found.when is None and found.unsure


def test_half_days_begin_at_twelve() -> None:
    assert moment("03.09.2026 12:05 AM", (), ZONE).when == datetime(2026, 9, 3, 0, 5, tzinfo=HERE)
    assert moment("03.09.2026 12:05 PM", (), ZONE).when == datetime(2026, 9, 3, 12, 5, tzinfo=HERE)


def test_a_date_of_which_month_and_day_may_change_places_is_kept_beside() -> None:
    assert moment("3/9/2026 16:07", (), ZONE) == (datetime(2026, 9, 3, 16, 7, tzinfo=ZONE), True)
    assert moment("3/9/2026 4:07 PM", (), ZONE) == (None, True)
    assert moment("9/30/2026 4:07 PM", (), ZONE).when == datetime(2026, 9, 30, 16, 7, tzinfo=HERE)


def entries(rows: str) -> list[Entry]:
    return [Entry.model_validate_json(d.data) for d in read_drop(rows.encode(), name="crm.csv")]


def test_the_other_dates_of_a_column_say_which_number_is_the_month() -> None:
    first, second = entries("id,text,created\n1,Hi,9/3/2026 4:07 PM\n2,Ho,9/30/2026 4:07 PM\n")
    assert first.created_at == datetime(2026, 9, 3, 16, 7, tzinfo=HERE)
    assert second.created_at == datetime(2026, 9, 30, 16, 7, tzinfo=HERE)
    (alone,) = entries("id,text,created\n1,Hi,9/3/2026 4:07 PM\n")
    assert alone.created_at is None and alone.extra == {"created": "9/3/2026 4:07 PM"}


def test_a_declared_form_comes_first() -> None:
    assert moment("03.09.2026", ("%m.%d.%Y",), ZONE).when == datetime(2026, 3, 9, tzinfo=HERE)
    assert moment("2026-09-03T11:07:00Z", (), ZONE).when == datetime(2026, 9, 3, 11, 7, tzinfo=UTC)
