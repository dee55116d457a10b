"""Names of records for the facts of the audit trail: its messages, requests and cases.

The trail holds digests. The lake knows which record a message became; of deleted records the trail's own entries do.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from functools import cached_property

from llm_assets.domain.audit import Action, Entry
from llm_assets.domain.desk.tables import DOCUMENTS
from resources.lake.lake import Lake
from resources.ledger.audit.entries import fact
from resources.ledger.audit.finding import Finding, MessageFact
from resources.ledger.audit.trail import Trail

_MESSAGE = ("record_id", "source", "place", "raw_sha256", "day", "kind", "received_at")


class Names:
    """Names of one ledger's facts. Days are read when first asked for; one is kept."""

    def __init__(self, trail: Trail, lake: Lake) -> None:
        self._trail = trail
        self._lake = lake
        self._of_day: tuple[date, Mapping[str, str]] | None = None

    def messages_of(self, day: date) -> Mapping[str, str]:
        """Digest of each message's row in the register -> its record."""
        if self._of_day is None or self._of_day[0] != day:
            rows = self._lake.read(DOCUMENTS, day, _MESSAGE)
            found = {fact(*(row[name] for name in _MESSAGE[1:])): str(row["record_id"]) for row in rows}
            self._of_day = day, found
        return self._of_day[1]

    def message(self, day: date | None, message: MessageFact) -> str:
        """The message's record; its number in the register while it has not been read."""
        if message.row_id in self._deleted_messages:
            return self._deleted_messages[message.row_id]
        for each in [day] if day is not None else self._lake.days(DOCUMENTS):
            if message.fact in (known := self.messages_of(each)):
                return known[message.fact]
        return f"message {message.row_id} of the register"

    @cached_property
    def records(self) -> Mapping[str, tuple[str, ...]]:
        """Case -> its records, the one it is known by first; deleted ones included."""
        found: dict[str, dict[str, None]] = {}
        rows = self._lake.query(
            "SELECT case_id, record_id FROM documents ORDER BY role <> 'first', received_at"
        )
        for row in rows:
            found.setdefault(row["case_id"], {})[row["record_id"]] = None
        for entry in self._deletions:
            for case_id in entry.parsed_detail.get("cases", ()):
                found.setdefault(case_id, {})[entry.subject] = None
        return {case_id: tuple(records) for case_id, records in found.items()}

    @cached_property
    def _deletions(self) -> list[Entry]:
        return [e for e in self._trail.entries() if e.action == Action.DELETING]

    @cached_property
    def _deleted_messages(self) -> Mapping[int, str]:
        return {
            int(key): entry.subject
            for entry in self._deletions
            for kind, key, _ in entry.rows
            if kind == "received"
        }

    def named(self, findings: Iterable[Finding]) -> list[tuple[Finding, list[str]]]:
        """Each finding with the records it concerns; what is no record's, e.g. a summary, by its request or case."""
        found = list(findings)
        cases = self._trail.cases_of({r for f in found for r in f.requests})
        return [(finding, self._concerned(finding, cases)) for finding in found]

    def _concerned(self, finding: Finding, cases_of: Mapping[str, Iterable[str]]) -> list[str]:
        names = dict.fromkeys(finding.records)
        names.update(dict.fromkeys(self.message(None, message) for message in finding.messages))
        for case_id in finding.cases:
            names.update(dict.fromkeys(self.records.get(case_id, (f"case {case_id}",))))
        for request_id in finding.requests:
            cases = sorted(cases_of[request_id])
            known = [record for case_id in cases for record in self.records.get(case_id, ())]
            names.update(dict.fromkeys(known or [f"request {request_id}"]))
        return list(names)
