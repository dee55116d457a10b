"""How good a night's answers are: by the labelled control set, and by what people decided about them."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from llm_assets.domain.desk.tables import DOCUMENTS
from llm_assets.domain.mail.document import Role
from llm_assets.domain.requests.outcome import Status
from llm_assets.engine.answers.decisions import decided, releases, status_of, words_released
from llm_assets.engine.ports.review import TEXT, Decision, DecisionKind
from llm_assets.usecases.agreement.calibration import calibration
from llm_assets.usecases.desk.assembly import Assembly
from llm_assets.usecases.report.control_results import result_for

_JUDGED = (DecisionKind.APPROVE, DecisionKind.CORRECT)
"""Decisions that say whether the answer was right."""


def quality(assembly: Assembly, day: date, decisions: Sequence[Decision]) -> dict[str, Any]:
    """`report.json["quality"]`; a part that nothing is known about is None."""
    kept = result_for(assembly.home, assembly.settings.calendar.deadline_of(day))
    control_set = None
    if kept is not None:
        below = [sentence for said in kept.below.values() for sentence in said]
        control_set = {"at": kept.at.isoformat(), **kept.figures, "below": below, "is_demo": kept.is_demo}
    queues = _queues(assembly, day, {d.case_id for d in decisions})
    return {
        "control_set": control_set,
        "people": left_by_people(decisions, queues),
        "calibration": calibration(assembly, day).figures,
    }


def left_by_people(made: Sequence[Decision], queues: Mapping[str, str]) -> dict[str, Any] | None:
    """Of the cases and steps that people have decided: how many of the model's answers they left as they were. One that was corrected
    and approved afterwards is corrected. `queues` by case."""
    holding = [
        d for step in {d.step for d in made} for d in decided(made, step).values() if d.kind in _JUDGED
    ]
    if not holding:
        return None
    counted = Counter((queues.get(d.case_id, ""), d.step) for d in holding)
    agreed = Counter((queues.get(d.case_id, ""), d.step) for d in holding if not d.values)
    return {
        "decided": counted.total(),
        "agreed": agreed.total(),
        "lines": [
            {"queue": queue, "step": step, "decided": counted[queue, step], "agreed": agreed[queue, step]}
            for queue, step in sorted(counted)
        ],
    }


def drafts(
    assembly: Assembly, day: date, decisions: Sequence[Decision], ready: Mapping[str, int]
) -> dict[str, Any]:
    """`report.json["drafts"]`: by queue those that are ready, and those of them that a lead has released and that still say what was
    released."""
    names = assembly.queues.former_names
    by_queue = Counter(
        names.present({"queue": queue})["queue"] for queue in _released(assembly, day, decisions)
    )
    return {
        "ready": sum(ready.values()),
        "released": by_queue.total(),
        "queues": {
            name: {"ready": count, "released": by_queue[name]}
            for name, count in ready.items()
            if count or by_queue[name]
        },
    }


def _released(assembly: Assembly, day: date, made: Sequence[Decision]) -> Iterator[str]:
    """The queue of each draft that says what was released, and that is settled."""
    held = releases(made)
    step = next((s for s in assembly.steps if held and s.name == next(iter(held.values())).step), None)
    if step is None:
        return
    own = decided(made, step.name)
    columns = ["case_id", "queue", "status", "subject", "body"]
    for row in assembly.lake.read(step.table, day, columns, held.keys()):
        decision = own.get(row["case_id"])
        now = row | dict(decision.values) if decision is not None else row
        status = status_of(decision) if decision is not None else row["status"]
        words = words_released(str(now["subject"] or ""), str(now["body"] or ""))
        if status in (Status.OK, Status.CORRECTED) and held[row["case_id"]].values.get(TEXT) == words:
            yield row["queue"]


def _queues(assembly: Assembly, day: date, cases: set[str]) -> dict[str, str]:
    names = assembly.queues.former_names
    columns = ["case_id", "queue", "role"]
    rows = assembly.lake.read(DOCUMENTS, day, columns, cases) if cases else iter(())
    return {r["case_id"]: names.present(r)["queue"] for r in rows if r["role"] == Role.FIRST}
