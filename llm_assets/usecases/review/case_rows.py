"""The rows of single cases, several read at once and kept: opening a night's files costs more than a case in them."""

from collections import OrderedDict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from threading import Lock, Thread

from llm_assets.domain.desk.tables import DOCUMENTS, Row
from llm_assets.domain.mail.document_rows import DOCUMENT_COLUMNS
from llm_assets.usecases.desk.assembly import Assembly

CHARACTERS = 50_000_000
"""Of mail and attachments that are kept; what was used longest ago goes first."""

Version = tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class OneCase:
    """Its rows of `documents`, and its row of each step's table by the step's name."""

    version: Version
    documents: Sequence[Row]
    answers: Mapping[str, Row]

    @property
    def characters(self) -> int:
        messages = [row["message"] for row in self.documents]
        return sum(len(m["text"]) + sum(len(a["text"]) for a in m["attachments"]) for m in messages)


@dataclass
class CaseRows:
    """May be shared between threads. Nobody may change what it returns."""

    assembly: Assembly
    _known: OrderedDict[tuple[date, str], OneCase] = field(default_factory=OrderedDict)
    _characters: int = 0
    _looking: Lock = field(default_factory=Lock)
    _reading_along: Lock = field(default_factory=Lock)

    def of(self, day: date, case_id: str, ahead: Collection[str] = ()) -> OneCase | None:
        """None when the day has no such case. `ahead`: cases that will be wanted soon; they are read in the background once
        a case had to be read."""
        version = self._version(day)
        found = self._kept(day, case_id, version)
        if found is not None:
            return found
        read = _read(self.assembly, day, [case_id], version)
        self._keep(day, read)
        missing = [each for each in ahead if self._kept(day, each, version) is None]
        if len(missing) > 1 and self._reading_along.acquire(blocking=False):
            Thread(target=self._read_along, args=(day, missing, version), daemon=True).start()
        return read.get(case_id)

    def _read_along(self, day: date, cases: Sequence[str], version: Version) -> None:
        try:
            self._keep(day, _read(self.assembly, day, cases, version))
        finally:
            self._reading_along.release()

    def _version(self, day: date) -> Version:
        tables = (DOCUMENTS, *(s.table for s in self.assembly.steps))
        return tuple(self.assembly.lake.version(table, day) for table in tables)

    def _kept(self, day: date, case_id: str, version: Version) -> OneCase | None:
        with self._looking:
            found = self._known.get((day, case_id))
            if found is None or found.version != version:
                return None
            self._known.move_to_end((day, case_id))
            return found

    def _keep(self, day: date, read: Mapping[str, OneCase]) -> None:
        with self._looking:
            for case_id, case in read.items():
                earlier = self._known.pop((day, case_id), None)
                self._characters += case.characters - (earlier.characters if earlier is not None else 0)
                self._known[day, case_id] = case
            while self._characters > CHARACTERS and len(self._known) > len(read):
                _, gone = self._known.popitem(last=False)
                self._characters -= gone.characters


def _read(assembly: Assembly, day: date, cases: Iterable[str], version: Version) -> dict[str, OneCase]:
    wanted = list(cases)
    documents: dict[str, list[Row]] = {}
    for row in assembly.lake.read(DOCUMENTS, day, [*DOCUMENT_COLUMNS, "record_id", "message_id"], wanted):
        documents.setdefault(row["case_id"], []).append(row)
    answers: dict[str, dict[str, Row]] = {}
    for step in assembly.steps:
        for row in assembly.lake.read(step.table, day, cases=wanted):
            answers.setdefault(row["case_id"], {})[step.name] = row
    return {case: OneCase(version, rows, answers.get(case, {})) for case, rows in documents.items()}
