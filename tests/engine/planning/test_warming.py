"""Requests that share a long prompt: the first is asked online and fills the cache, the batch behind it reads."""

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from llm_assets.domain.desk.night import Rework
from llm_assets.domain.errors import BlockedError, DeskError, TransientError
from llm_assets.domain.profile import Lane, Limits, Mode, Profile, Tier
from llm_assets.domain.reason import Reason
from llm_assets.domain.requests.money import Budget, Usage
from llm_assets.engine.engine import Engine
from llm_assets.engine.planning.budget import limits_of
from llm_assets.engine.planning.plan import plan_step
from llm_assets.engine.planning.prompt_cache import ASSUMED_HITS
from llm_assets.engine.planning.task import Task
from llm_assets.engine.planning.within_budget import plan_within_budget
from llm_assets.engine.rounds.advance import advance
from llm_assets.engine.rounds.drive import WARMING
from llm_assets.engine.rounds.nudge import nudge
from llm_assets.engine.rounds.start import start
from resources.prices import GenaiPrices
from tests.support.nights.engine_night import (
    DAY,
    NO_METADATA,
    STEP,
    Death,
    Desk,
    Life,
    PerToken,
    assert_all_answered_once,
    mortal,
    tasks,
)

SHARED = "Sort the mail by these categories. " * 200
ANTHROPIC = NO_METADATA.model_copy(
    update={
        "protocol": "anthropic",
        "limits": Limits(batch_requests=1000, batch_bytes=10**6, online_concurrency=1),
    }
)
FEWEST = 11
"""With these prices and texts; the arithmetic is tested beside the rule."""


class Cached(PerToken):
    """Written parts of a prompt at twice the price, read ones at a tenth."""

    def usd(self, profile: Profile, model: str, mode: Mode, usage: Usage) -> Decimal:
        plain = Usage(usage.input_tokens - usage.cached_tokens - usage.cache_write_tokens)
        weighed = plain.input_tokens + 2 * usage.cache_write_tokens + usage.cached_tokens // 10
        return super().usd(profile, model, mode, replace(usage, input_tokens=weighed))


@pytest.fixture
def desk(open_desk: Callable[..., Desk]) -> Desk:
    return open_desk(profile=ANTHROPIC)


def engine(desk: Desk, **changes: Any) -> Engine:
    return replace(desk.engine(), prices=Cached(), **changes)


def asked(count: int, system: str = SHARED, **changes: Any) -> list[Task]:
    found = tasks(count, **changes)
    return [replace(t, request=replace(t.request, system=system, max_tokens=20)) for t in found]


def work(desk: Desk, items: list[Task], **changes: Any) -> None:
    assert desk.work(items, engine=engine(desk, **changes)).finished
    assert_all_answered_once(desk, len(items))


def marks(desk: Desk) -> list[bool]:
    """Of each line the provider got in batches, whether it asked for the cache."""
    return ["cached" in json.loads(line) for r in desk.provider.remotes.values() for line in r.lines]


def modes(desk: Desk) -> dict[str, int]:
    return {row.mode: row.requests for row in desk.ledger().spending.usage(DAY)}


def test_one_request_goes_first_and_the_others_read_what_it_wrote(desk: Desk) -> None:
    work(desk, asked(40))
    assert modes(desk) == {"online": 1, "batch": 39}
    assert desk.provider.asked_at[0] < next(iter(desk.provider.remotes.values())).created_at
    assert marks(desk) == [True] * 39
    assert desk.rounds == 0  # nothing waited for another round


def test_each_prefix_has_a_first_request_of_its_own(desk: Desk) -> None:
    desk.tasks = [
        replace(t, request=replace(t.request, system=SHARED + str(number % 2)))
        for number, t in enumerate(asked(80))
    ]
    work(desk, desk.tasks)
    assert modes(desk) == {"online": 2, "batch": 78}


def test_queues_that_narrow_one_schema_differently_share_no_prefix(desk: Desk) -> None:
    desk.tasks = [
        replace(t, request=replace(t.request, schema={"enum": [number % 2]}))
        for number, t in enumerate(asked(80))
    ]
    work(desk, desk.tasks)
    assert modes(desk) == {"online": 2, "batch": 78}


@pytest.mark.parametrize(
    ("items", "why"),
    [
        (asked(1), "nobody would read it"),
        (asked(FEWEST - 1), "too few would"),
        (asked(60, system="Sort the mail."), "too short for the cache"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_where_a_cache_does_not_pay_nothing_is_marked_and_nothing_goes_first(
    desk: Desk, items: list[Task], why: str
) -> None:
    work(desk, items)
    assert modes(desk) == {"batch": len(items)} and not any(marks(desk)), why


def test_it_pays_from_a_number_on(desk: Desk) -> None:
    work(desk, asked(FEWEST))
    assert modes(desk) == {"online": 1, "batch": FEWEST - 1}


def test_openai_caches_by_itself(open_desk: Callable[..., Desk]) -> None:
    desk = open_desk()
    work(desk, asked(40))
    assert modes(desk) == {"batch": 40} and not any(marks(desk))


def test_urgent_mail_is_marked_where_there_is_enough_of_it(desk: Desk) -> None:
    lines: list[bool] = []
    ask = desk.provider.ask
    desk.provider.ask = lambda line, mode, within: (
        lines.append("cached" in json.loads(line)),
        ask(line, mode, within),
    )[1]  # type: ignore[method-assign]
    work(desk, asked(2, lane=Lane.URGENT))
    assert lines == [False, False]
    items = asked(12, lane=Lane.URGENT)[2:]
    desk.work([*asked(2, lane=Lane.URGENT), *items], engine=engine(desk))
    assert lines[2:] == [True] * 10


def test_our_own_bills_replace_what_was_assumed(desk: Desk) -> None:
    """The provider wrote most of what was marked: from then on it is cheaper to ask for no cache."""
    assert 0.5 < ASSUMED_HITS < 0.98
    usage = Usage(input_tokens=3000, cached_tokens=900, cache_write_tokens=2100)
    executed = desk.provider._executed

    def wrote(line: bytes, *, count: bool = True) -> Any:
        return replace(executed(line, count=count), usage=usage)

    desk.provider._executed = wrote  # type: ignore[method-assign]
    items = asked(80)
    work(desk, items[:40])
    assert desk.ledger().spending.cache_hits(ANTHROPIC.name, STEP, items[0].request.model) == pytest.approx(
        0.3
    )
    assert desk.work(items, engine=engine(desk)).finished
    assert modes(desk) == {"online": 1, "batch": 79}
    assert marks(desk) == [True] * 39 + [False] * 40


# When the first request fails


@pytest.mark.parametrize(
    "failure",
    [
        TransientError("overloaded", reason=Reason.OVERLOADED),
        TransientError("slow down", retry_after=600, reason=Reason.RATE_LIMIT),
        TransientError("timed out", reason=Reason.TIMEOUT),
        BlockedError("this key may not ask online"),
    ],
    ids=lambda err: str(err),
)
def test_a_first_request_that_fails_holds_nothing_up(desk: Desk, failure: DeskError) -> None:
    desk.provider.faults["ask"] = [failure]
    desk.tasks = asked(40)
    start(engine(desk), DAY, [desk.step_plan()], Rework.STALE)
    assert len(marks(desk)) == 39
    assert desk.work(engine=engine(desk), rounds=4).finished
    assert_all_answered_once(desk, 40)
    assert modes(desk) == {"batch": 40}


def test_while_online_calls_pause_the_batch_goes_at_once(desk: Desk) -> None:
    desk.ledger().online.change_circuit("fake", lambda circuit: circuit.rested(desk.clock(), 600))
    desk.tasks = asked(40)
    start(engine(desk), DAY, [desk.step_plan()], Rework.STALE)
    assert len(marks(desk)) == 39 and "ask" not in desk.provider.calls
    assert desk.work(engine=engine(desk), rounds=4).finished
    assert modes(desk) == {"batch": 40}


def test_a_key_that_is_refused_blocks_as_ever_and_loses_nothing(desk: Desk) -> None:
    refused = BlockedError("the key is refused")
    desk.provider.faults = {"ask": [refused], "upload": [refused]}
    desk.tasks = asked(40)
    progress = start(engine(desk), DAY, [desk.step_plan()], Rework.STALE)
    assert progress.blocked == "the key is refused"
    assert desk.work(engine=engine(desk)).finished
    assert_all_answered_once(desk, 40)


# When the process dies between the two


def test_a_dead_planners_batch_waits_some_minutes_for_its_cache_and_no_longer(desk: Desk) -> None:
    desk.tasks = asked(40)
    plan_step(engine(desk), DAY, STEP, desk.tasks, Rework.STALE)
    first, others = desk.open_batches()
    assert (first.warms, first.mode, first.requests) == (True, Mode.ONLINE, 1)
    assert (others.warms, others.mode, others.requests) == (False, Mode.BATCH, 39)
    nudge(engine(desk), DAY, [STEP])
    assert "create" not in desk.provider.calls
    desk.clock.advance(WARMING.total_seconds())
    nudge(engine(desk), DAY, [STEP])
    assert desk.provider.calls["create"] == 1
    assert desk.work(engine=engine(desk)).finished
    assert_all_answered_once(desk, 40)


def test_the_next_process_asks_the_first_request_before_it_sends_the_others(desk: Desk) -> None:
    desk.tasks = asked(40)
    plan_step(engine(desk), DAY, STEP, desk.tasks, Rework.STALE)
    advance(engine(desk), DAY, [STEP])
    assert desk.provider.asked_at[0] < next(iter(desk.provider.remotes.values())).created_at
    assert desk.work(engine=engine(desk)).finished
    assert_all_answered_once(desk, 40)


@pytest.mark.soak
@pytest.mark.slow
def test_whenever_a_process_dies_nothing_that_went_first_is_sent_again(
    open_desk: Callable[..., Desk],
) -> None:
    """But for the one call that was answered and not written down: online calls cannot be looked up."""
    desk, moment, alive, twice = open_desk(profile=ANTHROPIC), 0, False, 0
    while not alive:
        moment += 1
        desk.anew()
        desk.tasks = asked(FEWEST + 1)
        with suppress(Death):
            desk.work(engine=replace(mortal(desk, Life(moment)), prices=Cached()))
            alive = True
        assert desk.work(engine=engine(desk), rounds=60).finished, f"moment {moment}"
        again = [user for user, times in desk.provider.executed.items() if times > 1]
        assert again in ([], ["mail 1"]) and desk.provider.executed.total() <= FEWEST + 2
        assert desk.states() == {"ok": FEWEST + 1} and desk.attempts() == FEWEST + 1
        assert sum(marks(desk)) <= FEWEST
        twice += len(again)
        desk.sweep_a_day_later()
        assert desk.spooled() == []
    assert moment > 30
    assert twice <= 2  # dead after the answer, before and in the middle of settling it


# Money


def test_what_goes_first_is_reserved_at_its_price_online(desk: Desk) -> None:
    desk.budget = Budget(night_usd=Decimal(100))
    desk.tasks = asked(40)
    plan_within_budget(
        engine(desk), DAY, [desk.step_plan()], Rework.STALE, limits_of(desk.budget, desk.lanes, DAY)
    )
    first, others = desk.open_batches()
    [online] = desk.ledger().batches.members(first.batch_id).values()
    in_batch = [m.reserved_usd for m in desk.ledger().batches.members(others.batch_id).values()]
    assert online.reserved_usd >= 2 * max(in_batch) > 0
    assert desk.work(engine=engine(desk)).finished
    assert_all_answered_once(desk, 40)


def test_marked_answers_cost_less_than_plain_ones() -> None:
    """The rule's promise in dollars, at the prices of the shipped profile."""
    prices, model = GenaiPrices(), "claude-haiku-5-5"
    profile = ANTHROPIC.model_copy(update={"models": {Tier.CHEAP: model}})
    plain, warm, read, written = (
        prices.usd(profile, model, mode, usage)
        for mode, usage in (
            (Mode.BATCH, Usage(2000, output_tokens=300)),
            (Mode.ONLINE, Usage(2000, cache_write_tokens=1000, output_tokens=300)),
            (Mode.BATCH, Usage(2000, cached_tokens=1000, output_tokens=300)),
            (Mode.BATCH, Usage(2000, cache_write_tokens=1000, output_tokens=300)),
        )
    )
    hits = Decimal(str(ASSUMED_HITS))
    night = 10_000
    cached = warm + (night - 1) * (hits * read + (1 - hits) * written)
    assert Decimal("0.85") < cached / (night * plain) < Decimal("0.9")
