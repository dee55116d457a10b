"""Documents, the cases they form, and their rows in the lake."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from llm_assets.domain.desk.tables import DOCUMENTS
from llm_assets.domain.errors import ReadError
from llm_assets.domain.mail.document import Address, Document, Message, Priority, Role, cases_of
from llm_assets.domain.mail.document_rows import document_of, document_row, message_from_json, message_to_json
from tests.support.mail.invented_documents import DAY, attachment, case, document, message


def test_messages_of_a_case_are_joined_oldest_first_and_duplicates_left_out() -> None:
    first, update = document(1), document(3, "Any news?")
    copy = document(2, role=Role.DUPLICATE, duplicate_of="record-1")
    [found] = cases_of([update, copy, first])
    assert found.documents == (first, update)
    assert (found.case_id, found.record_id, found.day) == ("case-1", "record-1", DAY)


def test_cases_come_in_order_of_arrival() -> None:
    late, early = document(9, case_id="late", role=Role.FIRST), document(1, case_id="early")
    assert [c.case_id for c in cases_of([late, early])] == ["early", "late"]


def test_the_first_message_leads_its_case_even_when_its_reply_arrived_earlier() -> None:
    overtaken = document(1, role=Role.UPDATE), document(2, "The request", role=Role.FIRST)
    [found] = cases_of(overtaken)
    assert found.record_id == "record-2"
    assert found.documents[0] is overtaken[1]


def test_a_day_of_duplicates_alone_has_no_case() -> None:
    assert cases_of([document(1, role=Role.DUPLICATE, duplicate_of="record-0")]) == []


@pytest.mark.parametrize(
    ("priorities", "expected"),
    [
        ((Priority.NORMAL, Priority.URGENT), Priority.URGENT),
        ((Priority.LOW, Priority.NORMAL), Priority.NORMAL),
        ((Priority.LOW, Priority.LOW), Priority.LOW),
    ],
)
def test_a_case_is_as_urgent_as_its_most_urgent_message(
    priorities: tuple[Priority, ...], expected: Priority
) -> None:
    assert case(*(document(n, priority=p) for n, p in enumerate(priorities, 1))).priority is expected


@pytest.mark.parametrize(
    ("languages", "expected"),
    [(("ru", "kk"), "kk"), (("ru", "und"), "ru"), (("und", "und"), "und"), (("kk", "mul"), "mul")],
)
def test_a_customer_is_answered_as_they_last_wrote(languages: tuple[str, ...], expected: str) -> None:
    assert case(*(document(n, language=lang) for n, lang in enumerate(languages, 1))).language == expected


def test_flags_of_messages_and_attachments_are_named_once() -> None:
    scan = attachment("", flags=("poor_scan", "truncated"))
    flagged = case(
        document(1, flags=("html_only",), attachments=(scan,)), document(2, flags=("html_only", "truncated"))
    )
    assert flagged.flags == ("html_only", "poor_scan", "truncated")


def test_the_hash_of_a_case_changes_with_its_messages_and_nothing_else() -> None:
    one, two = document(1), document(2, "Any news?")
    assert case(one).content_hash == case(replace(one, priority=Priority.URGENT, queue="office")).content_hash
    assert case(one, two).content_hash != case(one).content_hash
    assert case(document(1, "Other")).content_hash != case(one).content_hash


EVERYTHING = document(
    2,
    "Қайырлы күн!\nКарта?",
    date=datetime(2026, 11, 20, 9, 30, 1, tzinfo=timezone(timedelta(hours=5))),
    references=("a@b", "c@d"),
    cc=(Address("", "boss@example.com"),),
    delivered_to=("support@bank.example",),
    attachments=(attachment("text", pages=2, ocr_confidence=71.5, text_source="ocr", flags=("poor_scan",)),),
    flags=("html_only",),
    role=Role.UPDATE,
    priority=Priority.URGENT,
    supersedes="record-1",
)
UNREADABLE = document(
    3, "", ok=False, error=ReadError("encrypted", "It is encrypted."), sender=None, date=None, message_id=None
)


@pytest.mark.parametrize(
    "whole", [document(1), EVERYTHING, UNREADABLE], ids=["plain", "everything", "unreadable"]
)
def test_a_document_is_read_back_as_it_was_written(whole: Document) -> None:
    row = document_row(whole, "reader-1")
    assert list(row) == [c.name for c in DOCUMENTS.columns] or set(row) == set(DOCUMENTS.column_types)
    through_json = {**row, "message": json.loads(json.dumps(row["message"]))}
    assert document_of(through_json) == whole


def test_a_row_may_hold_real_dates_as_the_lake_gives_them_back() -> None:
    row = document_row(EVERYTHING, "reader-1")
    row |= {"day": DAY, "received_at": datetime.fromisoformat(row["received_at"]).astimezone(UTC)}
    assert document_of(row) == EVERYTHING


@pytest.mark.parametrize("whole", [message(), EVERYTHING.message, UNREADABLE.message])
def test_a_message_survives_json(whole: Message) -> None:
    assert message_from_json(json.loads(json.dumps(message_to_json(whole)))) == whole


def test_a_message_of_another_shape_is_an_error_and_not_a_half_read_one() -> None:
    fields = message_to_json(message())
    with pytest.raises(KeyError):
        message_from_json({k: v for k, v in fields.items() if k != "sender"})
    with pytest.raises(TypeError):
        message_from_json(fields | {"mood": "good"})
