"""Ask a model which of a day's new mail is urgent. Each question is asked once; one that has no answer now is given up, and the
rule of the queue alone decides until the next mail comes."""

from datetime import date
from typing import NamedTuple

import structlog

from llm_assets.domain.desk.night import Rework
from llm_assets.domain.errors import BlockedError
from llm_assets.engine.rounds.ask_now import ask_some_now, give_up, take_up
from llm_assets.engine.rounds.drive import PASSING
from llm_assets.steps.triage.step import TRIAGE
from llm_assets.usecases.desk.assembly import Assembly
from llm_assets.usecases.mail.triage import triage_lock, triage_tasks

log = structlog.get_logger()


class AskedTriage(NamedTuple):
    asked: int
    """Cases that were asked about now."""
    why: str
    """Why some have no answer, as a sentence; empty when all have one."""


def ask_triage(assembly: Assembly, day: date) -> AskedTriage:
    """Asks what is not answered yet of the day's cases. Never raises for the provider or the budget: urgent by rule is still
    urgent."""
    engine, name = assembly.engine, TRIAGE.name
    with assembly.ledger.locks.owner(triage_lock(day), wait=True):
        tasks = triage_tasks(assembly, day)
        why = ""
        try:
            take_up(engine, day, name)
            if tasks:
                why = ask_some_now(engine, day, {name: tasks}, Rework.STALE)
        except (BlockedError, *PASSING) as err:
            why = str(err)
        left = give_up(engine, day, name)
    if left:
        why = why or "the provider gave no usable answer"
        log.warning("urgent by rule only", day=str(day), cases=left, why=why)
    return AskedTriage(len(tasks), why)
