"""Cases in no doubt that people see all the same: confident ones drawn at random, and those drawn for the control set."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time

from llm_assets.domain.desk.tables import Row
from llm_assets.engine.answers.agreement import LOW_CONFIDENCE, sampled
from llm_assets.usecases.agreement.judged import sorting_step
from llm_assets.usecases.desk.assembly import Assembly


def confident_rows(assembly: Assembly, day: date, queued: Iterable[Row]) -> list[Row]:
    """Rows as the review queue would have them, beside those that it has. They are as old as its oldest, so that the order of a list
    does not give them away."""
    step = sorting_step(assembly)
    if step is None:
        return []
    doubts = list(queued)
    doubted = {r["case_id"] for r in doubts if r["step"] == step.name}
    oldest = min((r["opened_at"] for r in doubts), default=datetime.combine(day, time(), UTC))
    rows = list(
        assembly.lake.read(step.table, day, ["case_id", "record_id", "queue", "status", "decided_by"])
    )
    chosen = {r["case_id"] for r in sampled(rows, assembly.queues_of(day))}
    chosen |= assembly.ledger.calibration.drawn(day)
    return [
        {**r, "step": step.name, "reason": LOW_CONFIDENCE, "detail": None, "opened_at": oldest}
        for r in rows
        if r["case_id"] in chosen and r["case_id"] not in doubted
    ]


def confident_version(assembly: Assembly, day: date) -> tuple[str | None, ...]:
    """Changes whenever other rows may be chosen."""
    step = sorting_step(assembly)
    written = assembly.lake.version(step.table, day) if step is not None else None
    return (written, *sorted(assembly.ledger.calibration.drawn(day)))
