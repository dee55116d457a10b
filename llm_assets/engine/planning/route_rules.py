"""Route rules: by which route requests go, and why. Pure; the rules are data in lanes.yaml and queues.yaml.

What is late is not decided here: the ladder gives such requests their route.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from llm_assets.domain.profile import Lane, Limits, Mode
from llm_assets.domain.traffic.lanes import RouteRules
from llm_assets.domain.traffic.patience import Patience
from llm_assets.engine.engine import Engine
from llm_assets.engine.planning.task import Task

KNOWN_FROM = 5
"""Batches from which their own durations are believed."""
CALL_SECONDS = {Mode.FLEX: 30.0, Mode.ONLINE: 5.0, Mode.FAST: 3.0}
"""What one call is assumed to take; online, short answers of the cheap models take two to eight seconds."""
HELD = 1000
"""The most requests that are held until it is known whether they are few."""

LATE = "a batch would end after the deadline, and they are few"
FEW = "so few cost hardly more than in a batch and are answered sooner than batches end here"
FEWER = "fewer than batch_from_requests"
NO_WINDOW = "no completion window is sold that ends before the deadline"


class Route(NamedTuple):
    mode: Mode
    why: str
    """A short sentence for the ledger; without figures, so that usage is summed by it."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of requests that are due together and that could all wait for a batch."""

    lane: Lane
    usual: Route
    """As each of them goes by its lane and queue."""
    requests: int
    extra_usd: Mapping[Mode, Decimal] = field(default_factory=dict)
    """Route that the profile sells -> the most they may cost there beyond their price in a batch."""
    seconds_left: float | None = None
    """Until the report is due; None where there is no deadline."""
    batch_seconds: Sequence[float] = ()
    """How long earlier batches took."""


def usual_route(
    lane: Lane, mode: Mode, patience: Patience | None, sold: Collection[Mode], rules: RouteRules
) -> Route:
    """As the lane goes, or faster where the queue waits less long; for the archive nobody waits. What the profile does not
    sell is replaced by the next faster route."""
    wanted, why = mode, f"lane {lane.value}"
    if patience is not None and lane is not Lane.ARCHIVE and _speed(rules.latency[patience]) > _speed(mode):
        wanted, why = rules.latency[patience], f"its queue waits {patience.value}"
    if wanted is Mode.WINDOW and wanted not in sold and Mode.BATCH in sold:
        return Route(Mode.BATCH, NO_WINDOW)
    got = next((m for m in list(Mode)[_speed(wanted) :] if m in sold), Mode.ONLINE)
    return Route(got, why if got is wanted else f"{why}; {wanted.value} is not to be had here")


def _speed(mode: Mode) -> int:
    return list(Mode).index(mode)


def route_of(facts: Facts, rules: RouteRules, limits: Limits) -> Route:
    """One by one where the usual route does so already, for a small remainder that a batch would bring too late, and for so
    few requests that a batch brings nothing; else as usual. After the deadline nothing is late any more."""
    if facts.usual.mode is not Mode.BATCH:
        return facts.usual
    left = facts.seconds_left if facts.seconds_left is not None and facts.seconds_left > 0 else None
    expected = expected_seconds(facts.batch_seconds, rules)
    small = facts.requests <= rules.remainder_requests
    if small and left is not None and expected > left and _costs(facts, Mode.ONLINE) <= rules.remainder_usd:
        return Route(Mode.ONLINE, LATE)
    if facts.lane is Lane.ARCHIVE:
        return facts.usual
    for mode in (Mode.FLEX, Mode.ONLINE):
        if mode not in facts.extra_usd:
            continue
        if 0 < facts.requests < rules.batch_from_requests and _costs(facts, mode) <= rules.remainder_usd:
            return Route(mode, FEWER)
        if rules.batch_from_requests or len(facts.batch_seconds) < KNOWN_FROM:
            continue
        sooner = one_by_one_seconds(facts.requests, mode, limits) < expected
        if sooner and _costs(facts, mode) <= _worth(expected, left, rules):
            return Route(mode, FEW)
    return facts.usual


def _costs(facts: Facts, mode: Mode) -> Decimal:
    return facts.extra_usd.get(mode, Decimal(0))


def _worth(expected: float, left: float | None, rules: RouteRules) -> Decimal:
    """What it may cost not to wait for a batch: all of `remainder_usd` where a batch takes all the time that is left, and
    nothing where nobody waits."""
    if left is None:
        return Decimal(0)
    return rules.remainder_usd * Decimal(min(1.0, expected / left))


def one_by_one_seconds(requests: int, mode: Mode, limits: Limits) -> float:
    """How long so many calls take, as many at once and in a minute as the profile allows."""
    by_calls = requests * CALL_SECONDS[mode] / limits.online_concurrency
    per_minute = limits.online_requests_per_minute
    return max(by_calls, 60 * requests / per_minute if per_minute is not None else 0.0)


def most_held(facts: Facts, rules: RouteRules, limits: Limits) -> int:
    """From more requests than this on they go as usual, whatever they cost; `facts` needs no number of requests."""
    hurries = facts.seconds_left is not None and facts.seconds_left > 0
    few = [rules.remainder_requests if hurries else 0]
    if facts.lane is not Lane.ARCHIVE and rules.batch_from_requests:
        few.append(rules.batch_from_requests - 1)
    elif facts.lane is not Lane.ARCHIVE and len(facts.batch_seconds) >= KNOWN_FROM:
        expected = expected_seconds(facts.batch_seconds, rules)
        few += [int(expected / one_by_one_seconds(1, mode, limits)) for mode in facts.extra_usd]
    return min(HELD, max(few))


def expected_seconds(history: Sequence[float], rules: RouteRules) -> float:
    """How long a batch takes nine times of ten; before there is a history, as long as the rules say or any one took."""
    assumed = rules.batch_minutes * 60
    if len(history) < KNOWN_FROM:
        return max([assumed, *history])
    return sorted(history)[round((len(history) - 1) * 0.9)]


def alone(engine: Engine, task: Task, seconds_left: float | None = None) -> Route:
    """How a single task's request goes: as the task demands, else by its lane, queue and profile. A completion window that
    is longer than the time left is not to be had."""
    if task.mode is not None:
        return Route(task.mode, task.route_why)
    profile, lanes = engine.provider.profile, engine.lanes
    fits = profile.routes.window_fits(seconds_left)
    sold = [mode for mode in profile.sold if mode is not Mode.WINDOW or fits]
    return usual_route(task.lane, lanes.lanes[task.lane].mode, task.patience, sold, lanes.routes)


def mode_of(engine: Engine, task: Task) -> Mode:
    return alone(engine, task).mode
