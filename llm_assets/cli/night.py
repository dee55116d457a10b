"""The command `night`: one day's assets run in this process, and the outcome as a short table."""

import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from llm_assets.cli.console import Console, say
from llm_assets.cli.options import (
    EXIT_INCOMPLETE,
    DayOption,
    JsonOption,
    ReworkOption,
    UntilOption,
    check_rework,
    existing,
    until_of,
)
from llm_assets.domain.errors import ConfigurationError, DeskError

if TYPE_CHECKING:
    from llm_assets.usecases.desk.desk import Desk
    from llm_assets.usecases.night.process_night import NightOutcome


def night(
    day: DayOption,
    inbox: Annotated[
        list[Path] | None,
        typer.Option(help="Folder, mbox, maildir or file added to the sources; repeatable."),
    ] = None,
    rework: ReworkOption = "auto",
    until: UntilOption = None,
    as_json: JsonOption = False,
) -> None:
    """Process one day in this process, waiting for the provider, and write its report; with --until, before that moment.

    Exit 0: report written, nothing open. 1: something is open or lost. 2: usage or configuration error.
    """
    from llm_assets.usecases.desk.desk import Wait, configured_desk

    check_rework(rework)
    paths = existing(inbox)
    with Console() as console:
        desk = configured_desk(Wait.INLINE, on_progress=console.steps, on_stage=console.stage)
        if until is not None:
            desk = replace(desk, until=until_of(until, desk.settings.calendar.zone, desk.clock()))
        try:
            outcome = run_night(desk, day.date(), paths, rework)
        except ConfigurationError:
            raise
        except DeskError:
            _tell(desk)  # e.g. that the provider is blocked; the night's own sentence is the only one printed
            raise
        untold = _tell(desk)
    if untold:
        print(f"llm-assets: not everybody was told: {untold}", file=sys.stderr)
    for line in outcome_lines(outcome):
        say(line)
    if as_json:
        print(json.dumps(outcome.report, ensure_ascii=False))
    raise SystemExit(EXIT_INCOMPLETE if outcome.incomplete else 0)


def _tell(desk: "Desk") -> str:
    """Who could not be told, and why; it makes no difference to the night."""
    from llm_assets.usecases.notify.tell import tell

    try:
        with desk.open() as assembly:
            return tell(assembly).trouble
    except DeskError as err:
        return str(err)


def run_night(desk: "Desk", day: date, inboxes: Sequence[Path], rework: str = "auto") -> "NightOutcome":
    """Processes the night with the assets of Dagster in this process.

    Raises ConfigurationError before anything is sent, and DeskError when a step fails or there is no report.
    """
    from llm_assets.definitions import build_defs
    from llm_assets.defs.in_process import materialize_night
    from llm_assets.usecases.night.process_night import process_night

    def materialize() -> int:
        return materialize_night(build_defs(desk=desk, steps=desk.steps), day, rework)

    return process_night(desk, day, inboxes, materialize)


def outcome_lines(outcome: "NightOutcome") -> list[str]:
    """The night as a short table for people."""
    totals, spend = outcome.report["totals"], outcome.report["spend"]
    names = ("received", "duplicates", "updates", "documents", "ok", "review", "dead", "open")
    lines = [f"night of {outcome.report['day']}, revision {outcome.report['revision']}"]
    lines += [f"  {name:<13}{totals[name]:>7}" for name in names]
    lines.append(f"  drafts ready {totals['drafts_ready']:>7}, no reply needed {totals['not_needed']}")
    lines.append(f"  {outcome.read} messages read now")
    lines.append(
        f"  {outcome.sent} requests sent now, {spend['requests']} for this night, {spend['usd']} USD"
    )
    lines += [f"  missing: {m['what']}: {m['why']}" for m in outcome.report["missing"]]
    lines += [f"  does not hold: {problem}" for problem in outcome.broken]
    if outcome.emulated:
        lines.append("  demo model: rules, not an LLM")
    return [*lines, f"report: {outcome.path}"]
