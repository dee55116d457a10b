"""A night over its budget in Dagster: it ends and says so, and goes on when the budget is raised."""

from decimal import Decimal

from llm_assets.steps import STEPS
from tests.support.houses.small_desk import DAY, MAILS, SmallDesk

TWO = {name: MAILS[name] for name in ("arrival.eml", "refund.eml")}
STEPPED = ["extracted_fields", "categories", "drafts", "review_queue", "morning_report"]


def test_a_night_the_budget_stops_ends_with_its_report_and_a_larger_budget_goes_on(
    parking_desk: SmallDesk,
) -> None:
    poor = parking_desk.with_settings(budget_usd=Decimal(0))
    poor.receive(TWO)
    before = poor.executed()
    assert poor.materialize().success
    assert poor.tick("batches").run_requests == [], "it did not park"
    assert poor.executed() == before
    report = poor.report()
    assert report["totals"]["open"] == 2
    assert {m["what"] for m in report["missing"]} == {"2 cases in extracted_fields", "2 cases in categories"}
    assert all(m["why"].startswith("over the budget: 0 USD for the night") for m in report["missing"])
    assert {row["doubt_reason"] for row in poor.rows(STEPS[1].table)} == {"over_budget"}

    rich = parking_desk.with_settings(budget_usd=Decimal(5))
    assert rich.materialize(STEPPED).success
    [request] = rich.tick("batches").run_requests
    assert sorted(key.to_user_string() for key in request.asset_selection) == sorted(STEPPED)
    with rich.desk.open() as assembly:
        assert assembly.ledger.work.counts(DAY)["categories"]["in_flight"] == 2
