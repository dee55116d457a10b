"""A desk of invented nights: rows written as a night writes them, so that no model has to answer."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from llm_assets.domain.desk.tables import DOCUMENTS, REVIEW_QUEUE
from llm_assets.domain.mail.document import Address, Document, Message, Priority, Received, Role
from llm_assets.domain.mail.document_rows import document_row
from llm_assets.engine.ports.review import Decision, DecisionKind
from llm_assets.steps import STEPS
from llm_assets.steps.categories.step import CATEGORIES
from llm_assets.usecases.desk.assembly import Assembly
from resources.settings.environment import Settings
from tests.support.houses.small_desk import PROVIDERS

DAY = date(2026, 11, 20)
BEFORE = DAY - timedelta(days=1)
NIGHT = datetime(2026, 11, 20, 20, 30, tzinfo=UTC)
"""01:30 of the next morning in Almaty: DAY has closed, its deadline is ahead."""
VERSION = CATEGORIES.prompt.version
QUEUES = """
queues:
  - name: bank
    default: true
    review_sample: {sample}
    merge_steps: {merged}
    {wanted}
    categories: [{{name: card}}, {{name: fee}}]
"""


@dataclass
class Nights:
    """An assembly whose clock and queues a test sets."""

    home: Path
    now: datetime = NIGHT

    def configured(
        self, sample: float = 0.0, precision: float | None = None, merged: str = "false"
    ) -> Assembly:
        wanted = f"review_precision: {precision}" if precision is not None else ""
        text = QUEUES.format(sample=sample, wanted=wanted, merged=merged)
        (self.home / "queues.yaml").write_text(text, encoding="utf-8")
        nowhere = PROVIDERS.format(url="http://127.0.0.1:9/v1")
        (self.home / "providers.yaml").write_text(nowhere, encoding="utf-8")
        given = {"home": self.home / "home", "config": self.home, "provider": "emulator"}
        settings = Settings.model_validate(given | {"timezone": "Asia/Almaty", "first_day": date(2026, 1, 1)})
        self.assembly = Assembly(settings, STEPS, lambda: self.now)
        return self.assembly

    def write(self, day: date, rows: Sequence[dict[str, Any]]) -> None:
        """Rows of `categories`, with the message of each case and its doubt."""
        lake = self.assembly.lake
        lake.write(CATEGORIES.table, day, [dict(r, day=str(day)) for r in rows])
        lake.write(DOCUMENTS, day, [message(day, r["case_id"]) for r in rows])
        doubts = [r for r in rows if r["doubt_reason"] is not None]
        lake.write(REVIEW_QUEUE, day, [doubt(day, r) for r in doubts])

    def decide(self, day: date, case: str, category: str | None = None, minute: int = 0) -> None:
        values = {"category": category} if category is not None else {}
        kind = DecisionKind.CORRECT if values else DecisionKind.APPROVE
        at = self.now + timedelta(minutes=minute)
        before = dict.fromkeys(values, "card")
        decision = Decision(case, "categories", values, "amina", at, kind, before, VERSION)
        self.assembly.ledger.review.decide(day, decision)


def answer(case: str, confidence: float, reason: str | None = None, **changes: Any) -> dict[str, Any]:
    return {
        "case_id": case,
        "record_id": f"r-{case}",
        "queue": "bank",
        "category": "card",
        "confidence": confidence,
        "status": "review" if reason is not None else "ok",
        "doubt_reason": reason,
        "decided_by": "model",
        "prompt_version": VERSION,
    } | changes


def message(day: date, case: str, role: str = "first") -> dict[str, Any]:
    name = f"{case}-{role}"
    ids = (f"r-{case}", "0", f"{name}@post.example", None, ())
    sender = Address("", f"{case}@post.example")
    read = Message(name, 0, "mail", True, None, *ids, case, sender, (), (), (), None, "Hi", "Hi", "en")
    received = Received("files", name, day, "0", "mail", NIGHT)
    return document_row(Document(received, read, "bank", Priority.NORMAL, case, Role(role)), "1")


def doubt(day: date, row: dict[str, Any]) -> dict[str, Any]:
    named = {"step": "categories", "reason": row["doubt_reason"], "detail": "0.41 for card", "reviewers": []}
    kept = {name: row[name] for name in ("case_id", "record_id", "queue")}
    return {"day": str(day), "opened_at": NIGHT.isoformat(), **kept, **named}


@pytest.fixture
def nights(tmp_path: Path) -> Iterator[Nights]:
    made = Nights(tmp_path)
    yield made
    made.assembly.close()


def judged_night(nights: Nights, day: date) -> None:
    """Sixty decisions: half of the unsure answers are right, three quarters of the middling, all of the confident ones;
    what the model doubted in a word is wrong and counts for nothing."""
    unsure = [answer(f"{day}-u{n}", 0.6, "low_confidence") for n in range(20)]
    middling = [answer(f"{day}-m{n}", 0.8) for n in range(20)]
    confident = [answer(f"{day}-c{n}", 0.95) for n in range(20)]
    doubted = [answer(f"{day}-d{n}", 0.99, "two_fit") for n in range(10)]
    nights.write(day, [*unsure, *middling, *confident, *doubted])
    wrong = {r["case_id"] for r in (*unsure[:10], *middling[:5], *doubted)}
    for row in (*unsure, *middling, *confident, *doubted):
        nights.decide(day, row["case_id"], "fee" if row["case_id"] in wrong else None)
