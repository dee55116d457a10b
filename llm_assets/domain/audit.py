"""The form of the audit trail: what an entry holds, how entries are chained, and how facts are written in few bytes. Pure.

One entry records an event about many facts at once. It has a line for each fact, with the fact's id and digest. So a
night of 40,000 records adds only some hundred entries, and a changed fact is still found by its own line. Writing
entries and comparing them with the tables belongs in `resources/ledger/audit`.
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
"""This entry does not say whether a request was masked: the request was planned before, in an earlier batch."""
PLAIN = "plain"
"""Sent without masking."""
UNCHANGED = "-"
"""The answer was paid for but changed no result, because the request already had a better one."""


class Action(StrEnum):
    """What happened. The text of each member names the entry's subject and the type of its lines."""

    BEGAN = "began"
    """The chain. Older facts follow as `received`, `intended`, `answered` and `decided` with the mark `found`."""
    ADOPTED = "adopted"
    """The home of the ledger: its folder of raw mail, lake and reports."""
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
    RACED = "raced"
    """A batch, whose requests are asked again though it may still run."""
    CANCELLING = "cancelling"
    """A batch is to be cancelled, because a person asked for it or it became too old."""
    ANSWERED = "answered"
    """Requests of a batch. Lines: Answered."""
    SURPLUS = "surplus"
    """Result lines of a batch that answer none of its requests. Lines: their place, why, and the cost in 1e-12 USD."""
    DECIDED = "decided"
    """A case. Lines: RowFact."""
    EXHAUSTED = "exhausted"
    """Requests that have no try left, found when a night was planned. Lines: the requests."""
    WORDED = "worded"
    """A text about a night or a part of it, by a person: written, approved or withdrawn."""
    REQUEUED = "requeued"
    """Dead letters. Lines: the requests."""
    EXPORTED = "exported"
    HANDED_OVER = "handed_over"
    """A case, whose released draft was put into a mailbox."""
    KEY_ADDED = "key_added"
    """The key of a caller of the online door, by its id, with what it allows."""
    KEY_REVOKED = "key_revoked"
    DELETING = "deleting"
    """A record; from here on no reader gets it any more. Lines: Erased."""
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
    BatchState.RACED: Action.RACED,
}
"""The action that records a batch's change into a state."""
STATE_OF = {action: state for state, action in OF_STATE.items()}


class RowFact(NamedTuple):
    """A row that has an id of its own, with the digest of its content.

    `rest` is the digest of what a message's row holds besides: its version and its file. Older entries have none.
    """

    row_id: int
    fact: str
    rest: str = ""

    def line(self) -> str:
        return f"{self.row_id} {self.fact} {self.rest}".rstrip()


class Intended(NamedTuple):
    """A request in a batch.

    `masked` is NOT_RECORDED, PLAIN, or the number of masks, `@` and the version of the masking rules. It may be followed by
    `+` and the number of scans that were sent unmasked.
    """

    request_id: str
    attempt: int
    masked: str
    case_id: str

    def line(self) -> str:
        return (
            f"{self.request_id} {self.attempt} {self.masked or NOT_RECORDED} {self.case_id or NOT_RECORDED}"
        )


class Answered(NamedTuple):
    """An attempt: the digest of its receipt, and of the result that the request got from it.

    `state` is the request's state afterwards. Older entries have none.
    """

    request_id: str
    attempt: int
    receipt: str
    result: str
    state: str = ""

    def line(self) -> str:
        return f"{self.request_id} {self.attempt} {self.receipt} {self.result} {self.state}".rstrip()


class Erased(NamedTuple):
    """A row that a deletion removed or emptied.

    `kind` is received, request or decision; `fact` is the digest of what remains of a request.
    """

    kind: str
    key: str
    fact: str

    def line(self) -> str:
        return f"{self.kind} {self.key} {self.fact or UNCHANGED}"


def with_pictures(masked: str, pictures: int) -> str:
    return f"{masked}+{pictures}" if pictures else masked


def pictures_in(masked: str) -> int | None:
    """How many scans were sent with a request; None when there were none, or it is not recorded."""
    _, _, number = masked.partition("+")
    return int(number) if number else None


@dataclass(frozen=True, slots=True)
class Event:
    """What an entry is to record."""

    actor: str
    action: Action
    subject: str
    detail: Mapping[str, Any]
    """Ids, digests, counts, names of settings. Never a word of a mail or the name of a customer."""
    lines: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """An event as a link of the chain. Numbers count from 1 without a gap."""

    number: int
    at: datetime
    actor: str
    action: str
    subject: str
    detail: str
    """JSON."""
    facts: str
    """One line per fact."""
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
        """Whether it records something older than the chain."""
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
    """SHA-256 over the entry, its lines and the digest of the entry before it."""
    lines = hashlib.sha256(facts.encode()).hexdigest()
    parts = [number, at.astimezone(UTC).isoformat(), actor, action, subject, detail, lines, previous]
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).hexdigest()


def is_whole(entry: Entry) -> bool:
    """Whether the entry is unchanged since it was written."""
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
