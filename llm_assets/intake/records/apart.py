"""Registers read apart: each file that may be one is read in a process forked for it, so that a register that breaks its
reader, keeps it busy or fills its memory costs nothing but itself. What a register says is decided in `drops`.

A fork and not one of the reader processes: those answer a message with a message, and a register has a hundred thousand
rows. It takes two milliseconds and knows the bytes, the rules and the parsers already. For one thread.
"""

import hashlib
import json
import os
import resource
import signal
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from multiprocessing.connection import Connection, Pipe
from pathlib import Path
from typing import NamedTuple, NoReturn

from llm_assets.domain.digest import digest_bytes
from llm_assets.domain.errors import place_of
from llm_assets.intake.child import be_silent, end_with
from llm_assets.intake.records.drops import drops_of, is_drop_by_name, unread_drop
from llm_assets.intake.records.entry import Broke, Drop
from llm_assets.intake.records.mapping import DropRules
from llm_assets.intake.records.numbering import newest_of_each

SILENCE_SECONDS = 30.0
"""Of CPU without a row, as before the first one of a CSV: a busy machine makes no register unreadable."""
FILE_SECONDS = 600.0
MEMORY_BYTES = 2 << 30
"""Of address space, beyond that of the process that forks."""
_ROWS = 500
"""In one frame."""
_IS_DROP, _IS_NONE, _FOUND, _OVER, _BROKE = b"+", b"-", b"=", b".", b"!"
"""The first byte of a frame: whether the file is a drop, rows, their end, and the kind and place of an exception."""
_BY_SIGNAL = "signal "
_CLOCKS = (signal.SIGALRM, signal.SIGPROF)


class Broken(NamedTuple):
    """A file whose reading came to no end."""

    how: Broke
    where: str
    """Kind and place of the exception, or the signal. Nothing of the file."""
    sha256: str


@dataclass(frozen=True, slots=True)
class File:
    """An open file that may be a drop. It is read by position, since a forked process moves the position of both."""

    descriptor: int
    head: bytes
    place: str
    rules: DropRules
    every_row: bool = False
    """Of a record that has several, too; else the newest."""

    def whole(self) -> bytes:
        return b"".join(self._parts())

    def sha256(self) -> str:
        found = hashlib.sha256()
        for part in self._parts():
            found.update(part)
        return found.hexdigest()

    def _parts(self) -> Iterator[bytes]:
        position = 0
        while part := os.pread(self.descriptor, 1 << 20, position):
            yield part
            position += len(part)


def _unheard(_: Broken) -> None:
    return None


def drops_apart(
    file: File, recorded: str | None = None, broke: Callable[[Broken], None] = _unheard
) -> Iterator[Drop] | None:
    """The rows of a drop; None for a file that is none, or of which that cannot be said: it is read as a document, in a
    reader process.

    A drop that breaks its reader ends with a problem that names it. `recorded` is the SHA-256 of what was received from
    this place last: where that is the problem of these very bytes, or these bytes as a document, nothing is read again."""
    if recorded is not None and recorded in _what_stays(file):
        return iter(())
    reader = _Reader(file)
    match reader.next_frame():
        case None:
            unread = _unread(file, reader, broke)
            return iter((unread,)) if is_drop_by_name(file.place, file.rules) else None
        case frame if frame == _IS_DROP:
            return _rows(file, reader, broke)
        case _:
            reader.end()
            return None


def _what_stays(file: File) -> set[str]:
    sha256 = file.sha256()
    hows: tuple[Broke, ...] = ("crashed", "timeout")
    stays = {digest_bytes(unread_drop(file.place, file.rules, how, sha256).data) for how in hows}
    return stays if is_drop_by_name(file.place, file.rules) else stays | {sha256}


def _unread(file: File, reader: "_Reader", broke: Callable[[Broken], None]) -> Drop:
    sha256 = file.sha256()
    broke(Broken(reader.how, reader.where, sha256))
    return unread_drop(file.place, file.rules, reader.how, sha256)


def _rows(file: File, reader: "_Reader", broke: Callable[[Broken], None]) -> Iterator[Drop]:
    try:
        while (frame := reader.next_frame()) is not None and frame != _OVER:
            for place, kind, data in json.loads(frame[1:].decode("utf-8", "surrogatepass")):
                yield Drop(place, kind, data.encode())
        if frame is None:
            yield _unread(file, reader, broke)
    finally:
        reader.end()


class _Reader:
    """A forked process as the one that scans sees it. After a crash there is a second one: the kernel may have taken the
    first for another process's memory."""

    def __init__(self, file: File) -> None:
        self._file = file
        self._heard = 0
        self._tries = 0
        self.how: Broke = "crashed"
        self.where = ""
        self._start()

    def _start(self) -> None:
        self._tries += 1
        self._connection, theirs = Pipe(duplex=False)
        parent = os.getpid()
        self._pid = os.fork()
        if self._pid == 0:
            _be_the_reader(self._file, theirs, parent)
        theirs.close()

    def next_frame(self) -> bytes | None:
        """None where it ended without an end."""
        frame = self._received()
        if frame is None and self._may_be_tried_again():
            self._start()
            again = iter(self._received, None)
            frame = next(islice(again, self._heard, None), None)  # the same bytes give the same frames
        self._heard += 1
        return frame

    def _may_be_tried_again(self) -> bool:
        return self._tries == 1 and self.how == "crashed" and self.where.startswith(_BY_SIGNAL)

    def _received(self) -> bytes | None:
        try:
            frame = self._connection.recv_bytes()
        except (EOFError, OSError):
            number = self.end()
            self.how = "timeout" if number in _CLOCKS else "crashed"
            self.where = f"{_BY_SIGNAL}{number}"
            return None
        if frame[:1] == _BROKE:
            self.end()
            self.how, self.where = "crashed", frame[1:].decode("utf-8", "replace")
            return None
        return frame

    def end(self) -> int:
        """Ends it, unless it has ended by itself; returns the signal that ended it."""
        if self._pid == 0:
            return 0
        os.kill(self._pid, signal.SIGKILL)  # does nothing to one that is dead but not waited for
        _, status = os.waitpid(self._pid, 0)
        self._connection.close()
        self._pid = 0
        return os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0


def _be_the_reader(file: File, connection: Connection, parent: int) -> NoReturn:
    """All that the forked process does. What called this belongs to its parent, so it never returns and never raises."""
    try:
        end_with(parent)
        be_silent()
        _be_expendable()
        connection.send_bytes(_sent(file, connection))
    except Exception as error:  # noqa: BLE001 - a defect in a reader costs one register, whatever it is
        with suppress(OSError):  # whoever listened has gone
            connection.send_bytes(_BROKE + place_of(error).encode())
    finally:
        os._exit(0)


def _be_expendable() -> None:
    """Bounds this process's memory, and lets the kernel take it before any other."""
    for clock in _CLOCKS:
        signal.signal(clock, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _CLOCKS)
    has = 0
    with suppress(OSError):  # no /proc
        has = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    most = has + MEMORY_BYTES if hard == resource.RLIM_INFINITY else min(hard, has + MEMORY_BYTES)
    resource.setrlimit(resource.RLIMIT_AS, (most, hard))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core dump would hold what customers wrote


def _sent(file: File, connection: Connection) -> bytes:
    """Sends that it is a drop, and its rows; returns how it ended."""
    signal.setitimer(signal.ITIMER_REAL, FILE_SECONDS)
    _be_alive()
    drops = drops_of(file.head, file.place, file.rules, file.whole, _be_alive)
    if drops is None:
        return _IS_NONE
    connection.send_bytes(_IS_DROP)
    rows = _watched(drops)
    found = list(rows) if file.every_row else newest_of_each(rows)
    for timer in (signal.ITIMER_PROF, signal.ITIMER_REAL):
        signal.setitimer(timer, 0)  # from here on it waits for whoever takes the rows
    for begins in range(0, len(found), _ROWS):
        part = [(drop.place, drop.kind, drop.data.decode()) for drop in found[begins : begins + _ROWS]]
        connection.send_bytes(_FOUND + json.dumps(part, ensure_ascii=False).encode("utf-8", "surrogatepass"))
    return _OVER


def _watched(drops: Iterable[Drop]) -> Iterator[Drop]:
    """Each row is a sign of life."""
    for drop in drops:
        _be_alive()
        yield drop


def _be_alive() -> None:
    """From now on the kernel waits once more before it ends this process: a parser that holds the interpreter's lock cannot
    be interrupted in any other way."""
    signal.setitimer(signal.ITIMER_PROF, SILENCE_SECONDS)
