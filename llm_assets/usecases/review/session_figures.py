"""What a person has done on a day's doubts: decisions, time, corrections by category, drafts left as they were."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from llm_assets.engine.answers.decisions import in_force
from llm_assets.engine.ports.review import DecisionKind
from llm_assets.usecases.desk.assembly import Assembly
from llm_assets.usecases.review.clusters import usual_seconds


@dataclass(frozen=True, slots=True)
class Figures:
    decisions: int
    minutes: int
    seconds_each: int
    corrected: Mapping[str, int]
    """Corrections by the category that the person chose, most frequent first."""
    approved: int
    drafts_unchanged: int
    drafts_due: int
    """Cases whose draft is written anew because of a corrected category or field."""


def figures_of(assembly: Assembly, day: date, name: str) -> Figures:
    """Of one person's decisions about a day that hold."""
    made = [d for d in in_force(assembly.ledger.review.decisions(day)) if d.decided_by == name]
    times = sorted(d.decided_at for d in made)
    chosen = Counter(
        str(d.values["category"]) for d in made if d.kind is DecisionKind.CORRECT and d.values.get("category")
    )
    each = usual_seconds(times)
    spent = (times[-1] - times[0]).total_seconds() + each if times else 0.0
    return Figures(
        decisions=len(made),
        minutes=round(spent / 60),
        seconds_each=round(each),
        corrected=dict(chosen.most_common()),
        approved=sum(d.kind is DecisionKind.APPROVE for d in made),
        drafts_unchanged=sum(d.kind is DecisionKind.APPROVE and d.step == "drafts" for d in made),
        drafts_due=len({d.case_id for d in made if d.kind is DecisionKind.CORRECT and d.step != "drafts"}),
    )
