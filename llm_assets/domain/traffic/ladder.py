"""The deadline ladder: what is done about requests that may come too late.

Pure. The table in docs/explanation/deadline.md shows it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from math import inf
from typing import NamedTuple

from llm_assets.domain.profile import Mode
from llm_assets.domain.traffic.lanes import RescueRules

FOR_THE_DEADLINE = "for the deadline"
"""Begins why a batch is cancelled for its night."""


CONFIRMED_SECONDS = 60.0
"""A provider is given so long to confirm a cancel before a race, or this share of the time left where that is less."""
CONFIRMED_SHARE = 0.1
SHORTEST_FLEX = 60.0
"""Seconds below which a flex call is not worth a try: twice what one usually takes."""
LEAST_CALL = 1.0


class Act(StrEnum):
    """What is done next."""

    HOLD = "hold"
    """Nothing: it is in time, or nothing would come of it."""
    COLLECT = "collect"
    """Take the results that are there for all that there will be."""
    CANCEL = "cancel"
    """Stop waiting: what has finished is kept, and the rest is due again."""
    RACE = "race"
    """Ask again though the cancel is not confirmed, so that both may be paid."""
    FLEX = "flex"
    ONLINE = "online"
    FAST = "fast"
    HAND_OVER = "hand over"
    """Ask the profile that may stand in, online."""
    STOP = "stop"
    """Ask nothing any more: the report is written."""


RUNGS = {Mode.FLEX: Act.FLEX, Mode.ONLINE: Act.ONLINE, Mode.FAST: Act.FAST}
"""The routes of a rescue, cheapest first."""
MODE_OF = {act: mode for mode, act in RUNGS.items()}


class Standing(StrEnum):
    """Where the requests are that are decided about."""

    DUE = "due"
    WAITING = "waiting"
    """In a batch that was not sent, or whose next calls are not made yet."""
    RUNNING = "running"
    """In a batch at the provider."""
    CANCELLING = "cancelling"
    """In one that the provider was asked to cancel, and that has not ended."""
    SHORT = "short"
    """In one that has ended, and whose results are not whole."""
    UNREADABLE = "unreadable"
    """In one that has ended, and whose results cannot be read."""


class Times(NamedTuple):
    """The fixed times of the rules for one night, in seconds before its deadline."""

    cancel: float
    race: float
    flex: float
    online: float


def times_of(rules: RescueRules, whole_seconds: float | None, report_seconds: float) -> Times:
    """`whole_seconds`: from the night's begin to its deadline; None where it began long before. In a night shorter than twice
    `cancel_minutes` all times shrink alike, but none below what writing the report needs."""
    cancel = rules.cancel_minutes * 60
    short = whole_seconds is not None and 0 <= whole_seconds < 2 * cancel
    scale = (whole_seconds or 0) / (2 * cancel) if short else 1.0
    online = max(rules.online_until_minutes * 60 * scale, report_seconds)
    flex = max(rules.flex_until_minutes * 60 * scale, online)
    return Times(cancel * scale, cancel * scale / 2, flex, online)


@dataclass(frozen=True, slots=True)
class Facts:
    """What a decision depends on."""

    standing: Standing
    seconds_left: float | None
    """Until the deadline, less what the steps that follow need; None where there is no deadline."""
    times: Times
    probability: float
    """Of an end in time without us: of the batch, or of a new one for what is due."""
    wanted: float
    """The probability below which more is done."""
    sold: frozenset[Mode] = frozenset({Mode.ONLINE})
    mode: Mode = Mode.BATCH
    """The route of what waits."""
    climbed: bool = False
    """A batch of this night was cancelled for its deadline already."""
    proven: bool = True
    """False for a batch that may be another application's."""
    needs_seconds: float = 0
    """How long these requests take online."""
    paused_seconds: float = 0
    """How long the profile is expected to take no calls, before that."""
    other_seconds: float | None = None
    """How long they take online at the profile that may stand in; None where there is none, or it takes no calls either."""
    other_usd: Decimal = Decimal(0)
    """What one of them costs there beyond its price in a batch here."""
    flex_timeout: float = 0
    """How long a single flex call may take where there is time enough."""
    uncounted_seconds: float = 0
    """Of the time to the deadline, what `seconds_left` leaves out but `flex_until_minutes` does not see: the time of the steps
    that follow, and that in which cancels were confirmed."""
    extra_usd: Mapping[Mode, Decimal] = field(default_factory=dict)
    """What one of these requests costs by each route beyond its price in a batch."""
    left_usd: Decimal = Decimal(0)
    """What this night may still cost beyond its usual price."""
    asked_seconds: float = inf
    """How long ago the provider was asked to cancel it."""
    double_usd: Decimal = Decimal(0)
    """What would be paid twice if all of them had run after all."""
    double_left_usd: Decimal = Decimal(0)

    @property
    def cancel_seconds(self) -> float:
        """So long before the deadline nothing is waited for: earlier than the rules say when the rest takes longer online."""
        return max(self.times.cancel, self._needed)

    @property
    def race_seconds(self) -> float:
        return max(self.times.race, self._needed)

    @property
    def flex_seconds(self) -> float:
        """How long a flex call is waited for: no longer than until what is still open must go online."""
        left = self.seconds_left
        if left is None or left <= 0 or _is_off(self) or not self.pays(Mode.ONLINE):
            return self.flex_timeout
        return min(self.flex_timeout, max(left - self.online_seconds, LEAST_CALL))

    @property
    def online_seconds(self) -> float:
        """So long before the deadline what is open must go online at the latest: twice what is needed, since a night looks at
        its batches in rounds only."""
        return 2 * (self.needs_seconds + self.times.online)

    @property
    def _needed(self) -> float:
        return 2 * self.needs_seconds + self.times.online if self.needs_seconds else 0.0

    def pays(self, mode: Mode) -> bool:
        """Whether the route is sold, and the money of the rescue is enough for it."""
        return mode in self.sold and self.extra_usd.get(mode, Decimal(0)) <= self.left_usd


def decide(facts: Facts) -> Act:
    """The only decision about a night that may be late. After its deadline nothing is late any more."""
    left = facts.seconds_left
    if left is None or left <= 0 or _is_off(facts):
        return Act.HOLD
    if left <= facts.times.online:
        return Act.STOP
    match facts.standing:
        case Standing.DUE:
            if not _is_late(facts, left):
                return Act.HOLD
            return Act.HAND_OVER if _hands_over(facts, left) else _rung(facts, left)
        case Standing.WAITING:
            better = _has_better(facts, left) or (_is_late(facts, left) and _hands_over(facts, left))
            return Act.CANCEL if better else Act.HOLD
        case Standing.RUNNING:
            sends = facts.proven and _is_late(facts, left) and _rung(facts, left) in MODE_OF
            return Act.CANCEL if sends else Act.HOLD
        case Standing.SHORT:
            return Act.COLLECT if left <= facts.cancel_seconds else Act.HOLD
        case Standing.CANCELLING | Standing.UNREADABLE:
            waited = facts.asked_seconds >= min(CONFIRMED_SECONDS, CONFIRMED_SHARE * left)
            pays = facts.double_usd <= facts.double_left_usd and _rung(facts, left) in MODE_OF
            return Act.RACE if facts.proven and waited and left <= facts.race_seconds and pays else Act.HOLD


def _is_off(facts: Facts) -> bool:
    """Without a wanted probability and without a fixed time there is no ladder."""
    return facts.wanted <= 0 and facts.times.cancel <= 0


def _is_late(facts: Facts, left: float) -> bool:
    return facts.climbed or facts.probability < facts.wanted or left <= facts.cancel_seconds


def _rung(facts: Facts, left: float) -> Act:
    """The cheapest route that still fits in time and money; HOLD when there is none."""
    return next((RUNGS[mode] for mode in RUNGS if _fits(facts, mode, left)), Act.HOLD)


def _fits(facts: Facts, mode: Mode, left: float) -> bool:
    if not facts.pays(mode):
        return False
    if mode is Mode.FLEX:
        least = max(min(SHORTEST_FLEX, facts.flex_timeout), facts.needs_seconds)
        return left + facts.uncounted_seconds >= facts.times.flex and left - facts.online_seconds > least
    hurries = mode is Mode.ONLINE and facts.needs_seconds > left - facts.times.online
    return not (hurries and _fits(facts, Mode.FAST, left))


def _has_better(facts: Facts, left: float) -> bool:
    """Whether what waits is to be sent by another route than its own."""
    rung = _rung(facts, left)
    if rung not in MODE_OF or not _is_late(facts, left):
        return False
    return list(RUNGS).index(MODE_OF[rung]) > (list(RUNGS).index(facts.mode) if facts.mode in RUNGS else -1)


def _hands_over(facts: Facts, left: float) -> bool:
    """Whether the profile that may stand in answers in time and within the money, and the first one by no route."""
    usable = left - facts.times.online
    if facts.other_seconds is None or facts.other_seconds > usable or facts.other_usd > facts.left_usd:
        return False
    in_time = facts.paused_seconds + facts.needs_seconds <= usable
    return not any(_fits(facts, mode, left) and (in_time or _is_instant(facts, mode)) for mode in RUNGS)


def _is_instant(facts: Facts, mode: Mode) -> bool:
    """The fast route is not bound by the limits of the others, but by a pause."""
    return mode is Mode.FAST and facts.paused_seconds <= 0
