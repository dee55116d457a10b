"""Asset checks, generated from the tables' declarations and the quality rules. Only schema checks block: a report
that names a loss is worth more than none."""

from collections.abc import Callable, Sequence
from datetime import date

import dagster as dg

from llm_assets.domain.desk.step import Step
from llm_assets.domain.desk.tables import DOCUMENTS, MORNING_REPORT, REVIEW_QUEUE, Table
from llm_assets.domain.requests.outcome import Status
from llm_assets.engine.night import quality
from llm_assets.engine.night.quality import Verdict
from llm_assets.usecases.desk.assembly import Assembly
from llm_assets.usecases.desk.desk import Desk
from llm_assets.usecases.night.night_report import newest_totals

Judge = Callable[[Assembly, date], Verdict]


def checks(steps: Sequence[Step], nights: dg.DailyPartitionsDefinition) -> list[dg.AssetChecksDefinition]:
    """Every check of the nightly assets."""
    tables = [DOCUMENTS, *(s.table for s in steps), REVIEW_QUEUE, MORNING_REPORT]
    made = [_schema_check(table, nights) for table in tables]
    made.append(
        _check(
            "documents", "nothing_lost", _documents_lost, nights, _ERROR, "Every message received has a row."
        )
    )
    for step in steps:
        made += _step_checks(step, nights)
    made.append(
        _check("morning_report", "nothing_lost", _cases_lost, nights, _ERROR, "The report's sums hold.")
    )
    made.append(_check("morning_report", "cost_per_1000", _cost, nights, _WARN, "USD per 1,000 cases."))
    made.append(
        _check(
            "morning_report", "on_time", _on_time, nights, _ERROR, "This night's report was there in time."
        )
    )
    return made


_ERROR, _WARN = dg.AssetCheckSeverity.ERROR, dg.AssetCheckSeverity.WARN


def _step_checks(step: Step, nights: dg.DailyPartitionsDefinition) -> list[dg.AssetChecksDefinition]:
    def lost(assembly: Assembly, day: date) -> Verdict:
        cases = {r["case_id"] for r in assembly.lake.read(DOCUMENTS, day, ["case_id"])}
        rows = {r["case_id"] for r in assembly.lake.read(step.table, day, ["case_id"])}
        return quality.nothing_lost(len(cases), len(cases & rows), "cases")

    def valid(assembly: Assembly, day: date) -> Verdict:
        rows = [u for u in assembly.ledger.spending.usage(day) if u.step == step.name]
        answered = sum(u.requests for u in rows)
        return quality.share_at_least(
            "answers usable", sum(u.succeeded for u in rows), answered, quality.VALID_SHARE
        )

    def review(assembly: Assembly, day: date) -> Verdict:
        return _status_share(
            assembly, day, step, Status.REVIEW, "cases wait for review", quality.REVIEW_SHARE
        )

    def dead(assembly: Assembly, day: date) -> Verdict:
        return _status_share(assembly, day, step, Status.DEAD, "cases are dead letters", quality.DEAD_SHARE)

    def missing(assembly: Assembly, day: date) -> Verdict:
        names = [c for c in step.table.preview_columns if c in step.answer_columns]
        rows = [
            r for r in assembly.lake.read(step.table, day, ["status", *names]) if r["status"] == Status.OK
        ]
        empty = sum(all(r[n] is None for n in names) for r in rows)
        return quality.share_at_most("answered cases hold no value", empty, len(rows), quality.MISSING_SHARE)

    rules: list[tuple[str, Judge, dg.AssetCheckSeverity, str]] = [
        ("nothing_lost", lost, _ERROR, "Every case of the night has a row."),
        ("valid_share", valid, _WARN, "Share of answers that fit the schema."),
        ("missing_fields", missing, _WARN, "Share of answered cases without any value."),
        ("review_share", review, _WARN, "Share of cases a person has to look at."),
        ("dead_letters", dead, _WARN, "Share of cases that failed for good."),
    ]
    return [_check(step.name, name, judge, nights, severity, says) for name, judge, severity, says in rules]


def _check(
    asset: str,
    name: str,
    judge: Judge,
    nights: dg.DailyPartitionsDefinition,
    severity: dg.AssetCheckSeverity,
    description: str,
) -> dg.AssetChecksDefinition:
    @dg.asset_check(asset=asset, name=name, description=description, partitions_def=nights)
    def check(context: dg.AssetCheckExecutionContext, desk: dg.ResourceParam[Desk]) -> dg.AssetCheckResult:
        with desk.open() as assembly:
            verdict = judge(assembly, date.fromisoformat(context.partition_key))
        return dg.AssetCheckResult(
            passed=verdict.passed,
            severity=severity,
            description=verdict.says,
            metadata={"value": verdict.value, "limit": verdict.limit},
        )

    return check


def _schema_check(table: Table, nights: dg.DailyPartitionsDefinition) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset=table.name,
        name="schema",
        blocking=True,
        partitions_def=nights,
        description="The night's file has the declared columns, no missing mandatory value and unique keys.",
    )
    def schema(context: dg.AssetCheckExecutionContext, desk: dg.ResourceParam[Desk]) -> dg.AssetCheckResult:
        with desk.open() as assembly:
            problems = assembly.lake.problems(table, date.fromisoformat(context.partition_key))
        return dg.AssetCheckResult(
            passed=not problems,
            description="; ".join(problems) or "as declared",
            metadata={"problems": problems},
        )

    return schema


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


def _on_time(assembly: Assembly, day: date) -> Verdict:
    written = [r["generated_at"] for r in assembly.lake.read(MORNING_REPORT, day, ["generated_at"])]
    calendar = assembly.settings.calendar
    return quality.on_time(min(written, default=None), calendar.deadline_of(day), assembly.clock())
