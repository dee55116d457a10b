"""What the engine needs of the lake and of the raw mail; the ledger's and the provider's side is in `ports`."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Protocol

from llm_assets.domain.desk.tables import Table


class Lake(Protocol):
    """Analytical tables: one file per table and night, replaced as a whole."""

    def read(
        self,
        table: Table,
        day: date,
        columns: Sequence[str] | None = None,
        cases: Collection[str] | None = None,
    ) -> Iterator[dict[str, Any]]:
        """Rows in the order they were written, of all cases or of these; none when the night has no file."""

    def write(
        self, table: Table, day: date, rows: Iterable[Mapping[str, object]], made_from: str | None = None
    ) -> int:
        """Replaces the night's file atomically and returns its row count. `made_from` is a digest of all that the
        rows are made of."""

    def rows_made_from(self, table: Table, day: date, made_from: str | None) -> int | None:
        """Row count of the night's file when it was written from just this; None otherwise."""

    def version(self, table: Table, day: date) -> str | None:
        """Another one whenever the night's file is replaced; None while there is none."""

    def has(self, table: Table, day: date) -> bool: ...


class RawStore(Protocol):
    """Content-addressed bytes, written once."""

    def put(self, data: bytes) -> str:
        """Stores the bytes durably and returns their SHA-256."""

    def has(self, sha256: str) -> bool: ...

    def get(self, sha256: str) -> bytes: ...

    def where(self, sha256: str) -> Path | bytes:
        """The file that holds the bytes, which nobody has looked into; the bytes themselves where there is none."""
