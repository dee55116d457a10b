"""A small invented night for the ledger's tests: numbered cases, their requests, batches and answers."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from llm_assets.domain.desk.night import Rework
from llm_assets.domain.digest import digest
from llm_assets.domain.profile import Lane, Mode
from llm_assets.domain.requests.batch import Batch, BatchState
from llm_assets.domain.requests.money import Usage
from llm_assets.domain.requests.outcome import Answer, Next, Outcome, RequestState
from llm_assets.engine.ports.batches import Member, Settlement
from llm_assets.engine.ports.work import Planned, Work
from resources.ledger import SqlLedger

DAY = date(2026, 11, 20)
NEXT_DAY = DAY + timedelta(days=1)
LATER = datetime(2026, 11, 20, 21, 30, tzinfo=UTC)
STEP = "categories"
COST = Decimal("0.000012345678")
OUTPUT = '{"category":"card_arrival"}'

_OUTCOME = {
    Next.DONE: Outcome.SUCCEEDED,
    Next.RETRY: Outcome.EXPIRED,
    Next.REVIEW: Outcome.REFUSED,
    Next.DEAD: Outcome.FAILED_PERMANENT,
}


def case(number: int) -> str:
    return f"case-{number:04}"


def request(number: int, version: str = "v1") -> str:
    return digest(["request", number, version])


def by_case(ledger: SqlLedger, day: date = DAY, step: str = STEP) -> dict[str, RequestState]:
    return {s.case_id: s.state for s in ledger.work.standings(day, step)}


def work(numbers: Iterable[int], *, version: str = "v1", content: str = "as received") -> list[Work]:
    return [
        Work(case(n), digest([n, content]), request(n, version), Lane.NIGHTLY, version, "gpt-6-luna")
        for n in numbers
    ]


def plan(
    ledger: SqlLedger,
    items: Sequence[Work],
    *,
    day: date = DAY,
    step: str = STEP,
    rework: Rework = Rework.STALE,
    max_attempts: int = 3,
) -> Planned:
    return ledger.work.plan(day, step, items, rework=rework, max_attempts=max_attempts)


def batch(name: str = "b1", *, requests: int = 1, day: date = DAY, step: str = STEP) -> Batch:
    return Batch(
        batch_id=digest(name)[:12],
        day=day,
        step=step,
        lane=Lane.NIGHTLY,
        provider="emulator",
        model="gpt-6-luna",
        state=BatchState.INTENT,
        requests=requests,
        bytes=1000,
        sha256=digest([name, "lines"]),
        created_at=datetime(2026, 11, 20, 20, 0, tzinfo=UTC),
    )


def send(ledger: SqlLedger, planned: Planned, name: str = "b1") -> Batch:
    """The intent for everything that is due."""
    sent = batch(name, requests=len(planned.due))
    ledger.batches.intend(sent, list(planned.due.values()))
    return sent


def settled(
    request_id: str, next_: Next = Next.DONE, *, attempt: int = 1, output: str = OUTPUT, cost: Decimal = COST
) -> Settlement:
    answer = Answer(
        "custom", _OUTCOME[next_], "", Usage(100, 20, 0, 30), detail="" if next_ is Next.DONE else "why"
    )
    return Settlement(
        request_id=request_id,
        attempt=attempt,
        answer=answer,
        next=next_,
        provider="emulator",
        mode=Mode.BATCH,
        cost_usd=cost,
        output=output if next_ is Next.DONE else None,
    )


def settled_members(members: Iterable[Member], next_: Next = Next.DONE) -> list[Settlement]:
    return [settled(m.request_id, next_, attempt=m.attempt) for m in members]


def count(**numbers: int) -> dict[str, int]:
    """What `counts` says of a step, zeros filled in."""
    return {"due": 0, "in_flight": 0, "ok": 0, "review": 0, "dead": 0} | numbers
