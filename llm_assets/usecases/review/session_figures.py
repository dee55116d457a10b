"""What a person has done on a day's doubts: decisions, time, corrections by category, what is asked again and its price."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from llm_assets.domain.desk.merged import members_of
from llm_assets.domain.requests.outcome import Status
from llm_assets.engine.answers.decisions import decided, in_force
from llm_assets.engine.ports.review import Decision, DecisionKind
from llm_assets.engine.ports.spending import UsageRow
from llm_assets.usecases.desk.assembly import Assembly
from llm_assets.usecases.review.case_page import DRAFTS
from llm_assets.usecases.review.queue.clusters import at_work, measured_seconds, usual_seconds


@dataclass(frozen=True, slots=True)
class Figures:
    decisions: int
    """As they were made: one about a whole cluster counts once."""
    minutes: int
    """Pauses of over five minutes left out."""
    seconds_each: int | None
    """None before enough decisions have been made to measure it."""
    corrected: Mapping[str, int]
    """Corrections by the category that the person chose, most frequent first."""
    approved: int
    drafts_unchanged: int
    drafts_due: int
    """Cases whose draft is still to be written: something that it is made from was corrected, or nothing is in doubt any more."""
    sent_back: int
    due_usd: Decimal
    """What these drafts and the answers that were sent back cost as the night's requests have cost on average."""


def figures_of(assembly: Assembly, day: date, name: str) -> Figures:
    """Of one person's decisions about a day that hold."""
    stored = assembly.ledger.review.decisions(day)
    made = [d for d in in_force(stored) if d.decided_by == name]
    times = sorted(d.decided_at for d in made)
    chosen = Counter(
        str(d.values["category"]) for d in made if d.kind is DecisionKind.CORRECT and d.values.get("category")
    )
    each = measured_seconds(times)
    spent = at_work(times) + usual_seconds(times) if times else 0.0
    written = {d.case_id for d in stored if d.kind is DecisionKind.DRAFT_NOW}
    corrected = {
        d.case_id
        for s in assembly.steps
        if s.name != DRAFTS
        for d in decided(made, s.name).values()
        if d.values
    }
    waited = _no_longer_waiting(assembly, day, stored, {d.case_id for d in made})
    drafts_due = len((corrected | waited) - written)
    back = Counter(d.step for d in made if d.kind is DecisionKind.SEND_BACK)
    due = back + Counter({DRAFTS: drafts_due})
    return Figures(
        decisions=len({(d.decided_at, d.step) for d in made}),
        minutes=round(spent / 60),
        seconds_each=None if each is None else round(each),
        corrected=dict(chosen.most_common()),
        approved=sum(d.kind is DecisionKind.APPROVE for d in made),
        drafts_unchanged=sum(d.kind is DecisionKind.APPROVE and d.step == DRAFTS for d in made),
        drafts_due=drafts_due,
        sent_back=back.total(),
        due_usd=expected_usd(due, assembly.ledger.spending.usage(day)),
    )


def _no_longer_waiting(
    assembly: Assembly, day: date, stored: Sequence[Decision], cases: set[str]
) -> set[str]:
    """Of these cases those whose draft was not written for a doubt, and which have none now and need a reply."""
    waiting: set[str] = set()
    for step in reversed(assembly.steps):
        if step.name == DRAFTS:
            columns = ["case_id", "status", "doubt_reason"]
            rows = assembly.lake.read(step.table, day, columns, cases)
            waiting = {r["case_id"] for r in rows if r["status"] == Status.REVIEW and not r["doubt_reason"]}
            continue
        columns = [c for c in ("case_id", "status", "needs_reply") if c in step.table.column_types]
        settled = {c for c, d in decided(stored, step.name).items() if d.kind is not DecisionKind.DEAD_LETTER}
        for row in assembly.lake.read(step.table, day, columns, waiting) if waiting else ():
            in_doubt = row["status"] != Status.OK and row["case_id"] not in settled
            if in_doubt or row.get("needs_reply") is False:
                waiting.discard(row["case_id"])
    return waiting


def expected_usd(due: Mapping[str, int], usage: Sequence[UsageRow]) -> Decimal:
    """So many requests of each step, each as dear as this night's were on average; nothing for a step without any. Pure."""
    total = Decimal(0)
    for step, count in due.items():
        own = [u for u in usage if step in members_of(u.step) and u.requests]
        if own:
            total += count * sum((u.cost_usd for u in own), Decimal(0)) / sum(u.requests for u in own)
    return total
