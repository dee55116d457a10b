"""Which days a deadline can mean, for a message of Friday 20 November 2026; and which dates are no deadlines."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from llm_assets.domain.desk.step import Doubt, StepInput
from llm_assets.steps.extracted_fields.deadline import possible
from llm_assets.steps.extracted_fields.number_words import folded, with_digits
from llm_assets.steps.extracted_fields.step import EXTRACTED_FIELDS
from tests.steps.field_answers.marks import answer
from tests.support.nights.step_cases import given

FRIDAY = date(2026, 11, 20)


def meant(text: str, written: date = FRIDAY) -> set[str]:
    return {day.isoformat() for day in possible(with_digits(folded(text)), [written])}


MEANT = [
    ("by 4 December", "2026-12-04"),
    ("до 5 января", "2027-01-05"),
    ("до 25.11", "2026-11-25"),
    ("не позднее 1-го декабря 2026 года", "2026-12-01"),
    ("2026 жылғы 30 қарашаға дейін", "2026-11-30"),
    ("до двадцать пятого ноября", "2026-11-25"),
    ("to the 25th of November", "2026-11-25"),
    ("by the 25th", "2026-11-25"),
    ("к 5 числу", "2026-12-05"),
    ("today, please", "2026-11-20"),
    ("сегодня до 18:00", "2026-11-20"),
    ("бүгін", "2026-11-20"),
    ("by end of business day", "2026-11-20"),
    ("tomorrow", "2026-11-21"),
    ("завтра", "2026-11-21"),
    ("ертең", "2026-11-21"),
    ("ертен", "2026-11-21"),
    ("the day after tomorrow", "2026-11-22"),
    ("послезавтра", "2026-11-22"),
    ("бүрсігүні", "2026-11-22"),
    ("by Monday", "2026-11-23"),
    ("до вторника", "2026-11-24"),
    ("сәрсенбіге дейін", "2026-11-25"),
    ("next Thursday", "2026-11-26"),
    ("жұмаға дейін", "2026-11-27"),
    ("within 30 days", "2026-12-20"),
    ("within thirty calendar days", "2026-12-20"),
    ("в течение 10 дней", "2026-11-30"),
    ("в 3-дневный срок", "2026-11-23"),
    ("үш күн ішінде", "2026-11-23"),
    ("он күн ішінде", "2026-11-30"),
    ("в течение 5 рабочих дней", "2026-11-27"),
    ("within two business days", "2026-11-24"),
    ("3 жұмыс күні ішінде", "2026-11-25"),
    ("within 24 hours", "2026-11-21"),
    ("в течение 48 часов", "2026-11-22"),
    ("in a week", "2026-11-27"),
    ("в недельный срок", "2026-11-27"),
    ("бір апта ішінде", "2026-11-27"),
    ("в течение месяца", "2026-12-20"),
    ("екі ай ішінде", "2027-01-20"),
    ("до конца следующей недели", "2026-11-27"),
    ("by the end of the month", "2026-11-30"),
    ("айдың соңына дейін", "2026-11-30"),
    ("до конца декабря", "2026-12-31"),
    ("by the end of the year", "2026-12-31"),
    ("в течение 5 дней с 1 декабря", "2026-12-06"),
    ("within 5 days", "2026-11-25"),
]


@pytest.mark.parametrize(
    ("text", "day"),
    MEANT,
)
def test_a_deadline_counts_from_the_day_of_its_message(text: str, day: str) -> None:
    assert day in meant(text)
    assert len(meant(text)) <= 5, "a check that every day passes notices nothing"


def test_the_end_of_a_week_is_its_friday_or_its_weekend() -> None:
    assert meant("до конца недели", date(2026, 11, 17)) == {"2026-11-20", "2026-11-21", "2026-11-22"}
    assert "2026-11-27" in meant("до конца недели")


@pytest.mark.parametrize(
    ("text", "written", "day"),
    [
        ("3 working days", date(2026, 12, 14), "2026-12-17"),
        ("3 working days", date(2026, 12, 14), "2026-12-18"),
        ("within 15 days", FRIDAY + timedelta(days=1), "2026-12-07"),
    ],
    ids=["with the holiday", "without it", "a term that ends on a Sunday ends on Monday"],
)
def test_what_a_law_or_a_calendar_may_shift_is_accepted_both_ways(text: str, written: date, day: str) -> None:
    assert day in meant(text, written)


@pytest.mark.parametrize(
    "text",
    ["as soon as possible", "срочно", "он сказал", "в среднем", "12 500 тенге", "case 4471", "a may be"],
)
def test_words_that_name_no_day_mean_none(text: str) -> None:
    assert meant(text) == set()


def doubt(text: str, value: str, quote: str, **changes: object) -> Doubt | None:
    about: StepInput = given(text, **changes)  # type: ignore[arg-type]  # fields of a message by name
    return EXTRACTED_FIELDS.doubt(about, answer({"deadline": (value, quote)}))


@pytest.mark.parametrize(
    ("text", "value", "quote"),
    [
        ("I will be back on 1 December 2026.", "2026-12-01", "1 December 2026"),
        ("Меня не будет, вернусь 1 декабря.", "2026-12-01", "1 декабря"),
        ("Демалыстамын, 27 қарашада ораламын.", "2026-11-27", "27 қарашада"),
        ("The invoice due 25 November was paid.", "2026-11-25", "25 November"),
        ("Счёт со сроком оплаты 25.11.2026 мы оплатили вчера.", "2026-11-25", "25.11.2026"),
        ("Төлем мерзімі 25.11.2026 еді. Төледік.", "2026-11-25", "25.11.2026"),
        ("Our letter dated 20 November 2026 is open.", "2026-11-20", "dated 20 November 2026"),
        ("Ответьте на письмо от 20.11.2026.", "2026-11-20", "от 20.11.2026"),
        ("Ответьте на письмо от «20» ноября 2026 г.", "2026-11-20", "«20» ноября 2026"),
    ],
)
def test_a_date_of_return_or_of_a_paid_document_is_no_deadline(text: str, value: str, quote: str) -> None:
    assert doubt(text, value, quote) == Doubt("not_a_deadline", "deadline")


@pytest.mark.parametrize(
    ("text", "value", "quote"),
    [
        ("Верните деньги до 1 декабря.", "2026-12-01", "до 1 декабря"),
        ("Приказ от 02.11.2026. Нужно до 1 декабря.", "2026-12-01", "1 декабря"),
        ("The invoice due 25 November is not paid.", "2026-11-25", "due 25 November"),
        ("Оплатили 12.11, пришлите акт до 25.11.", "2026-11-25", "до 25.11"),
        ("We paid on 2 November. Please ship by 25 November.", "2026-11-25", "by 25 November"),
        ("Ответьте за 10 дней от 20.11.2026.", "2026-11-30", "за 10 дней от 20.11.2026"),
        ("Date: 1 December 2026 at the latest", "2026-12-01", "1 December 2026 at the latest"),
    ],
)
def test_a_date_by_which_something_is_wanted_is_one(text: str, value: str, quote: str) -> None:
    assert doubt(text, value, quote) is None


def test_a_past_day_is_impossible() -> None:
    assert doubt("до 15.10.2026", "2026-10-15", "15.10.2026") == Doubt("impossible_date", "deadline")


def test_a_message_is_dated_in_its_own_zone_or_in_ours() -> None:
    late = datetime(2026, 11, 19, 22, 30, tzinfo=timezone(timedelta(hours=-5)))
    for value in ("2026-11-20", "2026-11-21"):
        assert doubt("tomorrow", value, "tomorrow", date=late) is None
    long_ago = datetime(2026, 11, 2, 12, tzinfo=UTC)
    assert doubt("tomorrow", "2026-11-03", "tomorrow", date=long_ago) is None
    assert doubt("tomorrow", "2026-11-21", "tomorrow", date=long_ago) == Doubt(
        "value_not_in_quote", "deadline"
    )
