"""The lake: analytical tables of each night."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Protocol

from llm_assets.domain.desk.tables import Row, Table


class Lake(Protocol):
    """Analytical tables: one file per table and night, replaced as a whole."""

    def read(
        self,
        table: Table,
        day: date,
        columns: Sequence[str] | None = None,
        cases: Collection[str] | None = None,
    ) -> Iterator[Row]:
        """Rows in the order in which they were written, of all cases or of these; none when the night has no file."""

    def write(
        self, table: Table, day: date, rows: Iterable[Mapping[str, object]], made_from: str | None = None
    ) -> int:
        """Replaces the night's file atomically and returns its row count. `made_from` is a digest of everything
        that the rows depend on."""

    def rows_made_from(self, table: Table, day: date, made_from: str | None) -> int | None:
        """Row count of the night's file when it was written from exactly this; None otherwise."""

    def version(self, table: Table, day: date) -> str | None:
        """Changes whenever the night's file is replaced; None when there is no file."""

    def has(self, table: Table, day: date) -> bool: ...
