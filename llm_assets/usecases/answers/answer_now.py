"""Answer now: a step worked for one case while a caller waits, by the requests that a night would send for it.

The night finds them answered. What the caller told is kept nowhere but in the answer, and that only for a while.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from llm_assets.domain.desk.merged import Merging
from llm_assets.domain.desk.queue import Queue, Queues
from llm_assets.domain.desk.step import Step
from llm_assets.domain.desk.tables import DOCUMENTS, Row
from llm_assets.domain.digest import digest_bytes
from llm_assets.domain.mail.document import Document, Message, Received, Role
from llm_assets.domain.mail.document_rows import document_row
from llm_assets.domain.profile import Lane, Tier
from llm_assets.domain.requests.outcome import Status
from llm_assets.engine.answers.rows import BY_MODEL
from llm_assets.engine.night.night import Night, in_reading_order
from llm_assets.engine.planning.task import Task
from llm_assets.engine.rounds.answer_caller import answer_caller
from llm_assets.intake.threads import addresses_of, priority_of
from llm_assets.usecases.answers.readers import SOURCE
from llm_assets.usecases.answers.reading import Reading
from llm_assets.usecases.answers.waiting import Waiting
from llm_assets.usecases.desk.assembly import Assembly
from llm_assets.usecases.desk.earlier_rows import filled
from resources.lake.in_memory import MemoryLake


@dataclass(frozen=True, slots=True)
class Answered:
    """What a step says of a case."""

    record_id: str
    row: Row
    """Of the step's table."""
    doubted: Row
    """The same, or the row of the first step that it reads whose doubt holds it back."""
    requests: Sequence[str]
    """The ids of the requests that it took, those of the steps that it reads included."""
    provider: timedelta
    """How long we waited for the provider; requests side by side count as the longest of them."""


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
    until: datetime | None = None,
    reading: Reading | None = None,
    answer_id: str | None = None,
    waiting: Waiting | None = None,
) -> Answered:
    """Works the step and the steps that it reads, but for those whose rows are given. From `until` on no request is begun, and
    what has none is open; None: without such a moment. `reading` reads the step's answer while it is written; `waiting` is the
    caller: once it has left, it is the same as from `until` on. What it asks is on the bill of `answer_id`.

    Raises what `answer_caller` raises.
    """
    working = _Working(_night(assembly, document, lane, answer_id), document, until, waiting or Waiting())
    for together in in_reading_order(needed(assembly.steps, step)):
        if reading is not None:
            reading.check()
        working.ask(
            [each for each in together if each.name not in given], reading if together == [step] else None
        )
        for each in together:
            working.put(each, given.get(each.name))
    row = working.row(step)
    doubted = row if row["doubt_reason"] or row["status"] == Status.OK else working.holding_back(step)
    return Answered(document.message.record_id, row, doubted, tuple(working.requests), working.provider)


@dataclass
class _Working:
    """A case on its way through its steps."""

    night: Night
    document: Document
    until: datetime | None
    waiting: Waiting
    requests: dict[str, None] = field(default_factory=dict)
    slowest: timedelta = timedelta(0)
    """How long one round of requests took at most."""
    provider: timedelta = timedelta(0)

    def __post_init__(self) -> None:
        self.night.lake.write(DOCUMENTS, self.night.day, [document_row(self.document, "")])

    def ask(self, steps: Sequence[Step], reading: Reading | None = None) -> None:
        """What of these has no answer, side by side. `reading` reads the answer of the only step."""
        tasks = {task.request.request_id: task for each in steps for task in self.night.tasks(each)}
        if not tasks or not self._may_begin(timedelta(0)):
            return
        began = self.night.engine.clock()
        if len(tasks) == 1:
            if reading is not None:
                reading.begin(self.night.live(steps[0]))
            [task] = tasks.values()
            self.provider += self._ask_one(task, reading)
        else:
            with ThreadPoolExecutor(len(tasks), thread_name_prefix="answer") as pool:
                self.provider += max(pool.map(self._ask_one, tasks.values()))
        self.slowest = max(self.slowest, self.night.engine.clock() - began)

    def put(self, step: Step, given: Mapping[str, Any] | None) -> None:
        """Its row: as it is given, or as the answer makes it, of the strong model where the first one left a doubt."""
        rows = list(self.night.rows(step)) if given is None else [self._given(step, given)]
        self.night.lake.write(step.table, self.night.day, rows)
        if given is None and self._escalates(step):
            doubt = self.row(step)["doubt_reason"]
            strong = replace(step, tier=Tier.STRONG)
            alone = self._alone
            alone.ask([strong])
            self.provider = alone.provider
            rows = [{**row, "tier_reason": f"escalated {doubt}"} for row in self.night.rows(strong)]
            self.night.lake.write(step.table, self.night.day, rows)

    def row(self, step: Step) -> Row:
        [row] = self.night.lake.read(step.table, self.night.day)
        return row

    def _given(self, step: Step, said: Mapping[str, Any]) -> dict[str, Any]:
        [seen] = self.night.inputs(step)
        case = self.document.case_id
        own = {"day": self.night.day, "case_id": case, "record_id": case, "queue": seen.queue.name}
        return filled(said, step, seen) | own

    def holding_back(self, step: Step) -> Row:
        """The row of the first step that this one needs which is in doubt; its own where none is."""
        rows = [self.row(each) for each in needed(list(self.night.steps.values()), step)]
        return next((row for row in rows if row["doubt_reason"]), self.row(step))

    @property
    def _alone(self) -> "_Working":
        """The same, with each step asked by itself."""
        return replace(self, night=replace(self.night, merging=Merging()))

    def _escalates(self, step: Step) -> bool:
        row, queue = self.row(step), self.night.queues.named_or_default(self.document.queue)
        doubted = row["status"] == Status.REVIEW and row["decided_by"] == BY_MODEL
        weaker = row["tier"] != Tier.STRONG and Tier.STRONG in self.night.engine.provider.profile.models
        return queue.escalate and doubted and weaker and self._may_begin(2 * self.slowest)

    def _may_begin(self, needed: timedelta) -> bool:
        if self.waiting.is_over:
            return False
        return self.until is None or self.night.engine.clock() + needed < self.until

    def _ask_one(self, task: Task, reading: Reading | None = None) -> timedelta:
        self.requests[task.request.request_id] = None
        engine = replace(self.waiting.timed(self.night.engine), listener=reading)
        return answer_caller(engine, self.night.day, replace(task, lane=self.night.lane)).provider


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
    night = assembly.night(document.received.day, lane)
    return replace(
        night,
        engine=replace(assembly.engine, ledger=assembly.ledger.told(answer_id, document.message.record_id)),
        lake=MemoryLake(),
        only=frozenset({document.case_id}),
        rework=None,
        rules_version=None,  # no plan of this case comes after it
    )
