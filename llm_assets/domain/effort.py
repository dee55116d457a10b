"""Effort: how much a model thinks before it answers. Words of our own; each protocol's wire module writes its spelling.

What a step needs is in `steps/` and may be changed in a profile; what a model offers is in the profile.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final


class Effort(StrEnum):
    """From the least to the most."""

    NONE = "none"
    """It answers at once."""
    MINIMAL = "minimal"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


_ORDER: Final = tuple(Effort)
ROOM: Final[Mapping[Effort, int]] = {
    Effort.NONE: 0,
    Effort.MINIMAL: 512,
    Effort.LOW: 2048,
    Effort.MEDIUM: 8192,
    Effort.HIGH: 16_384,
}
"""Tokens by which the limit of an answer grows, because thinking counts toward it. Guesses, on the safe side: what is not
used is not billed."""


def at_least(wanted: Effort, least: Effort) -> Effort:
    """What is wanted, or the least that the model offers."""
    return max(wanted, least, key=_ORDER.index)


def most(wanted: Iterable[Effort | None]) -> Effort | None:
    """What tasks that are asked together need; None where none of them says it."""
    return max((e for e in wanted if e is not None), key=_ORDER.index, default=None)


def with_room_to_think(max_tokens: int, effort: Effort | None, longest: int) -> int:
    """The limit of an answer of so many tokens and the thinking before it, at most `longest` unless the answer alone is
    longer. Without an effort in the request it is the limit of the answer."""
    if effort is None:
        return max_tokens
    return max(max_tokens, min(max_tokens + ROOM[effort], longest))
