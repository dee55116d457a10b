"""`llm-assets plan` and budgets at the command line: what a night would take, and that no limit is passed."""

from collections import Counter
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from resources.ledger import SqlLedger
from tests.support.houses.house import LONG_AGO, TODAY, Emulated, House, Ran, Worked
from tests.support.mail.invented_inbox import BANK, DOCUMENTS, RECEIVED, fill, mail, put
from tests.support.repository import ROOT

KEYLESS = {"OPENAI_API_KEY": "", "ANTHROPIC_API_KEY": ""}


def planned(house: House, *words: str, **settings: str) -> Ran:
    return house.run("plan", "--day", TODAY.isoformat(), "--json", *words, **(KEYLESS | settings))


def sent(house: House) -> Counter[str]:
    return spent(house, TODAY)


def spent(house: House, day: date) -> Counter[str]:
    """Requests of a night by step."""
    ledger = SqlLedger(f"sqlite:///{house.home}/ledger.db", house.home)
    try:
        return sum((Counter({u.step: u.requests}) for u in ledger.spending.usage(day)), Counter())
    finally:
        ledger.close()


def requests(plan: Mapping[str, Any]) -> Counter[str]:
    return Counter({name: step["requests_at_most"] for name, step in plan["steps"].items()})


def test_a_plan_without_a_key_counts_what_the_night_then_sends(
    house: House, worked: Worked, emulated: Emulated, tmp_path: Path
) -> None:
    fill(tmp_path / "drop", TODAY)
    before = emulated.answered()
    ran = planned(house, "--inbox", str(tmp_path / "drop"))
    assert ran.code == 0, ran.err
    assert emulated.answered() == before
    plan, night = ran.report, sent(worked.house)
    assert (plan["messages"], plan["cases"]) == (RECEIVED, DOCUMENTS)
    for step in ("extracted_fields", "categories", "night_summary"):
        assert requests(plan)[step] == night[step], step
    assert requests(plan)["drafts"] >= night["drafts"] > 0
    assert plan["steps"]["drafts"]["basis"] == "upper bound: every case"
    assert plan["steps"]["categories"]["records"] == {"new": night["categories"], "changed": 0, "reused": 0}
    assert not plan["total"]["calibrated"]
    answers = plan["steps"]["categories"]["output_tokens"]
    assert (answers["typical"], answers["assumed"]) == (answers["ceiling"] // 10, True)
    assert plan["steps"]["categories"]["retries"] == {"share": 0.02, "assumed": True}
    spend = worked.first.report["spend"]
    usd = plan["total"]["usd"]["batch"]
    assert usd["low"] < spend["usd"] < plan["total"]["usd"]["online"]["at_most"]
    assert usd["low"] < usd["typical"] < usd["p95"]
    assert usd["at_most"] == pytest.approx(plan["total"]["usd"]["online"]["at_most"] / 2)
    window = plan["window"]
    assert window["assumed"] and window["expected_seconds"] >= 2 * 60 * 60
    assert plan["budget"] == {"limits": [], "fits": None}
    routes = {name: {r["mode"]: r["why"] for r in step["route"]} for name, step in plan["steps"].items()}
    assert routes["categories"]["batch"] == "lane nightly" and routes["categories"]["online"] == "lane urgent"
    assert list(routes["night_summary"]) == ["online"]
    assert "categories by batch: " in ran.out and "requests; lane nightly" in ran.out
    assert "no history yet" in ran.out and "uncalibrated" in ran.out
    assert "the length of answers is assumed; 2.0% asked again (assumed)" in ran.out


def test_a_plan_registers_and_writes_nothing(house: House, tmp_path: Path) -> None:
    fill(tmp_path / "drop", TODAY)
    assert planned(house, "--inbox", str(tmp_path / "drop"), LLM_ASSETS_PROVIDER="emulator").code == 0
    ledger = SqlLedger(f"sqlite:///{house.home}/ledger.db", house.home)
    assert ledger.register.received(TODAY) == [] and ledger.work.counts(TODAY) == {}
    ledger.close()
    written = {path.name for path in house.home.iterdir()}
    assert written.isdisjoint({"emulator", "raw", "lake", "analytics.duckdb", "reports"})


def test_after_a_night_only_what_is_new_or_changed_is_planned(morning_after: House) -> None:
    unchanged = planned(morning_after).report
    assert unchanged["total"]["requests_at_most"] == 0
    reused = sent(morning_after)["categories"]
    assert unchanged["steps"]["categories"]["records"] == {"new": 0, "changed": 0, "reused": reused}
    assert unchanged["window"]["fits"] is True
    put(
        morning_after.home / "inbox",
        "99.eml",
        mail("Please send me a statement for my visa.", 99, to=BANK),
        TODAY,
    )
    more = planned(morning_after).report
    assert requests(more) == Counter(extracted_fields=1, categories=1, drafts=1, night_summary=1)
    assert more["steps"]["categories"]["records"] == {"new": 1, "changed": 0, "reused": reused}
    assert (
        more["window"]["expected_seconds"] >= 2 + 5
    )  # two rounds of batches of a moment, and the opening lines
    assert not more["window"]["assumed"]
    opening = more["steps"]["night_summary"]
    assert opening["output_tokens"]["typical"] > 0 and opening["output_tokens"]["p95"] is None
    for way in ("batch", "online", "routed"):
        price = more["total"]["usd"][way]
        assert price["low"] < price["typical"] < price["p95"], way
    batch, online, routed = (more["total"]["usd"][way]["typical"] for way in ("batch", "online", "routed"))
    assert batch < routed < online


def test_another_model_for_the_opening_lines_plans_them_alone(morning_after: House) -> None:
    folder = morning_after.home.parent / "config"
    folder.mkdir()
    shipped = (ROOT / "llm_assets" / "config" / "providers.yaml").read_text("utf-8")
    (folder / "providers.yaml").write_text(
        shipped.replace("standard: gpt-6.1-terra", "standard: gpt-6-luna"), "utf-8"
    )
    before, settings = sent(morning_after), {"LLM_ASSETS_CONFIG": str(folder)}
    russian = planned(morning_after, **settings, LLM_ASSETS_LANGUAGE="ru").report
    assert requests(russian) == Counter(), "no model is asked for lines that cannot be checked"
    assert requests(planned(morning_after, **settings).report) == Counter(night_summary=1)
    assert morning_after.night(**settings).code == 0
    assert sent(morning_after) - before == Counter(night_summary=1)
    assert planned(morning_after, **settings).report["total"]["requests_at_most"] == 0


@pytest.mark.soak
@pytest.mark.slow
def test_a_plan_of_a_closed_night_shows_what_a_rework_would_send(morning_after: House) -> None:
    house, day = morning_after, LONG_AGO.isoformat()
    put(house.home / "inbox", "old.eml", mail("When does my new card arrive?", 77, to=BANK), LONG_AGO)
    put(house.home / "inbox", "done.eml", mail("Thank you, it is solved!", 78, to=BANK), LONG_AGO)
    assert house.night(day=LONG_AGO).code == 0
    folder = house.home.parent / "config"
    folder.mkdir()
    shipped = (ROOT / "llm_assets" / "config" / "queues.yaml").read_text("utf-8")
    changed = shipped.replace("A card payment did not work", "A payment with a card did not work")
    (folder / "queues.yaml").write_text(changed, "utf-8")
    settings = {"LLM_ASSETS_CONFIG": str(folder)}
    kept = house.run("plan", "--day", day, "--json", **settings).report
    assert (kept["rework"], kept["total"]["requests_at_most"]) == ("missing", 0)
    ran = house.run("plan", "--day", day, "--rework", "stale", "--json", **settings)
    stale = ran.report
    assert stale["rework"] == "stale"
    assert stale["steps"]["categories"]["records"] == {"new": 0, "changed": 2, "reused": 0}
    drafts = stale["steps"]["drafts"]
    assert (drafts["requests"], drafts["requests_at_most"]) == (0, 2), "one draft is kept, thanks needed none"
    assert stale["steps"]["categories"]["usd"]["batch"]["typical"] > 0
    assert "about 0 s" not in ran.out and "in 1 rounds of batches" in ran.out
    before = spent(house, LONG_AGO)["categories"]
    assert house.night("--rework", "stale", day=LONG_AGO, **settings).code == 0
    assert spent(house, LONG_AGO)["categories"] - before == 2
    wrong = house.run("plan", "--day", day, "--rework", "everything")
    assert wrong.code == 2 and wrong.said_one_sentence("--rework everything", "missing or stale")


def test_a_plan_says_whether_the_budget_is_enough(morning_after: House) -> None:
    put(
        morning_after.home / "inbox",
        "99.eml",
        mail("Please send me a statement for my visa.", 99, to=BANK),
        TODAY,
    )
    for budget, fits in (("5", True), ("0.0001", False)):
        [limit] = (found := planned(morning_after, LLM_ASSETS_BUDGET_USD=budget).report["budget"])["limits"]
        assert (found["fits"], limit["usd"], limit["reserved_usd"]) == (fits, float(budget), 0)
        assert limit["spent_usd"] > 0 and limit["planned_at_most_usd"] > 0


@pytest.mark.parametrize(
    ("words", "settings", "named"),
    [
        ([], {"LLM_ASSETS_PROVIDER": ""}, ["LLM_ASSETS_PROVIDER", "anthropic", "emulator"]),
        (["--inbox", "nowhere"], {}, ["nowhere", "--inbox"]),
        ([], {"LLM_ASSETS_BUDGET_USD": "much"}, ["LLM_ASSETS_BUDGET_USD"]),
    ],
)
def test_a_plan_that_cannot_be_made_is_one_sentence(
    house: House, words: list[str], settings: dict[str, str], named: list[str]
) -> None:
    ran = planned(house, *words, **settings)
    assert ran.code == 2
    assert ran.said_one_sentence(*named)


@pytest.mark.slow
def test_a_night_over_its_budget_sends_what_fits_and_a_raised_one_continues(house: House) -> None:
    fill(house.home / "inbox", TODAY)
    cut = house.night(LLM_ASSETS_BUDGET_USD="0.003")
    assert cut.code == 1
    assert 0 < cut.report["spend"]["usd"] <= 0.003
    assert 0 < cut.report["totals"]["open"] < DOCUMENTS
    [missing] = {m["why"] for m in cut.report["missing"]}
    assert (
        missing.startswith("over the budget: 0.003 USD for the night") and "LLM_ASSETS_BUDGET_USD" in missing
    )
    again = house.night(LLM_ASSETS_BUDGET_USD="0.003")
    assert (again.code, again.report["revision"]) == (1, cut.report["revision"])
    assert again.report["spend"] == cut.report["spend"]
    whole = house.night(LLM_ASSETS_BUDGET_USD="5")
    assert whole.code == 0, whole.report["missing"]
    assert whole.report["totals"]["open"] == 0
    assert sent(house)["categories"] == sent(house)["extracted_fields"] <= DOCUMENTS


def test_a_refused_night_asks_nobody(house: House, emulated: Emulated) -> None:
    fill(house.home / "inbox", TODAY)
    before = emulated.answered()
    refused = house.night(LLM_ASSETS_BUDGET_USD="0.003", LLM_ASSETS_OVER_BUDGET="refuse")
    assert refused.code == 1
    assert emulated.answered() == before
    assert refused.report["spend"]["usd"] == 0
    assert refused.report["totals"]["open"] > 0
