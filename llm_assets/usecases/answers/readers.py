"""Readers of the online door: reader processes that several threads take turns at.

Files that are checked have processes of their own, started with the first of them: no letter waits for ten scanned pages.
"""

from collections.abc import Iterator
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

    def read(self, raw: bytes) -> Message:
        """The message that these bytes are, read as the same bytes in a mailbox would be."""
        with self._one() as pool:
            [found] = pool.read([Job(raw, SOURCE, "mail")])
        return found.message

    def close(self) -> None:
        for pool in (*self._pools, *self._for_files):
            pool.close()

    def look(self, raw: bytes, name: str, asked: PagesAsked, patience: float) -> FileFacts:
        """What the pages of this file hold. A file that broke its reader has the flag that says how.

        Raises BusyReadersError where no process is free within so many seconds.
        """
        with _turn(self._free_for_files, patience) as pool:
            [found] = pool.read([Job(raw, name, pages=asked)])
        return facts_from_wire(found.as_json) if found.as_json is not None else FileFacts(flags=(found.lost,))

    @contextmanager
    def _one(self) -> Iterator[ReaderPool]:
        with _turn(self._free) as pool:
            yield pool


@contextmanager
def _turn(free: LifoQueue[ReaderPool], patience: float | None = None) -> Iterator[ReaderPool]:
    """None: for as long as it takes."""
    try:
        pool = free.get(timeout=patience)
    except Empty:
        raise BusyReadersError(
            "every process that looks into files is at work; check it again later"
        ) from None
    try:
        yield pool
    finally:
        free.put(pool)


SOURCE = "door"
