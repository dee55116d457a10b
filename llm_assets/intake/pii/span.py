"""Spans of personal data: which characters are of which kind, and which of two that overlap is kept.

They are found in the other modules of this folder, and replaced in `masking`.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import NamedTuple

UPPER = "A-ZÀ-ÖØ-ÞĂĄĆČĎĐĒĖĘĚĞĢĪİĶĹĻĽŁŃŅŇŌŐŒŘŚŞŠȘŢŤȚŪŮŰŲŹŻŽƏА-ЯЁӘІҢҒҮҰҚӨҺҐЄЇЎҲ"
"""Letters with which a name begins, as the inside of a class of a regular expression."""


class Kind(StrEnum):
    """The word inside a mask."""

    EMAIL = "EMAIL"
    PHONE = "PHONE"
    CARD = "CARD"
    CVV = "CVV"
    IBAN = "IBAN"
    IIN = "IIN"
    PASSPORT = "PASSPORT"
    ID = "ID"
    ACCOUNT = "ACCOUNT"
    ADDRESS = "ADDRESS"
    BIRTHDATE = "BIRTHDATE"
    PLATE = "PLATE"
    HANDLE = "HANDLE"
    NAME = "NAME"
    CUT = "CUT"
    """The last word before a text was cut: it may be the first half of any of the others."""


class Span(NamedTuple):
    start: int
    end: int
    kind: Kind | None
    """None: nothing may be masked here, because it is our own markup or is kept in another way."""
    known_from: int = 0
    """Number of the case's message without which this would not have been found; 0 when it needs no other message."""


def joined(taken: Sequence[Span], found: Iterable[Span]) -> list[Span]:
    """Both in order of position, without those of `found` that touch what is taken or one another."""
    candidates = sorted(found)
    if not candidates:
        return list(taken)
    kept: list[Span] = []
    end = 0
    ends = [s.end for s in taken]
    for span in candidates:
        if span.start < end or span.start >= span.end:
            continue
        after = bisect_left(ends, span.start + 1)
        if after == len(taken) or taken[after].start >= span.end:
            kept.append(span)
            end = span.end
    return sorted([*taken, *kept])
