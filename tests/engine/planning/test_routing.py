"""Which way requests go, and when a prompt's shared part is worth a cache: decisions by the numbers they are given."""

from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from llm_assets.domain.profile import Lane, Limits, Mode
from llm_assets.domain.traffic.lanes import Lanes, RouteRules
from llm_assets.domain.traffic.patience import Patience
from llm_assets.engine.planning.prompt_cache import LARGEST_WAIT, PrefixUsd, fewest_in_batch, fewest_online
from llm_assets.engine.planning.route_rules import (
    FEW,
    FEWER,
    HELD,
    KNOWN_FROM,
    LATE,
    NO_WINDOW,
    Facts,
    Route,
    expected_seconds,
    most_held,
    route_of,
    usual_route,
)

RULES = RouteRules(remainder_requests=20, remainder_usd=Decimal("0.50"), batch_minutes=60)
QUICK, SLOW = [120.0] * 10, [7200.0] * 10
LIMITS = Limits(batch_requests=1000, batch_bytes=1_000_000, online_concurrency=4)
OVERNIGHT = Route(Mode.BATCH, "lane nightly")
CENT, NOTHING = Decimal("0.01"), Decimal(0)


def facts(**changes: Any) -> Facts:
    plain: dict[str, Any] = {
        "lane": Lane.NIGHTLY,
        "usual": OVERNIGHT,
        "requests": 5,
        "extra_usd": {Mode.ONLINE: CENT},
        "seconds_left": 1800.0,
    }
    return Facts(**plain | changes)


@pytest.mark.parametrize(
    ("given", "mode", "why"),
    [
        pytest.param(
            facts(usual=Route(Mode.ONLINE, "lane urgent"), requests=9999),
            "online",
            "lane urgent",
            id="urgent",
        ),
        pytest.param(facts(), "online", LATE, id="half an hour left, a batch takes one"),
        pytest.param(facts(seconds_left=3601.0), "batch", "lane nightly", id="time enough"),
        pytest.param(
            facts(batch_seconds=QUICK, requests=200), "batch", "lane nightly", id="batches are quick here"
        ),
        pytest.param(facts(batch_seconds=QUICK, seconds_left=119.0), "online", LATE, id="not quick enough"),
        pytest.param(
            facts(batch_seconds=SLOW, seconds_left=7000.0), "online", LATE, id="batches are slow here"
        ),
        pytest.param(facts(requests=20), "online", LATE, id="the largest remainder"),
        pytest.param(facts(requests=21), "batch", "lane nightly", id="no remainder"),
        pytest.param(facts(extra_usd={Mode.ONLINE: 50 * CENT}), "online", LATE, id="the dearest remainder"),
        pytest.param(
            facts(extra_usd={Mode.ONLINE: 51 * CENT}), "batch", "lane nightly", id="dearer than waiting"
        ),
        pytest.param(facts(seconds_left=None), "batch", "lane nightly", id="nobody waits"),
        pytest.param(facts(seconds_left=0.0), "batch", "lane nightly", id="the deadline is over"),
        pytest.param(facts(seconds_left=-86_400.0), "batch", "lane nightly", id="a night of last week"),
    ],
)
def test_the_way_follows_from_the_facts(given: Facts, mode: str, why: str) -> None:
    assert route_of(given, RULES, LIMITS) == (mode, why)


FREE_FLEX = {Mode.FLEX: NOTHING, Mode.ONLINE: 3 * CENT}
EVENING = 36_000.0


@pytest.mark.parametrize(
    ("given", "rules", "route"),
    [
        ({"batch_seconds": SLOW}, {}, (Mode.ONLINE, FEW)),
        ({"batch_seconds": SLOW, "extra_usd": {Mode.ONLINE: 11 * CENT}}, {}, OVERNIGHT),
        (
            {"batch_seconds": SLOW, "extra_usd": {Mode.ONLINE: 11 * CENT}, "seconds_left": EVENING / 2},
            {},
            (Mode.ONLINE, FEW),
        ),
        ({"batch_seconds": SLOW, "extra_usd": FREE_FLEX}, {}, (Mode.FLEX, FEW)),
        ({"batch_seconds": SLOW, "extra_usd": FREE_FLEX, "requests": 959}, {}, (Mode.FLEX, FEW)),
        ({"batch_seconds": SLOW, "extra_usd": FREE_FLEX, "requests": 960}, {}, (Mode.ONLINE, FEW)),
        ({"batch_seconds": SLOW, "extra_usd": FREE_FLEX, "requests": 5760}, {}, OVERNIGHT),
        ({"batch_seconds": SLOW, "extra_usd": FREE_FLEX, "seconds_left": None}, {}, (Mode.FLEX, FEW)),
        ({"batch_seconds": SLOW, "seconds_left": None}, {}, OVERNIGHT),
        ({"batch_seconds": SLOW, "seconds_left": -1.0}, {}, OVERNIGHT),
        ({"batch_seconds": SLOW, "lane": Lane.ARCHIVE}, {}, OVERNIGHT),
        ({"batch_seconds": SLOW[: KNOWN_FROM - 1]}, {}, OVERNIGHT),
        ({"batch_seconds": [1.0] * 10}, {}, OVERNIGHT),
        ({}, {"batch_from_requests": 6}, (Mode.ONLINE, FEWER)),
        ({"extra_usd": FREE_FLEX}, {"batch_from_requests": 6}, (Mode.FLEX, FEWER)),
        ({"requests": 6}, {"batch_from_requests": 6}, OVERNIGHT),
        ({"extra_usd": {Mode.ONLINE: 51 * CENT}}, {"batch_from_requests": 6}, OVERNIGHT),
        ({"batch_seconds": SLOW}, {"batch_from_requests": 1}, OVERNIGHT),
        ({"lane": Lane.ARCHIVE}, {"batch_from_requests": 6}, OVERNIGHT),
    ],
)
def test_a_small_night_goes_one_by_one_where_a_batch_brings_nothing(
    given: dict[str, Any], rules: dict[str, Any], route: tuple[Mode, str]
) -> None:
    """Ten hours are left. Batches here take two hours; so a fifth of half a dollar may be paid not to wait for one."""
    known = facts(**{"seconds_left": EVENING} | given)
    changed = RULES.model_copy(update=rules)
    assert route_of(known, changed, LIMITS) == route
    if route != OVERNIGHT and known.requests <= HELD:
        assert most_held(known, changed, LIMITS) >= known.requests


@pytest.mark.parametrize(
    ("lane", "mode", "patience", "sold", "expected", "why"),
    [
        ("nightly", "batch", None, "batch online", "batch", "lane nightly"),
        ("nightly", "batch", "overnight", "batch flex online", "batch", "lane nightly"),
        ("nightly", "batch", "under_1h", "batch flex online", "flex", "its queue waits under_1h"),
        (
            "nightly",
            "batch",
            "under_1h",
            "batch online",
            "online",
            "its queue waits under_1h; flex is not to be had here",
        ),
        ("nightly", "batch", "under_5s", "batch flex online fast", "online", "its queue waits under_5s"),
        ("urgent", "online", "overnight", "batch flex online", "online", "lane urgent"),
        ("urgent", "fast", "under_1h", "batch flex online fast", "fast", "lane urgent"),
        ("urgent", "fast", None, "batch online", "online", "lane urgent; fast is not to be had here"),
        ("archive", "batch", "under_5s", "batch flex online", "batch", "lane archive"),
        ("nightly", "batch", None, "online", "online", "lane nightly; batch is not to be had here"),
        ("nightly", "batch", None, "flex online", "flex", "lane nightly; batch is not to be had here"),
        ("nightly", "window", None, "batch window flex online", "window", "lane nightly"),
        ("nightly", "window", None, "batch flex online", "batch", NO_WINDOW),
        ("nightly", "window", None, "online", "online", "lane nightly; window is not to be had here"),
    ],
)
def test_lane_queue_and_profile_say_how_a_request_usually_goes(
    lane: str, mode: str, patience: str | None, sold: str, expected: str, why: str
) -> None:
    waits = Patience(patience) if patience is not None else None
    assert usual_route(Lane(lane), Mode(mode), waits, sold.split(), RULES) == (expected, why)


def test_a_rule_of_no_requests_asks_none_online() -> None:
    never = RouteRules(remainder_requests=0)
    assert route_of(facts(requests=1), never, LIMITS) == OVERNIGHT
    assert most_held(facts(), never, LIMITS) == 0


@pytest.mark.parametrize(
    ("history", "seconds"),
    [
        ([], 3600),
        ([60.0] * (KNOWN_FROM - 1), 3600),
        ([9000.0], 9000),
        ([60.0] * KNOWN_FROM, 60),
        ([60.0] * 18 + [4000.0] * 3, 4000),
        ([60.0] * 19 + [4000.0], 60),
    ],
)
def test_a_batch_is_expected_to_take_as_long_as_nine_of_ten_did(history: list[float], seconds: float) -> None:
    assert expected_seconds(history, RULES) == seconds


def test_a_misspelt_rule_is_refused() -> None:
    with pytest.raises(ValidationError, match="remainder"):
        Lanes.model_validate({"lanes": {}, "routes": {"remainder": 5}})


# The cache. A prefix of 1,000 tokens at claude-haiku-5-5, in units of a millionth of a dollar.

HAIKU = PrefixUsd(plain=Decimal(50), read=Decimal(5), written=Decimal(100))
HAIKU_ONLINE = PrefixUsd(plain=Decimal(100), read=Decimal(10), written=Decimal(200))
FREE_WRITES = PrefixUsd(plain=Decimal(50), read=Decimal(5), written=Decimal(50))
UNKNOWN_CACHE = PrefixUsd(plain=Decimal(50), read=Decimal(50), written=Decimal(100))


@pytest.mark.parametrize(
    ("prefix", "first_usd", "hits", "fewest"),
    [
        pytest.param(HAIKU, 450, 1.0, 12, id="everybody reads: 45 saved a request"),
        pytest.param(HAIKU, 450, 0.75, 23, id="three of four read: 21.25 saved"),
        pytest.param(HAIKU, 450, 0.55, 202, id="just above where it begins to pay"),
        pytest.param(HAIKU, 450, 0.53, None, id="only beyond the most that are held"),
        pytest.param(HAIKU, 450, 0.52, None, id="writes eat up what reads save"),
        pytest.param(HAIKU, 450, 0.3, None, id="the low end of what is documented"),
        pytest.param(HAIKU, 0, 1.0, 2, id="a first one that costs nothing still needs a second"),
        pytest.param(HAIKU, 1_000_000, 1.0, None, id="a very long answer, asked online"),
        pytest.param(FREE_WRITES, 450, 0.3, 35, id="writing costs nothing more"),
        pytest.param(UNKNOWN_CACHE, 450, 1.0, None, id="a model whose reads are not cheaper"),
    ],
)
def test_from_how_many_requests_a_batch_is_worth_a_cache(
    prefix: PrefixUsd, first_usd: int, hits: float, fewest: int | None
) -> None:
    assert fewest_in_batch(prefix, Decimal(first_usd), hits) == fewest


@pytest.mark.parametrize(("hits", "first_usd"), [(0.6, 100), (0.75, 700), (0.98, 2000)])
def test_at_that_number_the_cache_is_cheaper_and_below_it_is_not(hits: float, first_usd: int) -> None:
    fewest, share = fewest_in_batch(HAIKU, Decimal(first_usd), hits), Decimal(str(hits))
    assert fewest is not None and fewest <= LARGEST_WAIT

    def saved(requests: int) -> Decimal:
        each = HAIKU.plain - share * HAIKU.read - (1 - share) * HAIKU.written
        return (requests - 1) * each - first_usd

    assert saved(fewest) > 0 >= saved(fewest - 1)


@pytest.mark.parametrize(("at_once", "fewest"), [(1, 3), (4, 9), (100, 212)])
def test_online_as_many_write_as_are_asked_at_once(at_once: int, fewest: int) -> None:
    assert fewest_online(HAIKU_ONLINE, at_once) == fewest
    assert fewest_online(UNKNOWN_CACHE, at_once) is None
