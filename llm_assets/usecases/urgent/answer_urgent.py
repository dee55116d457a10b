"""Answer urgent cases: their requests are asked online when they come, and people see the rows at once.

They are the requests that the night of their day would send, so it finds them answered and pays nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from llm_assets.domain.desk.tables import DOCUMENTS
from llm_assets.domain.errors import BlockedError, TransientError
from llm_assets.domain.mail.document import Priority
from llm_assets.domain.requests.outcome import RequestState
from llm_assets.engine.rounds.ask_now import ask_some_now
from llm_assets.usecases.desk.assembly import Assembly
from llm_assets.usecases.mail.read_day import read_day
from llm_assets.usecases.mail.triage import called_urgent
from llm_assets.usecases.night.night_report import write_review_queue
from llm_assets.usecases.night.process_steps import rounds_of
from llm_assets.usecases.night.step_tables import write_step_table
from llm_assets.usecases.review.one_case import in_order, night_of, write_rows
from llm_assets.usecases.urgent.ask_triage import ask_triage


@dataclass(frozen=True, slots=True)
class UrgentAnswers:
    """What came of a day's urgent cases."""

    cases: int
    triaged: int
    """Cases of which a model was asked now whether they are urgent."""
    waiting: int
    """Cases with a request that has no answer yet; the night sends it."""
    why: str
    """Why some wait or were not asked about, as a sentence; empty when nothing is known to be wrong."""


def answer_urgent(assembly: Assembly, day: date) -> UrgentAnswers:
    """Answers what is open of the day's urgent cases as its documents show them, and writes the day's tables, so that people
    see them. Then a model is asked about the others of queues with `triage`, and what it calls urgent is answered too. A
    provider that refuses us or does not answer leaves the rest to the rule and the night."""
    cases = urgent_cases(assembly, day)
    why = _answer(assembly, day, cases)
    triage = ask_triage(assembly, day)
    if called_urgent(assembly, day) - set(cases):
        read_day(assembly, day)
        found = [case for case in urgent_cases(assembly, day) if case not in set(cases)]
        why = _answer(assembly, day, found) or why
        cases = [*cases, *found]
    standings = [
        standing
        for step in assembly.steps
        for standing in assembly.ledger.work.standings(day, step.name, frozenset(cases))
    ]
    waiting = {s.case_id for s in standings if s.state in (RequestState.DUE, RequestState.IN_FLIGHT)}
    return UrgentAnswers(len(cases), triage.asked, len(waiting), why or triage.why)


def urgent_cases(assembly: Assembly, day: date) -> Sequence[str]:
    """The day's cases with an urgent message, in order of arrival."""
    rows = assembly.lake.read(DOCUMENTS, day, ["case_id", "priority"])
    return list(dict.fromkeys(row["case_id"] for row in rows if row["priority"] == Priority.URGENT))


def _answer(assembly: Assembly, day: date, cases: Sequence[str]) -> str:
    """Why some are not answered; empty when all are."""
    if not cases:
        return ""
    why = _ask(assembly, day, cases)
    _show(assembly, day)
    return why


def _ask(assembly: Assembly, day: date, cases: Sequence[str]) -> str:
    rework = assembly.settings.calendar.default_rework(day, assembly.clock())
    why = ""
    with night_of(assembly, day, *cases) as night:
        other = night.stand_in
        for steps in rounds_of(assembly.steps):
            try:
                tasks = {step.name: list(night.tasks(step)) for step in steps}
                theirs = {step.name: list(other.tasks(step)) for step in steps} if other is not None else None
                why = ask_some_now(assembly.engine, day, tasks, rework, theirs) or why
            except (BlockedError, TransientError) as err:
                return str(err)
            write_rows(night, steps)
    return why


def _show(assembly: Assembly, day: date) -> None:
    """The tables as the night would write them now: every case has its row, and those of the others are open."""
    night = assembly.night(day, rework=assembly.settings.calendar.default_rework(day, assembly.clock()))
    for step in in_order(assembly.steps):
        write_step_table(assembly, night, step)
    with assembly.ledger.locks.owner(f"write:review_queue:{day}", wait=True):
        write_review_queue(assembly, day)
