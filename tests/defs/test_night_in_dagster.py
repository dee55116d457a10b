"""One small night in Dagster: what is materialized, what the UI shows of it, and what its data versions say."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, NamedTuple

import dagster as dg
import pytest

from llm_assets.domain.desk.tables import DOCUMENTS
from llm_assets.domain.requests.outcome import Status
from llm_assets.emulator.process.launch import RunningEmulator
from llm_assets.steps import STEPS
from tests.support.houses.small_desk import (
    DAY,
    MAILS,
    NIGHTLY,
    PRIVATE,
    SmallDesk,
    checks_of,
    data_versions,
    mail,
    materialized,
    settings,
)


class Worked(NamedTuple):
    """A night worked once for all tests that only look at it."""

    small: SmallDesk
    result: dg.ExecuteInProcessResult


@pytest.fixture(scope="module")
def worked(tmp_path_factory: pytest.TempPathFactory, instant_provider: RunningEmulator) -> Iterator[Worked]:
    quiet = {"python_logs": {"python_log_level": "ERROR"}}
    with dg.DagsterInstance.ephemeral(settings=quiet) as instance:
        desk = SmallDesk(
            settings(tmp_path_factory.mktemp("night"), instant_provider), instance, instant_provider
        )
        desk.receive()
        yield Worked(desk, desk.materialize())


def test_a_night_is_materialized_with_every_check_passed(worked: Worked) -> None:
    assert worked.result.success
    assert materialized(worked.result) == set(NIGHTLY)
    checks = checks_of(worked.result)
    assert {key for key, found in checks.items() if not found.passed} == set()
    assert {("documents", "nothing_lost"), ("drafts", "valid_share"), ("morning_report", "on_time")} <= set(
        checks
    )
    totals = worked.small.report()["totals"]
    assert (totals["received"], totals["documents"], totals["open"]) == (4, 4, 0)


def test_checks_carry_the_figure_and_the_limit(worked: Worked) -> None:
    found = checks_of(worked.result)
    for key, check in found.items():
        assert check.description, key
        assert set(check.metadata) == ({"problems"} if key[1] == "schema" else {"value", "limit"}), key
    cost = found[("morning_report", "cost_per_1000")].metadata["value"].value
    assert isinstance(cost, float) and 0 < cost < 5


def test_no_word_of_a_mail_leaves_in_events_metadata_or_tags(worked: Worked) -> None:
    instance = worked.small.instance
    said = [repr(record) for record in instance.all_logs(worked.result.run_id)]
    said.append(repr(worked.small.run(worked.result.run_id)))
    assert any("What came in" in line or "received" in line for line in said), (
        "the report's text is among them"
    )
    for word in PRIVATE:
        assert [line for line in said if word in line] == [], word
    rows = worked.small.rows(DOCUMENTS)
    assert any("Wobbegong" in row["subject"] for row in rows), "the lake has them, so looking could fail"


def test_each_table_shows_its_rows_columns_and_a_preview_without_personal_columns(worked: Worked) -> None:
    shown = {
        e.asset_key.to_user_string(): e.materialization.metadata
        for e in worked.result.get_asset_materialization_events()
        if e.asset_key
    }
    personal = {c.name for c in DOCUMENTS.columns if c.personal}
    assert personal >= {"sender", "subject", "new_text", "message_id"}
    for name in ("documents", "extracted_fields", "categories", "drafts"):
        assert shown[name]["dagster/row_count"].value == 4, name
        assert shown[name]["dagster/column_schema"].value.columns, name
        header = str(shown[name]["preview"].value).splitlines()[0]
        assert personal.isdisjoint(cell.strip() for cell in header.split("|")), name
    for name in ("extracted_fields", "categories", "drafts"):
        assert shown[name]["cost_usd"].value > 0, name
        assert sum(shown[name]["status"].value.values()) == 4, name
    assert shown["morning_report"]["revision"].value == 1


def test_counts_cost_review_share_and_duration_are_numbers_that_every_night_has(worked: Worked) -> None:
    """Dagster plots a name over nights only as long as it is there and a number."""
    shown = {
        e.asset_key.to_user_string(): {
            name: entry.value
            for name, entry in e.materialization.metadata.items()
            if isinstance(entry, dg.IntMetadataValue | dg.FloatMetadataValue)
        }
        for e in worked.result.get_asset_materialization_events()
        if e.asset_key
    }
    statuses = {f"cases_{status}" for status in Status}
    for name in ("extracted_fields", "categories", "drafts"):
        assert set(shown[name]) >= statuses | {"cost_usd", "requests", "review_share", "duration_seconds"}, (
            name
        )
        assert sum(shown[name][status] or 0 for status in statuses) == shown[name]["dagster/row_count"] == 4
        assert (shown[name]["duration_seconds"] or 0) >= 0
    for name in ("review_queue", "morning_report"):
        assert set(shown[name]) >= {"cases", "cases_review", "review_share", "cost_usd", "duration_seconds"}
    report, totals = shown["morning_report"], worked.small.report()["totals"]
    assert (report["cases_ok"], report["cases_open"]) == (totals["ok"], totals["open"])
    assert report["review_share"] == totals["review"] / totals["documents"]
    assert (report["cost_usd"] or 0) > sum(shown[s.name]["cost_usd"] or 0 for s in STEPS), "the summary's too"


def test_report_and_queue_link_to_the_review_app(worked: Worked) -> None:
    shown = {
        e.asset_key.to_user_string(): e.materialization.metadata
        for e in worked.result.get_asset_materialization_events()
        if e.asset_key
    }
    for name in ("review_queue", "morning_report"):
        assert shown[name]["queue"] == dg.MetadataValue.url(f"http://127.0.0.1:8100/?day={DAY}")
    page = dg.MetadataValue.url(f"http://127.0.0.1:8100/report/{DAY}")
    assert shown["morning_report"]["report_page"] == page


def test_a_rerun_of_an_unchanged_night_has_the_same_versions_and_sends_nothing(worked: Worked) -> None:
    before, executed = data_versions(worked.result), worked.small.executed()
    again = worked.small.materialize()
    assert again.success
    assert set(before) == set(NIGHTLY)
    assert data_versions(again) == before
    assert worked.small.executed() == executed
    assert worked.small.report()["revision"] == 1


def test_a_run_chooses_language_sections_and_audience_and_the_next_one_makes_the_usual_report(
    worked: Worked,
) -> None:
    def reported(**choices: Any) -> dg.ExecuteInProcessResult:
        return worked.small.materialize(
            ["morning_report"], config={"ops": {"morning_report": {"config": choices}}}
        )

    first = worked.small.report()["revision"]
    assert reported(language="ru", sections=["figures", "spend"], audience="management").success
    chosen = worked.small.report()
    assert chosen["revision"] == first + 1
    assert (chosen["language"], chosen["audience"]) == ("ru", "management")
    assert chosen["sections"] == ["figures", "spend"]
    with pytest.raises(dg.DagsterInvalidConfigError, match="language"):
        reported(language="de")
    wrong = reported(sections=["figures", "wether"])
    assert not wrong.success
    assert any("no section wether" in repr(event) for event in wrong.all_events)
    assert reported().success
    usual = worked.small.report()
    assert (usual["revision"], usual["language"], usual["audience"]) == (first + 2, "en", "lead")


def test_one_more_mail_is_another_version_and_costs_only_itself(small: SmallDesk) -> None:
    assets = ("documents", "categories")
    small.receive()
    first = small.materialize(assets)
    executed = small.executed()
    small.receive(
        {"another.eml": mail("ottoline", "Locked out", "I cannot log in, the SMS code never comes.")}
    )
    second = small.materialize(assets)
    changed = {name for name in assets if data_versions(first)[name] != data_versions(second)[name]}
    assert changed == set(assets)
    assert small.executed() == executed + 1


def test_a_reworded_prompt_redoes_its_step_before_the_deadline_and_the_version_says_so(
    small: SmallDesk,
) -> None:
    small.receive(dict(list(MAILS.items())[:2]))
    assets = ("documents", "categories")
    first = small.materialize(assets)
    executed = small.executed()
    prompt = replace(STEPS[1].prompt, system=STEPS[1].prompt.system + "\nBe brief.")
    steps = tuple(replace(s, prompt=prompt) if s.name == "categories" else s for s in STEPS)
    second = replace(small, steps=steps).materialize(("categories",))
    assert second.success
    assert small.executed() == executed + 2
    assert data_versions(first)["categories"] != data_versions(second)["categories"]
