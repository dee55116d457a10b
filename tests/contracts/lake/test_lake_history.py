"""Earlier nights, with which the report compares a night."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from llm_assets.domain.desk.tables import DOCUMENTS, Column, step_table
from resources.lake.history import past_nights
from resources.lake.lake import CORE_TABLES, Lake

DAY = date(2026, 11, 20)
CATEGORIES = step_table("categories", (Column("category", "VARCHAR", "Category"),))


def document(day: date, case: str, role: str = "first", queue: str = "bank") -> dict[str, object]:
    text = ("message_id", "sender", "subject", "new_text", "content_hash", "raw_sha256", "reader_version")
    return {
        **dict.fromkeys(text, "x"),
        "day": day,
        "record_id": case,
        "case_id": case,
        "queue": queue,
        "priority": "normal",
        "received_at": datetime(2026, 11, 1, tzinfo=UTC),
        "language": "en",
        "flags": [],
        "role": role,
        "kind": "mail",
        "source": "inbox",
        "place": f"{case}-{role}",
        "message": {},
    }


def category(day: date, case: str, name: str | None) -> dict[str, object]:
    return {"day": day, "case_id": case, "record_id": case, "queue": "bank", "category": name, "status": "ok"}


def test_cases_are_counted_by_queue_and_category_for_the_last_nights_with_mail(tmp_path: Path) -> None:
    lake = Lake(tmp_path, (*CORE_TABLES, CATEGORIES))
    assert past_nights(lake, DAY) == []
    for back in range(0, 30, 2):
        day = DAY - timedelta(days=back)
        documents = [document(day, "a"), document(day, "a", "update"), document(day, "b"), document(day, "c")]
        documents += [document(day, "b", "duplicate"), document(day, "d", queue="shop")]
        lake.write(DOCUMENTS, day, documents)
        rows = [category(day, "a", "loan"), category(day, "b", "loan"), category(day, "c", None)]
        lake.write(CATEGORIES, day, rows)
    nights = past_nights(lake, DAY, nights=13)
    assert [n.day for n in nights] == [DAY - timedelta(days=back) for back in range(26, 0, -2)]
    assert nights[0].by_category == {"bank": {"loan": 2, "none": 1}, "shop": {"none": 1}}
    assert nights[0].documents == 4
    assert [n.day for n in past_nights(lake, DAY, nights=1)] == [DAY - timedelta(days=2)]
