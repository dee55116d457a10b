"""The route window through the real SDK, the emulator and both databases."""

from dataclasses import replace
from decimal import Decimal

import pytest

from llm_assets.domain.profile import Lane, Mode, SoldRoutes
from llm_assets.domain.traffic.lanes import LaneRule
from tests.support.nights.real_night import STEP
from tests.support.nights.stage import REQUESTS, Stage


@pytest.mark.parametrize("protocol", ["openai"])
@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_a_lost_answer_to_a_post_costs_one_answer_more_and_no_row(
    stage: Stage, protocol: str, database: str
) -> None:
    sold = stage.place.profile.model_copy(update={"routes": SoldRoutes(window={"8h": Decimal("0.6")})})
    stage.place = stage.place._replace(profile=sold)
    lanes = stage.engine.lanes
    rules = {**lanes.lanes, Lane.NIGHTLY: LaneRule(mode=Mode.WINDOW)}
    stage.engine = replace(stage.engine, lanes=lanes.model_copy(update={"lanes": rules}))
    stage.scenario(
        "{background: {latency_seconds: 300}, calls: [{when: {operation: response, calls: [2]}, drop: after}]}"
    )
    assert stage.work().finished
    rows = stage.ledger.spending.usage(stage.day)
    assert {row.mode for row in rows} == {Mode.WINDOW}
    assert (sum(row.succeeded for row in rows), sum(row.surplus for row in rows)) == (REQUESTS, 1)
    assert stage.ledger.work.counts(stage.day)[STEP]["ok"] == REQUESTS
    assert stage.ledger.batches.open_batches() == []
