"""Triage: the cases whose urgency a model is asked about, and those that it has called urgent.

What it says is kept in the ledger and shown in one place, the priority of `documents`. Asking belongs in `usecases/urgent`.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from llm_assets.domain.desk.tables import DOCUMENTS
from llm_assets.domain.mail.document import Priority
from llm_assets.domain.profile import Lane
from llm_assets.domain.requests.outcome import RequestState
from llm_assets.domain.traffic.at_once import AS_IT_LANDS
from llm_assets.engine.planning.task import Task
from llm_assets.steps.triage.step import TRIAGE
from llm_assets.usecases.desk.assembly import Assembly


def is_triaged(assembly: Assembly, day: date) -> bool:
    """Whether a model may be asked about mail of this day. After the deadline of its night nothing could be sooner."""
    asks = any(queue.triage for queue in assembly.queues.queues)
    return asks and assembly.clock() < assembly.settings.calendar.deadline_of(day)


def triage_lock(day: date) -> str:
    """Held from rendering to answering: nothing of a case is asked or planned that is deleted meanwhile."""
    return f"triage:{day}"


def called_urgent(assembly: Assembly, day: date) -> frozenset[str]:
    """The day's cases that a model has called urgent."""
    return frozenset(
        standing.case_id
        for standing in assembly.ledger.work.standings(day, TRIAGE.name)
        if standing.state is RequestState.DONE and standing.output is not None and standing.output["urgent"]
    )


def triage_tasks(assembly: Assembly, day: date) -> Sequence[Task]:
    """The questions about the day's cases of queues with `triage` that are not urgent. Of a case that stands as it was asked
    about, nothing is rendered."""
    if not is_triaged(assembly, day):
        return ()
    rows = list(assembly.lake.read(DOCUMENTS, day, ["case_id", "queue", "priority"]))
    urgent = {row["case_id"] for row in rows if row["priority"] == Priority.URGENT}
    asked_of = {
        row["case_id"] for row in rows if assembly.queues.named_or_default(row["queue"]).triage
    } - urgent
    if not asked_of:
        return ()
    night = replace(assembly.night(day, Lane.URGENT), only=frozenset(asked_of))
    return [
        replace(task, route_why=AS_IT_LANDS) for task in night.plan(TRIAGE).tasks() if isinstance(task, Task)
    ]
