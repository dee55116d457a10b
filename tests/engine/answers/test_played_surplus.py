"""Lines that answer no request and answers without a usage, played by the emulator to the real adapters on both databases:
ledger, budget, `llm_usage` and report name the same sum."""

from dataclasses import asdict
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from llm_assets.domain.desk.tables import LLM_USAGE
from llm_assets.domain.requests.money import Limit
from llm_assets.engine.ports.spending import UsageRow
from llm_assets.report.numbers import compute
from resources.lake.lake import Lake
from tests.support.nights.stage import Stage

pytestmark = pytest.mark.slow

EVERYWHERE = [
    pytest.param(protocol, database, id=f"{database}-{protocol}")
    for protocol in ("openai", "anthropic", "gemini")
    for database in ("sqlite", "postgres")
]


def spent(stage: Stage) -> Decimal:
    limit = Limit("the night", "LLM_ASSETS_BUDGET_USD", Decimal(1), stage.day, stage.day)
    [found] = stage.ledger.spending.committed([limit])
    return found.spent_usd


def viewed(stage: Stage, usage: list[UsageRow], home: Path) -> Decimal:
    lake = Lake(home, (LLM_USAGE,))
    lake.write(LLM_USAGE, stage.day, [{"day": stage.day.isoformat(), **asdict(row)} for row in usage])
    lake.publish()
    with duckdb.connect(str(lake.analytics), read_only=True) as connection:
        [(total,)] = connection.execute("SELECT sum(cost_usd) FROM llm_usage").fetchall()
    return Decimal(total)


def reported(stage: Stage, usage: list[UsageRow]) -> Decimal:
    rows = [{"day": stage.day, **asdict(row)} for row in usage]
    return compute(stage.day, documents=[], steps={}, usage=rows).spent.usd


@pytest.mark.parametrize(("protocol", "database"), EVERYWHERE)
def test_every_line_is_booked_and_all_sums_agree(stage: Stage, tmp_path: Path) -> None:
    stage.scenario(
        "batches: [{when: {times: 1}, duplicate_results: 1, unknown_results: 1, spoil: nameless}]\n"
        'requests: [{when: {custom_id: "-1$"}, outcome: no_usage}]'
    )
    assert stage.work().finished
    assert stage.states == {"ok": 3}
    usage = stage.ledger.spending.usage(stage.day)
    found = {row.outcome: (row.requests, row.failed, row.estimated, row.surplus) for row in usage}
    assert found == {
        "answered": (4, 1, 2, 0),
        "doubled": (0, 0, 1, 1),
        "unknown_id": (0, 0, 1, 1),
        "unreadable_line": (0, 0, 1, 1),
    }
    assert all(row.cost_usd > 0 and row.input_tokens > 0 and row.output_tokens > 0 for row in usage)
    total = sum((row.cost_usd for row in usage), Decimal(0))
    assert spent(stage) == total == viewed(stage, usage, tmp_path / "lake") == reported(stage, usage)


@pytest.mark.parametrize(("protocol", "database"), EVERYWHERE)
def test_an_engine_that_restarts_at_every_look_keeps_the_wait(stage: Stage) -> None:
    """Each round is a new engine on the same ledger, as after a kill."""
    stage.scenario("batches: [{when: {times: 1}, absent_seconds: 500}]")
    before = stage.counted()
    for _ in range(30):
        vars(stage).pop("engine", None)
        if stage.work(rounds=1).finished:
            break
    after = stage.counted()
    assert stage.states == {"ok": 3}
    assert (after.creates - before.creates, after.executed - before.executed) == (1, 3)
