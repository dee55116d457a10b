"""What a lanes.yaml means that holds a part of the rules only."""

from decimal import Decimal
from pathlib import Path

import pytest

from llm_assets.domain.errors import ConfigurationError
from llm_assets.domain.profile import Lane, Mode
from llm_assets.domain.traffic.lanes import SHIPPED_LANES, LaneRule, Lanes
from llm_assets.domain.traffic.patience import Patience
from resources.settings.environment import SHIPPED_CONFIG, load_yaml


def written(path: Path, text: str) -> Lanes:
    path.write_text(text)
    return load_yaml(path, Lanes)


def test_the_shipped_lanes_are_those_of_an_empty_file(tmp_path: Path) -> None:
    shipped = load_yaml(SHIPPED_CONFIG / "lanes.yaml", Lanes)
    assert shipped.lanes == SHIPPED_LANES == written(tmp_path / "lanes.yaml", "").lanes


@pytest.mark.parametrize("lane", Lane)
def test_a_lane_that_is_left_out_is_as_shipped(tmp_path: Path, lane: Lane) -> None:
    lanes = written(tmp_path / "lanes.yaml", f"lanes: {{{lane.value}: {{budget_usd: 3}}}}").lanes
    assert lanes == SHIPPED_LANES | {lane: LaneRule(budget_usd=Decimal(3))}


def test_a_file_that_only_limits_the_rescue_changes_nothing_else(tmp_path: Path) -> None:
    rules = written(tmp_path / "lanes.yaml", "rescue: {budget_usd: 5}")
    assert (rules.rescue.budget_usd, rules.lanes) == (5, SHIPPED_LANES)


def test_a_patience_that_is_left_out_keeps_its_route(tmp_path: Path) -> None:
    latency = written(tmp_path / "lanes.yaml", "routes: {latency: {under_1h: online}}").routes.latency
    assert latency == {
        Patience.UNDER_5S: Mode.ONLINE,
        Patience.UNDER_60S: Mode.ONLINE,
        Patience.UNDER_1H: Mode.ONLINE,
        Patience.OVERNIGHT: Mode.BATCH,
    }


@pytest.mark.parametrize(
    ("rescue", "cure"),
    [
        ("online_until_minutes: 30", "set flex_until_minutes to 30 or more"),
        ("cancel_minutes: 2", "set cancel_minutes to more than 2"),
        (
            "probability: 0, cancel_minutes: 15, flex_until_minutes: 25",
            "set flex_until_minutes to 15 or less",
        ),
    ],
)
def test_rescue_times_that_contradict_each_other_are_refused_with_the_cure(
    tmp_path: Path, rescue: str, cure: str
) -> None:
    with pytest.raises(ConfigurationError, match=rf"lanes.yaml: rescue: .*{cure}$"):
        written(tmp_path / "lanes.yaml", f"rescue: {{{rescue}}}")


@pytest.mark.parametrize(
    "rescue",
    ["probability: 0, cancel_minutes: 0", "cancel_minutes: 15, flex_until_minutes: 25", "cancel_minutes: 15"],
)
def test_rescue_times_that_can_hold_together_are_taken(tmp_path: Path, rescue: str) -> None:
    assert written(tmp_path / "lanes.yaml", f"rescue: {{{rescue}}}").lanes == SHIPPED_LANES
