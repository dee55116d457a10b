"""The register of everything received."""

from collections.abc import Sequence
from datetime import date
from typing import Protocol

from llm_assets.domain.mail.document import Received
from llm_assets.domain.sources.versions import History, Known


class Register(Protocol):
    """Everything that was ever received."""

    def receive(self, items: Sequence[Received]) -> int:
        """Adds what `versions.news` finds to be new at its place. Returns how many rows were added.

        Other bytes on the same day replace that day's version of the message; on a later day they are a message
        of that day. Bytes that are registered there already add nothing, whatever day the item names.
        """

    def received(self, day: date) -> list[Received]:
        """The day's messages, each place once with its newest bytes, in order of arrival."""

    def counts(self, days: Sequence[date]) -> dict[date, int]:
        """How many messages `received` would give for each of these days; days without any are left out."""

    def arrivals(self, source: str) -> Known:
        """The newest bytes at every place of a source."""

    def history(self, items: Sequence[Received]) -> History:
        """Everything received at the places of these items."""
