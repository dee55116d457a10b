"""How long a batch lasts, from our own batches and from published figures.

Pure: a curve is a value. It says which share of batches is still open at an age, so the forecast for an open batch depends
on its age: the longer a batch has been open, the longer it may stay so.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from math import exp, log

PRIOR_BATCHES = 10.0
"""So many batches of our own outweigh the published figures."""

PUBLISHED_KNOTS = (
    (30.0, 1.0),
    (7 * 60.0, 0.5),
    (60 * 60.0, 0.1),
    (8 * 3600.0, 0.01),
    (19 * 3600.0, 0.004),
    (24.5 * 3600.0, 0.002),
)
"""(seconds, share still open). The median and the 90 % within an hour are published over 230,000 batches. Single batches of
8, 19 and 24.5 hours are reported without their share; these three shares are assumed."""
POINTS_BETWEEN_KNOTS = 24


class Size(StrEnum):
    """Batches of one size class are compared with each other."""

    SMALL = "small"
    MEDIUM = "medium"
    LARGE = "large"


REQUESTS = {Size.SMALL: (0, 100), Size.MEDIUM: (101, 5_000), Size.LARGE: (5_001, 10**9)}
"""From how many requests to how many a batch is of this size."""


def size_of(requests: int) -> Size:
    return next(size for size, (_, most) in REQUESTS.items() if requests <= most)


@dataclass(frozen=True, slots=True)
class Lived:
    """One batch: how long it was seen open, and whether it ended by itself then. One that is still open, that was cancelled
    or that expired has lived at least so long."""

    seconds: float
    ended: bool


@dataclass(frozen=True, slots=True)
class Curve:
    """The share of batches still open at each age: falling, straight between the points, 1 before and level after them."""

    seconds: tuple[float, ...]
    still_open: tuple[float, ...]

    def open_at(self, age: float) -> float:
        """The share of batches that are still open at this age."""
        after = bisect_right(self.seconds, age)
        if after == 0:
            return 1.0 if not self.seconds else self._between(0.0, 1.0, 0, age)
        if after == len(self.seconds):
            return self.still_open[-1]
        return self._between(self.seconds[after - 1], self.still_open[after - 1], after, age)

    def ends_within(self, age_seconds: float, more_seconds: float) -> float:
        """How probable it is that a batch still open at this age ends within so many seconds more."""
        age = max(age_seconds, 0.0)
        still_open = self.open_at(age)
        if more_seconds <= 0 or not still_open:
            return 0.0
        return max(0.0, 1.0 - self.open_at(age + more_seconds) / still_open)

    def quantile(self, age_seconds: float, p: float) -> float | None:
        """In how many seconds more a batch still open at this age has ended with probability `p`; None when the curve does
        not fall so far."""
        age = max(age_seconds, 0.0)
        wanted = self.open_at(age) * (1.0 - p)
        if not self.still_open or self.still_open[-1] > wanted:
            return None
        at = bisect_left(self.still_open, -wanted, key=lambda share: -share)
        before, share = (self.seconds[at - 1], self.still_open[at - 1]) if at else (0.0, 1.0)
        if share <= self.still_open[at]:
            return max(0.0, self.seconds[at] - age)
        part = (share - wanted) / (share - self.still_open[at])
        return max(0.0, before + part * (self.seconds[at] - before) - age)

    def _between(self, before: float, share: float, after: int, age: float) -> float:
        part = max(age - before, 0.0) / (self.seconds[after] - before)
        return share + part * (self.still_open[after] - share)


def _published() -> Curve:
    """The knots joined by straight lines of log(share) over log(seconds): a heavy tail."""
    seconds, shares = [PUBLISHED_KNOTS[0][0]], [PUBLISHED_KNOTS[0][1]]
    for (start, high), (end, low) in pairwise(PUBLISHED_KNOTS):
        for step in range(1, POINTS_BETWEEN_KNOTS):
            part = step / POINTS_BETWEEN_KNOTS
            seconds.append(exp(log(start) + part * log(end / start)))
            shares.append(exp(log(high) + part * log(low / high)))
        seconds.append(end)
        shares.append(low)
    return Curve(tuple(seconds), tuple(shares))


PUBLISHED = _published()


LATE_WITHIN_A_WINDOW = 0.01
"""Share of requests that are still open when their completion window is over; assumed."""
LATE_AFTER_TWO = 0.002
"""The same after twice the window; assumed."""
USUAL_WINDOW = 24 * 3600.0
"""Assumed where nobody knows any more what a profile promised."""


def promised(window_seconds: float) -> Curve:
    """Of requests within a completion window, about which nothing is published but the window itself: they end evenly over
    it, and hardly any later."""
    return Curve((window_seconds, 2 * window_seconds), (LATE_WITHIN_A_WINDOW, LATE_AFTER_TWO))


def curve_of(lived: Sequence[Lived], prior: Curve = PUBLISHED) -> Curve:
    """The Kaplan–Meier curve of these batches, to which the prior adds `PRIOR_BATCHES` more.

    At each age the share still open falls by those that ended there among those open until then; a batch that did not end
    counts among the open ones up to its age. A prior without points adds nothing.
    """
    added = PRIOR_BATCHES if prior.seconds else 0.0
    lives = sorted(max(one.seconds, 0.001) for one in lived)
    ends = sorted(max(one.seconds, 0.001) for one in lived if one.ended)
    seconds = sorted({*prior.seconds, *ends})
    shares: list[float] = []
    share, prior_before = 1.0, 1.0
    for at in seconds:
        prior_now = prior.open_at(at)
        ended = bisect_right(ends, at) - bisect_left(ends, at)
        open_until = len(lives) - bisect_left(lives, at) + added * prior_before
        share *= 1.0 - (ended + added * (prior_before - prior_now)) / open_until
        shares.append(share)
        prior_before = prior_now
    return Curve(tuple(seconds), tuple(shares))
