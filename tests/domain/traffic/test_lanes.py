"""What a lanes.yaml means that holds a part of the rules only."""

from decimal import Decimal
from pathlib import Path

import pytest

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
