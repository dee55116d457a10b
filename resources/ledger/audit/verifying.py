"""Verifying the audit trail: the chain with itself, and its facts with the tables, one by one.

Each entry is compared with the rows that its own lines name, so memory does not grow with the ledger; what no entry names
is looked for only where the counts say that there is something.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Table, exists, func, select

from llm_assets.domain.audit import STATE_OF, UNCHANGED, Action, Entry, is_whole
from llm_assets.domain.requests.batch import BatchState
from resources.ledger.audit import entries as audit
from resources.ledger.audit.entries import fact
from resources.ledger.audit.finding import Finding, MessageFact
from resources.ledger.audit.request_states import States, disagreements
from resources.ledger.database.sql import chunks, is_among
from resources.ledger.database.tables import attempts, batch_members, batches, decisions, received, requests


class Anchor(NamedTuple):
    """The end of the chain as it was noted elsewhere at some time."""

    entries: int
    digest: str
    where: str


@dataclass(frozen=True, slots=True)
class Verdict:
    entries: int
    head: str
    findings: Sequence[Finding]


_NO_ID: Mapping[str, str | None] = {"provider_batch_id": None}
_BATCH_TOLD = ("day", "step", "lane", "mode", "provider", "model", "requests", "sha256")


@dataclass
class _Batch:
    """What the entries so far say of a batch's last state."""

    state: BatchState
    ids: dict[str, str | None]
    """Its ids at the provider, as far as an entry names them."""


@dataclass
class _Check:
    """One pass over the chain."""

    connection: Connection
    findings: list[Finding] = field(default_factory=list)
    pending: dict[tuple[str, str], Finding] = field(default_factory=dict)
    """Differences that a later entry may explain: the next result, or a deletion."""
    told: Counter[str] = field(default_factory=Counter)
    batches: dict[str, _Batch] = field(default_factory=dict)
    states: States = field(init=False)

    def __post_init__(self) -> None:
        self.states = States(self.connection)

    def compare(self, entry: Entry) -> None:
        checks: Mapping[str, Callable[[Entry], None]] = {
            Action.RECEIVED: self._messages,
            Action.INTENDED: self._batch,
            Action.ANSWERED: self._answers,
            Action.DECIDED: self._decision,
            Action.DELETING: self._deletion,
        }
        if entry.action in checks:
            checks[entry.action](entry)
        elif (state := STATE_OF.get(Action(entry.action))) is not None:
            known = self.batches.setdefault(entry.subject, _Batch(state, {}))
            known.state = state
            known.ids |= _provider_ids(entry)
        self.states.compare(entry)

    def _messages(self, entry: Entry) -> None:
        told = {int(row[0]): (row[1], row[2] if len(row) > 2 else None) for row in entry.rows}
        self.told["received"] += len(told)
        there = _facts(self.connection, received, audit.RECEIVED_FACT, told)
        rests = _facts(self.connection, received, audit.RECEIVED_REST, told)
        for row_id, (known, rest) in told.items():
            if there.get(row_id) != known or rest not in (None, rests.get(row_id)):
                what = "its row in the register was " + ("changed" if row_id in there else "removed")
                self.findings.append(Finding(what, entry.number, messages=[MessageFact(row_id, known)]))

    def _decision(self, entry: Entry) -> None:
        told = {int(row[0]): (row[1], row[2] if len(row) > 2 else None) for row in entry.rows}
        self.told["decisions"] += len(told)
        there = _facts(self.connection, decisions, audit.DECISION_FACT, told)
        rests = _facts(self.connection, decisions, audit.DECISION_REST, told)
        for row_id, (known, rest) in told.items():
            if there.get(row_id) != known or rest not in (None, rests.get(row_id)):
                what = "a decision about it was " + ("changed" if row_id in there else "removed")
                self.pending["decision", str(row_id)] = Finding(what, entry.number, cases=[entry.subject])

    def _batch(self, entry: Entry) -> None:
        told, batch_id = entry.parsed_detail, entry.subject
        state = BatchState(told.get("state", BatchState.INTENT))
        self.batches[batch_id] = _Batch(state, {**_NO_ID, **_provider_ids(entry)})
        listed = {(row[0], int(row[1])) for row in entry.rows}
        query = select(*(batches.c[name] for name in _BATCH_TOLD)).where(batches.c.batch_id == batch_id)
        row = self.connection.execute(query).mappings().one_or_none()
        if row is None or any(str(row[name]) != str(told.get(name)) for name in _BATCH_TOLD):
            what = f"its batch {batch_id} was " + ("removed" if row is None else "changed")
            self.findings.append(Finding(what, entry.number, requests=sorted(r for r, _ in listed)))
        members = select(batch_members.c.request_id, batch_members.c.attempt).where(
            batch_members.c.batch_id == batch_id
        )
        there = {(request_id, attempt) for request_id, attempt in self.connection.execute(members)}
        if there != listed:
            ids = sorted({request_id for request_id, _ in there ^ listed})
            self.findings.append(
                Finding(f"its place in batch {batch_id} was changed", entry.number, requests=ids)
            )
        self._versions(entry, sorted(r for r, _ in listed & there))

    def _versions(self, entry: Entry, ids: Sequence[str]) -> None:
        """Requests whose prompt is of a version that their batch was not stored with."""
        told = entry.parsed_detail.get("prompt_versions", [])
        if set(audit.prompt_versions(self.connection, entry.subject)) <= set(told):
            return
        for chunk in chunks(ids):
            query = select(requests.c.request_id).where(
                is_among(self.connection, requests.c.request_id, chunk),
                requests.c.prompt_version.not_in(told),
            )
            others = sorted(self.connection.execute(query).scalars())
            if others:
                what = f"its request has another version than batch {entry.subject} was stored with"
                self.findings.append(Finding(what, entry.number, requests=others))

    def _answers(self, entry: Entry) -> None:
        told = {(row[0], int(row[1])): (row[2], row[3]) for row in entry.rows}  # and the state: see States
        self.told["attempts"] += len(told)
        ids = sorted({request_id for request_id, _ in told})
        receipts, results = _receipts(self.connection, ids), _results(self.connection, ids)
        for (request_id, attempt), (receipt, result) in told.items():
            found = receipts.get((request_id, attempt))
            if found != receipt:
                what = f"the receipt of attempt {attempt} was " + (
                    "changed" if found is not None else "removed"
                )
                self.findings.append(Finding(what, entry.number, requests=[request_id]))
            if result != UNCHANGED:
                self._result(request_id, result, results.get(request_id), entry.number)

    def _result(self, request_id: str, told: str, found: str | None, number: int) -> None:
        """The last entry about a request decides what its result has to be."""
        self.pending.pop(("result", request_id), None)
        if found != told:
            what = "its result was " + ("changed" if found is not None else "removed")
            self.pending["result", request_id] = Finding(what, number, requests=[request_id])

    def _deletion(self, entry: Entry) -> None:
        rows = entry.rows
        messages = [int(key) for kind, key, _ in rows if kind == "received"]
        self.told["deleted"] += len(messages)
        hidden = select(received.c.id).where(received.c.id.in_(messages), received.c.deleted_at.is_not(None))
        back = set(messages) - set(self.connection.execute(hidden).scalars())
        if back:
            what = "it was deleted and is in the register again"
            self.findings.append(Finding(what, entry.number, records=[entry.subject]))
        for kind, key, known in rows:
            if kind == "decision":
                self.told["decisions"] -= 1
                self.pending.pop(("decision", key), None)
            elif kind == "request":
                self._result(key, known, _results(self.connection, [key]).get(key), entry.number)

    def finish(self) -> None:
        self.findings += self.pending.values()
        self._states()
        self._untold("received", received, self._untold_messages)
        self._untold("attempts", attempts, self._untold_attempts)
        self._untold("decisions", decisions, self._untold_decisions)
        self._hidden()
        unpaid = select(requests.c.request_id).where(
            requests.c.output.is_not(None), ~exists().where(attempts.c.request_id == requests.c.request_id)
        )
        for request_id in self.connection.execute(unpaid).scalars():
            self.findings.append(Finding("it has a result that no answer brought", requests=[request_id]))
        self._disagreements()

    def _disagreements(self) -> None:
        """What is odd about requests that nothing else names: the first reason found is enough for each."""
        named = {request_id for finding in self.findings for request_id in finding.requests}
        for finding in (*self.states.pending.values(), *disagreements(self.connection)):
            if named.isdisjoint(finding.requests):
                self.findings.append(finding)
                named.update(finding.requests)

    def _states(self) -> None:
        ids_there = [batches.c[name] for name in audit.PROVIDER_IDS]
        query = select(batches.c.batch_id, batches.c.state, *ids_there)
        for batch_id, state, *found in self.connection.execute(query).all():
            there = dict(zip(audit.PROVIDER_IDS, found, strict=True))
            known = self.batches.get(batch_id)
            if known is None:
                what = f"its batch {batch_id} is in no entry"
            elif known.state != state:
                what = f"its batch {batch_id} is {state}, but the last entry about it says {known.state}"
            elif any(there[name] != told for name, told in known.ids.items()):
                what = f"its batch {batch_id} has another id at the provider than the one that was told"
            else:
                continue
            members = select(batch_members.c.request_id).where(batch_members.c.batch_id == batch_id)
            ids = sorted(self.connection.execute(members).scalars())
            self.findings.append(Finding(what, requests=ids))

    def _untold(self, name: str, table: Table, find: Callable[[], Iterable[Finding]]) -> None:
        there = self.connection.scalar(select(func.count()).select_from(table)) or 0
        if there != self.told[name]:
            self.findings += find()

    def _lines(self, action: Action) -> Iterator[list[str]]:
        for entry in audit.entries(self.connection):
            if entry.action == action:
                yield from entry.rows

    def _untold_messages(self) -> Iterator[Finding]:
        told = {row[0] for row in self._lines(Action.RECEIVED) if row}
        rows = self.connection.execute(select(received.c.id, *audit.RECEIVED_FACT)).all()
        for row in rows:
            if str(row[0]) not in told:
                message = MessageFact(row[0], fact(*row[1:]))
                yield Finding("its row in the register is in no entry", messages=[message])

    def _untold_attempts(self) -> Iterator[Finding]:
        told = {tuple(row[:2]) for row in self._lines(Action.ANSWERED)}
        query = select(attempts.c.request_id, attempts.c.attempt)
        for request_id, attempt in self.connection.execute(query).all():
            if (request_id, str(attempt)) not in told:
                yield Finding(f"the receipt of attempt {attempt} is in no entry", requests=[request_id])

    def _untold_decisions(self) -> Iterator[Finding]:
        told = {row[0] for row in self._lines(Action.DECIDED) if row}
        for row_id, case_id in self.connection.execute(select(decisions.c.id, decisions.c.case_id)).all():
            if str(row_id) not in told:
                yield Finding("a decision about it is in no entry", cases=[case_id])

    def _hidden(self) -> None:
        query = select(received.c.id, *audit.RECEIVED_FACT).where(received.c.deleted_at.is_not(None))
        rows = self.connection.execute(query).all()
        if len(rows) == self.told["deleted"]:
            return
        told = {row[1] for row in self._lines(Action.DELETING) if len(row) > 1 and row[0] == "received"}
        for row in rows:
            if str(row[0]) not in told:
                message = MessageFact(row[0], fact(*row[1:]))
                self.findings.append(
                    Finding("it counts as deleted, and no entry says so", messages=[message])
                )


def _provider_ids(entry: Entry) -> dict[str, str | None]:
    told = entry.parsed_detail
    return {name: told[name] for name in audit.PROVIDER_IDS if name in told}


def verify(connection: Connection, anchors: Sequence[Anchor]) -> Verdict:
    check = _Check(connection)
    written_down: dict[int, set[Anchor]] = {}
    for anchor in anchors:
        written_down.setdefault(anchor.entries, set()).add(anchor)
    previous: Entry | None = None
    for entry in audit.entries(connection):
        check.findings += _links(previous, entry)
        for anchor in sorted(written_down.pop(entry.number, ())):
            if anchor.digest != entry.digest:
                what = f"{anchor.where} was written when entry {entry.number} was another one"
                check.findings.append(Finding(what, entry.number))
        try:
            check.compare(entry)
        except (ValueError, LookupError, TypeError, AttributeError) as err:
            what = f"entry {entry.number} cannot be read ({type(err).__name__})"
            check.findings.append(Finding(what, entry.number))
        previous = entry
    check.finish()
    last = previous.number if previous is not None else 0
    if last == 0:
        check.findings.append(Finding("the trail has no entries: all were removed"))
    for anchor in sorted(anchor for same in written_down.values() for anchor in same):
        what = f"the trail ends at entry {last}, but {anchor.where} was written at entry {anchor.entries}"
        check.findings.append(Finding(what))
    return Verdict(last, previous.digest if previous is not None else "", check.findings)


def _links(previous: Entry | None, entry: Entry) -> Iterator[Finding]:
    """How an entry fails to fit into the chain, with all facts that it records."""
    expected, before = (1, "") if previous is None else (previous.number + 1, previous.digest)
    if entry.number != expected:
        gone = (
            f"entry {expected} is"
            if entry.number == expected + 1
            else f"entries {expected} to {entry.number - 1} are"
        )
        yield Finding(f"{gone} missing", expected)
    elif previous is None and entry.action != Action.BEGAN:
        yield _whole(f"entry {entry.number} is not the first of a trail", entry)
    elif entry.previous != before:
        yield _whole(f"entry {entry.number} does not follow entry {expected - 1}", entry)
    if not is_whole(entry):
        yield _whole(f"entry {entry.number} was changed or put in", entry)


def _whole(what: str, entry: Entry) -> Finding:
    rows = [row for row in entry.rows if row]
    match entry.action:
        case Action.RECEIVED:
            messages = [MessageFact(int(r[0]), r[1]) for r in rows if len(r) > 1 and r[0].isdigit()]
            return Finding(what, entry.number, messages=messages)
        case Action.INTENDED | Action.ANSWERED | Action.REQUEUED | Action.EXHAUSTED:
            return Finding(what, entry.number, requests=[r[0] for r in rows])
        case Action.DECIDED:
            return Finding(what, entry.number, cases=[entry.subject])
        case Action.DELETING | Action.DELETED:
            return Finding(what, entry.number, records=[entry.subject])
        case _:
            return Finding(f"{what} ({entry.action} {entry.subject})", entry.number)


def _facts(
    connection: Connection, table: Table, columns: Sequence[ColumnElement[Any]], row_ids: Iterable[int]
) -> dict[int, str]:
    found: dict[int, str] = {}
    for chunk in chunks(row_ids):
        rows = connection.execute(select(table.c.id, *columns).where(table.c.id.in_(chunk)))
        found.update((row[0], fact(*row[1:])) for row in rows)
    return found


def _receipts(connection: Connection, ids: Sequence[str]) -> dict[tuple[str, int], str]:
    found: dict[tuple[str, int], str] = {}
    for chunk in chunks(ids):
        query = select(*audit.RECEIPT_FACT).where(is_among(connection, attempts.c.request_id, chunk))
        found.update(((row[0], row[1]), fact(*row)) for row in connection.execute(query))
    return found


def _results(connection: Connection, ids: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for chunk in chunks(ids):
        columns = (requests.c.request_id, *audit.RESULT_FACT)
        rows = connection.execute(select(*columns).where(is_among(connection, requests.c.request_id, chunk)))
        found.update((row[0], fact(*row[1:])) for row in rows)
    return found
