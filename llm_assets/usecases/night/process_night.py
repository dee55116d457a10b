"""Process a night in this process: check the day, receive its mail, have its assets run, and return the outcome."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from llm_assets.domain.errors import ConfigurationError, DeskError
from llm_assets.usecases.desk.assembly import Assembly
from llm_assets.usecases.desk.desk import Desk
from llm_assets.usecases.mail.receive import receive
from resources.report_files import newest_revision, read_json

Report = Mapping[str, Any]  # report.json


@dataclass(frozen=True)
class NightOutcome:
    report: Report
    path: Path
    read: int
    """Messages that this run read; those read before are not read again."""
    sent: int
    """Requests that this run sent to the provider."""
    broken: Sequence[str]
    """Sums and checks that do not hold."""
    emulated: bool

    @property
    def incomplete(self) -> bool:
        return bool(self.report["totals"]["open"] or self.report["missing"] or self.broken)


def process_night(
    desk: Desk, day: date, inboxes: Sequence[Path], materialize: Callable[[], int]
) -> NightOutcome:
    """Receives mail, that of `inboxes` for `day`, and calls `materialize`, which runs every asset of the
    night and returns how many messages it read.

    Raises ConfigurationError before anything is sent, and DeskError when there is no report at the end.
    """
    with desk.open() as assembly:
        _check_day(assembly, day)
        assembly.check_provider()
        assembly.lanes  # noqa: B018 a mistake in the file has to show before any mail is read
        assembly.notifications  # noqa: B018 the same
        before = _attempts(assembly, day)
        receive(assembly, paths=inboxes, day=day, insist=True, on_progress=desk.on_stage)
    read = materialize()
    with desk.open() as assembly:
        return _outcome(assembly, day, before, read)


def _check_day(assembly: Assembly, day: date) -> None:
    first, today = assembly.settings.first_day, assembly.settings.calendar.day_of(assembly.clock())
    if not first <= day <= today:
        raise ConfigurationError(f"--day {day} is not between {first} and today, {today}")


def _attempts(assembly: Assembly, day: date) -> int:
    return sum(u.requests for u in assembly.ledger.spending.usage(day))


def _outcome(assembly: Assembly, day: date, before: int, read: int) -> NightOutcome:
    newest = newest_revision(assembly.reports, day)
    if newest is None:
        raise DeskError(f"no report was written for {day}")
    report = read_json(newest)
    return NightOutcome(
        report=report,
        path=newest.html,
        read=read,
        sent=_attempts(assembly, day) - before,
        broken=report["problems"],
        emulated=assembly.profile.emulated,
    )
