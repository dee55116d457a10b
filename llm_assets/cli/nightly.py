"""One night in this process: the same assets that Dagster runs, waited for, and what came of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
import structlog
from dagster_shared.error import SerializableErrorInfo

from llm_assets.cli.console import Console
from llm_assets.definitions import build_defs
from llm_assets.defs.intake import GROUP
from llm_assets.defs.rework import REWORK_TAG
from llm_assets.domain.desk.step import Step
from llm_assets.domain.errors import ConfigurationError, DeskError
from llm_assets.steps import STEPS
from llm_assets.usecases.desk.assembly import Assembly
from llm_assets.usecases.desk.desk import Desk, Wait
from resources.report_files import newest_revision, read_json
from resources.settings.environment import Settings

log = structlog.get_logger()

Report = Mapping[str, Any]  # report.json


@dataclass(frozen=True)
class NightOutcome:
    report: Report
    path: Path
    sent: int
    """Requests sent to the provider by this run."""
    broken: Sequence[str]
    """Identities and checks that do not hold."""
    emulated: bool

    @property
    def incomplete(self) -> bool:
        return bool(self.report["totals"]["open"] or self.report["missing"] or self.broken)

    def lines(self) -> list[str]:
        """The night as a short table for people."""
        totals, spend = self.report["totals"], self.report["spend"]
        names = ("received", "duplicates", "updates", "documents", "ok", "review", "dead", "open")
        lines = [f"night of {self.report['day']}, revision {self.report['revision']}"]
        lines += [f"  {name:<13}{totals[name]:>7}" for name in names]
        lines.append(f"  drafts ready {totals['drafts_ready']:>7}, no reply needed {totals['not_needed']}")
        lines.append(
            f"  {self.sent} requests sent now, {spend['requests']} for this night, {spend['usd']} USD"
        )
        lines += [f"  missing: {m['what']}: {m['why']}" for m in self.report["missing"]]
        lines += [f"  does not hold: {problem}" for problem in self.broken]
        if self.emulated:
            lines.append("  demo model: rules, not an LLM")
        return [*lines, f"report: {self.path}"]


def run_night(
    settings: Settings,
    day: date,
    inboxes: Sequence[Path],
    rework: str,
    console: Console,
    steps: Sequence[Step] = STEPS,
) -> NightOutcome:
    """Works the night's assets inline. Raises ConfigurationError before anything is sent, DeskError when a run
    fails without a report."""
    desk = Desk(settings, tuple(steps), Wait.INLINE, on_progress=console.steps, on_stage=console.stage)
    with desk.open() as assembly:
        _check_day(settings, day, assembly)
        assembly.check_provider()
        assembly.lanes  # noqa: B018 a mistake in the file has to show before any mail is read
        before = _attempts(assembly, day)
        assembly.receive(paths=inboxes, day=day, insist=True, on_progress=console.stage)
    _materialize(desk, day, rework)
    with desk.open() as assembly:
        return _outcome(assembly, day, before)


def _check_day(settings: Settings, day: date, assembly: Assembly) -> None:
    today = settings.calendar.day_of(assembly.clock())
    if not settings.first_day <= day <= today:
        raise ConfigurationError(f"--day {day} is not between {settings.first_day} and today, {today}")


def _materialize(desk: Desk, day: date, rework: str) -> None:
    """Runs every asset of the night and its checks. Raises what made the run fail, in its own words."""
    definitions = build_defs(desk=desk, steps=desk.steps)
    job = definitions.resolve_implicit_global_asset_job_def()
    assets = dg.AssetSelection.groups(GROUP).resolve(definitions.resolve_asset_graph())
    settings = {"python_logs": {"python_log_level": "CRITICAL"}}
    with dg.DagsterInstance.ephemeral(settings=settings) as instance:
        result = job.execute_in_process(
            partition_key=day.isoformat(),
            asset_selection=list(assets),
            tags={REWORK_TAG: rework},
            instance=instance,
            raise_on_error=False,
        )
    for event in result.all_events:
        if event.is_step_failure:
            raise _told(event.step_failure_data.error, event.step_key or "a step")


def _told(error: SerializableErrorInfo | None, step: str) -> DeskError:
    """The first error of ours among a failed step's causes; its class decides the exit code. Only our own words are
    repeated: what another library says of a failure may quote mail."""
    ours = _own_errors(DeskError)
    while error is not None and error.cls_name not in ours and error.cause is not None:
        error = error.cause
    if error is None:
        return DeskError(f"{step} failed")
    said = error.message.strip().partition(": ")[2]
    if error.cls_name in ours:
        return ConfigurationError(said) if error.cls_name == ConfigurationError.__name__ else DeskError(said)
    if error.cls_name in ("OSError", "PermissionError"):
        cure = "make room where a disk is full, correct permissions, and run the same again"
        return DeskError(f"{step} cannot read or write: {said}; {cure}")
    for frame in error.stack:
        log.error("defect", step=step, at=" ".join(frame.split()))
    return DeskError(f"{step} failed with {error.cls_name}, a defect: report it with the lines above")


def _own_errors(kind: type[DeskError]) -> set[str]:
    return {kind.__name__}.union(*(_own_errors(narrower) for narrower in kind.__subclasses__()))


def _attempts(assembly: Assembly, day: date) -> int:
    return sum(u.requests for u in assembly.ledger.spending.usage(day))


def _outcome(assembly: Assembly, day: date, before: int) -> NightOutcome:
    newest = newest_revision(assembly.reports, day)
    if newest is None:
        raise DeskError(f"no report was written for {day}")
    report = read_json(newest)
    return NightOutcome(
        report=report,
        path=newest.html,
        sent=_attempts(assembly, day) - before,
        broken=report["problems"],
        emulated=assembly.profile.emulated,
    )
