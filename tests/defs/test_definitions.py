"""What stands in the code location: assets, partitions, checks, jobs, schedules and sensors, as the UI shows them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import cast, get_args

import dagster as dg
import pytest
from dagster._core.definitions.freshness import CronFreshnessPolicy
from dagster._daemon.sensor import MIN_INTERVAL_LOOP_TIME

from llm_assets.definitions import build_defs
from llm_assets.defs.freshness import freshness_of_report, night_lasts
from llm_assets.defs.intake import GROUP
from llm_assets.defs.partitions import nights
from llm_assets.defs.report import ReportConfig
from llm_assets.domain.desk.step import Step
from llm_assets.steps import STEPS
from llm_assets.usecases.desk.desk import Desk
from llm_assets.usecases.desk.report_choices import SECTIONS, Audience
from llm_assets.words.language import LANGUAGES
from resources.settings.environment import Settings
from tests.support.houses.small_desk import NIGHTLY

SETTINGS = Settings(timezone="Asia/Almaty")


@pytest.fixture(scope="module")
def definitions() -> dg.Definitions:
    return build_defs(desk=Desk(SETTINGS, STEPS))


def test_the_definitions_load_and_every_job_resolves(definitions: dg.Definitions) -> None:
    dg.Definitions.validate_loadable(definitions)
    repository = definitions.get_repository_def()
    assert {"nightly", "read_mail", "deadline"} <= set(repository.job_names)
    assert {s.name for s in repository.schedule_defs} == {"nightly", "deadline"}
    assert {s.name for s in repository.sensor_defs} == {
        "new_mail",
        "batches",
        "decisions",
        "texts",
        "notices",
    }


def test_the_daemon_ticks_the_sensors_that_others_wait_for_at_each_of_its_looks(
    definitions: dg.Definitions,
) -> None:
    repository = definitions.get_repository_def()
    for name in ("new_mail", "batches"):
        seconds = repository.get_sensor_def(name).minimum_interval_seconds
        assert seconds is not None and seconds <= MIN_INTERVAL_LOOP_TIME - 1, (
            "else every other look is too early"
        )


def test_all_steps_of_a_run_are_in_its_one_process(definitions: dg.Definitions) -> None:
    repository = definitions.get_repository_def()
    for name in repository.job_names:
        assert repository.get_job(name).executor_def is dg.in_process_executor, name


def test_every_asset_says_what_it_is_and_whose(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    names = {key.to_user_string() for key in graph.get_all_asset_keys()}
    assert names == {*NIGHTLY, "control_set", "urgent_answers"}
    for key in graph.get_all_asset_keys():
        node = graph.get(key)
        name = key.to_user_string()
        apart = {"control_set": "quality", "urgent_answers": "urgent"}
        assert node.group_name == apart.get(name, GROUP), name
        assert node.owners, name
        assert node.kinds, name
        assert len(node.description or "") > 20, name
        assert node.code_version, name


def test_every_nightly_asset_has_the_same_nights(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    partitions = {graph.get(dg.AssetKey(name)).partitions_def for name in NIGHTLY}
    assert partitions == {nights(SETTINGS)}
    assert graph.get(dg.AssetKey("control_set")).partitions_def is None


def test_the_graph_leads_from_documents_to_the_report(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()

    def parents(name: str) -> set[str]:
        return {key.to_user_string() for key in graph.get(dg.AssetKey(name)).parent_keys}

    assert parents("extracted_fields") == parents("categories") == {"documents"}
    assert {"extracted_fields", "categories"} <= parents("drafts")
    assert {"extracted_fields", "categories", "drafts"} <= parents("review_queue")
    assert {"documents", "drafts", "review_queue"} <= parents("morning_report")


def test_steps_that_read_only_documents_are_one_op_that_can_be_run_in_part(
    definitions: dg.Definitions,
) -> None:
    fields = definitions.resolve_assets_def("extracted_fields")
    assert fields is definitions.resolve_assets_def("categories")
    assert fields.can_subset
    assert definitions.resolve_assets_def("drafts").keys == {dg.AssetKey("drafts")}


def test_today_is_a_night_already_because_its_mail_is_read_today() -> None:
    noon = datetime(2026, 11, 20, 7, 0, tzinfo=UTC)
    with dg.partition_loading_context(effective_dt=noon):
        assert nights(SETTINGS).get_last_partition_key() == "2026-11-20"
        assert nights(SETTINGS).has_partition_key("2026-01-01")
        assert not nights(SETTINGS).has_partition_key("2025-12-31")


def test_a_day_that_closes_in_the_afternoon_has_its_successor_open_in_the_evening() -> None:
    settings = Settings(timezone="Asia/Almaty", day_closes=time(18, 0))
    evening = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)  # 19:00 there
    assert settings.calendar.day_of(evening).isoformat() == "2026-11-21"
    with dg.partition_loading_context(effective_dt=evening):
        assert nights(settings).has_partition_key("2026-11-21")


@pytest.mark.parametrize(
    ("schedule", "tick", "cron"),
    [
        ("nightly", datetime(2026, 11, 20, 20, 0, tzinfo=UTC), "0 1 * * *"),
        ("deadline", datetime(2026, 11, 21, 3, 0, tzinfo=UTC), "0 8 * * *"),
    ],
)
def test_a_schedule_asks_for_the_day_before_its_tick(
    definitions: dg.Definitions, schedule: str, tick: datetime, cron: str
) -> None:
    made = definitions.resolve_schedule_def(schedule)
    assert (made.cron_schedule, made.execution_timezone) == (cron, "Asia/Almaty")
    assert made.default_status is dg.DefaultScheduleStatus.RUNNING
    context = dg.build_schedule_context(
        scheduled_execution_time=tick, repository_def=definitions.get_repository_def()
    )
    [asked] = made.evaluate_tick(context).run_requests
    assert asked.run_key == f"{schedule}:2026-11-20"
    assert asked.tags["dagster/partition"] == "2026-11-20"


def test_sensors_run_without_anybody_turning_them_on(definitions: dg.Definitions) -> None:
    for name in ("new_mail", "batches"):
        assert definitions.resolve_sensor_def(name).default_status is dg.DefaultSensorStatus.RUNNING


def test_only_schema_checks_block_and_every_table_has_one(definitions: dg.Definitions) -> None:
    specs = [
        spec
        for made in definitions.asset_checks or ()
        for spec in cast(dg.AssetChecksDefinition, made).check_specs
    ]
    blocking = {(s.asset_key.to_user_string(), s.name) for s in specs if s.blocking}
    assert blocking == {(name, "schema") for name in NIGHTLY}
    assert all(s.description for s in specs)


def test_another_prompt_is_another_code_version_of_its_step_only() -> None:
    changed = [_reworded(s) if s.name == "categories" else s for s in STEPS]

    def versions(steps: Sequence[Step]) -> dict[str, str | None]:
        graph = build_defs(desk=Desk(SETTINGS, tuple(steps)), steps=steps).resolve_asset_graph()
        return {key.to_user_string(): graph.get(key).code_version for key in graph.get_all_asset_keys()}

    before, after = versions(STEPS), versions(changed)
    assert {name for name in before if before[name] != after[name]} == {"categories", "control_set"}


def _reworded(step: Step) -> Step:
    return replace(step, prompt=replace(step.prompt, system=step.prompt.system + "\nBe brief."))


def test_a_further_step_gets_asset_checks_and_place_in_the_graph() -> None:
    tone = replace(STEPS[0], name="tone", description="Whether the writer is angry, calm or in a hurry.")
    definitions = build_defs(desk=Desk(SETTINGS, (*STEPS, tone)), steps=[*STEPS, tone])
    graph = definitions.resolve_asset_graph()
    assert dg.AssetKey("tone") in graph.get(dg.AssetKey("morning_report")).parent_keys
    checks = {key.name for key in graph.asset_check_keys if key.asset_key == dg.AssetKey("tone")}
    assert {"schema", "nothing_lost", "valid_share", "dead_letters"} <= checks


def test_the_report_is_fresh_by_the_deadline_and_its_page_says_what_that_does_not_mean(
    definitions: dg.Definitions,
) -> None:
    report = definitions.resolve_asset_graph().get(dg.AssetKey("morning_report"))
    policy = report.freshness_policy
    assert isinstance(policy, CronFreshnessPolicy)
    assert (policy.deadline_cron, policy.timezone) == ("0 8 * * *", "Asia/Almaty")
    assert policy.lower_bound_delta == timedelta(hours=7), "from the start of the night on"
    assert "on_time" in (report.description or "") and "01:00 and 08:00 Asia/Almaty" in (
        report.description or ""
    )


@pytest.mark.parametrize(
    ("starts", "deadline", "lasts"),
    [
        (time(1, 0), time(8, 0), timedelta(hours=7)),
        (time(22, 30), time(6, 0), timedelta(hours=7, minutes=30)),
        (time(8, 0), time(8, 0), timedelta(days=1)),
        (time(7, 59, 30), time(8, 0), timedelta(minutes=1)),
    ],
)
def test_a_night_lasts_from_its_start_to_its_deadline_however_they_lie(
    starts: time, deadline: time, lasts: timedelta
) -> None:
    settings = Settings(night_starts=starts, deadline=deadline)
    assert night_lasts(settings) == lasts
    assert freshness_of_report(settings) is not None, "Dagster takes it"


def test_the_choices_of_a_report_are_those_of_the_program(definitions: dg.Definitions) -> None:
    fields = ReportConfig.model_fields
    assert get_args(fields["language"].annotation) == ("settings", *LANGUAGES)
    assert get_args(fields["audience"].annotation) == tuple(Audience)
    assert fields["sections"].default == list(SECTIONS)
