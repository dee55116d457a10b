"""The audit trail: what an entry says, how entries are chained, and how facts are told in few bytes. Pure.

An entry tells one event of many facts at once: below it stands a line for each, with the fact's id and its digest, so a
night of 40,000 records adds some hundred entries, and a changed fact is still found by its own line. What belongs here is
the form; who writes entries and who compares them with the tables stands in `resources/ledger`.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, NamedTuple

from llm_assets.domain.requests.batch import BatchState

NOT_RECORDED = "?"
"""Nobody said whether a request was masked: it was planned before, and an earlier batch says so."""
PLAIN = "plain"
"""Sent without masking."""
UNCHANGED = "-"
"""The answer cost, but changed no result: a better one was there."""


class Action(StrEnum):
    """What happened. What an entry's subject and lines are stands beside each."""

    BEGAN = "began"
    """The chain; what was there before follows as `received`, `intended`, `answered` and `decided` marked `found`."""
    RECEIVED = "received"
    """A day's messages. Lines: RowFact."""
    INTENDED = "intended"
    """A batch. Lines: Intended."""
    SENDING = "sending"
    SENT = "sent"
    PUT_BACK = "put_back"
    ENDED = "ended"
    COLLECTED = "collected"
    REJECTED = "rejected"
    LOST = "lost"
    CANCELLED = "cancelled"
    ANSWERED = "answered"
    """Requests of a batch. Lines: Answered."""
    DECIDED = "decided"
    """A case. Lines: RowFact."""
    REQUEUED = "requeued"
    EXPORTED = "exported"
    DELETING = "deleting"
    """A record; from here on it is gone for everybody. Lines: Erased."""
    DELETED = "deleted"
    """A record; nothing of it is left on this side."""


OF_STATE = {
    BatchState.INTENT: Action.PUT_BACK,
    BatchState.CREATING: Action.SENDING,
    BatchState.SUBMITTED: Action.SENT,
    BatchState.ENDED: Action.ENDED,
    BatchState.COLLECTED: Action.COLLECTED,
    BatchState.REJECTED: Action.REJECTED,
    BatchState.LOST: Action.LOST,
    BatchState.CANCELLED: Action.CANCELLED,
}
"""How a batch's change of state is called."""
STATE_OF = {action: state for state, action in OF_STATE.items()}


class RowFact(NamedTuple):
    """A row with an id of its own."""

    row_id: int
    fact: str

    def line(self) -> str:
        return f"{self.row_id} {self.fact}"


class Intended(NamedTuple):
    """A request in a batch. `masked` is NOT_RECORDED, number of masks `@` version of the masking rules, or PLAIN; that may be
    followed by `+` and the number of scans that went along as they are."""

    request_id: str
    attempt: int
    masked: str
    case_id: str

    def line(self) -> str:
        return (
            f"{self.request_id} {self.attempt} {self.masked or NOT_RECORDED} {self.case_id or NOT_RECORDED}"
        )


class Answered(NamedTuple):
    """An attempt: digest of its receipt, and of the result that the request has from it."""

    request_id: str
    attempt: int
    receipt: str
    result: str

    def line(self) -> str:
        return f"{self.request_id} {self.attempt} {self.receipt} {self.result}"


class Erased(NamedTuple):
    """What a deletion took: `kind` is received, request or decision; `fact` is what a request is from then on."""

    kind: str
    key: str
    fact: str

    def line(self) -> str:
        return f"{self.kind} {self.key} {self.fact or UNCHANGED}"


def with_pictures(masked: str, pictures: int) -> str:
    return f"{masked}+{pictures}" if pictures else masked


def pictures_in(masked: str) -> int | None:
    """How many scans went along with a request; None where none did, or nobody knows."""
    _, _, number = masked.partition("+")
    return int(number) if number else None


@dataclass(frozen=True, slots=True)
class Event:
    """What is to be told."""

    actor: str
    action: Action
    subject: str
    detail: Mapping[str, Any]
    """Ids, digests, counts, names of settings. Never a word of a mail, nothing that names a customer."""
    lines: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """An event in the chain. Numbers count from 1 without a gap."""

    number: int
    at: datetime
    actor: str
    action: str
    subject: str
    detail: str
    """JSON."""
    facts: str
    """A line each."""
    previous: str
    digest: str

    @property
    def parsed_detail(self) -> dict[str, Any]:
        value: dict[str, Any] = json.loads(self.detail)
        return value

    @property
    def rows(self) -> list[list[str]]:
        return [line.split(" ") for line in self.facts.splitlines()]

    @property
    def is_found(self) -> bool:
        """Whether it tells of something older than the chain."""
        return '"found": true' in self.detail


def chained(previous: Entry | None, at: datetime, event: Event) -> Entry:
    """The event as the entry that follows `previous`."""
    number, before = (1, "") if previous is None else (previous.number + 1, previous.digest)
    detail = json.dumps(dict(event.detail), sort_keys=True, ensure_ascii=False)
    facts = "\n".join(event.lines)
    link = digest_of(number, at, event.actor, event.action, event.subject, detail, facts, before)
    return Entry(number, at, event.actor, event.action, event.subject, detail, facts, before, link)


def digest_of(
    number: int,
    at: datetime,
    actor: str,
    action: str,
    subject: str,
    detail: str,
    facts: str,
    previous: str,
) -> str:
    """SHA-256 over the entry, its lines and the digest before it."""
    lines = hashlib.sha256(facts.encode()).hexdigest()
    parts = [number, at.astimezone(UTC).isoformat(), actor, action, subject, detail, lines, previous]
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).hexdigest()


def is_whole(entry: Entry) -> bool:
    """Whether the entry says what it said when it was written."""
    found = digest_of(
        entry.number,
        entry.at,
        entry.actor,
        entry.action,
        entry.subject,
        entry.detail,
        entry.facts,
        entry.previous,
    )
    return found == entry.digest
