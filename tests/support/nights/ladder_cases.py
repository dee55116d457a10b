"""Situations of a late night and what the ladder does in each; the page of the deadline shows the same table."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from llm_assets.domain.profile import Mode
from llm_assets.domain.traffic.ladder import Act, Facts, Standing, times_of
from llm_assets.domain.traffic.lanes import RescueRules

MINUTE = 60.0
SOLD = frozenset({Mode.BATCH, Mode.FLEX, Mode.ONLINE, Mode.FAST})
USUAL = Facts(
    standing=Standing.RUNNING,
    seconds_left=300 * MINUTE,
    times=times_of(RescueRules(), None, 10),
    probability=0.97,
    wanted=0.9,
    sold=SOLD,
    needs_seconds=120,
    flex_timeout=900,
    extra_usd={Mode.FLEX: Decimal(0), Mode.ONLINE: Decimal(2), Mode.FAST: Decimal(6)},
    left_usd=Decimal(20),
    double_usd=Decimal("0.5"),
    double_left_usd=Decimal(1),
)
"""A batch of 100 requests at a provider that sells every route, five hours before the deadline."""


class Situation(NamedTuple):
    name: str
    facts: Mapping[str, Any]
    act: Act


def _at(minutes: float, standing: Standing = Standing.RUNNING, **more: Any) -> dict[str, Any]:
    return {"seconds_left": minutes * MINUTE, "standing": standing, **more}


DUE, CANCELLING = Standing.DUE, Standing.CANCELLING
SITUATIONS = [
    Situation("the batch ends in time with 97 %", _at(300), Act.HOLD),
    Situation("the batch ends in time with 40 %", _at(300, probability=0.4), Act.CANCEL),
    Situation("the batch ends in time with 97 %, 60 minutes are left", _at(60), Act.CANCEL),
    Situation("the batch may be another application's", _at(60, proven=False), Act.HOLD),
    Situation(
        "the money of the rescue is used up",
        _at(60, sold=frozenset({Mode.BATCH, Mode.ONLINE}), left_usd=Decimal(1)),
        Act.HOLD,
    ),
    Situation(
        "its results are shorter than promised, 60 minutes are left", _at(60, Standing.SHORT), Act.COLLECT
    ),
    Situation("its cancel is not confirmed, 45 minutes are left", _at(45, CANCELLING), Act.HOLD),
    Situation("its cancel is not confirmed, 30 minutes are left", _at(30, CANCELLING), Act.RACE),
    Situation(
        "its cancel is not confirmed after half a minute, 30 minutes are left",
        _at(30, CANCELLING, asked_seconds=30),
        Act.HOLD,
    ),
    Situation(
        "its cancel is not confirmed, and twice would cost more than `double_usd` leaves",
        _at(30, CANCELLING, double_left_usd=Decimal("0.4")),
        Act.HOLD,
    ),
    Situation("its results cannot be read, 30 minutes are left", _at(30, Standing.UNREADABLE), Act.RACE),
    Situation("due, a new batch ends in time with 95 %", _at(300, DUE, probability=0.95), Act.HOLD),
    Situation("due, a new batch ends in time with 40 %", _at(200, DUE, probability=0.4), Act.FLEX),
    Situation("due after a cancel for the deadline", _at(200, DUE, climbed=True), Act.FLEX),
    Situation("due, 20 minutes are left", _at(20, DUE), Act.FLEX),
    Situation("due, 19 minutes are left", _at(19, DUE), Act.ONLINE),
    Situation(
        "due, 20 minutes are left, 8 of which the steps that follow need",
        _at(12, DUE, uncounted_seconds=8 * MINUTE),
        Act.FLEX,
    ),
    Situation(
        "due, 15 minutes are left, and the cancel took 8 minutes",
        _at(15, DUE, uncounted_seconds=8 * MINUTE),
        Act.FLEX,
    ),
    Situation(
        "by flex without an answer, and online must start now",
        _at(7, Standing.WAITING, mode=Mode.FLEX, uncounted_seconds=13 * MINUTE),
        Act.CANCEL,
    ),
    Situation(
        "due, and the profile sells no flex",
        _at(50, DUE, sold=frozenset({Mode.BATCH, Mode.ONLINE})),
        Act.ONLINE,
    ),
    Situation("due, and online would take longer than is left", _at(10, DUE, needs_seconds=3000), Act.FAST),
    Situation(
        "due, and online would take longer than is left, but not at the profile of `fallback`",
        _at(10, DUE, needs_seconds=3000, sold=frozenset({Mode.BATCH, Mode.ONLINE}), other_seconds=60),
        Act.HAND_OVER,
    ),
    Situation(
        "due, no calls for 40 minutes, 30 minutes are left, and `fallback` answers in time",
        _at(30, DUE, paused_seconds=2400, other_seconds=120),
        Act.HAND_OVER,
    ),
    Situation(
        "the same, and the money of the rescue is used up there",
        _at(30, DUE, paused_seconds=2400, other_seconds=120, other_usd=Decimal(21)),
        Act.FLEX,
    ),
    Situation(
        "the same, 10 minutes are left, and `fallback` answers too late",
        _at(10, DUE, paused_seconds=2400, other_seconds=900),
        Act.ONLINE,
    ),
    Situation(
        "online requests that wait, no calls for 40 minutes, and `fallback` answers in time",
        _at(30, Standing.WAITING, mode=Mode.FAST, paused_seconds=2400, other_seconds=120),
        Act.CANCEL,
    ),
    Situation("due, 2 minutes are left", _at(2, DUE), Act.STOP),
    Situation("after the deadline", _at(-1, DUE), Act.HOLD),
    Situation(
        "online requests that wait for their next try, 10 minutes are left",
        _at(10, Standing.WAITING, mode=Mode.FLEX),
        Act.CANCEL,
    ),
]
