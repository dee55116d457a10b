"""Draw records of the last nights for the control set: they wait among the doubts of the review app to be labelled."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from llm_assets.domain.desk.step import Step
from llm_assets.domain.desk.tables import DOCUMENTS
from llm_assets.domain.errors import ConfigurationError
from llm_assets.domain.mail.document import Role
from llm_assets.domain.requests.outcome import Status
from llm_assets.engine.answers.agreement import CATEGORY
from llm_assets.engine.answers.decisions import in_force
from llm_assets.engine.answers.drawing import Candidate, Stratum, draw
from llm_assets.usecases.agreement.judged import sorting_step
from llm_assets.usecases.desk.assembly import Assembly

_ANSWERED = (Status.OK, Status.REVIEW)


@dataclass(frozen=True, slots=True)
class Drawn:
    cases: int
    """Drawn in these nights, now and before."""
    new: int
    by_stratum: Mapping[Stratum, int]


def draw_control_set(assembly: Assembly, days: int, count: int, by: str) -> Drawn:
    """Draws until so many cases of the last nights are drawn. Raises ConfigurationError when there is nothing to draw from."""
    step = sorting_step(assembly)
    last = assembly.settings.calendar.day_of(assembly.clock())
    nights = [d for d in assembly.lake.days(step.table) if d > last - timedelta(days=days)] if step else []
    candidates = [c for day in nights for c in _candidates(assembly, step, day)] if step is not None else []
    if not candidates:
        raise ConfigurationError(
            f"the last {days} days have no sorted case that nobody has decided: give more --days, or run a night first"
        )
    found = draw(candidates, count)
    new = [(c.day, c.case_id) for c in found if not c.drawn]
    assembly.ledger.calibration.draw(new, by)
    return Drawn(len(found), len(new), Counter(c.stratum for c in found))


def _candidates(assembly: Assembly, step: Step, day: date) -> Iterator[Candidate]:
    """Cases of one message with an answer about which nobody has decided, and those drawn before. A label is about one message."""
    drawn = assembly.ledger.calibration.drawn(day)
    made = in_force(assembly.ledger.review.decisions(day))
    decided = {d.case_id for d in made if d.step == step.name}
    roles = ((r["case_id"], r["role"]) for r in assembly.lake.read(DOCUMENTS, day, ["case_id", "role"]))
    messages = Counter(case_id for case_id, role in roles if role != Role.DUPLICATE)
    names = assembly.queues.former_names
    for stored in assembly.lake.read(step.table, day, ["case_id", "queue", CATEGORY, "status"]):
        case_id, row = stored["case_id"], names.present(stored)
        is_open = row["status"] in _ANSWERED and case_id not in decided
        if case_id in drawn or (is_open and messages[case_id] == 1):
            stratum = Stratum(row["queue"], row[CATEGORY] or "none")
            yield Candidate(day, case_id, stratum, case_id in drawn)
