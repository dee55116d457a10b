"""Background jobs: each batch is answered beside the server's event loop, and its counts are stored at the end.

The job itself is in `job.py`, the phase that a client sees in `phase.py`.
"""

import asyncio
import os
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from llm_assets.emulator.batches.job import Job, answer_batch
from llm_assets.emulator.batches.phase import VALIDATING_UNTIL, end_moment
from llm_assets.emulator.batches.store import BatchRecord, Store, Work
from llm_assets.emulator.clock import Clock
from llm_assets.emulator.journal import Journal
from llm_assets.emulator.process.parent import end_with
from llm_assets.emulator.scenario import RequestFault

IN_THREAD_UP_TO = 500
PATIENCE = 5.0
"""Seconds that a read of a batch waits for late answers before it shows "in progress"."""


class BackgroundJobs:
    """Runs the jobs: small ones in a thread, large ones in another process, so that calls stay quick."""

    def __init__(self, store: Store, clock: Clock, seed: int, journal: Journal) -> None:
        self._store = store
        self._journal = journal
        self._clock = clock
        self._seed = seed
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="answers")
        self._processes: ProcessPoolExecutor | None = None
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self.warm: set[str] = set()
        """Keys of the prompts that a sync call has put into the cache."""

    def resume(self) -> None:
        """Starts the jobs that a killed emulator left unfinished."""
        for record in reversed(self._store.batches()):
            if record.work is None:
                self.start(record)

    def start(self, record: BatchRecord) -> None:
        old = self._tasks.get(record.id)
        self._tasks[record.id] = asyncio.get_running_loop().create_task(self._run(record, old))

    async def settle(self, record: BatchRecord) -> BatchRecord:
        """The current record. Waits up to PATIENCE when the batch's time is over and its job is still running."""
        task = self._tasks.get(record.id)
        if task is not None and record.work is None and self._clock.now() >= self._due(record):
            await asyncio.wait((task,), timeout=PATIENCE)
        return self._store.batch(record.id) or record

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
        if self._processes is not None:
            self._processes.shutdown(wait=False, cancel_futures=True)

    def _due(self, record: BatchRecord) -> float:
        """When its job is late: for a small batch from the end of validation on, for a large one from its end on."""
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
        others = [name for name in self._store.made() if name != record.id]
        return (*map(self._journal.batch, others), self._journal.online)

    def _executor(self, requests: int) -> Executor:
        if requests <= IN_THREAD_UP_TO:
            return self._threads
        if self._processes is None:
            self._processes = ProcessPoolExecutor(
                1, mp_context=get_context("spawn"), initializer=end_with, initargs=(os.getpid(),)
            )
        return self._processes
