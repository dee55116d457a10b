"""A small night with its audit trail, and what changes it behind the trail's back. The fixture is imported by the conftest."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import fields, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from llm_assets.domain.audit import Entry
from llm_assets.domain.requests.batch import BatchState
from llm_assets.domain.requests.outcome import Next
from llm_assets.engine.ports.review import Decision
from resources.ledger import SqlLedger
from resources.ledger.audit import entries as audit
from resources.ledger.audit.finding import Finding
from resources.ledger.audit.verifying import Anchor
from tests.contracts.ledger.test_ledger_register import mail
from tests.support.nights.ledger_night import (
    DAY,
    STEP,
    batch,
    case,
    plan,
    request,
    send,
    settled,
    work,
)

NOW = datetime(2026, 11, 20, 20, 0, tzinfo=UTC)
ENTRY_FIELDS = [field.name for field in fields(Entry) if field.name != "number"]
DECISION = Decision(case(1), STEP, {"category": "refund"}, "amina", NOW)


@pytest.fixture
def told(url: str, tmp_path: Path) -> Iterator[SqlLedger]:
    """A ledger after a small night: two messages, a batch with two answers, one of them in its second try, a decision."""
    begin_anew(url)
    with closing(SqlLedger(url, tmp_path, clock=lambda: NOW)) as ledger:
        ledger.register.receive([mail("a"), mail("b", "second")])
        members = plan(ledger, work([1, 2])).due
        tagged = [replace(members[request(n)], masked="3@rules", case_id=case(n)) for n in (1, 2)]
        first = batch("b1", requests=2)
        ledger.batches.intend(first, tagged)
        worked(ledger, first.batch_id, "batch_1")
        ledger.batches.settle(first, [settled(request(1)), settled(request(2), Next.RETRY)])
        ledger.batches.transition(first.batch_id, BatchState.ENDED, BatchState.COLLECTED)
        second = send(ledger, plan(ledger, work([1, 2])), "b2")
        ledger.batches.settle(second, [settled(request(2), attempt=2)])
        ledger.review.decide(DAY, DECISION)
        yield ledger


def begin_anew(url: str) -> None:
    """As a migration does for what it finds."""
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM audit"))
        audit.begin(connection, NOW)
    engine.dispose()


def worked(ledger: SqlLedger, batch_id: str, provider_id: str) -> None:
    ledger.batches.transition(
        batch_id, BatchState.INTENT, BatchState.CREATING, provider_file_id=f"file_of_{provider_id}"
    )
    ledger.batches.transition(
        batch_id, BatchState.CREATING, BatchState.SUBMITTED, provider_batch_id=provider_id
    )
    ledger.batches.transition(batch_id, BatchState.SUBMITTED, BatchState.ENDED)


def tamper(url: str, *statements: str) -> None:
    engine = create_engine(url)
    with engine.begin() as connection:
        for statement in statements:
            assert connection.execute(text(statement)).rowcount > 0, statement
    engine.dispose()


def findings(ledger: SqlLedger, *anchors: Anchor) -> list[Finding]:
    return list(ledger.trail.verify(anchors).findings)
