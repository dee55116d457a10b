"""Read a day: its messages, each placed in its case.

The texts of a day are never in memory together: they wait in a file without a name, which a killed process
cannot leave behind, and go from there to the lake."""

from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO

import orjson
import structlog

from llm_assets.domain.desk.queue import Queue, Queues
from llm_assets.domain.desk.tables import DOCUMENTS, Row
from llm_assets.domain.digest import digest_json
from llm_assets.domain.errors import DeskError, RawFileError
from llm_assets.domain.mail.document import RAW_FLAGS, Message, Priority, Received, Role
from llm_assets.domain.mail.document_rows import document_row, message_from_json
from llm_assets.engine.ports.lake import Lake
from llm_assets.engine.ports.progress import OnProgress
from llm_assets.engine.ports.raw_store import RawStore
from llm_assets.engine.ports.register import Register
from llm_assets.intake.threads import EarlierCase, Placed, place
from llm_assets.intake.workers.job import Job, message_of, written
from llm_assets.intake.workers.pool import ReaderPool

log = structlog.get_logger()

EARLIER_DAYS = 30
"""How far back a reply finds the case it answers, in days."""


@dataclass(frozen=True)
class DaySummary:
    """What reading a day gave."""

    messages: int
    cases: int
    duplicates: int
    updates: int
    unreadable: int
    read_now: int
    """Messages parsed in this run; the others were read before and have not changed."""
    fingerprints: Sequence[str]
    """One digest a message, in order: the day's data version."""

    def as_metadata(self) -> dict[str, int]:
        names = ("messages", "cases", "duplicates", "updates", "unreadable", "read_now")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True)
class DayReader:
    """Everything that reading a day needs."""

    register: Register
    raw: RawStore
    lake: Lake
    queues: Queues
    """For a closed night they remember removed ones; messages keep those."""
    pool: ReaderPool
    scratch: Path
    """A folder on a disk that has room for a day's texts."""
    reader_version: str
    """Changes with the code that reads one message."""
    rules_version: str
    """Changes with the code that places messages in cases."""
    called_urgent: frozenset[str] = frozenset()
    """Cases that are urgent although no rule of their queue says so."""

    def read(self, day: date, on_progress: OnProgress) -> DaySummary:
        """Reads what is new of a day, places every message in its case and rewrites the day's `documents`; when
        nothing has changed, not even the texts are looked at."""
        received = self.register.received(day)
        earlier = [self.lake.version(DOCUMENTS, night) for night in _nights_before(day)]
        queues = self.queues.model_dump(mode="json")
        made_from = digest_json(
            [self.reader_version, self.rules_version, queues, received, earlier, sorted(self.called_urgent)]
        )
        read_now = 0
        if self.lake.rows_made_from(DOCUMENTS, day, made_from) is None:
            with TemporaryFile(dir=self.scratch) as file:
                texts = _Texts(file)
                messages = _Messages(self, day, received, texts, on_progress)
                earlier_cases = _earlier(self.lake, day, self.queues)
                placed = place(
                    messages, queues=self.queues, earlier=earlier_cases, kept=self._kept_queues(day)
                )
                documents = (p.document(texts.message(p.received)) for p in _by_case(self._raised(placed)))
                rows = (document_row(d, messages.version_of(d.received)) for d in documents)
                # What was lost is looked for again in the next run.
                self.lake.write(DOCUMENTS, day, rows, None if messages.lost else made_from)
            read_now = messages.read_now
        on_progress("documents", len(received), len(received))
        return _summary(self.lake.read(DOCUMENTS, day, _SUMMARISED), read_now)

    def _raised(self, placed: Sequence[Placed]) -> list[Placed]:
        """With the messages of cases that were called urgent marked so; their duplicates are as the rule has them."""
        return [
            replace(one, priority=Priority.URGENT)
            if one.case_id in self.called_urgent and one.role is not Role.DUPLICATE
            else one
            for one in placed
        ]

    def _kept_queues(self, day: date) -> Mapping[tuple[str, str], Queue]:
        """By source and place, of messages that are in a removed queue which is remembered."""
        gone = self.queues.gone
        rows = self.lake.read(DOCUMENTS, day, ["source", "place", "queue"]) if gone else ()
        return {(row["source"], row["place"]): gone[row["queue"]] for row in rows if row["queue"] in gone}


class _Texts:
    """The day's messages as JSON, one after the other in a file, and where each begins."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._places: dict[tuple[str, str], tuple[int, int]] = {}

    def keep(self, row: Received, as_json: bytes) -> None:
        self._places[row.source, row.place] = (self._file.tell(), len(as_json))
        with _room_needed():
            self._file.write(as_json)

    def message(self, row: Received) -> Message:
        """What was kept of it; only when nothing more is kept."""
        start, length = self._places[row.source, row.place]
        with _room_needed():  # the last of it may still have to be written
            self._file.seek(start)
            return message_of(self._file.read(length))


@contextmanager
def _room_needed() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DeskError(
            f"the day's texts cannot be put down while they are read: {error.strerror}; a full disk needs some space, "
            "then run the same again, nothing received is lost"
        ) from error


class _Messages:
    """The day's messages in any order: those of the lake that were read by the same rules before, then the others as
    the readers hand them back."""

    def __init__(
        self,
        reader: DayReader,
        day: date,
        received: Sequence[Received],
        texts: _Texts,
        on_progress: OnProgress,
    ) -> None:
        self._reader = reader
        self._day = day
        self._unread = {(row.source, row.place): row for row in received}
        self._texts = texts
        self._on_progress = on_progress
        self._total, self._done = len(received), 0
        self.read_now = 0
        """Messages parsed in this run."""
        self.lost: set[tuple[str, str]] = set()
        """Source and place of the messages whose bytes are gone."""

    def version_of(self, row: Received) -> str:
        """The version of the reader for a message's row; none for one that is to be read again."""
        return "" if (row.source, row.place) in self.lost else self._reader.reader_version

    def __iter__(self) -> Iterator[tuple[Received, Message]]:
        yield from self._read_before()
        rows = list(self._unread.values())
        self.read_now = len(rows)
        lost = yield from self._read(rows, (self._job(row) for row in rows))
        if lost:
            yield from self._without_bytes(lost)

    def _without_bytes(self, lost: Sequence[Received]) -> Iterator[tuple[Received, Message]]:
        """What a reader could not open, as an earlier reader read it; else as a record that says what is wrong."""
        readings = self._earlier_readings(lost)
        for row in lost:
            try:
                data = self._reader.raw.get(row.raw_sha256)
            except RawFileError as err:
                self.lost.add((row.source, row.place))
                message = readings.get((row.source, row.place)) or _message_without(row, err.flag)
                log.error("a raw file is lost", raw_sha256=row.raw_sha256, day=str(self._day), flag=err.flag)
                self._keep(row, written(message))
                yield row, message
            else:
                yield from self._read([row], [Job(data, row.place, row.kind)])

    def _earlier_readings(self, lost: Sequence[Received]) -> dict[tuple[str, str], Message]:
        wanted = {(row.source, row.place): row.raw_sha256 for row in lost}
        columns = ["source", "place", "raw_sha256", "flags", "message"]
        return {
            (row["source"], row["place"]): message_from_json(row["message"])
            for row in self._reader.lake.read(DOCUMENTS, self._day, columns)
            if wanted.get((row["source"], row["place"])) == row["raw_sha256"]
            and RAW_FLAGS.isdisjoint(row["flags"])
        }

    def _read_before(self) -> Iterator[tuple[Received, Message]]:
        columns = ["source", "place", "raw_sha256", "reader_version", "message"]
        for row in self._reader.lake.read(DOCUMENTS, self._day, columns):
            known = self._unread.get((row["source"], row["place"]))
            is_same = known is not None and known.raw_sha256 == row["raw_sha256"]
            if known is not None and is_same and row["reader_version"] == self._reader.reader_version:
                del self._unread[known.source, known.place]
                self._keep(known, orjson.dumps(row["message"]))
                yield known, message_from_json(row["message"])

    def _job(self, row: Received) -> Job:
        return Job(self._reader.raw.where(row.raw_sha256), row.place, row.kind, sha256=row.raw_sha256)

    def _read(
        self, rows: Sequence[Received], jobs: Iterable[Job]
    ) -> Generator[tuple[Received, Message], None, list[Received]]:
        """Returns the rows whose bytes could not be read."""
        lost = []
        for found in self._reader.pool.read(jobs):
            row = rows[found.position]
            if found.as_json is None:
                lost.append(row)
                continue
            self._keep(row, found.as_json)
            yield row, found.message
        return lost

    def _keep(self, row: Received, as_json: bytes) -> None:
        self._texts.keep(row, as_json)
        self._done += 1
        self._on_progress("documents", self._done, self._total)


def _message_without(row: Received, flag: str) -> Message:
    from llm_assets.intake.item import without_bytes  # imports every parser, which is needed here only

    return without_bytes(row.raw_sha256, row.kind, row.place, flag)


def _earlier(lake: Lake, day: date, queues: Queues) -> Iterator[EarlierCase]:
    """Messages of the days before, which a mail of today may answer."""
    columns = [
        "record_id", "message_id", "sender", "reply_to", "case_id", "content_hash", "queue", "received_at",
        "duplicate_of",
    ]  # fmt: skip
    for night in _nights_before(day):
        for row in lake.read(DOCUMENTS, night, columns):
            yield _earlier_case(row, queues)


def _nights_before(day: date) -> list[date]:
    return [day - timedelta(days=back) for back in range(1, EARLIER_DAYS + 1)]


def _earlier_case(row: Row, queues: Queues) -> EarlierCase:
    return EarlierCase(
        record_id=row["record_id"],
        message_id=row["message_id"],
        customer=row["reply_to"] or row["sender"] or "",
        case_id=row["case_id"],
        content_hash=row["content_hash"],
        queue=queues.current(row["queue"]),
        received_at=row["received_at"],
        is_duplicate=row["duplicate_of"] is not None,
    )


def _by_case(placed: Sequence[Placed]) -> list[Placed]:
    """In order of arrival of each case's first message, a case's messages together: so a step can stream cases."""
    arrival: dict[str, int] = {}
    for one in placed:
        arrival.setdefault(one.case_id, len(arrival))
    return sorted(placed, key=lambda one: arrival[one.case_id])


_SUMMARISED = ("case_id", "record_id", "content_hash", "queue", "priority", "role", "ok")


def _summary(rows: Iterable[Row], read_now: int) -> DaySummary:
    roles: Counter[str] = Counter()
    unreadable = 0
    fingerprints: list[str] = []
    for row in rows:
        roles[row["role"]] += 1
        if not row["ok"]:
            unreadable += 1
        fingerprints.append(digest_json([row[name] for name in _SUMMARISED]))
    return DaySummary(
        messages=roles.total(),
        cases=roles[Role.FIRST],
        duplicates=roles[Role.DUPLICATE],
        updates=roles[Role.UPDATE],
        unreadable=unreadable,
        read_now=read_now,
        fingerprints=fingerprints,
    )
