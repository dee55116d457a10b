"""The checks of a night's tables: what each one compares, and its verdict. Their limits are in `engine/night/quality.py`.

Only schema checks block: a report that names a loss is worth more than none.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from llm_assets.domain.desk.merged import members_of
from llm_assets.domain.desk.step import Step
from llm_assets.domain.desk.tables import DOCUMENTS, MORNING_REPORT, REVIEW_QUEUE, Table
from llm_assets.domain.requests.outcome import Status
from llm_assets.engine.night import quality
from llm_assets.engine.night.quality import Verdict
from llm_assets.usecases.desk.assembly import Assembly
from llm_assets.usecases.desk.blocked import judge_block
from llm_assets.usecases.night.night_report import newest_totals

Judge = Callable[[Assembly, date], Verdict]


class Severity(StrEnum):
    ERROR = "error"
    WARN = "warn"


@dataclass(frozen=True, slots=True)
class Check:
    asset: str
    name: str
    judge: Judge
    severity: Severity
    description: str


def checked_tables(steps: Sequence[Step]) -> Sequence[Table]:
    """The tables whose files have to be as declared."""
    return (DOCUMENTS, *(s.table for s in steps), REVIEW_QUEUE, MORNING_REPORT)


def schema_problems(assembly: Assembly, table: Table, day: date) -> list[str]:
    """What of the night's file differs from its declaration; empty when it is as declared."""
    return assembly.lake.problems(table, day)


def night_checks(steps: Sequence[Step]) -> list[Check]:
    """Every check of a night besides those of the schemas, in the order of the tables."""
    error, warn = Severity.ERROR, Severity.WARN
    lost = "Every message received has a row."
    checks = [Check("documents", "nothing_lost", _documents_lost, error, lost)]
    for step in steps:
        checks += _step_checks(step)
    in_time = "This night's report was there in time."
    return [
        *checks,
        Check("morning_report", "nothing_lost", _cases_lost, error, "The report's sums hold."),
        Check("morning_report", "cost_per_1000", _cost, warn, "USD per 1,000 cases."),
        Check("morning_report", "on_time", _on_time, error, in_time),
        Check("morning_report", "provider_not_blocked", _blocked, error, "The provider takes our requests."),
    ]


def _step_checks(step: Step) -> list[Check]:
    def lost(assembly: Assembly, day: date) -> Verdict:
        cases = {r["case_id"] for r in assembly.lake.read(DOCUMENTS, day, ["case_id"])}
        rows = {r["case_id"] for r in assembly.lake.read(step.table, day, ["case_id"])}
        return quality.nothing_lost(len(cases), len(cases & rows), "cases")

    def valid(assembly: Assembly, day: date) -> Verdict:
        rows = [u for u in assembly.ledger.spending.usage(day) if step.name in members_of(u.step)]
        answered = sum(u.requests for u in rows)
        usable = sum(u.succeeded for u in rows)
        return quality.share_at_least("answers usable", usable, answered, quality.VALID_SHARE)

    def review(assembly: Assembly, day: date) -> Verdict:
        limit = quality.REVIEW_SHARE
        return _status_share(assembly, day, step, Status.REVIEW, "cases wait for review", limit)

    def dead(assembly: Assembly, day: date) -> Verdict:
        return _status_share(assembly, day, step, Status.DEAD, "cases are dead letters", quality.DEAD_SHARE)

    def missing(assembly: Assembly, day: date) -> Verdict:
        columns = [c for c in step.table.columns if not c.personal and c.type != "JSON"]
        names = [c.name for c in columns if c.name in step.answer_columns]
        found = assembly.lake.read(step.table, day, ["status", *names])
        rows = [r for r in found if r["status"] == Status.OK]
        empty = sum(all(r[n] is None for n in names) for r in rows)
        return quality.share_at_most("answered cases hold no value", empty, len(rows), quality.MISSING_SHARE)

    error, warn = Severity.ERROR, Severity.WARN
    return [
        Check(step.name, "nothing_lost", lost, error, "Every case of the night has a row."),
        Check(step.name, "valid_share", valid, warn, "Share of answers that fit the schema."),
        Check(step.name, "missing_fields", missing, warn, "Share of answered cases without any value."),
        Check(step.name, "review_share", review, warn, "Share of cases a person has to look at."),
        Check(step.name, "dead_letters", dead, warn, "Share of cases that failed for good."),
    ]


def _status_share(
    assembly: Assembly, day: date, step: Step, status: Status, what: str, limit: float
) -> Verdict:
    rows = [r["status"] for r in assembly.lake.read(step.table, day, ["status"])]
    return quality.share_at_most(what, rows.count(status), len(rows), limit)


def _documents_lost(assembly: Assembly, day: date) -> Verdict:
    received = {(r.source, r.place) for r in assembly.ledger.register.received(day)}
    rows = {(r["source"], r["place"]) for r in assembly.lake.read(DOCUMENTS, day, ["source", "place"])}
    return quality.nothing_lost(len(received), len(received & rows), "messages")


def _cases_lost(assembly: Assembly, day: date) -> Verdict:
    totals = newest_totals(assembly, day)
    states = totals["ok"] + totals["review"] + totals["dead"] + totals["open"]
    received = len(assembly.ledger.register.received(day))
    if totals["received"] != received:
        return quality.nothing_lost(received, totals["received"], "messages")
    return quality.nothing_lost(totals["documents"], states, "cases")


def _cost(assembly: Assembly, day: date) -> Verdict:
    usd = sum((u.cost_usd for u in assembly.ledger.spending.usage(day)), start=quality.NO_COST)
    return quality.cost_per_thousand(usd, newest_totals(assembly, day)["documents"])


def _blocked(assembly: Assembly, day: date) -> Verdict:
    return judge_block(assembly)


def _on_time(assembly: Assembly, day: date) -> Verdict:
    written = [r["generated_at"] for r in assembly.lake.read(MORNING_REPORT, day, ["generated_at"])]
    calendar = assembly.settings.calendar
    return quality.on_time(min(written, default=None), calendar.deadline_of(day), assembly.clock())
