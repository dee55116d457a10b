"""What people thought of the model's categories: read from ledger and lake, and written as the table `agreement`."""

from collections.abc import Sequence
from datetime import date
from operator import itemgetter

from llm_assets.domain.desk.step import Step
from llm_assets.domain.desk.tables import AGREEMENT, REVIEW_QUEUE
from llm_assets.engine.answers.agreement import CATEGORY, CONFIDENCE, Judged, agreement_rows, judged
from llm_assets.engine.ports.review import Decision
from llm_assets.usecases.desk.assembly import Assembly

_COLUMNS = ("case_id", "queue", CATEGORY, CONFIDENCE, "prompt_version")


def sorting_step(assembly: Assembly) -> Step | None:
    """The step that chooses a category and says how sure it is."""
    return next((s for s in assembly.steps if {CATEGORY, CONFIDENCE} <= s.table.column_types.keys()), None)


def judged_on(assembly: Assembly, day: date, decisions: Sequence[Decision]) -> list[Judged]:
    """The categories of the day's cases about which people have decided."""
    step = sorting_step(assembly)
    made = [d for d in decisions if step is not None and d.step == step.name]
    if step is None or not made:
        return []
    cases = {d.case_id for d in made}
    doubts = assembly.lake.read(REVIEW_QUEUE, day, ["case_id", "step", "reason", "opened_at"], cases)
    oldest_first = sorted(doubts, key=itemgetter("opened_at"))
    reasons = {r["case_id"]: r["reason"] for r in oldest_first if r["step"] == step.name}
    rows = assembly.lake.read(step.table, day, _COLUMNS, cases)
    return list(judged(rows, reasons, made, assembly.queues_of(day)))


def write_agreement(assembly: Assembly, day: date, decisions: Sequence[Decision]) -> None:
    """Rewrites the night's `agreement` once people have decided anything."""
    if decisions or assembly.lake.has(AGREEMENT, day):
        assembly.lake.write(AGREEMENT, day, agreement_rows(day, judged_on(assembly, day, decisions)))
