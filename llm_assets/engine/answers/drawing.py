"""Drawing: which cases of several nights are labelled for the control set. Pure.

A stratum is a queue and a category. Strata are served by the square roots of their sizes (Bankier, Power Allocations, 1988), so
that rare categories are there and frequent ones do not fill the set. Within a stratum the ids decide, so that drawing again
draws the same.
"""

import hashlib
import heapq
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from math import sqrt
from typing import NamedTuple


class Stratum(NamedTuple):
    queue: str
    category: str


@dataclass(frozen=True, slots=True)
class Candidate:
    day: date
    case_id: str
    stratum: Stratum
    drawn: bool = False
    """Whether it was drawn before; it goes first."""


def draw(candidates: Iterable[Candidate], count: int) -> list[Candidate]:
    """At most `count` of them, those drawn before included."""
    strata: dict[Stratum, list[Candidate]] = {}
    for each in candidates:
        strata.setdefault(each.stratum, []).append(each)
    shares = allocated({name: len(members) for name, members in strata.items()}, count)
    return [
        each for name, share in sorted(shares.items()) for each in sorted(strata[name], key=_rank)[:share]
    ]


def allocated(sizes: Mapping[Stratum, int], count: int) -> dict[Stratum, int]:
    """How many each stratum gives, by the divisors of Sainte-Laguë over the square roots of the sizes."""
    given = dict.fromkeys(sizes, 0)
    queue = [(-sqrt(size), name) for name, size in sizes.items() if size > 0]
    heapq.heapify(queue)
    for _ in range(min(count, sum(sizes.values()))):
        _, name = heapq.heappop(queue)
        given[name] += 1
        if given[name] < sizes[name]:
            heapq.heappush(queue, (-sqrt(sizes[name]) / (2 * given[name] + 1), name))
    return given


def _rank(candidate: Candidate) -> tuple[bool, str]:
    text = f"control set {candidate.day} {candidate.case_id}"
    return not candidate.drawn, hashlib.sha256(text.encode()).hexdigest()
