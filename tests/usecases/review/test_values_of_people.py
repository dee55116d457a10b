"""Values as people write them, passages that quotes mark, and when decisions are taken up."""

from datetime import UTC, date, datetime, timedelta

import pytest

from llm_assets.domain.desk.queue import Category, Queue
from llm_assets.domain.errors import ConfigurationError
from llm_assets.engine.ports.review import DecidedDay
from llm_assets.steps.categories.step import CATEGORIES
from llm_assets.steps.extracted_fields.step import EXTRACTED_FIELDS
from llm_assets.usecases.desk.changed_nights import cursor_of, handled_of
from llm_assets.usecases.review.case_page import marked
from llm_assets.usecases.review.rework import LONGEST, QUIET, due_days
from llm_assets.usecases.review.typed import typed
from llm_assets.words.sentence import sentence_of
from llm_assets.words.words import words_in

QUEUE = Queue(name="bank", categories=(Category(name="card_arrival"), Category(name="fee")))
DAY = date(2026, 11, 20)
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("column", "text", "value"),
    [
        ("deadline", "2026-12-01", "2026-12-01"),
        ("amount", "7340.50", "7340.50"),
        ("amount", "7340.5049", "7340.50"),
        ("customer_name", "Айгерім", "Айгерім"),
        ("document_number", "null", None),
        ("deadline", "", None),
    ],
)
def test_a_field_is_stored_as_its_column_holds_it(column: str, text: str, value: str | None) -> None:
    assert typed(EXTRACTED_FIELDS, QUEUE, column, text) == value


@pytest.mark.parametrize(
    ("column", "text", "said"),
    [
        ("deadline", "tomorrow", "date like"),
        ("amount", "a lot", "number with a decimal point"),
        ("colour", "red", "no column colour"),
        ("evidence_of", "x", "use one of"),
        ("evidence", "x", "has no column evidence"),
        *(
            ("amount", n, "number with a decimal point")
            for n in ("inf", "nan", "1e400", "9" * 17, "9" * 16 + ".999")
        ),
    ],
)
def test_what_does_not_fit_is_refused_with_what_would(column: str, text: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        typed(EXTRACTED_FIELDS, QUEUE, column, text)


def test_a_refusal_of_a_value_is_said_in_the_readers_language() -> None:
    with pytest.raises(ConfigurationError) as refused:
        typed(EXTRACTED_FIELDS, QUEUE, "deadline", "tomorrow")
    said = words_in("ru").sentence(sentence_of(refused.value))
    assert said == "срок: здесь нужно другое значение: дата вида 2026-11-20"


def test_a_category_is_one_of_the_queue() -> None:
    assert typed(CATEGORIES, QUEUE, "category", "fee") == "fee"
    assert typed(CATEGORIES, QUEUE, "needs_reply", "no") is False
    with pytest.raises(ConfigurationError, match="card_arrival, fee"):
        typed(CATEGORIES, QUEUE, "category", "refund")
    for nothing in ("", "-"):
        with pytest.raises(ConfigurationError, match="must have a value"):
            typed(CATEGORIES, QUEUE, "category", nothing)
    with pytest.raises(ConfigurationError, match="no column confidence"):
        typed(CATEGORIES, QUEUE, "confidence", "nan")


def test_overlapping_quotes_are_marked_where_they_are_and_no_letter_is_lost() -> None:
    text = "Счёт № 1187 от 19.11.2026"
    runs = list(marked(text, {"document_number": (5, 11), "document_date": (5, 25)}))
    assert "".join(r.text for r in runs) == text
    assert [(r.text, sorted(r.fields)) for r in runs] == [
        ("Счёт ", []),
        ("№ 1187", ["document_date", "document_number"]),
        (" от 19.11.2026", ["document_date"]),
    ]
    assert "".join(r.text for r in marked("short", {"amount": (3, 99)})) == "short"
    assert list(marked("", {})) == []


def test_a_night_is_made_anew_once_people_pause_or_after_a_while() -> None:
    def due(first: timedelta, last: timedelta) -> bool:
        return bool(due_days([DecidedDay(DAY, 7, NOON - first, NOON - last)], NOON))

    assert not due(timedelta(seconds=90), timedelta(seconds=5))
    assert due(timedelta(seconds=90), QUIET)
    assert due(LONGEST, timedelta(seconds=1)), "somebody decides without a pause"


def test_what_was_handled_is_remembered_and_old_days_are_forgotten() -> None:
    old = DAY - timedelta(days=90)
    assert handled_of(cursor_of({DAY: 7, old: 3}, DAY)) == {DAY: 7}
    assert handled_of(None) == handled_of("[1") == handled_of("[]") == {}
