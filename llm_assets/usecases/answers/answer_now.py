"""Answer now: a step worked for one case while a caller waits, by the requests that a night would send for it.

The night finds them answered. What the caller told is kept nowhere but in the answer, and that only for a while.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from llm_assets.domain.desk.queue import Queue, Queues
from llm_assets.domain.desk.step import Step
from llm_assets.domain.desk.tables import DOCUMENTS, Row
from llm_assets.domain.digest import digest_bytes
from llm_assets.domain.mail.document import Document, Message, Received, Role
from llm_assets.domain.mail.document_rows import document_row
from llm_assets.domain.profile import Lane
from llm_assets.engine.night.night import Night, in_reading_order
from llm_assets.engine.rounds.answer_caller import answer_caller
from llm_assets.intake.threads import addresses_of, priority_of
from llm_assets.usecases.answers.readers import SOURCE
from llm_assets.usecases.desk.assembly import Assembly
from resources.lake.in_memory import MemoryLake


@dataclass(frozen=True, slots=True)
class Answered:
    """What a step says of a case."""

    record_id: str
    row: Row
    """Of the step's table."""
    requests: Sequence[str]
    """The ids of the requests that it took, those of the steps that it reads included."""


def document_told(message: Message, raw: bytes, queue: Queue, day: date, at: datetime) -> Document:
    """The message as the only document of its case."""
    received = Received(SOURCE, message.record_id, day, digest_bytes(raw), message.kind, at)
    priority = priority_of(message, queue)
    return Document(received, message, queue.name, priority, message.record_id, Role.FIRST)


def queue_for(queues: Queues, message: Message, named: str | None) -> Queue:
    """By mailbox, as at night, unless one is named. Raises KeyError for a name that no queue has."""
    return queues.for_addresses(addresses_of(message)) if named is None else queues.named(named)


def answer_now(
    assembly: Assembly,
    document: Document,
    step: Step,
    lane: Lane,
    given: Mapping[str, Mapping[str, Any]],
    answer_id: str | None = None,
) -> Answered:
    """Works the step and the steps that it reads, but for those whose rows are given. What it asks is on the bill of
    `answer_id`.

    Raises what `answer_caller` raises.
    """
    day = document.received.day
    night = _night(assembly, document, lane, answer_id)
    night.lake.write(DOCUMENTS, day, [document_row(document, "")])
    requests: list[str] = []
    row: Row = {}
    for together in in_reading_order(needed(assembly.steps, step)):
        asked = [each for each in together if each.name not in given]
        tasks = [task for each in asked for task in night.tasks(each)]
        requests += [task.request.request_id for task in tasks]
        with ThreadPoolExecutor(max_workers=max(1, len(tasks)), thread_name_prefix="answer") as pool:
            list(pool.map(lambda task: answer_caller(night.engine, day, replace(task, lane=lane)), tasks))
        for each in together:
            rows = [given[each.name]] if each.name in given else list(night.rows(each))
            night.lake.write(each.table, day, rows)
            [row] = night.lake.read(each.table, day)
    return Answered(document.message.record_id, row, tuple(dict.fromkeys(requests)))


def needed(steps: Sequence[Step], step: Step) -> list[Step]:
    """The step and all that it reads, directly or not."""
    by_name = {each.name: each for each in steps}
    names, left = {step.name}, [step]
    while left:
        for name in left.pop().reads:
            if name not in names:
                names.add(name)
                left.append(by_name[name])
    return [each for each in steps if each.name in names]


def _night(assembly: Assembly, document: Document, lane: Lane, answer_id: str | None) -> Night:
    """A night of this case alone: its tables are in memory, and which case asked is not kept."""
    engine = assembly.engine
    work = assembly.ledger.told_work(answer_id, document.message.record_id)
    told = replace(engine, ledger=replace(engine.ledger, work=work))
    night = assembly.night(document.received.day, lane)
    return replace(night, engine=told, lake=MemoryLake(), only=frozenset({document.case_id}), rework=None)
