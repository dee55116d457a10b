"""Readers of the online door: reader processes that several threads take turns at."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, LifoQueue

from llm_assets.domain.errors import DeskError
from llm_assets.domain.mail.document import Message
from llm_assets.intake.workers.job import Job
from llm_assets.intake.workers.pool import ReaderPool


class Readers:
    """Up to `size` processes. They live until `close`, or until this process is gone."""

    def __init__(self, size: int, folder: Path | None = None) -> None:
        self._pools = [ReaderPool(1, folder=folder) for _ in range(size)]
        self._free: LifoQueue[ReaderPool] = LifoQueue()
        for pool in self._pools:
            pool.start_one()
            self._free.put(pool)

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
        for pool in self._pools:
            pool.close()

    @contextmanager
    def _one(self) -> Iterator[ReaderPool]:
        pool = self._free.get()
        try:
            yield pool
        finally:
            self._free.put(pool)


SOURCE = "door"
BUSY_SECONDS = 0.5
_SMALLEST = b"Subject: health\r\n\r\nhealth\r\n"
