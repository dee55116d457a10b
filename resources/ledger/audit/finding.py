"""What a verification reports: a difference, and the facts that it concerns."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple


class MessageFact(NamedTuple):
    """A message as the trail or the register has it; enough to find it among the documents."""

    row_id: int
    fact: str


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that differs from what the trail recorded, and the facts concerned."""

    what: str
    entry: int | None = None
    messages: Sequence[MessageFact] = ()
    requests: Sequence[str] = ()
    cases: Sequence[str] = ()
    records: Sequence[str] = ()
