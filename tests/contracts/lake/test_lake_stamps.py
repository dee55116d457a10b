"""The digest that shows a case is unchanged: the same before its documents are written to the lake and after."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

from llm_assets.domain.desk.tables import DOCUMENTS
from llm_assets.domain.mail.document import Address, Document, Message, Priority, Received, Role
from llm_assets.domain.mail.document_rows import DOCUMENT_COLUMNS, STAMP_COLUMNS, document_row, stamp_of
from resources.lake.lake import Lake

DAY = date(2026, 11, 20)
ALMATY = timezone(timedelta(hours=5))


def document(text: str = "A lone half of a pair: \ud83d", number: int = 1) -> Document:
    message = Message(
        path="a.eml", index=0, kind="mail", ok=True, error=None, record_id=f"r{number}", content_hash="c",
        message_id=None, in_reply_to=None, references=(), subject="Өтінім", sender=Address("Ann", "ann@mail.example"),
        to=(), cc=(), delivered_to=(), date=datetime(2026, 11, 20, 9, 30, tzinfo=ALMATY), text=text,
        new_text=text, language="kk",
    )  # fmt: skip
    arrived = datetime(2026, 11, 20, 10, 0, 0, 123456, tzinfo=ALMATY)
    received = Received("inbox", f"{number}.eml", DAY, "0" * 64, "mail", arrived)
    return Document(received, message, "bank", Priority.NORMAL, f"case-{number}", Role.FIRST)


def test_a_document_has_the_same_stamp_before_it_is_written_and_after_it_is_read(tmp_path: Path) -> None:
    row = document_row(document(), "1")
    lake = Lake(tmp_path)
    lake.write(DOCUMENTS, DAY, [row])
    (light,) = lake.read(DOCUMENTS, DAY, STAMP_COLUMNS)
    (whole,) = lake.read(DOCUMENTS, DAY, DOCUMENT_COLUMNS)
    assert stamp_of([light]) == stamp_of([whole]) == stamp_of([row]) is not None


def test_a_changed_text_or_a_later_arrival_is_another_stamp() -> None:
    known = document()
    later = replace(known.received, arrived_at=datetime(2026, 11, 20, 11, tzinfo=UTC))
    others = [document("Another text"), replace(known, received=later), replace(known, role=Role.UPDATE)]
    stamps = {stamp_of([document_row(d, "1")]) for d in (known, *others)}
    assert len(stamps) == 4


def test_rows_of_some_cases_alone_are_read_in_the_order_of_writing(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    lake.write(DOCUMENTS, DAY, [document_row(document(number=n), "1") for n in range(5000)])
    wanted = {f"case-{n}" for n in range(1, 5000, 3)}
    found = [row["case_id"] for row in lake.read(DOCUMENTS, DAY, ("case_id",), wanted)]
    assert found == [f"case-{n}" for n in range(1, 5000, 3)]
    assert list(lake.read(DOCUMENTS, DAY, ("case_id",), set())) == []
