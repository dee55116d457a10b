"""Readers of the online door: reader processes that several threads take turns at.

Files that are checked have processes of their own, started with the first of them: no letter waits for ten scanned pages.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, LifoQueue

from llm_assets.domain.errors import DeskError
from llm_assets.domain.mail.document import Message
from llm_assets.intake.checks.facts import FileFacts, PagesAsked, facts_from_wire
from llm_assets.intake.workers.job import Job
from llm_assets.intake.workers.pool import ReaderPool


class BusyReadersError(DeskError):
    """Every process that looks into files is at work for somebody else."""


class Readers:
    """Up to `size` processes for mail, and as many for files. They live until `close`, or until this process is gone."""

    def __init__(self, size: int, folder: Path | None = None) -> None:
        self.size = size
        self._pools = [ReaderPool(1, folder=folder) for _ in range(size)]
        self._free: LifoQueue[ReaderPool] = LifoQueue()
        for pool in self._pools:
            pool.start_one()
            self._free.put(pool)
        self._for_files = [ReaderPool(1, folder=folder) for _ in range(size)]
        self._free_for_files: LifoQueue[ReaderPool] = LifoQueue()
        for pool in self._for_files:
            self._free_for_files.put(pool)
        self._threads = ThreadPoolExecutor(size, thread_name_prefix="files")
        """They stay: a process that looks into files ends with the thread that started it."""

    def read(self, raw: bytes) -> Message:
        """The message that these bytes are, read as the same bytes in a mailbox would be."""
        with self._one() as pool:
            [found] = pool.read([Job(raw, SOURCE, "mail")])
        return found.message

    def answer(self) -> bool:
        """Whether a mail can be read; true while all of them are busy."""
        try:
            pool = self._free.get(timeout=BUSY_SECONDS)
        except Empty:
            return True
        try:
            [_] = pool.read([Job(_SMALLEST, SOURCE, "mail")])
        except DeskError:
            return False
        finally:
            self._free.put(pool)
        return True

    def close(self) -> None:
        self._threads.shutdown(cancel_futures=True)
        for pool in (*self._pools, *self._for_files):
            pool.close()

    def look(self, raw: bytes, name: str, asked: Sequence[PagesAsked], patience: float) -> list[FileFacts]:
        """What the pages of this file hold, one answer for each order, side by side. A file that broke its reader has the flag
        that says how; an order that no process was free for within so many seconds has no answer.

        Raises BusyReadersError where none was free at all.
        """
        looks = [self._threads.submit(self._look, Job(raw, name, pages=each)) for each in asked]
        wait(looks, timeout=max(0.0, patience))
        begun = [look for look in looks if not look.cancel()]
        if not begun:
            raise BusyReadersError("every process that looks into files is at work; check it again later")
        return [look.result() for look in begun]

    def _look(self, job: Job) -> FileFacts:
        with _turn(self._free_for_files) as pool:
            [found] = pool.read([job])
        return facts_from_wire(found.as_json) if found.as_json is not None else FileFacts(flags=(found.lost,))

    @contextmanager
    def _one(self) -> Iterator[ReaderPool]:
        with _turn(self._free) as pool:
            yield pool


@contextmanager
def _turn(free: LifoQueue[ReaderPool]) -> Iterator[ReaderPool]:
    pool = free.get()
    try:
        yield pool
    finally:
        free.put(pool)


SOURCE = "door"
BUSY_SECONDS = 0.5
_SMALLEST = b"Subject: health\r\n\r\nhealth\r\n"
