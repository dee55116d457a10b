"""Dead letters: requests that failed for good. They are listed with the reason, and requeued when a person asks."""

from collections.abc import Sequence
from datetime import date

from llm_assets.domain.errors import ConfigurationError
from llm_assets.engine.ports.review import DeadLetter
from llm_assets.steps.night_summary.step import NAME as NIGHT_SUMMARY
from llm_assets.steps.triage.step import TRIAGE
from llm_assets.usecases.desk.assembly import Assembly


def dead_letters(assembly: Assembly, day: date | None, step: str | None) -> Sequence[DeadLetter]:
    """Those of a day and step; None means all. Raises ConfigurationError for an unknown step."""
    _check_step(assembly, step)
    return assembly.ledger.review.dead_letters(day, step)


def requeue(assembly: Assembly, day: date | None, step: str | None, *, by: str) -> int:
    """Makes dead requests due again; the next run of their night sends them. Returns how many.

    Raises ConfigurationError for an unknown step.
    """
    _check_step(assembly, step)
    return assembly.ledger.review.requeue(day, step, by=by)


def _check_step(assembly: Assembly, name: str | None) -> None:
    known = [*(s.name for s in assembly.steps), NIGHT_SUMMARY, TRIAGE.name]
    if name is not None and name not in known:
        raise ConfigurationError(f"--step {name} is not known; use one of: {', '.join(known)}")
