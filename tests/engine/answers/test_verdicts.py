"""Quality rules over a night's counts: pure counting, with the limits written out."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from llm_assets.engine.night import quality

DEADLINE = datetime(2026, 11, 21, 3, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("verdict", "passed", "value"),
    [
        pytest.param(quality.share_at_least("valid", 98, 100, 0.98), True, 0.98, id="at the lower limit"),
        pytest.param(quality.share_at_least("valid", 97, 100, 0.98), False, 0.97, id="below it"),
        pytest.param(quality.share_at_least("valid", 0, 0, 0.98), True, 1.0, id="nothing to be wrong"),
        pytest.param(quality.share_at_most("in review", 35, 100, 0.35), True, 0.35, id="at the upper limit"),
        pytest.param(quality.share_at_most("in review", 36, 100, 0.35), False, 0.36, id="above it"),
        pytest.param(quality.share_at_most("in review", 0, 0, 0.35), True, 0.0, id="nothing in review"),
        pytest.param(quality.cost_per_thousand(Decimal("0.5"), 100), True, 5.0, id="at the price"),
        pytest.param(quality.cost_per_thousand(Decimal("0.51"), 100), False, 5.1, id="too dear"),
        pytest.param(quality.cost_per_thousand(Decimal(0), 0), True, 0.0, id="nothing bought"),
        pytest.param(quality.nothing_lost(5, 5, "cases"), True, 5.0, id="all there"),
        pytest.param(quality.nothing_lost(5, 4, "cases"), False, 4.0, id="one lost"),
        pytest.param(quality.nothing_lost(5, 6, "cases"), False, 6.0, id="one too many"),
    ],
)
def test_what_passes(verdict: quality.Verdict, passed: bool, value: float) -> None:
    assert (verdict.passed, round(verdict.value, 6)) == (passed, value)
    assert verdict.says


def test_a_verdict_says_the_figures() -> None:
    assert quality.nothing_lost(5, 4, "cases").says == "4 cases where 5 were expected"
    assert (
        quality.share_at_most("cases in review", 36, 100, 0.35).says
        == "36 of 100 cases in review; at most 35% expected"
    )


@pytest.mark.parametrize(
    ("written", "now", "passed"),
    [
        pytest.param(DEADLINE, DEADLINE + SECOND, True, id="written on the dot"),
        pytest.param(DEADLINE + SECOND, DEADLINE + SECOND, False, id="a second late"),
        pytest.param(None, DEADLINE, True, id="not due yet"),
        pytest.param(None, DEADLINE + SECOND, False, id="not there"),
        pytest.param(DEADLINE + timedelta(days=30), DEADLINE + timedelta(days=30), False, id="a backfill"),
    ],
)
def test_whether_a_report_was_on_time(written: datetime | None, now: datetime, passed: bool) -> None:
    assert quality.on_time(written, DEADLINE, now).passed is passed
