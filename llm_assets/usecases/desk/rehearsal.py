"""Rehearsal: an assembly that reads like the real one and writes nothing, so that a night can be planned before it is.

What a source holds is read in memory beside what is registered already. No provider is called, no emulator started.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

from llm_assets.domain.desk.tables import Table
from llm_assets.domain.digest import digest_bytes
from llm_assets.domain.mail.document import Received
from llm_assets.domain.profile import Profile
from llm_assets.domain.sources.state import SourceState
from llm_assets.domain.sources.versions import History, version_of
from llm_assets.usecases.desk.assembly import Assembly
from resources import home_id
from resources.lake.lake import Lake
from resources.ledger import SqlLedger
from resources.ledger.transactions.register import SqlRegister
from resources.ledger.transactions.sources import SqlSources
from resources.mail.raw_store import RawStore


class RehearsedRegister(SqlRegister):
    """A register that forgets: what is received lives in this process only."""

    @cached_property
    def _new(self) -> dict[tuple[str, str], Received]:
        return {}

    def receive(self, items: Sequence[Received]) -> int:
        self._new.update({(item.source, item.place): item for item in items})
        return len(items)

    def received(self, day: date) -> list[Received]:
        known = {(r.source, r.place): r for r in super().received(day)}
        merged = known | {key: item for key, item in self._new.items() if item.day == day}
        return sorted(merged.values(), key=lambda r: (r.arrived_at, r.source, r.place))

    def history(self, items: Sequence[Received]) -> History:
        found = dict(super().history(items))
        for key in {(item.source, item.place) for item in items} & self._new.keys():
            found[key] = (*found.get(key, ()), version_of(self._new[key]))
        return found


class RehearsedSources(SqlSources):
    """Sources of which a rehearsal notes nothing."""

    def note_look(self, after: SourceState) -> None:
        """What a rehearsal saw of a mailbox is no news to anybody."""

    def renumber(self, source: str, places: Mapping[str, str]) -> None:
        """The next look that counts finds them again."""


class RehearsedLedger(SqlLedger):
    """The ledger with a register and sources that forget."""

    def __init__(self, url: str, home: Path) -> None:
        super().__init__(url, home)
        self.register = RehearsedRegister(self._database, self._clock)
        self.sources = RehearsedSources(self._database)


class RehearsedRaw(RawStore):
    """The raw store with new bytes in memory."""

    @cached_property
    def _new(self) -> dict[str, bytes]:
        return {}

    def put(self, data: bytes) -> str:
        sha256 = digest_bytes(data)
        self._new[sha256] = data
        return sha256

    def put_file(self, path: Path) -> str:
        return self.put(path.read_bytes())

    def get(self, sha256: str) -> bytes:
        new = self._new.get(sha256)
        return new if new is not None else super().get(sha256)

    def where(self, sha256: str) -> Path | bytes:
        new = self._new.get(sha256)
        return new if new is not None else super().where(sha256)


class RehearsedLake(Lake):
    """The lake with the tables of this rehearsal in memory."""

    @cached_property
    def _new(self) -> dict[tuple[str, date], list[dict[str, Any]]]:
        return {}

    def write(
        self, table: Table, day: date, rows: Iterable[Mapping[str, object]], made_from: str | None = None
    ) -> int:
        kept = self._new[table.name, day] = [dict(row) for row in rows]
        return len(kept)

    def read(
        self,
        table: Table,
        day: date,
        columns: Sequence[str] | None = None,
        cases: Collection[str] | None = None,
    ) -> Iterator[dict[str, Any]]:
        new = self._new.get((table.name, day))
        if new is None:
            yield from super().read(table, day, columns, cases)
            return
        for row in new:
            if cases is None or row["case_id"] in cases:
                yield row if columns is None else {name: row[name] for name in columns}

    def publish(self) -> Path:
        """Analysts see what was, not what may be."""
        return self.analytics


class Rehearsal(Assembly):
    @cached_property
    def ledger(self) -> SqlLedger:
        ledger = RehearsedLedger(self.settings.ledger_url, self.home)
        ledger.migrate()
        home_id.check(self.home, ledger)
        return ledger

    @cached_property
    def raw(self) -> RawStore:
        return RehearsedRaw(self.home)

    @cached_property
    def lake(self) -> Lake:
        return RehearsedLake(self.home, self.tables, self.queues.former_names)

    def remember_queues(self) -> None:
        """What was not worked is nothing to remember."""

    @cached_property
    def profile(self) -> Profile:
        return self.configured_profile
