"""How good a night's answers are: by the labelled control set, and by what people decided about them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from llm_assets.domain.desk.tables import DOCUMENTS
from llm_assets.domain.mail.document import Role
from llm_assets.engine.answers.decisions import in_force, releases, words_of
from llm_assets.engine.ports.review import TEXT, Decision, DecisionKind
from llm_assets.usecases.agreement.calibration import calibration
from llm_assets.usecases.desk.assembly import Assembly
from llm_assets.usecases.report.control_results import result_for

_JUDGED = {DecisionKind.APPROVE: True, DecisionKind.CORRECT: False}
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


def left_by_people(decisions: Sequence[Decision], queues: Mapping[str, str]) -> dict[str, Any] | None:
    """Of the newest decision about each case and step: how many left the answer as it was. `queues` by case."""
    newest = {(d.case_id, d.step): d for d in in_force(decisions) if d.kind in _JUDGED}
    if not newest:
        return None
    decided: Counter[tuple[str, str]] = Counter()
    agreed: Counter[tuple[str, str]] = Counter()
    for (case, step), decision in newest.items():
        decided[queues.get(case, ""), step] += 1
        agreed[queues.get(case, ""), step] += _JUDGED[decision.kind]
    return {
        "decided": decided.total(),
        "agreed": agreed.total(),
        "lines": [
            {"queue": queue, "step": step, "decided": decided[queue, step], "agreed": agreed[queue, step]}
            for queue, step in sorted(decided)
        ],
    }


def drafts(
    assembly: Assembly, day: date, decisions: Sequence[Decision], ready: Mapping[str, int]
) -> dict[str, Any]:
    """`report.json["drafts"]`: by queue those that are ready, and those of them that a lead has released."""
    released = _released(assembly, day, decisions)
    queues = _queues(assembly, day, released)
    by_queue = Counter(queues.get(case, "") for case in released)
    return {
        "ready": sum(ready.values()),
        "released": len(released),
        "queues": {
            name: {"ready": count, "released": by_queue[name]}
            for name, count in ready.items()
            if count or by_queue[name]
        },
    }


def _released(assembly: Assembly, day: date, decisions: Sequence[Decision]) -> set[str]:
    """Cases whose draft still says what a lead released."""
    given = releases(decisions)
    steps = [step for step in assembly.steps if step.name == "drafts"]
    if not given or not steps:
        return set()
    rows = assembly.lake.read(steps[0].table, day, ["case_id", "subject", "body"], list(given))
    return {
        row["case_id"]
        for row in rows
        if given[row["case_id"]].values.get(TEXT) == words_of(row["subject"] or "", row["body"] or "")
    }


def _queues(assembly: Assembly, day: date, cases: set[str]) -> dict[str, str]:
    names = assembly.queues.former_names
    columns = ["case_id", "queue", "role"]
    rows = assembly.lake.read(DOCUMENTS, day, columns, cases) if cases else iter(())
    return {r["case_id"]: names.present(r)["queue"] for r in rows if r["role"] == Role.FIRST}
