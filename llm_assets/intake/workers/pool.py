"""Reading many messages side by side in processes that may hang, crash or eat memory at the cost of one attachment.

A process that dies is replaced and its message read again without the attachment it was at; where it was at none,
only the header of the message is read. Even one mail is read in such a process: it is up after 0.2 s of CPU, and only
a mail in a language that its words do not show takes another 0.4 s, for the language model. A second process is started
when the first has not kept up.
"""

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from multiprocessing.connection import wait
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from llm_assets.domain.errors import DeskError
from llm_assets.domain.mail.document import Message
from llm_assets.intake.trace import Note
from llm_assets.intake.workers.folders import OwnFolder
from llm_assets.intake.workers.job import ALL_FILES, Job, Order, message_of, notes_of, written
from llm_assets.intake.workers.limits import Limits
from llm_assets.intake.workers.process import COMMAND, Died, Process, usable_cores

AHEAD = 1_000
"""Messages handed out before the oldest one is back, where order is kept: bounds what waits in memory."""
KEEPS_UP_SECONDS = 2.0
"""After the start of one process, before another is started beside it: a small day is read by one."""
MOST_CULPRITS = 8
"""Attachments of one message that may break a process before all of them are left unread."""
MOST_FAILED_STARTS = 3


class Read(NamedTuple):
    """What became of a job."""

    position: int
    """In the jobs as given."""
    job: Job
    as_json: bytes | None
    """The message by the domain's codec, or the facts of a file where its pages were asked for; None when the bytes could not
    be read."""
    lost: str = ""
    """Why, or the flag of a file whose pages broke the reader."""

    @property
    def message(self) -> Message:
        assert self.as_json is not None
        return replace(message_of(self.as_json), path=self.job.place)

    @property
    def notes(self) -> tuple[Note, ...]:
        """Why it reads as it does, where the job asked for that."""
        return notes_of(self.as_json) if self.as_json is not None else ()


@dataclass
class _Task:
    position: int
    order: Order
    died_at: set[str | None] = field(default_factory=set)
    """Attachments at which it has crashed once; None for the body."""


def _warn(event: str, **about: object) -> None:
    import structlog  # when there is something to say: importing it takes as long as reading a mail

    structlog.get_logger().warning(event, **about)


class ReaderPool:
    """Up to `size` reader processes, as many as this machine has cores for. They live until `close`, or until this
    process is gone, however that comes about. For one thread.

    `folder` is where they write temporary files, each into a folder of its own; by default one beside those of others."""

    def __init__(
        self,
        size: int | None = None,
        *,
        limits: Limits = Limits(),
        command: Sequence[str] = COMMAND,
        folder: Path | None = None,
        warn: Callable[..., None] = _warn,
    ) -> None:
        self._size = size if size is not None else usable_cores()
        self._limits = limits
        self._command = command
        self._base = folder
        self._own: OwnFolder | None = None
        self._warn = warn
        self._idle: list[Process] = []
        self._busy: dict[Process, _Task] = {}
        self._failed_starts = 0
        self._started = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        for process in (*self._idle, *self._busy):
            process.end()
        self._idle.clear()
        self._busy.clear()
        if self._own is not None:
            self._own.end()
            self._own = None

    def start_one(self) -> None:
        """Starts a process before there is anything to read, which imports its libraries while the caller is busy."""
        self._idle.append(self._start())

    def read(self, jobs: Iterable[Job]) -> Iterator[Read]:
        """Every job's message, as they get ready. Raises DeskError when no reader process can be started."""
        return self._run(_Tasks(jobs))

    def read_in_order(self, jobs: Iterable[Job]) -> Iterator[Read]:
        """The same in the order of the jobs."""
        tasks = _Tasks(jobs, ahead=AHEAD)
        early: dict[int, Read] = {}
        for found in self._run(tasks):
            early[found.position] = found
            while (next_one := early.pop(tasks.passed_on, None)) is not None:
                tasks.passed_on += 1
                yield next_one

    def _run(self, tasks: "_Tasks") -> Iterator[Read]:
        try:
            while self._hand_out(tasks) or self._busy:
                for process in self._speaking(tasks):
                    found = self._heard(process, tasks)
                    if found is not None:
                        yield found
        finally:
            for process in self._busy:  # whoever listened has gone
                process.end()
            self._busy.clear()

    def _hand_out(self, tasks: "_Tasks") -> bool:
        """Gives every process that has nothing to do an order, and starts one more where that does not keep up; says
        whether orders are left."""
        while tasks.waiting():
            if not self._idle and not self._may_start():
                return True
            process = self._idle.pop() if self._idle else self._start()
            task = tasks.take()
            self._busy[process] = task
            process.give(task.order)
        return False

    def _may_start(self) -> bool:
        return not self._busy or (len(self._busy) < self._size and self._until_next_start() == 0)

    def _until_next_start(self) -> float:
        return max(0.0, self._started + KEEPS_UP_SECONDS - time.monotonic())

    def _start(self) -> Process:
        self._started = time.monotonic()
        if self._own is None:
            self._own = OwnFolder.begun(self._base)
        return Process(self._command, self._limits, self._own.for_process())

    def _speaking(self, tasks: "_Tasks") -> list[Process]:
        by_connection = {process.connection: process for process in self._busy}
        hurry = tasks.waiting() and len(self._busy) < self._size
        ready = wait(list(by_connection), timeout=self._until_next_start() if hurry else None)
        return [process for connection, process in by_connection.items() if connection in ready]

    def _heard(self, process: Process, tasks: "_Tasks") -> Read | None:
        said = process.hear()
        if said is None:
            return None
        task = self._busy.pop(process)
        if isinstance(said, Died):
            return self._again(process, task, tasks, said)
        self._failed_starts = 0
        if process.retired:
            process.end()
        else:
            self._idle.append(process)
        if said.broke is None:
            return Read(task.position, task.order.job, said.message, said.lost or "")
        self._warn("reader_broke", where=said.broke, raw_sha256=task.order.job.sha256)
        task.died_at.add(process.at)  # the same bytes raise the same again
        return _retried(task, "crashed", process.at, tasks)

    def _again(self, process: Process, task: _Task, tasks: "_Tasks", died: Died) -> Read | None:
        if not died.was_ready:
            self._count_failed_start(died)
            tasks.again(task)
            return None
        flag = "timeout" if died.timed_out else "crashed"
        self._warn(
            "reader_ended", flag=flag, code=died.code, raw_sha256=task.order.job.sha256, attachment=process.at
        )
        return _retried(task, flag, process.at, tasks)

    def _count_failed_start(self, died: Died) -> None:
        self._failed_starts += 1
        if self._failed_starts == MOST_FAILED_STARTS:
            raise DeskError(
                f"no reader process can be started, the last one ended with code {died.code}: see what it wrote above, "
                "and whether the machine has memory and processes left"
            )


class _Tasks:
    """Jobs as they are asked for, those to be read again first."""

    def __init__(self, jobs: Iterable[Job], ahead: int | None = None) -> None:
        self._fresh = enumerate(jobs)
        self._next: _Task | None = None
        self._again: deque[_Task] = deque()
        self._ahead = ahead
        self.passed_on = 0
        """Answers that have been passed on, where order is kept."""

    def waiting(self) -> bool:
        if self._again:
            return True
        if self._next is None and (fresh := next(self._fresh, None)) is not None:
            self._next = _Task(fresh[0], Order(fresh[1]))
        if self._next is None:
            return False
        return self._ahead is None or self._next.position < self.passed_on + self._ahead

    def take(self) -> _Task:
        """The next one; only while one is waiting."""
        if self._again:
            return self._again.popleft()
        assert self._next is not None
        task, self._next = self._next, None
        return task

    def again(self, task: _Task) -> None:
        self._again.append(task)


def _retried(task: _Task, flag: str, at: str | None, tasks: _Tasks) -> Read | None:
    order = _after(task, flag, at)
    if order is None:
        return _given_up(task, flag)
    task.order = order
    tasks.again(task)
    return None


def _after(task: _Task, flag: str, at: str | None) -> Order | None:
    """How a message is read after its reader has come to an end there; None when nothing is left to try.

    After a crash it is read once more as it was: the kernel may have taken the process for another one's memory.
    """
    order = task.order
    if flag == "crashed" and at not in task.died_at:
        task.died_at.add(at)
        return order
    if at is not None and at not in order.broke:
        broke = {**order.broke, at: flag}
        return replace(order, broke=broke if len(broke) < MOST_CULPRITS else {**broke, ALL_FILES: flag})
    nothing_left = order.head_only is not None or order.job.pages is not None
    return None if nothing_left else replace(order, head_only=flag)


def _given_up(task: _Task, flag: str) -> Read:
    if task.order.job.pages is not None:
        return Read(task.position, task.order.job, None, flag)
    from llm_assets.intake.item import (
        unread,
    )  # imports every parser, which this process does not need otherwise

    job = task.order.job
    try:
        data = job.content if isinstance(job.content, bytes) else job.content.read_bytes()
    except OSError as error:  # gone since a reader opened it
        return Read(task.position, job, None, error.strerror or type(error).__name__)
    return Read(task.position, job, written(unread(data, job.kind, job.place, flag, index=job.index)))
