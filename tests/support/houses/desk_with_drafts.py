"""A desk whose night is over: cases of an invented day with their messages and drafts in the lake, and nothing asked for them."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from llm_assets.domain.desk.tables import DOCUMENTS, Row
from llm_assets.domain.mail.document import Document
from llm_assets.domain.mail.document_rows import document_row
from llm_assets.steps import STEPS
from llm_assets.usecases.desk.assembly import Assembly
from resources.settings.environment import Settings
from tests.support.mail.invented_documents import DAY, document

TABLES = {s.name: s.table for s in STEPS}
QUEUE, OTHER_QUEUE = "bank-support", "shop-orders"
MORNING = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)


class DeskWithDrafts:
    def __init__(self, folder: Path, accounts: Sequence[Mapping[str, object]] = ()) -> None:
        config = folder / "config"
        config.mkdir(parents=True, exist_ok=True)
        (config / "sources.yaml").write_text(yaml.safe_dump({"imap": [dict(a) for a in accounts]}))
        settings = Settings(home=folder / "home", provider="emulator", config=config, _env_file=None)
        self.now = MORNING
        self.assembly = Assembly(settings, STEPS, self._clock)
        _ = self.assembly.ledger

    def _clock(self) -> datetime:
        self.now += timedelta(milliseconds=1)
        return self.now

    def write(self, documents: Sequence[Document], **changed: Mapping[str, Any]) -> None:
        """A case for each first message, with a category and a draft. `changed` holds other values of a case's draft."""
        firsts = [d for d in documents if d.role == "first"]
        self.assembly.lake.write(DOCUMENTS, DAY, [document_row(d, "v") for d in documents])
        self.put("extracted_fields", [_row(d) for d in firsts])
        self.put("categories", [_category(d) for d in firsts])
        self.put("drafts", [_draft(d) | dict(changed.get(d.case_id, {})) for d in firsts])

    def put(self, step: str, rows: Sequence[Mapping[str, object]]) -> None:
        self.assembly.lake.write(TABLES[step], DAY, rows)

    def rows(self, step: str) -> list[Row]:
        return list(self.assembly.lake.read(TABLES[step], DAY))

    def close(self) -> None:
        self.assembly.close()


def case_of(number: int, queue: str = QUEUE, **changes: Any) -> Document:
    """The first message of a case of its own."""
    plain: dict[str, Any] = {
        "case_id": f"case{number}",
        "role": "first",
        "queue": queue,
        "record_id": f"record{number}",
        "message_id": f"{number}@post.example",
        "subject": f"Карта {number}",
    }
    return document(number, f"Где карта {number}?", **plain | changes)


def _row(first: Document) -> dict[str, object]:
    return {
        "day": DAY.isoformat(),
        "case_id": first.case_id,
        "record_id": first.message.record_id,
        "queue": first.queue,
        "status": "ok",
        "decided_by": "model",
        "prompt_version": "3f2a",
    }


def _category(first: Document) -> dict[str, object]:
    return _row(first) | {"category": "card_arrival", "confidence": 0.9, "needs_reply": True}


def _draft(first: Document) -> dict[str, object]:
    said = f"Здравствуйте! Карта {first.case_id} уже в пути."
    return _row(first) | {
        "language": "ru",
        "subject": f"Re: {first.message.subject}",
        "body": said,
        "defects": [],
    }
