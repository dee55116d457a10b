"""Asset checks, generated from the tables' declarations and from the checks of a night. Only schema checks block."""

from collections.abc import Callable, Sequence
from datetime import date

import dagster as dg

from llm_assets.domain.desk.step import Step
from llm_assets.domain.desk.tables import Table
from llm_assets.usecases.desk.assembly import Assembly
from llm_assets.usecases.desk.desk import Desk
from llm_assets.usecases.desk.opened import opened
from llm_assets.usecases.mail.watch_sources import troubles_of_mailboxes
from llm_assets.usecases.night.checks import Check, checked_tables, night_checks, schema_problems
from llm_assets.usecases.night.waiting import troubles_of_nights
from llm_assets.usecases.notify.tell import troubles_of_notices
from llm_assets.usecases.review.queue.backlog import judge_backlog

MAIL_ARRIVES = dg.AssetCheckKey(dg.AssetKey("documents"), "mail_arrives")
NIGHTS_CONTINUE = dg.AssetCheckKey(dg.AssetKey("morning_report"), "nights_continue")
"""Reported by the sensors `new_mail` and `batches` when they fail and when they work again, and by every run."""
NOTICES_ARRIVE = dg.AssetCheckKey(dg.AssetKey("morning_report"), "notices_arrive")
"""Reported by the sensor `notices`, and by every run."""
DOUBTS_DECIDED = dg.AssetCheckKey(dg.AssetKey("review_queue"), "doubts_decided")
IN_ORDER = "nothing is in the way"


def checks(steps: Sequence[Step], nights: dg.DailyPartitionsDefinition) -> list[dg.AssetChecksDefinition]:
    """Every check of the nightly assets."""
    schemas = [_schema_check(table, nights) for table in checked_tables(steps)]
    return [*schemas, *(_check(check, nights) for check in night_checks(steps)), *desk_checks()]


def metadata_of_trouble(said: str) -> dict[str, int]:
    """As of every other check: a figure and its limit."""
    return {"value": 1 if said else 0, "limit": 0}


def desk_checks() -> list[dg.AssetChecksDefinition]:
    """What holds for the desk and not for one night, so they have no partitions."""
    mail = "Every mailbox can be read, and the sensor `new_mail` works."
    continued = "Nothing keeps open batches from continuing, and the sensor `batches` works."
    told = "Everybody who is to be told of a night's news can be reached, and the sensor `notices` works."
    return [
        _desk_check(MAIL_ARRIVES, troubles_of_mailboxes, mail),
        _desk_check(NIGHTS_CONTINUE, troubles_of_nights, continued),
        _desk_check(NOTICES_ARRIVE, troubles_of_notices, told),
        _backlog_check(),
    ]


def _backlog_check() -> dg.AssetChecksDefinition:
    asked = "No doubt waits for a person for more than a day, of any night of the last two weeks."

    @dg.asset_check(asset=DOUBTS_DECIDED.asset_key, name=DOUBTS_DECIDED.name, description=asked)
    def backlog_check(desk: dg.ResourceParam[Desk]) -> dg.AssetCheckResult:
        with opened(desk) as assembly:
            verdict = judge_backlog(assembly)
        return dg.AssetCheckResult(
            passed=verdict.passed,
            severity=dg.AssetCheckSeverity.WARN,
            description=verdict.says,
            metadata={"value": verdict.value, "limit": verdict.limit},
        )

    return backlog_check


def _desk_check(
    key: dg.AssetCheckKey, troubles: Callable[[Assembly], str], description: str
) -> dg.AssetChecksDefinition:
    @dg.asset_check(asset=key.asset_key, name=key.name, description=description)
    def desk_check(desk: dg.ResourceParam[Desk]) -> dg.AssetCheckResult:
        with opened(desk) as assembly:
            said = troubles(assembly)
        return dg.AssetCheckResult(
            passed=not said, description=said or IN_ORDER, metadata=metadata_of_trouble(said)
        )

    return desk_check


def _check(made: Check, nights: dg.DailyPartitionsDefinition) -> dg.AssetChecksDefinition:
    @dg.asset_check(asset=made.asset, name=made.name, description=made.description, partitions_def=nights)
    def check(context: dg.AssetCheckExecutionContext, desk: dg.ResourceParam[Desk]) -> dg.AssetCheckResult:
        with opened(desk) as assembly:
            verdict = made.judge(assembly, date.fromisoformat(context.partition_key))
        return dg.AssetCheckResult(
            passed=verdict.passed,
            severity=dg.AssetCheckSeverity[made.severity.name],
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
        with opened(desk) as assembly:
            problems = schema_problems(assembly, table, date.fromisoformat(context.partition_key))
        return dg.AssetCheckResult(
            passed=not problems,
            description="; ".join(problems) or "as declared",
            metadata={"problems": problems},
        )

    return schema
