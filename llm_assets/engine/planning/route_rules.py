"""Route rules: which requests go in a batch and which are asked online. Pure; the rules are data in lanes.yaml."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from llm_assets.domain.profile import Mode
from llm_assets.domain.traffic.lanes import RouteRules
from llm_assets.engine.engine import Engine
from llm_assets.engine.planning.task import Task

KNOWN_FROM = 5
"""Batches from which their own durations are believed."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of requests that are due together."""

    lane: Mode
    """As their lane goes."""
    batches: bool
    """Whether the profile has a batch API."""
    requests: int
    extra_usd: Decimal = Decimal(0)
    """The most they may cost online beyond their price in a batch."""
    seconds_left: float | None = None
    """Until the report is due; None where there is no deadline."""
    batch_seconds: Sequence[float] = ()
    """How long earlier batches took."""


def lane_mode(lane: Mode, batches: bool) -> Mode:
    """How a lane's requests go but for the exception of a small remainder."""
    return lane if batches else Mode.ONLINE


def route_of(facts: Facts, rules: RouteRules) -> Mode:
    """Online where the lane says so or nothing else exists, and for a small remainder that a batch would bring too late;
    everything else in a batch. After the deadline nothing is late any more."""
    if lane_mode(facts.lane, facts.batches) is Mode.ONLINE:
        return Mode.ONLINE
    small = facts.requests <= rules.remainder_requests and facts.extra_usd <= rules.remainder_usd
    if not small or facts.seconds_left is None or facts.seconds_left <= 0:
        return Mode.BATCH
    late = expected_seconds(facts.batch_seconds, rules) > facts.seconds_left
    return Mode.ONLINE if late else Mode.BATCH


def expected_seconds(history: Sequence[float], rules: RouteRules) -> float:
    """How long a batch takes nine times of ten; before there is a history, as long as the rules say or any one took."""
    assumed = rules.batch_minutes * 60
    if len(history) < KNOWN_FROM:
        return max([assumed, *history])
    return sorted(history)[round((len(history) - 1) * 0.9)]


def mode_of(engine: Engine, task: Task) -> Mode:
    """How a single task's request is sent: as the task demands, else by its lane and profile."""
    if task.mode is not None:
        return task.mode
    return lane_mode(engine.lanes.lanes[task.lane].mode, engine.provider.profile.capabilities.batch)
