"""The forecast of a night: how probable it is that each open batch, and the night, ends before the deadline.

An estimate from the ages of the batches and from how long batches of the same profile, route and size lasted; before there are
any, from what is published of batches, and of requests within a completion window from what the window promises. It treats
batches as independent of each other, so for many batches at once it is rather too low than too high.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise

from llm_assets.domain.profile import Mode
from llm_assets.domain.requests.batch import OPEN_STATES, Batch, BatchState
from llm_assets.domain.traffic.survival import (
    PUBLISHED,
    REQUESTS,
    USUAL_WINDOW,
    Curve,
    Lived,
    curve_of,
    promised,
    size_of,
)
from llm_assets.engine.ports.batches import ForecastRow
from llm_assets.engine.ports.ledger import LedgerPorts

HISTORY = 300
"""The newest batches of a kind that are counted."""
EXPIRES = timedelta(hours=24)
"""A batch that lasted so long has expired rather than ended."""
SLICES = 60
"""Parts of the time left in which it is added up when one batch follows another."""
WORTH_KEEPING = 0.01

WindowOf = Callable[[str], float | None]
"""Profile -> the seconds of the completion window that it sells; None where that is not known."""


def _unknown(_: str) -> float | None:
    return None


@dataclass(frozen=True, slots=True)
class BatchForecast:
    batch: Batch
    probability: float
    """That it ends before the deadline; 1 when it has ended."""
    expected_end: datetime | None
    """When it has ended with even odds; None when nothing is known to last so long."""


@dataclass(frozen=True, slots=True)
class NightForecast:
    at: datetime
    deadline: datetime | None
    batches: Sequence[BatchForecast]
    open_requests: int
    probability: float
    """That all of it ends before the deadline, with the batches of the steps that follow."""

    @property
    def expected_end(self) -> datetime | None:
        """Of the batch that is expected last."""
        ends = [b.expected_end for b in self.batches]
        return max((end for end in ends if end is not None), default=None) if None not in ends else None


def forecast_of(
    ledger: LedgerPorts,
    day: date,
    now: datetime,
    deadline: datetime | None,
    steps: Sequence[str] | None = None,
    *,
    rounds_after: Mapping[str, int] | None = None,
    window_of: WindowOf = _unknown,
) -> NightForecast:
    """Of the night's open batches, of these steps when given. Needs no provider. `rounds_after`: how many rounds of batches
    follow when a step is done, e.g. one for a step that drafts read. `window_of`: the window of a profile."""
    left = (deadline - now).total_seconds() if deadline is not None else None
    curves = Curves(ledger, now, window_of)
    found = [_of_batch(curves, batch, now, left) for batch in ledger.batches.open_batches(day, steps)]
    counted = ledger.work.counts(day)
    names = counted if steps is None else [name for name in steps if name in counted]
    waiting = sum(counted[name]["due"] + counted[name]["in_flight"] for name in names)
    probability = 1.0
    if left is not None and found:
        probability = _all_in_time(curves, found, now, left, rounds_after or {})
    return NightForecast(now, deadline, found, waiting, probability)


def keep(ledger: LedgerPorts, day: date, forecast: NightForecast) -> bool:
    """Keeps the forecast of a night that waits when it says something else than the last one that was kept."""
    if forecast.deadline is None or forecast.at > forecast.deadline or not forecast.open_requests:
        return False
    kept = ledger.batches.forecasts(day)
    last = kept[-1] if kept else None
    changed = last is None or (
        last.open_requests != forecast.open_requests
        or abs(last.probability_in_time - forecast.probability) >= WORTH_KEEPING
    )
    if changed:
        row = ForecastRow(forecast.at, forecast.open_requests, round(forecast.probability, 4))
        ledger.batches.keep_forecast(day, row)
    return changed


def lived_of(batch: Batch, now: datetime) -> Lived | None:
    """How long a batch was seen open; None when it was never sent."""
    if batch.submitted_at is None:
        return None
    lasted = (batch.ended_at or now) - batch.submitted_at
    by_itself = batch.state in (BatchState.ENDED, BatchState.COLLECTED) and not batch.cancel_why
    return Lived(
        max(lasted.total_seconds(), 0.0), by_itself and batch.ended_at is not None and lasted < EXPIRES
    )


class Curves:
    """The curve of each kind of batch, read once."""

    def __init__(self, ledger: LedgerPorts, now: datetime, window_of: WindowOf = _unknown) -> None:
        self._ledger, self._now, self._window_of = ledger, now, window_of
        self._known: dict[tuple[str, Mode, int], Curve] = {}

    def of(self, batch: Batch) -> Curve:
        return self.like(batch.provider, batch.mode, batch.requests)

    def like(self, provider: str, mode: Mode, requests: int) -> Curve:
        """Of batches of so many requests."""
        least, most = REQUESTS[size_of(requests)]
        key = provider, mode, least
        if key not in self._known:
            alike = self._ledger.batches.lately(provider, mode, least, most, HISTORY)
            lives = [lived_of(one, self._now) for one in alike if one.state in OPEN_STATES or one.ended_at]
            prior = self._prior(provider, mode)
            self._known[key] = curve_of([lived for lived in lives if lived is not None], prior)
        return self._known[key]

    def _prior(self, provider: str, mode: Mode) -> Curve:
        if mode is not Mode.WINDOW:
            return PUBLISHED
        window = self._window_of(provider)
        return promised(window if window is not None else USUAL_WINDOW)


def _of_batch(curves: Curves, batch: Batch, now: datetime, left: float | None) -> BatchForecast:
    if _is_quick(batch):
        return BatchForecast(batch, 1.0, now)
    curve, age = curves.of(batch), _age(batch, now)
    more = curve.quantile(age, 0.5)
    end = now + timedelta(seconds=more) if more is not None else None
    return BatchForecast(batch, curve.ends_within(age, left) if left is not None else 1.0, end)


def _is_quick(batch: Batch) -> bool:
    """Has ended, or is answered call by call."""
    return batch.state is BatchState.ENDED or batch.mode.one_by_one


def _age(batch: Batch, now: datetime) -> float:
    return (now - batch.submitted_at).total_seconds() if batch.submitted_at is not None else 0.0


def _all_in_time(
    curves: Curves,
    found: Sequence[BatchForecast],
    now: datetime,
    left: float,
    rounds_after: Mapping[str, int],
) -> float:
    """The batches with most rounds after them first: their end, then a new batch beside those of the next round, and so on."""
    if left <= 0:
        return 1.0 if all(_is_quick(f.batch) for f in found) else 0.0
    times = [left * part / SLICES for part in range(SLICES + 1)]
    done = [1.0] * len(times)
    deepest = max(rounds_after.get(f.batch.step, 0) for f in found)
    for depth in range(deepest, -1, -1):
        here = [
            f.batch for f in found if rounds_after.get(f.batch.step, 0) == depth and not _is_quick(f.batch)
        ]
        for batch in here:
            curve, age = curves.of(batch), _age(batch, now)
            done = [so_far * curve.ends_within(age, t) for so_far, t in zip(done, times, strict=True)]
        if depth:
            largest = max(found, key=lambda f: f.batch.requests).batch
            done = _followed(done, times, curves.of(largest))
    return done[-1]


def _followed(done: Sequence[float], times: Sequence[float], new: Curve) -> list[float]:
    """How probable it is at each time that a new batch, sent when what was before is done, has ended."""
    starts = [(done[0], times[0]), *((b - a, t) for (a, b), t in zip(pairwise(done), times[1:], strict=True))]
    return [
        sum(share * new.ends_within(0, t - start) for share, start in starts if share > 0 and start < t)
        for t in times
    ]
