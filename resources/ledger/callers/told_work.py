"""The ledger for cases that are in no night: what is asked is kept, which case asked is not.

A request that a night asks too has the same id, so each finds what the other was answered. A caller waits meanwhile, so that
nothing is written before the intent to ask, and what is at rest is read once.
"""

import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date

from sqlalchemy import Connection, update

from llm_assets.domain.clock import Clock
from llm_assets.domain.desk.night import Rework
from llm_assets.domain.requests.outcome import RequestState
from llm_assets.engine.ports.batches import Member
from llm_assets.engine.ports.review import Decision
from llm_assets.engine.ports.work import Asked, Planned, Standing, Work
from resources.ledger.database.caller_tables import answer_requests, kept_answers
from resources.ledger.database.database import Database
from resources.ledger.database.sql import insert_rows
from resources.ledger.queries import planning
from resources.ledger.transactions.review import SqlReview


class SqlToldWork:
    """The port `WorkLedger` for the case of one answer."""

    def __init__(self, database: Database, clock: Clock, answer_id: str | None, record_id: str) -> None:
        """`answer_id`: the answer that pays what is asked, and through which it is known whose it is; None where no caller
        asks."""
        self._database = database
        self._clock = clock
        self._answer_id = answer_id
        self._record_id = record_id
        self._asked: dict[str, dict[str, Asked]] = {}
        self._unstored: dict[str, tuple[str, Work]] = {}
        """request_id -> the step of the request, and what wants it."""
        self._done: dict[str, Standing] = {}
        """request_id -> how it stands, where that does not change any more."""

    def plan(
        self,
        day: date,
        step: str,
        work: Sequence[Work],
        *,
        rework: Rework,
        max_attempts: int,
        asked_as: Mapping[str, str] = {},
    ) -> Planned:
        with self._database.reading() as connection:
            found = planning.wanted(connection, work, max_attempts)
        if found.exhausted:
            with self._database.writing() as connection:
                planned = planning.want(connection, day, step, work, max_attempts, self._clock(), asked_as)
        else:
            planned = found.planned
            of_step = {w.request_id: (asked_as.get(w.request_id, step), w) for w in work}
            self._unstored.update((i, of_step[i]) for i in found.unseen)
        self._asked.setdefault(step, {}).update((w.case_id, Asked(w.request_id, w.input_hash)) for w in work)
        return planned

    def store(self, connection: Connection, members: Sequence[Member]) -> None:
        """Puts what was planned of these into the ledger: the first part of the intent to ask it."""
        stored: dict[str, list[Work]] = {}
        for member in members:
            if member.request_id in self._unstored:
                step, wanted = self._unstored[member.request_id]
                stored.setdefault(step, []).append(wanted)
        planning.store_requests(connection, stored)
        if self._answer_id is not None:
            self._note(connection, self._answer_id, [member.request_id for member in members])

    def at_rest(self, day: date, step: str) -> dict[str, str]:
        return {}

    def requests_of(self, day: date, step: str, cases: Collection[str]) -> dict[str, Asked]:
        return {case: asked for case, asked in self._asked.get(step, {}).items() if case in cases}

    def prune_work(self, day: date, step: str, keep: Collection[str]) -> int:
        return 0

    def preview(self, day: date, step: str, work: Sequence[Work], *, rework: Rework) -> Planned:
        with self._database.reading() as connection:
            return planning.wanted(connection, work, sys.maxsize).planned

    def standings(self, day: date, step: str, cases: Collection[str] | None = None) -> Iterator[Standing]:
        asked = self._asked.get(step, {})
        wanted = {case: each.request_id for case, each in asked.items() if cases is None or case in cases}
        if not self._done.keys() >= set(wanted.values()):
            with self._database.reading() as connection:
                found = planning.standings_of(connection, wanted)
            self._done.update((s.request_id, s) for s in found if s.state is RequestState.DONE)
            yield from found
            return
        yield from (replace(self._done[i], case_id=case) for case, i in sorted(wanted.items()))

    def counts(self, day: date) -> dict[str, dict[str, int]]:
        return {}

    def cases_per_night(self, step: str, since: date) -> dict[date, int]:
        return {}

    def _note(self, connection: Connection, answer_id: str, request_ids: Sequence[str]) -> None:
        """Before anything is asked: a death leaves nothing that is on no bill and nobody's."""
        rows = [(request_id,) for request_id in request_ids]
        columns = {"request_id": str}
        insert_rows(connection, answer_requests, columns, rows, on_conflict="keep", answer_id=answer_id)
        of_answer = kept_answers.c.answer_id == answer_id
        connection.execute(update(kept_answers).where(of_answer).values(record_id=self._record_id))


class NoDecisions(SqlReview):
    """The port `ReviewLedger`: about a case that is in no night nobody has decided anything."""

    def decisions(self, day: date, case_id: str | None = None) -> list[Decision]:
        return []
