"""Draft now: a case's draft written online while a person waits, from what people have decided by now.

It is the request that the next run of the night would send, so that run finds it answered and pays nothing.
"""

from dataclasses import dataclass
from datetime import date, datetime
from itertools import takewhile

from pydantic import JsonValue

from llm_assets.domain.desk.step import Step
from llm_assets.domain.desk.tables import Row
from llm_assets.domain.errors import DeskError, TransientError
from llm_assets.domain.requests.outcome import Status
from llm_assets.engine.night.night import Night
from llm_assets.engine.planning.task import Task
from llm_assets.engine.ports.review import REQUEST, Decision, DecisionKind
from llm_assets.engine.rounds.ask_now import ask_now
from llm_assets.report.reasons import in_words
from llm_assets.usecases.desk.assembly import Assembly
from llm_assets.usecases.review.case_page import DRAFTS
from llm_assets.usecases.review.decide import NothingToDecideError, case_of
from llm_assets.usecases.review.one_case import in_order, night_of, write_rows
from llm_assets.words.sentence import Sentence

__all__ = ["DRAFTS", "Drafted", "NotNowError", "draft_now"]


class NotNowError(DeskError):
    """It cannot be written at this moment; the night writes it."""


@dataclass(frozen=True, slots=True)
class Drafted:
    """What came of it."""

    case_id: str
    status: Status
    """OPEN where another process has asked already, or the provider has not answered yet."""
    reason: str
    """Why a person should look, or why it is open; empty for none."""
    seen: int
    """The number of the decision that asked for it."""


def draft_now(assembly: Assembly, day: date, record: str, by: str, at: datetime | None = None) -> Drafted:
    """Raises UnknownRecordError; NothingToDecideError where no draft is to be written; OverBudgetError; BlockedError; and
    NotNowError. What was asked for stays due when it cannot be had."""
    case_id = case_of(assembly, day, record)
    step = next(s for s in assembly.steps if s.name == DRAFTS)
    with night_of(assembly, day, case_id) as night:
        write_rows(night, takewhile(lambda s: s.name != DRAFTS, in_order(assembly.steps)))
        task = next(night.tasks(step), None)
        if task is None:
            _check_by_rule(write_rows(night, [step])[step.name])
        stored = assembly.ledger.review.decide(
            day, _wanted(task, case_id, by, at or assembly.clock())
        )  # before the call: none is without who wanted it
        if task is not None:
            _ask(assembly, day, task, _instead(night, step))
        row = write_rows(night, [step])[step.name]
    return Drafted(case_id, Status(row["status"]), str(row["doubt_reason"] or ""), stored.number)


def _wanted(task: Task | None, case_id: str, by: str, at: datetime) -> Decision:
    values: dict[str, JsonValue] = {REQUEST: task.request.request_id} if task is not None else {}
    version = task.request.prompt_version if task is not None else ""
    return Decision(case_id, DRAFTS, values, by, at, DecisionKind.DRAFT_NOW, prompt_version=version)


def _instead(night: Night, step: Step) -> Task | None:
    """The request for the profile that stands in; None where there is no such profile."""
    other = night.stand_in
    return next(other.tasks(step), None) if other is not None else None


def _ask(assembly: Assembly, day: date, task: Task, instead: Task | None) -> None:
    rework = assembly.settings.calendar.default_rework(day, assembly.clock())
    try:
        ask_now(assembly.engine, day, task, rework, instead)
    except TransientError as err:
        raise NotNowError(f"the provider does not answer now ({err}): the night writes the draft") from err


def _check_by_rule(row: Row) -> None:
    """A draft by rule costs nothing; where none is to be written, the reason is said."""
    if row["status"] == Status.NOT_NEEDED:
        raise NothingToDecideError("its category needs no reply: no draft is written")
    if row["status"] != Status.OK and row["doubt_reason"]:
        raise NothingToDecideError(
            Sentence("no draft can be written: %(reason)s", reason=in_words(str(row["doubt_reason"])))
        )
    if row["status"] != Status.OK:
        raise NothingToDecideError(
            "another doubt of this case is open: decide it first, then its draft can be written"
        )
