"""The rows of single cases, several read at once and kept: opening a night's files costs more than a case in them."""

from collections import OrderedDict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from threading import Lock

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
    _reading: Lock = field(default_factory=Lock)

    def of(self, day: date, case_id: str, ahead: Collection[str] = ()) -> OneCase | None:
        """None when the day has no such case. `ahead`: cases that will be wanted soon, read along when one must be read."""
        version = self._version(day)
        found = self._kept(day, case_id, version)
        if found is not None:
            return found
        with self._reading:  # who asks for a case that is kept does not wait here
            if self._kept(day, case_id, version) is None:
                wanted = {case_id, *(each for each in ahead if self._kept(day, each, version) is None)}
                self._keep(day, _read(self.assembly, day, wanted, version))
        return self._kept(day, case_id, version)

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
