"""A reader process: reads one message at a time, reports which attachment it reads, and may die of any of them.

Started by the pool with a socket and its limits; it ends with its parent. The pool decides what follows
a death. The parent imports nothing of this module.
"""

import json
import resource
import signal
import sys
from dataclasses import replace
from math import ceil
from multiprocessing.connection import Connection
from pathlib import Path
from time import monotonic

from llm_assets.domain.digest import bytes_with, digest_bytes
from llm_assets.domain.errors import place_of
from llm_assets.domain.mail.document import Message
from llm_assets.intake.checks.facts import facts_to_wire
from llm_assets.intake.child import be_expendable, be_silent, end_with
from llm_assets.intake.inside import open_named
from llm_assets.intake.item import read_head, read_item
from llm_assets.intake.reading import Reading
from llm_assets.intake.trace import Trace
from llm_assets.intake.workers.job import ALL_FILES, Answer, Job, Order, needs_bytes, order_from_wire, written
from llm_assets.intake.workers.limits import AT, BROKE, LAST, LOST, READ, READY, Limits

_AT_ONCE = 0.001
"""Seconds; zero would mean never."""
_GRACE_SECONDS = 1
"""For the page at which the time of an order for pages is over."""


def main(arguments: list[str]) -> None:
    descriptor, parent, limits = int(arguments[0]), int(arguments[1]), Limits(**json.loads(arguments[2]))
    _be_expendable(parent, limits)
    with Connection(descriptor) as connection:
        connection.send_bytes(READY)
        be_silent()
        _Worker(connection, limits).run()


def _be_expendable(parent: int, limits: Limits) -> None:
    """Also lets this process die with its parent, even in the middle of a parser."""
    be_expendable(limits.memory_bytes)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)  # whatever the parent has set
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGALRM})
    end_with(parent)


class _Worker:
    def __init__(self, connection: Connection, limits: Limits) -> None:
        self._connection = connection
        self._limits = limits

    def run(self) -> None:
        """Until the parent closes its end, or this process has read its share."""
        for number in range(1, self._limits.messages + 1):
            try:
                frame = self._connection.recv_bytes()
                content = self._connection.recv_bytes() if needs_bytes(frame) else None
            except EOFError:
                return
            answer = self._answer(order_from_wire(frame, content))
            last = number == self._limits.messages or _resident_bytes() > self._limits.resident_bytes
            self._connection.send_bytes((LAST if last else b"") + answer)
            if last:
                return

    def _answer(self, order: Order) -> bytes:
        watch = _Watch(self._connection, order, _limits_of(order, self._limits))
        try:
            found = _read(order, watch)
            return READ + found.message if found.message is not None else LOST + found.lost.encode()
        except Exception as error:  # noqa: BLE001 - a defect in a reader costs one message, whatever it is
            return BROKE + place_of(error).encode()
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)


class _Watch:
    """Tells the parent where reading is, and the kernel to end this process when it stays there for too long: a
    parser that holds the interpreter's lock cannot be interrupted in any other way."""

    def __init__(self, connection: Connection, order: Order, limits: Limits) -> None:
        self._connection = connection
        self._broke = order.broke
        self._limits = limits
        self._ends = monotonic() + limits.message_seconds
        self._open: list[str] = []
        self.lives()

    def begins(self, sha256: str) -> str | None:
        flag = self._broke.get(sha256) or self._broke.get(ALL_FILES)
        if flag is None:
            self._open.append(sha256)
            self._tell()
        return flag

    def ends(self) -> None:
        self._open.pop()
        self._tell()

    def lives(self) -> None:
        left = max(self._ends - monotonic(), _AT_ONCE)
        signal.setitimer(signal.ITIMER_REAL, min(left, self._limits.silence_seconds))

    def _tell(self) -> None:
        self._connection.send_bytes(AT + (self._open[-1] if self._open else "").encode())
        self.lives()


def _limits_of(order: Order, limits: Limits) -> Limits:
    """Who asks for pages waits for them, and no longer than it says."""
    if order.job.pages is None:
        return limits
    seconds = ceil(max(0, order.job.pages.until - monotonic()) + _GRACE_SECONDS)
    return replace(limits, silence_seconds=seconds, message_seconds=seconds)


def _read(order: Order, watch: _Watch) -> Answer:
    job = order.job
    try:
        data = _bytes_of(job)
    except OSError as error:
        return Answer(None, error.strerror or type(error).__name__)
    if data is None:
        return Answer(None, "other bytes than were received")
    if job.pages is not None:
        from llm_assets.intake.checks import gathering  # no message needs it

        return Answer(facts_to_wire(gathering.facts_of(data, job.place, job.pages)))
    trace = Trace() if job.why else None
    message = _message(data, job, order, watch, trace)
    return Answer(written(message, trace.notes if trace is not None else None))


def _bytes_of(job: Job) -> bytes | None:
    """None where they are others than the job says."""
    if isinstance(job.content, bytes):
        return job.content if job.sha256 in (None, digest_bytes(job.content)) else None
    with open_named(job.content) as stream:
        return stream.read() if job.sha256 is None else bytes_with(stream, job.sha256)


def _message(data: bytes, job: Job, order: Order, watch: _Watch, trace: Trace | None) -> Message:
    if order.head_only is not None:
        return read_head(data, job.kind, job.place, order.head_only, index=job.index)
    reading = Reading(ocr=job.ocr, watch=watch, trace=trace)
    return read_item(data, job.kind, job.place, reading, index=job.index)


def _resident_bytes() -> int:
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError:  # no /proc: the most it ever held
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return pages * resource.getpagesize()


if __name__ == "__main__":
    main(sys.argv[1:])
