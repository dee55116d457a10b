"""The ledger as the engine knows it: each method is one transaction around one query module. No SQL here."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import date, datetime
from pathlib import Path
from typing import Any

from llm_assets.domain.clock import Clock, system_clock
from llm_assets.domain.desk.night import Rework
from llm_assets.domain.mail.document import Received
from llm_assets.domain.profile import Limits
from llm_assets.domain.requests.batch import Batch, BatchState
from llm_assets.domain.requests.money import Committed, Limit
from llm_assets.domain.sources.state import SourceState
from llm_assets.domain.sources.versions import History
from llm_assets.domain.traffic.circuit import Circuit
from llm_assets.engine.ports.ledger import (
    Billed,
    DeadLetter,
    Decision,
    Member,
    Planned,
    Settlement,
    Standing,
    UsageRow,
    Work,
)
from resources.ledger import batching, forms, online, people, planning, register, settling, sources, spending
from resources.ledger.audit import entries as audit
from resources.ledger.audit.trail import Trail
from resources.ledger.database.database import Database
from resources.ledger.deletion.deletions import Deletions
from resources.ledger.settling import Bill
from resources.mail.imap.places import Registered


class SqlLedger:
    """The ports Register and Ledger on SQLite or Postgres, by URL. Connects and migrates on first use; may be shared
    between threads, not across a fork."""

    def __init__(self, url: str, home: Path, *, clock: Clock = system_clock) -> None:
        """`home` holds the lock files beside SQLite. Raises ConfigurationError for a URL it does not speak."""
        self._clock = clock
        self._database = Database(url, home, on_upgrade=lambda connection: audit.begin(connection, clock()))

    def migrate(self) -> None:
        """Brings the schema to the newest version; quick when it is there, safe when many processes start.

        Raises ConfigurationError for a database that cannot be reached or that a newer version has written.
        """
        self._database.migrate()

    def close(self) -> None:
        self._database.close()

    def receive(self, items: Sequence[Received]) -> int:
        with self._database.writing() as connection:
            return register.receive(connection, items, self._clock())

    def received(self, day: date) -> list[Received]:
        with self._database.reading() as connection:
            return register.received_on(connection, day)

    def arrivals(self, source: str) -> dict[str, datetime]:
        with self._database.reading() as connection:
            return register.arrivals(connection, source)

    def history(self, items: Sequence[Received]) -> History:
        with self._database.reading() as connection:
            return register.history(connection, items)

    def grown_since(self, position: int) -> tuple[int, set[date]]:
        """Days of the messages registered after a position, by whom ever, and the newest position. Counts from 0."""
        with self._database.reading() as connection:
            return register.grown_since(connection, position)

    def receive_once(self, item: Received) -> Received:
        """Registers what comes first to its place, and returns what stands there."""
        with self._database.writing() as connection:
            forms.alone(connection, item.source, item.place)
            standing = forms.standing(connection, item.source, item.place)
            if standing is not None:
                return standing
            register.receive(connection, [item], self._clock())
            return item

    def standing(self, source: str, place: str) -> Received | None:
        """What was registered first at a place; None for a place nobody has used."""
        with self._database.reading() as connection:
            return forms.standing(connection, source, place)

    def registered_after(self, source: str, position: int, limit: int) -> list[Received]:
        """What a source brought after a position in the register, the first `limit` of it."""
        with self._database.reading() as connection:
            return forms.registered_after(connection, source, position, limit)

    def source_state(self, source: str) -> SourceState | None:
        """None before a source was looked at."""
        with self._database.reading() as connection:
            return sources.state(connection, source)

    def note_look(self, after: SourceState) -> None:
        with self._database.writing() as connection:
            sources.note_look(connection, after)

    def known_uids(self, source: str, folder: str, validity: int) -> set[int]:
        with self._database.reading() as connection:
            return sources.known_uids(connection, source, folder, validity)

    def numbered_otherwise(self, source: str, folder: str, validity: int) -> list[Registered]:
        with self._database.reading() as connection:
            return sources.numbered_otherwise(connection, source, folder, validity)

    def renumber(self, source: str, places: Mapping[str, str]) -> None:
        """New place -> the place by which the message is registered."""
        with self._database.writing() as connection:
            sources.renumber(connection, source, places)

    def plan(
        self, day: date, step: str, work: Sequence[Work], *, rework: Rework, max_attempts: int
    ) -> Planned:
        with self._database.writing() as connection:
            return planning.plan(connection, day, step, work, rework, max_attempts)

    def at_rest(self, day: date, step: str) -> dict[str, str]:
        with self._database.reading() as connection:
            return planning.at_rest(connection, day, step)

    def prune_work(self, day: date, step: str, keep: Collection[str]) -> int:
        with self._database.writing() as connection:
            return planning.prune_work(connection, day, step, keep)

    def preview(self, day: date, step: str, work: Sequence[Work], *, rework: Rework) -> Planned:
        with self._database.reading() as connection:
            return planning.preview(connection, day, step, work, rework)

    def intend(self, batch: Batch, members: Sequence[Member], limits: Sequence[Limit] = ()) -> None:
        with self._database.writing() as connection:
            batching.intend(connection, batch, members, limits, self._clock())

    def committed(self, limits: Sequence[Limit]) -> list[Committed]:
        with self._database.reading() as connection:
            return spending.committed(connection, limits)

    def hold(self, request_ids: Collection[str], reason: str) -> int:
        with self._database.writing() as connection:
            return spending.hold(connection, request_ids, reason)

    def billed(self, provider: str, step: str, model: str, limit: int) -> list[Billed]:
        with self._database.reading() as connection:
            return spending.billed(connection, provider, step, model, limit)

    def cache_hits(self, provider: str, step: str, model: str) -> float | None:
        with self._database.reading() as connection:
            return spending.cache_hits(connection, provider, step, model)

    def batch_seconds(self, provider: str, limit: int) -> list[float]:
        with self._database.reading() as connection:
            return spending.batch_seconds(connection, provider, limit)

    def work_counts(self, step: str, since: date) -> dict[date, int]:
        with self._database.reading() as connection:
            return planning.work_counts(connection, step, since)

    def transition(self, batch_id: str, before: BatchState, after: BatchState, **changes: Any) -> None:
        with self._database.writing() as connection:
            batching.transition(connection, batch_id, before, after, changes, self._clock())

    def batch(self, batch_id: str) -> Batch:
        with self._database.reading() as connection:
            return batching.batch(connection, batch_id)

    def open_batches(self, day: date | None = None, steps: Sequence[str] | None = None) -> list[Batch]:
        with self._database.reading() as connection:
            return batching.open_batches(connection, day, steps)

    def troubles(self, day: date) -> dict[str, str]:
        with self._database.reading() as connection:
            return batching.troubles(connection, day)

    def holders(self, day: date, steps: Sequence[str] | None = None) -> list[Batch]:
        with self._database.reading() as connection:
            return batching.holders(connection, day, steps)

    def bytes_that_fit(self, day: date, provider: str, model: str) -> int | None:
        with self._database.reading() as connection:
            return batching.bytes_that_fit(connection, day, provider, model)

    def members(self, batch_id: str, *, unsettled: bool = False) -> dict[str, Member]:
        with self._database.reading() as connection:
            return batching.members(connection, batch_id, unsettled=unsettled)

    def settle(self, batch: Batch, settlements: Sequence[Settlement]) -> int:
        bill = Bill(batch.day, batch.step, batch.lane, batch.batch_id, self._clock())
        with self._database.writing() as connection:
            return settling.settle(connection, bill, settlements)

    def known_provider_ids(self, provider: str) -> frozenset[str]:
        with self._database.reading() as connection:
            return batching.known_provider_ids(connection, provider)

    def standings(self, day: date, step: str) -> Iterator[Standing]:
        with self._database.reading() as connection:
            yield from planning.standings(connection, day, step)

    def counts(self, day: date) -> dict[str, dict[str, int]]:
        with self._database.reading() as connection:
            return planning.counts(connection, day)

    def usage(self, day: date) -> list[UsageRow]:
        with self._database.reading() as connection:
            return settling.usage(connection, day)

    def failures(self, day: date) -> dict[str, dict[str, int]]:
        with self._database.reading() as connection:
            return settling.failures(connection, day)

    def decisions(self, day: date) -> list[Decision]:
        with self._database.reading() as connection:
            return people.decisions_of(connection, day)

    def decide(self, day: date, decision: Decision) -> None:
        with self._database.writing() as connection:
            people.decide(connection, day, decision, self._clock())

    def dead_letters(self, day: date | None = None, step: str | None = None) -> list[DeadLetter]:
        with self._database.reading() as connection:
            return people.dead_letters(connection, day, step)

    def requeue(self, day: date | None = None, step: str | None = None, *, by: str = audit.DESK) -> int:
        with self._database.writing() as connection:
            return people.requeue(connection, day, step, by, self._clock())

    @property
    def trail(self) -> Trail:
        """The audit trail of this ledger."""
        return Trail(self._database, self._clock)

    @property
    def deletions(self) -> Deletions:
        """Records deleted on request."""
        return Deletions(self._database, self._clock)

    def admit_call(self, provider: str, tokens: int, limits: Limits, now: datetime) -> float:
        with self._database.writing() as connection:
            return online.admit(connection, provider, tokens, limits, now)

    def circuit(self, provider: str) -> Circuit:
        with self._database.reading() as connection:
            return online.circuit(connection, provider)

    def change_circuit(self, provider: str, change: Callable[[Circuit], Circuit]) -> tuple[Circuit, Circuit]:
        with self._database.writing() as connection:
            return online.change_circuit(connection, provider, change)

    def owner(self, name: str, *, wait: bool = False) -> AbstractContextManager[bool]:
        return self._database.owner(name, wait=wait)
