"""A night's work: which request answers which case, what of it is due, and the state of each case."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection, case, delete, func, select, update

from llm_assets.domain.audit import Action, Event
from llm_assets.domain.desk.night import Rework
from llm_assets.domain.reason import Reason
from llm_assets.domain.requests.outcome import Outcome, RequestState
from llm_assets.engine.ports.batches import Member
from llm_assets.engine.ports.work import Asked, Planned, Standing, Work
from resources.ledger.audit import entries as audit
from resources.ledger.database.sql import Columns, chunks, insert_rows, is_among
from resources.ledger.database.tables import attempts, requests, work

_KEPT = frozenset({RequestState.DONE, RequestState.REVIEW, RequestState.DEAD, RequestState.IN_FLIGHT})
"""States in which a case may keep an older answer, or the request it waits for."""

_COUNTED_AS = {
    RequestState.DUE: "due",
    RequestState.IN_FLIGHT: "in_flight",
    RequestState.DONE: "ok",
    RequestState.REVIEW: "review",
    RequestState.DEAD: "dead",
}


class _Stand(NamedTuple):
    """The state of a request, as far as planning needs it."""

    state: RequestState
    attempt: int
    rounds_before: int

    def member(self, request_id: str, cuts: "_Cuts") -> Member:
        attempt = self.attempt + 1
        return Member(request_id, attempt, attempt - self.rounds_before, cuts=cuts.all, thought=cuts.thought)


class _Cuts(NamedTuple):
    """How often a request's answer was cut by its token limit, and how often of these by thinking."""

    all: int = 0
    thought: int = 0


_WORK_COLUMNS: Columns = dict.fromkeys(Work._fields, str)
_STAND_COLUMNS = (requests.c.state, requests.c.attempt, requests.c.rounds_before)
_STANDING_COLUMNS = (
    requests.c.request_id,
    requests.c.state,
    requests.c.output,
    requests.c.model,
    requests.c.prompt_version,
    requests.c.outcome,
    requests.c.detail,
    requests.c.attempt,
    func.coalesce(requests.c.held, ""),
    requests.c.step,
)
_REQUEST_COLUMNS: Columns = dict.fromkeys(("request_id", "model", "prompt_version"), str)
_STATES = {state.value: state for state in RequestState}
_UNCUT = _Cuts()
_UNSEEN = _Stand(RequestState.DUE, 0, 0)
_WIDTH = len(Work._fields)


def plan(
    connection: Connection,
    day: date,
    step: str,
    asked: Sequence[Work],
    rework: Rework,
    max_attempts: int,
    at: datetime,
    asked_as: Mapping[str, str],
) -> Planned:
    """One chunk; the caller bounds its size."""
    found = _look_up(connection, day, step, asked, rework)
    planned = _stored(connection, day, step, found, max_attempts, at, asked_as)
    changed = [w for case_id, w in found.assigned.items() if found.older.get(case_id) != w]
    _put_work(connection, day, step, sorted(changed, key=lambda w: w.case_id))
    return planned


def want(
    connection: Connection,
    day: date,
    step: str,
    asked: Sequence[Work],
    max_attempts: int,
    at: datetime,
    asked_as: Mapping[str, str],
) -> Planned:
    """The same for cases that are in no night."""
    return _stored(connection, day, step, _look_up_wanted(connection, asked), max_attempts, at, asked_as)


class Wanted(NamedTuple):
    """What cases that are in no night want, before anything is written."""

    planned: Planned
    unseen: frozenset[str]
    """Requests that the ledger does not hold."""
    exhausted: bool
    """Whether one that is due has used up its tries, which has to be written."""


def wanted(connection: Connection, asked: Sequence[Work], max_attempts: int) -> Wanted:
    found = _look_up_wanted(connection, asked)
    unseen = frozenset(w.request_id for w in asked if w.request_id not in found.stands)
    exhausted = any(_is_spent(stand, max_attempts) for stand in found.stands.values())
    return Wanted(_planned(connection, *found), unseen, exhausted)


def store_requests(connection: Connection, asked: Mapping[str, Sequence[Work]]) -> None:
    """Puts requests into the ledger, by step, that it does not hold yet."""
    for step in sorted(asked):
        _add_requests(connection, step, sorted(asked[step], key=lambda w: w.request_id))


def _stored(
    connection: Connection,
    day: date,
    step: str,
    found: "_LookedUp",
    max_attempts: int,
    at: datetime,
    asked_as: Mapping[str, str],
) -> Planned:
    older, stands, assigned = found
    exhausted = _end_exhausted(connection, stands, assigned.values(), max_attempts)
    unseen = {w.request_id: w for w in assigned.values() if w.request_id not in stands}
    for name in sorted({asked_as.get(i, step) for i in unseen}):
        of_step = [unseen[i] for i in sorted(unseen) if asked_as.get(i, step) == name]
        _add_requests(connection, name, of_step)
    if exhausted:
        detail = {"day": str(day), "step": step, "requests": len(exhausted)}
        audit.append(connection, at, Event(audit.DESK, Action.EXHAUSTED, "requests", detail, exhausted))
    return _planned(connection, older, stands, assigned)


def preview(connection: Connection, day: date, step: str, asked: Sequence[Work], rework: Rework) -> Planned:
    """What `plan` would answer; requests without a try left are not looked for."""
    return _planned(connection, *_look_up(connection, day, step, asked, rework))


class _LookedUp(NamedTuple):
    older: dict[str, Work]
    stands: dict[str, _Stand]
    assigned: dict[str, Work]


def _look_up(
    connection: Connection, day: date, step: str, asked: Sequence[Work], rework: Rework
) -> _LookedUp:
    wanted = {w.case_id: w for w in asked}
    older, stands = _known(connection, day, step, wanted)
    if older == wanted:  # a night that is planned again; compared at once
        return _LookedUp(older, stands, wanted)
    stands |= _stands(connection, {w.request_id for w in wanted.values()} - stands.keys())
    assigned = {case_id: _assigned(w, older.get(case_id), stands, rework) for case_id, w in wanted.items()}
    return _LookedUp(older, stands, assigned)


def _look_up_wanted(connection: Connection, asked: Sequence[Work]) -> _LookedUp:
    return _LookedUp({}, _stands(connection, {w.request_id for w in asked}), {w.case_id: w for w in asked})


def _planned(
    connection: Connection, older: dict[str, Work], stands: dict[str, _Stand], assigned: dict[str, Work]
) -> Planned:
    waiting = {
        w.request_id: stand
        for w in assigned.values()
        if (stand := stands.get(w.request_id, _UNSEEN)).state is RequestState.DUE
    }
    cuts = _cuts(connection, [i for i, stand in waiting.items() if stand.attempt > 0])
    due = {i: stand.member(i, cuts.get(i, _UNCUT)) for i, stand in waiting.items()}
    new = [(case_id, w) for case_id, w in assigned.items() if w.request_id in due] if due else []
    changed = [w for case_id, w in new if older.get(case_id, w).request_id != w.request_id]
    reused = len(assigned) - len(new)
    return Planned(due, {c: w.request_id for c, w in assigned.items()}, len(new), reused, len(changed))


def _assigned(asked: Work, older: Work | None, stands: dict[str, _Stand], rework: Rework) -> Work:
    if older is None or older.request_id == asked.request_id:
        return asked
    if rework is not Rework.MISSING or not asked.has_input_of(older):
        return asked
    return older if older.request_id in stands and stands[older.request_id].state in _KEPT else asked


def _end_exhausted(
    connection: Connection, stands: dict[str, _Stand], assigned: Iterable[Work], max_attempts: int
) -> list[str]:
    """The last protection against paying for ever, for example after the limit was lowered between two tries. Returns
    the requests that it ended."""
    spent = {stand for stand in set(stands.values()) if _is_spent(stand, max_attempts)}
    if not spent:
        return []
    over = sorted({w.request_id for w in assigned if stands.get(w.request_id) in spent})
    if not over:
        return []
    where = (is_among(connection, requests.c.request_id, over), requests.c.state == RequestState.DUE)
    statement = update(requests).where(*where).values(state=RequestState.DEAD)
    ended = connection.execute(statement.returning(requests.c.request_id)).scalars()
    stands.update((i, stands[i]._replace(state=RequestState.DEAD)) for i in over)
    return sorted(ended)


def _is_spent(stand: _Stand, max_attempts: int) -> bool:
    return stand.state is RequestState.DUE and stand.attempt - stand.rounds_before >= max_attempts


def _known(
    connection: Connection, day: date, step: str, wanted: Mapping[str, Work]
) -> tuple[dict[str, Work], dict[str, _Stand]]:
    """The work of these cases as it was planned last, and the states of its requests."""
    columns = [work.c[name] for name in _WORK_COLUMNS]
    joined = work.outerjoin(requests, requests.c.request_id == work.c.request_id)
    older: dict[str, Work] = {}
    stands: dict[str, _Stand] = {}
    shared: dict[tuple[object, ...], _Stand] = {}
    for chunk in chunks(wanted):
        where = (work.c.day == day, work.c.step == step, is_among(connection, work.c.case_id, chunk))
        rows = connection.execute(select(*columns, *_STAND_COLUMNS).select_from(joined).where(*where)).all()
        for row in rows:
            older[row[0]] = Work._make(row[:_WIDTH])
            key = row[_WIDTH:]
            stand = shared.get(key)
            if stand is None:
                if key[0] is None:
                    continue
                stand = shared[key] = _Stand(_STATES[key[0]], key[1], key[2])
            stands[row[2]] = stand
    return older, stands


def _stands(connection: Connection, request_ids: Iterable[str]) -> dict[str, _Stand]:
    columns = (requests.c.request_id, *_STAND_COLUMNS)
    found: dict[str, _Stand] = {}
    for chunk in chunks(request_ids):
        rows = connection.execute(
            select(*columns).where(is_among(connection, requests.c.request_id, chunk))
        ).all()
        found.update((i, _Stand(_STATES[state], attempt, before)) for i, state, attempt, before in rows)
    return found


def _cuts(connection: Connection, request_ids: Iterable[str]) -> dict[str, _Cuts]:
    thought = func.sum(case((attempts.c.reason == Reason.CUT_BY_THINKING, 1), else_=0))
    found: dict[str, _Cuts] = {}
    for chunk in chunks(request_ids):
        rows = connection.execute(
            select(attempts.c.request_id, func.count(), thought)
            .where(is_among(connection, attempts.c.request_id, chunk), attempts.c.outcome == Outcome.CUT)
            .group_by(attempts.c.request_id)
        )
        found.update((request_id, _Cuts(number, int(of_it))) for request_id, number, of_it in rows)
    return found


def _add_requests(connection: Connection, step: str, unseen: Sequence[Work]) -> None:
    if not unseen:
        return
    insert_rows(
        connection,
        requests,
        _REQUEST_COLUMNS,
        [(w.request_id, w.model, w.prompt_version) for w in unseen],
        on_conflict="keep",
        step=step,
        state=RequestState.DUE,
        attempt=0,
        rounds_before=0,
        provider="",
        outcome="",
        detail="",
    )


def _put_work(connection: Connection, day: date, step: str, changed: Sequence[Work]) -> None:
    if not changed:
        return
    rows = [tuple(w) for w in changed]
    insert_rows(connection, work, _WORK_COLUMNS, rows, on_conflict="replace", day=day, step=step)


def at_rest(connection: Connection, day: date, step: str) -> dict[str, str]:
    query = (
        select(work.c.case_id, work.c.rendered_from)
        .join(requests, requests.c.request_id == work.c.request_id)
        .where(work.c.day == day, work.c.step == step, requests.c.state != RequestState.DUE)
        .where(work.c.rendered_from.is_not(None))
    )
    return {case_id: source for case_id, source in connection.execute(query).all()}  # noqa: C416 typed as rows


def requests_of(connection: Connection, day: date, step: str, cases: Collection[str]) -> dict[str, Asked]:
    found: dict[str, Asked] = {}
    for chunk in chunks(sorted(cases)):
        where = (work.c.day == day, work.c.step == step, is_among(connection, work.c.case_id, chunk))
        rows = connection.execute(select(work.c.case_id, work.c.request_id, work.c.input_hash).where(*where))
        found.update((case_id, Asked(request_id, input_hash)) for case_id, request_id, input_hash in rows)
    return found


def prune_work(connection: Connection, day: date, step: str, keep: Collection[str]) -> int:
    kept = keep if isinstance(keep, (set, frozenset, dict)) else frozenset(keep)
    of_step = (work.c.day == day, work.c.step == step)
    known = connection.execute(select(work.c.case_id).where(*of_step)).scalars().all()
    gone = [case_id for case_id in known if case_id not in kept]
    for chunk in chunks(gone):
        connection.execute(delete(work).where(*of_step, is_among(connection, work.c.case_id, chunk)))
    return len(gone)


def standings(
    connection: Connection, day: date, step: str, cases: Collection[str] | None = None
) -> Iterator[Standing]:
    """In order of case_id; reads on as the caller goes, a thousand rows at a time."""
    among = [is_among(connection, work.c.case_id, sorted(cases))] if cases is not None else []
    rows = connection.execution_options(yield_per=1000).execute(
        select(work.c.case_id, *_STANDING_COLUMNS)
        .join(requests, requests.c.request_id == work.c.request_id)
        .where(work.c.day == day, work.c.step == step, *among)
        .order_by(work.c.case_id)
    )
    for partition in rows.partitions(1000):  # without the size SQLite gives one row at a time
        for row in partition:
            yield _standing(*row)


def standings_of(connection: Connection, wanted: Mapping[str, str]) -> list[Standing]:
    """How these cases stand, each by the id of its request."""
    found: dict[str, Sequence[Any]] = {}
    for chunk in chunks(sorted(set(wanted.values()))):
        where = is_among(connection, requests.c.request_id, chunk)
        rows = connection.execute(select(*_STANDING_COLUMNS).where(where))
        found.update((row.request_id, row) for row in rows)
    return [_standing(case_id, *found[i]) for case_id, i in sorted(wanted.items()) if i in found]


def _standing(
    case_id: str, request_id: str, state: str, output: str | None, *rest: *tuple[Any, ...]
) -> Standing:
    answer = orjson.loads(output) if output is not None else None
    return Standing(case_id, request_id, RequestState(state), answer, *rest)


def counts(connection: Connection, day: date) -> dict[str, dict[str, int]]:
    rows = connection.execute(
        select(work.c.step, requests.c.state, func.count())
        .join(requests, requests.c.request_id == work.c.request_id)
        .where(work.c.day == day)
        .group_by(work.c.step, requests.c.state)
        .order_by(work.c.step)
    )
    found: dict[str, dict[str, int]] = {}
    for step, state, number in rows:
        of_step = found.setdefault(step, dict.fromkeys(_COUNTED_AS.values(), 0))
        of_step[_COUNTED_AS[RequestState(state)]] = number
    return found


def cases_per_night(connection: Connection, step: str, since: date) -> dict[date, int]:
    rows = connection.execute(
        select(work.c.day, func.count().label("cases"))
        .where(work.c.day >= since, work.c.step == step)
        .group_by(work.c.day)
        .order_by(work.c.day)
    )
    return {row.day: row.cases for row in rows}
