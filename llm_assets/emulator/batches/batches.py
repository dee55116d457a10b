"""Batches in flight: the answering of each in the background, and the phase it shows at a moment.

The phase is a pure function of the record and the clock, so a restart changes nothing that can be seen.
"""

import asyncio
import logging
import os
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Literal

from llm_assets.emulator.batches.store import BatchRecord, Store, Work
from llm_assets.emulator.batches.job import Job, answer_batch
from llm_assets.emulator.clock import Clock
from llm_assets.emulator.journal import Journal
from llm_assets.emulator.process.parent import end_with
from llm_assets.emulator.scenario import BatchFault, RequestFault

LOG = logging.getLogger(__name__)
Phase = Literal[
    "validating", "in_progress", "finalizing", "completed", "failed", "expired", "cancelling", "cancelled"
]
ENDED = frozenset({"completed", "failed", "expired", "cancelled"})

WINDOW = 86_400.0
CANCEL_SECONDS = 0.2
"""A cancel takes this share of a batch's latency."""
VALIDATING_UNTIL, FINALIZING_FROM = 0.1, 0.9
IN_THREAD_UP_TO = 500
PATIENCE = 5.0
"""Seconds a look at a batch that should have ended waits for its answers before saying "in progress"."""


def faults_of(record: BatchRecord) -> list[BatchFault]:
    return [BatchFault.model_validate(fault) for fault in record.faults]


def end_moment(record: BatchRecord) -> float:
    if record.cancelled_at is not None:
        return record.cancelled_at + record.latency * CANCEL_SECONDS
    return record.created_at + min(record.latency, WINDOW)


def phase(record: BatchRecord, now: float) -> Phase:
    """Where a batch stands. It ends only when its answers are written, however late the clock is."""
    elapsed = now - record.created_at
    ready = record.work is not None
    if ready and record.work is not None and record.work.errors:
        return "failed" if elapsed >= record.latency * VALIDATING_UNTIL else "validating"
    if record.cancelled_at is not None:
        return "cancelled" if ready and now >= end_moment(record) else "cancelling"
    if elapsed < record.latency * VALIDATING_UNTIL:
        return "validating"
    if now >= end_moment(record) and ready:
        return "expired" if record.executed is not None and record.rest == "expired" else "completed"
    return "finalizing" if elapsed >= record.latency * FINALIZING_FROM else "in_progress"


def nulled(record: BatchRecord, now: float) -> bool:
    """Whether a scenario keeps the place of the results from the client."""
    return any(
        fault.null_output or now < end_moment(record) + fault.null_seconds for fault in faults_of(record)
    )


def shows_status(fault: BatchFault, record: BatchRecord, now: float) -> bool:
    """Whether the invented status of a fault still stands."""
    return fault.status_seconds is None or now < record.created_at + fault.status_seconds


def progress(record: BatchRecord, now: float) -> float:
    """Share of the requests that have run by now, 0 to 1."""
    if record.latency <= 0:
        return 1.0
    return max(0.0, min(1.0, (now - record.created_at) / record.latency))


class Answering:
    """Runs the jobs: small ones in a thread, large ones in a process of their own, so that calls stay quick."""

    def __init__(self, store: Store, clock: Clock, seed: int, journal: Journal) -> None:
        self._store = store
        self._journal = journal
        self._clock = clock
        self._seed = seed
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="answers")
        self._processes: ProcessPoolExecutor | None = None
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self.warm: set[str] = set()
        """Prefixes that a sync call has put into the cache."""

    def resume(self) -> None:
        """Answer again what a killed emulator left unanswered."""
        for record in reversed(self._store.batches()):
            if record.work is None:
                self.start(record)

    def start(self, record: BatchRecord) -> None:
        old = self._tasks.get(record.id)
        self._tasks[record.id] = asyncio.get_running_loop().create_task(self._run(record, old))

    async def settle(self, record: BatchRecord) -> BatchRecord:
        """The record as it stands now; waits a little when only the answering is late."""
        task = self._tasks.get(record.id)
        if task is not None and record.work is None and self._clock.now() >= self._due(record):
            await asyncio.wait((task,), timeout=PATIENCE)
        return self._store.batch(record.id) or record

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
        if self._processes is not None:
            self._processes.shutdown(wait=False, cancel_futures=True)

    def _due(self, record: BatchRecord) -> float:
        """From when its answering is late: a small batch's at the end of validation, a large one's at its end."""
        if record.total > IN_THREAD_UP_TO:
            return end_moment(record)
        return min(end_moment(record), record.created_at + record.latency * VALIDATING_UNTIL)

    async def _run(self, record: BatchRecord, before: asyncio.Task[None] | None) -> None:
        if before is not None:
            await asyncio.wait((before,))
        job = self._job(record)
        work = await asyncio.get_running_loop().run_in_executor(
            self._executor(record.total), answer_batch, job
        )
        current = self._store.batch(record.id)
        if current is None or current.cancelled_at != record.cancelled_at:
            return
        self._keep(current, work)

    def _keep(self, record: BatchRecord, work: Work) -> None:
        record.work = work
        self._store.save_batch(record)
        self._tasks.pop(record.id, None)

    def _job(self, record: BatchRecord) -> Job:
        folder = self._store.path(record.id)
        return Job(
            protocol=record.protocol,
            batch_id=record.id,
            endpoint=record.endpoint,
            version=record.version,
            input=self._store.path(record.input_file_id or f"{record.id}.requests"),
            output=folder.with_name(f"{record.id}.output"),
            errors=folder.with_name(f"{record.id}.errors"),
            journal=self._journal.batch(record.id),
            earlier=self._earlier(record),
            warm=frozenset(self.warm),
            seed=self._seed,
            created=int(record.created_at),
            executed=record.executed,
            rest=record.rest,
            request_faults=tuple(record.request_faults),
            batch_faults=tuple(record.faults),
        )

    def _earlier(self, record: BatchRecord) -> tuple[Path, ...]:
        faults = [RequestFault.model_validate(fault) for fault in record.request_faults]
        if not any(fault.when.needs_history for fault in faults):
            return ()
        others = [one.id for one in reversed(self._store.batches()) if one.id != record.id]
        return (*map(self._journal.batch, others), self._journal.online)

    def _executor(self, requests: int) -> Executor:
        if requests <= IN_THREAD_UP_TO:
            return self._threads
        if self._processes is None:
            self._processes = ProcessPoolExecutor(
                1, mp_context=get_context("spawn"), initializer=end_with, initargs=(os.getpid(),)
            )
        return self._processes
