"""What grew and what fell against earlier nights, by a rule that is honest about small numbers. Pure.

The sums of the night belong in `numbers.py`, the wording in templates.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from math import ceil, exp, floor, lgamma, log
from statistics import fmean, variance

from llm_assets.domain.desk.reply_by import is_workday
from llm_assets.report.attention import PastNight
from llm_assets.report.cases import NO_CATEGORY

COMPARED_NIGHTS = 14
FALSE_DISCOVERIES = 0.05
"""Share of the categories named that may have grown by chance alone."""
AT_LEAST = 3
"""Cases more or fewer than usual; a smaller change is nothing that anybody acts on."""
ENOUGH_WEEKDAYS = 3
"""Nights of the same weekday from which on they may say that a count is usual for it."""
SPREAD_FROM_NIGHTS = 4

RULE = (
    "exact conditional test of two Poisson counts (Przyborowski and Wilenski 1940) against the last 14 nights of the same kind "
    "of day, counts divided by the spread of these nights where that is wider than chance (Wedderburn 1974), at most 5 % false "
    "discoveries over all categories (Benjamini and Hochberg 1995), at least 3 cases of difference, and not usual for the weekday"
)


class Verdict(StrEnum):
    GREW = "grew"
    FELL = "fell"
    USUAL = "usual"
    USUAL_FOR_WEEKDAY = "usual_for_weekday"
    """Unusual for the last 14 nights, but not for this day of the week."""
    NO_NIGHTS = "no_nights"
    """The queue has no earlier night to compare with."""


@dataclass(frozen=True, slots=True)
class Growth:
    """The count of a category beside what was usual. A night without such a case counts as zero where its queue existed."""

    queue: str
    category: str
    today: int
    average: float
    """Of the last nights of the same kind of day."""
    nights: int = 0
    weekday_average: float | None = None
    weekday_nights: int = 0
    chance: float | None = None
    """Probability of a count so far from usual by chance alone, before it is corrected for the number of categories."""
    verdict: Verdict = Verdict.USUAL
    counts: tuple[int, ...] = ()
    """Of the nights compared, oldest first."""


@dataclass(frozen=True, slots=True)
class Comparison:
    lines: Sequence[Growth] = ()
    """Every category of tonight or of a night compared, by queue and name."""
    nights: int = 0
    weekdays: int = 0

    @property
    def grew(self) -> list[Growth]:
        """Biggest growth first."""
        found = [g for g in self.lines if g.verdict is Verdict.GREW]
        return sorted(found, key=lambda g: (g.average - g.today, g.queue, g.category))


def compare(
    today: Mapping[str, Mapping[str, int]],
    day: date,
    history: Sequence[PastNight],
    *,
    is_whole: bool = True,
) -> Comparison:
    """Every category against the last nights. While tonight is not whole nothing is said to have fallen, and cases
    without a category are not compared.

    Like is compared with like: days from Monday to Friday with such days and weekends with weekends, only nights that
    were received and processed, and a queue only with nights since it has existed. RULE says when a count is unusual.
    """
    whole = sorted((n for n in history if n.day < day and n.is_whole), key=lambda n: n.day)
    like = [n for n in whole if is_workday(n.day) is is_workday(day)][-COMPARED_NIGHTS:]
    weekdays = [n for n in whole if n.day.weekday() == day.weekday()]
    first = _first_nights(history)
    lines = [
        _line(queue, category, today, _since(like, first, queue), _since(weekdays, first, queue))
        for queue in sorted({*today, *(q for n in like for q in n.by_category)})
        for category in _categories(queue, today, like)
        if is_whole or category != NO_CATEGORY
    ]
    judged = [
        replace(g, verdict=Verdict.USUAL) if g.verdict is Verdict.FELL and not is_whole else g
        for g in _judged(lines)
    ]
    return Comparison(judged, len(like), len(weekdays))


def _first_nights(history: Iterable[PastNight]) -> dict[str, date]:
    first: dict[str, date] = {}
    for night in history:
        for queue in night.by_category:
            first[queue] = min(first.get(queue, night.day), night.day)
    return first


def _since(nights: Sequence[PastNight], first: Mapping[str, date], queue: str) -> list[PastNight]:
    return [n for n in nights if n.day >= first.get(queue, date.max)]


def _categories(queue: str, today: Mapping[str, Mapping[str, int]], nights: Iterable[PastNight]) -> list[str]:
    return sorted({*today.get(queue, {}), *(c for n in nights for c in n.by_category.get(queue, {}))})


def _line(
    queue: str,
    category: str,
    today: Mapping[str, Mapping[str, int]],
    like: Sequence[PastNight],
    weekdays: Sequence[PastNight],
) -> Growth:
    count = today.get(queue, {}).get(category, 0)
    usual, of_weekday = (
        tuple(n.by_category.get(queue, {}).get(category, 0) for n in nights) for nights in (like, weekdays)
    )
    found = Growth(
        queue,
        category,
        count,
        round(fmean(usual), 1) if usual else 0.0,
        nights=len(usual),
        weekday_average=round(fmean(of_weekday), 1) if of_weekday else None,
        weekday_nights=len(of_weekday),
        verdict=Verdict.USUAL if usual else Verdict.NO_NIGHTS,
        counts=usual,
    )
    if not usual:
        return found
    chance, verdict = _chance(count, usual), Verdict.USUAL
    if abs(count - fmean(usual)) >= AT_LEAST:
        verdict = Verdict.GREW if count > fmean(usual) else Verdict.FELL
        if _is_usual_for_weekday(count, of_weekday, verdict):
            verdict = Verdict.USUAL_FOR_WEEKDAY
    return replace(found, chance=chance, verdict=verdict)


def _is_usual_for_weekday(count: int, counts: Sequence[int], verdict: Verdict) -> bool:
    if len(counts) < ENOUGH_WEEKDAYS:
        return False
    differs = count > fmean(counts) if verdict is Verdict.GREW else count < fmean(counts)
    return not differs or _chance(count, counts) > FALSE_DISCOVERIES


def _judged(lines: Sequence[Growth]) -> list[Growth]:
    """Verdicts kept only where chance does not explain them, over all categories together."""
    limit = _limit([g.chance for g in lines if g.chance is not None])
    return [
        g
        if g.chance is None or g.chance <= limit or g.verdict is Verdict.USUAL
        else replace(g, verdict=Verdict.USUAL)
        for g in lines
    ]


def _limit(chances: Sequence[float]) -> float:
    """The largest probability that counts as a discovery (Benjamini and Hochberg 1995); below 0 when none does."""
    ordered = sorted(chances)
    steps = [p for n, p in enumerate(ordered, 1) if p <= FALSE_DISCOVERIES * n / len(ordered)]
    return steps[-1] if steps else -1.0


def _chance(count: int, before: Sequence[int]) -> float:
    """Two-sided probability of a count so far from those before, if all have the same mean."""
    spread = _spread(before)
    total, share = sum(before), 1 / (len(before) + 1)
    more = _at_least(floor(count / spread), floor(count / spread) + ceil(total / spread), share)
    up, past = ceil(count / spread), floor(total / spread)
    fewer = 1 - _at_least(up + 1, up + past, share)
    return min(1.0, 2 * min(more, fewer))


def _spread(counts: Sequence[int]) -> float:
    """How many times wider the counts spread than chance would have it (variance over mean); at least 1."""
    mean = fmean(counts)
    if len(counts) < SPREAD_FROM_NIGHTS or not mean:
        return 1.0
    return max(1.0, variance(counts) / mean)


def _at_least(count: int, of: int, share: float) -> float:
    """P(X >= count) of a binomial X."""
    if count <= 0:
        return 1.0
    if count > of:
        return 0.0
    if count > of * share:
        return _tail(count, of, share)
    return 1 - _tail(of - count + 1, of, 1 - share)


def _tail(count: int, of: int, share: float) -> float:
    """P(X >= count) where `count` lies above the mean, so that the terms become smaller from the first on."""
    term = exp(
        lgamma(of + 1)
        - lgamma(count + 1)
        - lgamma(of - count + 1)
        + count * log(share)
        + (of - count) * log(1 - share)
    )
    total = term
    while count < of and term > total * 1e-17:
        term *= (of - count) / (count + 1) * share / (1 - share)
        count += 1
        total += term
    return min(1.0, total)
