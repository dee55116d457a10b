"""Sensor `texts`: what a lead approves is in the report a minute later, and nothing else runs for it."""

from datetime import timedelta
from typing import Any

import orjson
import pytest

from llm_assets.domain.desk.part_text import TextState
from llm_assets.domain.people import Person, PersonRole
from llm_assets.usecases.report.texts import standings_on, word
from tests.support.houses.small_desk import DAY, NIGHT, NIGHTLY, SmallDesk

pytestmark = pytest.mark.slow
LENA = Person("lena", PersonRole.LEAD)


def days(tick: Any) -> list[str]:
    return [request.tags["dagster/partition"] for request in tick.run_requests or []]


def test_an_approved_text_is_in_the_report_a_minute_later_and_asks_no_model(small: SmallDesk) -> None:
    small.receive()
    assert small.materialize(NIGHTLY).success
    assert days(small.tick("texts")) == [], "what rules made is in the report already"
    with small.desk.open() as assembly:
        standing = standings_on(assembly, DAY)["night:"]
        asked = sum(row.requests for row in assembly.ledger.spending.usage(DAY))
        word(assembly, DAY, "night:", LENA, "A quiet night.", TextState.APPROVED, standing.newest)
    first = small.tick("texts")
    assert days(first) == [], "a lead who reads on is waited for"
    small.clock.now = NIGHT + timedelta(seconds=61)
    second = small.tick("texts", first.cursor)
    assert days(second) == [DAY.isoformat()]
    [request] = second.run_requests
    assert [key.to_user_string() for key in request.asset_selection] == ["morning_report"]
    assert days(small.tick("texts", second.cursor)) == [], "once"
    assert small.materialize(["morning_report"]).success
    with small.desk.open() as assembly:
        newest = max((assembly.reports / DAY.isoformat()).glob("rev-*"))
        said = orjson.loads((newest / "report.json").read_bytes())
        assert sum(row.requests for row in assembly.ledger.spending.usage(DAY)) == asked
    assert (said["summary"], said["summary_by"], said["revision"]) == ("A quiet night.", "lena", 2)
