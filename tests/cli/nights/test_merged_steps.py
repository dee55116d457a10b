"""A queue with `merge_steps`: fields and category in one request, whose answer serves both tables."""

from collections import Counter
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from resources.ledger import SqlLedger
from tests.support.houses.house import LONG_AGO, TODAY, Emulated, House, Worked, runs
from tests.support.mail.invented_inbox import DOCUMENTS, fill
from tests.support.repository import ROOT

pytestmark = pytest.mark.slow

BOTH = "extracted_fields-categories"
SINGLE = ("extracted_fields", "categories")
BANK = "bank-support"


def merging(house: House, *queues: str) -> dict[str, str]:
    """The desk's settings with these queues merged."""
    folder = house.home.parent / "config"
    folder.mkdir(exist_ok=True)
    text = (ROOT / "llm_assets" / "config" / "queues.yaml").read_text(encoding="utf-8")
    config = yaml.safe_load(text)
    for queue in config["queues"]:
        queue["merge_steps"] = queue["name"] in queues
    (folder / "queues.yaml").write_text(yaml.safe_dump(config, allow_unicode=True), encoding="utf-8")
    return {"LLM_ASSETS_CONFIG": str(folder)}


def every(house: House) -> dict[str, str]:
    return merging(house, BANK, "shop-orders", "accounting", "office")


def sent(house: House) -> Counter[str]:
    """Requests of a night by step, without the report's own."""
    ledger = SqlLedger(f"sqlite:///{house.home}/ledger.db", house.home)
    try:
        usage = [u for u in ledger.spending.usage(TODAY) if u.step != "night_summary"]
        return sum((Counter({u.step: u.requests}) for u in usage), Counter())
    finally:
        ledger.close()


def table(house: House, view: str) -> list[dict[str, Any]]:
    with duckdb.connect(str(house.home / "analytics.duckdb"), read_only=True) as views:
        found = views.execute(f"SELECT * FROM {view} ORDER BY case_id")
        names = [column[0] for column in found.description or ()]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def answers(house: House, view: str) -> list[dict[str, Any]]:
    """The rows without what says which request answered them."""
    return [{k: v for k, v in row.items() if k != "request_id"} for row in table(house, view)]


def test_both_tables_hold_what_two_requests_would_have_given(worked: Worked, house: House) -> None:
    fill(house.home / "inbox", TODAY)
    ran = house.night(**every(house))
    assert ran.code == 0, ran.err
    assert ran.report["totals"] == worked.first.report["totals"]
    for view in (*SINGLE, "drafts"):
        assert answers(house, view) == answers(worked.house, view), view
    once, twice = sent(house), sent(worked.house)
    assert once[BOTH] == twice["categories"] == DOCUMENTS - 1
    assert not any(once[name] for name in SINGLE) and once["drafts"] == twice["drafts"]
    assert house.run("audit", "verify", **every(house)).code == 0
    again = house.night(**every(house))
    assert again.code == 0 and sent(house) == once


@pytest.mark.soak
def test_switching_it_on_asks_for_that_queue_and_off_again_reuses_what_was_answered(
    morning_after: House,
) -> None:
    before = sent(morning_after)
    bank = sum(
        row["queue"] == BANK and row["request_id"] is not None for row in table(morning_after, "categories")
    )
    on = merging(morning_after, BANK)
    plan = morning_after.run("plan", "--day", TODAY.isoformat(), "--json", **on).report["steps"]
    for name in SINGLE:
        assert plan[name]["records"]["changed"] == bank and plan[name]["records"]["new"] == 0
    assert (plan["extracted_fields"]["requests"], plan["categories"]["requests"]) == (bank, 0)
    assert morning_after.night(**on).code == 0
    merged = sent(morning_after)
    assert merged - before == Counter({BOTH: bank}) and 0 < bank < DOCUMENTS - 1
    assert {r["queue"] for r in table(morning_after, "categories")} > {BANK}
    assert morning_after.night(**merging(morning_after)).code == 0
    assert sent(morning_after) == merged
    assert morning_after.night(**on).code == 0
    assert sent(morning_after) == merged


@pytest.mark.soak
def test_a_budget_counts_the_request_once(house: House) -> None:
    fill(house.home / "inbox", TODAY)
    ran = house.night(**every(house), LLM_ASSETS_BUDGET_USD="5")
    assert ran.code == 0, ran.err
    assert sent(house)[BOTH] == DOCUMENTS - 1
    assert "another process" not in ran.err
    short = House(house.home.parent / "short", house.emulator)
    fill(short.home / "inbox", TODAY)
    ran = short.night(**every(short), LLM_ASSETS_BUDGET_USD="0.003")
    held = [row["doubt_reason"] for name in SINGLE for row in table(short, name) if row["status"] == "open"]
    assert ran.code == 1 and held and set(held) == {"over_budget"}
    assert sum(u["cost_usd"] for u in ran.report["spend"]["lines"]) <= 0.003
    assert short.night(**every(short), LLM_ASSETS_BUDGET_USD="5").code == 0
    assert sent(short)[BOTH] == DOCUMENTS - 1


@pytest.mark.soak
def test_a_closed_night_keeps_its_own_answers(house: House, tmp_path: Path) -> None:
    fill(house.home / "inbox", LONG_AGO)
    assert house.night(day=LONG_AGO, **merging(house)).code == 0
    ran = house.night(day=LONG_AGO, **every(house))
    assert ran.code == 0
    assert not any(line["step"] == BOTH for line in ran.report["spend"]["lines"])


ONCE_BAD = """
requests:
  - when: {tries: [1], share: 0.5}
    outcome: %s
"""


@pytest.mark.sampled(every=2)
@pytest.mark.parametrize("outcome", ["error", "invalid_json"])
def test_a_failing_answer_is_asked_again_once_for_both(
    house: House, emulated: Emulated, worked: Worked, outcome: str
) -> None:
    emulated.scenario(ONCE_BAD % outcome)
    fill(house.home / "inbox", TODAY)
    ran = house.night(**every(house))
    assert ran.code == 0 and ran.report["totals"] == worked.first.report["totals"]
    for view in SINGLE:
        assert answers(house, view) == answers(worked.house, view), view


@pytest.mark.soak
def test_a_night_killed_while_its_requests_are_out_pays_each_once(house: House, emulated: Emulated) -> None:
    emulated.scenario("batches:\n  - when: {}\n    latency: 5\n")
    fill(house.home / "inbox", TODAY)
    before = emulated.batches()
    night = house.start("night", "--day", TODAY.isoformat(), **every(house))
    while runs(night) and emulated.batches() == before:
        pass
    night.kill()
    night.communicate()
    emulated.scenario("{}")
    ran = house.night(**every(house))
    assert ran.code == 0, ran.err
    assert sent(house)[BOTH] == DOCUMENTS - 1 and set(sent(house)) == {BOTH, "drafts"}
    assert house.run("audit", "verify", **every(house)).code == 0
