"""What the table `requests` has to say: the state that the trail's last entry about a request gives it, the model and
version that it was sent with, and a state that fits its outcome.

The last two need no entry, so they also hold for answers that are older than the states in the entries.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, Connection, and_, exists, literal, not_, or_, select

from llm_assets.domain.audit import Action, Entry
from llm_assets.domain.requests.outcome import Outcome, RequestState
from resources.ledger.audit.finding import Finding
from resources.ledger.database.sql import chunks, is_among
from resources.ledger.database.tables import attempts, batch_members, batches, requests, work

FOR_PEOPLE = (Outcome.INVALID, Outcome.CUT, Outcome.REFUSED, Outcome.TOO_LARGE)
"""Outcomes after which a request may be in review."""
ALWAYS_FOR_PEOPLE = (Outcome.REFUSED, Outcome.TOO_LARGE)
_FREED = (Action.REJECTED, Action.LOST, Action.CANCELLED, Action.RACED)


@dataclass
class States:
    """One pass over the chain: the states that its entries give to requests."""

    connection: Connection
    pending: dict[str, Finding] = field(default_factory=dict)
    """Requests in another state than the last entry so far says; a later one may explain it."""

    def compare(self, entry: Entry) -> None:
        match entry.action:
            case Action.INTENDED if not entry.is_found:
                self._told(entry, dict.fromkeys((row[0] for row in entry.rows), RequestState.IN_FLIGHT.value))
            case Action.ANSWERED:
                self._told(entry, {row[0]: row[4] if len(row) > 4 else "" for row in entry.rows})
            case Action.REQUEUED:
                self._told(entry, dict.fromkeys((row[0] for row in entry.rows), RequestState.DUE.value))
            case Action.EXHAUSTED:
                self._told(entry, dict.fromkeys((row[0] for row in entry.rows), RequestState.DEAD.value))
            case Action.DELETING:
                wiped = (key for kind, key, _ in entry.rows if kind == "request")
                self._told(entry, dict.fromkeys(wiped, RequestState.DUE.value))
            case action if action in _FREED:
                self._told(entry, dict.fromkeys(self._freed(entry.subject), RequestState.DUE.value))

    def _told(self, entry: Entry, told: dict[str, str]) -> None:
        """An empty state is one that the entry does not know."""
        for chunk in chunks(told):
            query = select(requests.c.request_id, requests.c.state)
            rows = self.connection.execute(
                query.where(is_among(self.connection, requests.c.request_id, chunk))
            )
            there: dict[str, str] = {row[0]: row[1] for row in rows}
            for request_id in chunk:
                self.pending.pop(request_id, None)
                state, found = told[request_id], there.get(request_id)
                if state and found is not None and found != state:
                    what = f"its request has the state {found}, but the last entry about it says {state}"
                    self.pending[request_id] = Finding(what, entry.number, requests=[request_id])

    def _freed(self, batch_id: str) -> Sequence[str]:
        """Requests of a batch that ended without an answer to them."""
        query = select(batch_members.c.request_id).where(
            batch_members.c.batch_id == batch_id, ~_answered(batch_members.c.attempt)
        )
        return self.connection.execute(query).scalars().all()


def _answered(attempt: ColumnElement[int]) -> ColumnElement[bool]:
    return exists().where(attempts.c.request_id == batch_members.c.request_id, attempts.c.attempt == attempt)


def disagreements(connection: Connection) -> Iterator[Finding]:
    """Rows of `requests` and `work` that cannot be what the engine wrote."""
    for what, query in (
        ("its request has another step, model or version than its receipt", _other_than_receipt()),
        ("its request has another step or model than its batch", _other_than_batch()),
        ("its request has another state than its outcome allows", _impossible()),
        ("its request is in flight, but no batch that is open holds it", _nowhere()),
    ):
        for rows in chunks(connection.execute(select(requests.c.request_id).where(query)).scalars()):
            yield from (Finding(what, requests=[request_id]) for request_id in sorted(rows))
    yield from _misled(connection)


def _other_than_receipt() -> ColumnElement[bool]:
    differs = or_(
        attempts.c.step != requests.c.step,
        attempts.c.model != requests.c.model,
        attempts.c.prompt_version != requests.c.prompt_version,
    )
    return exists().where(attempts.c.request_id == requests.c.request_id, differs)


def _other_than_batch() -> ColumnElement[bool]:
    differs = or_(batches.c.step != requests.c.step, batches.c.model != requests.c.model)
    return exists().where(
        batch_members.c.request_id == requests.c.request_id,
        batches.c.batch_id == batch_members.c.batch_id,
        differs,
    )


def _impossible() -> ColumnElement[bool]:
    state, outcome = requests.c.state, requests.c.outcome
    return or_(
        (state == RequestState.DONE) != (outcome == Outcome.SUCCEEDED),
        and_(state == RequestState.REVIEW, outcome.not_in(FOR_PEOPLE)),
        and_(outcome.in_(ALWAYS_FOR_PEOPLE), state != RequestState.REVIEW),
        and_(state == RequestState.DEAD, outcome == ""),
        state.not_in(list(RequestState)),
    )


def _nowhere() -> ColumnElement[bool]:
    held = exists().where(
        batch_members.c.request_id == requests.c.request_id,
        batch_members.c.attempt == requests.c.attempt,
        ~batch_members.c.released,
        ~exists().where(
            attempts.c.request_id == batch_members.c.request_id, attempts.c.attempt == batch_members.c.attempt
        ),
    )
    return and_(requests.c.state == RequestState.IN_FLIGHT, not_(held))


def _answers_another_step() -> ColumnElement[bool]:
    """A request of merged steps has their names, with `-` between them."""
    asked = literal("-").concat(requests.c.step).concat("-")
    return asked.not_like(literal("%-").concat(work.c.step).concat("-%"))


def _misled(connection: Connection) -> Iterable[Finding]:
    """Cases whose row in `work` names a request that is not there, or of another step or model."""
    query = (
        select(work.c.case_id)
        .outerjoin(requests, requests.c.request_id == work.c.request_id)
        .where(
            or_(
                requests.c.request_id.is_(None),
                _answers_another_step(),
                requests.c.model != work.c.model,
            )
        )
        .distinct()
    )
    what = "the request that answers it is not there, or is of another step or model"
    for rows in chunks(connection.execute(query).scalars()):
        yield from (Finding(what, cases=[case_id]) for case_id in sorted(rows))
