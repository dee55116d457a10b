"""The page of Dagster's names has every asset, schedule, sensor, check and tag that the program makes, once."""

import re

import dagster as dg
import pytest
import yaml

from llm_assets.definitions import build_defs
from llm_assets.defs import parking
from llm_assets.defs.jobs import (
    AGAIN,
    AT_ONCE,
    CHANGED_PRIORITY,
    PRIORITY,
    READING,
    WORK,
    deadline_job,
    nightly_job,
    read_mail_job,
    urgent_job,
)
from llm_assets.defs.metadata import KEPT
from llm_assets.defs.rework import REWORK_TAG
from llm_assets.engine.night import quality
from llm_assets.steps import STEPS
from llm_assets.usecases.desk.desk import Desk
from resources.settings.environment import Settings
from tests.support.pages import coded, rows, section, text_of

PAGE = text_of("docs/reference/dagster.md")


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> dg.RepositoryDefinition:
    desk = Desk(Settings(home=tmp_path_factory.mktemp("home"), provider="emulator"), STEPS)
    return build_defs(desk=desk).get_repository_def()


def test_the_names_are_its_names(repository: dg.RepositoryDefinition) -> None:
    graph = repository.asset_graph
    written = [(kind, coded(name)[0]) for kind, name, _ in rows(PAGE.split("## ")[0])]
    made = [("schedule", s.name) for s in repository.schedule_defs]
    made += [("sensor", s.name) for s in repository.sensor_defs]
    made += [("asset", key.to_user_string()) for key in graph.get_all_asset_keys()]
    assert sorted(written) == sorted(made)
    assert len(dg.AssetSelection.groups("desk").resolve(graph)) == 6


def test_every_check_is_explained_where_it_is(repository: dg.RepositoryDefinition) -> None:
    tables = {"documents", *(s.name for s in STEPS), "review_queue", "morning_report"}
    places = {"each table": tables, "each step": {s.name for s in STEPS}}
    written = [
        (asset, name)
        for names, where, _ in rows(section(PAGE, "## Checks"))
        for name in coded(names)
        for asset in {*coded(where)}.union(*(assets for words, assets in places.items() if words in where))
    ]
    made = [(k.asset_key.to_user_string(), k.name) for k in repository.asset_graph.asset_check_keys]
    assert sorted(written) == sorted(made)


def test_the_limits_of_the_checks_are_those_of_the_program() -> None:
    limits = [
        float(n)
        for row in rows(section(PAGE, "## Checks"))
        for n in re.findall(r"(?:under|over)[^\d]* (\d+)", row[2])
    ]
    shares = (quality.VALID_SHARE, quality.MISSING_SHARE, quality.REVIEW_SHARE, quality.DEAD_SHARE)
    assert limits == [*(100 * share for share in shares), quality.USD_PER_THOUSAND]


def test_every_tag_is_explained_once() -> None:
    tags = {v for v in vars(parking).values() if isinstance(v, str) and v.startswith("llm/")} | {
        REWORK_TAG,
        WORK,
    }
    written = [coded(tag)[0] for tag, _, _ in rows(section(PAGE, "## Tags of runs"))]
    assert sorted(written) == sorted(tags)


def test_the_order_in_the_queue_is_that_of_the_jobs() -> None:
    ranks = {
        coded(runs)[0] if coded(runs) else runs: int(rank)
        for runs, rank in rows(section(PAGE, "## Order in the queue"))
    }
    made = {job.name: int(job.tags[PRIORITY]) for job in (nightly_job(), deadline_job(), urgent_job())}
    assert {name: ranks[name] for name in made} == made
    reading = [rank for runs, rank in rows(section(PAGE, "## Order in the queue")) if "`read_mail`" in runs]
    assert reading == [read_mail_job().tags[PRIORITY]]
    changed = [rank for runs, rank in rows(section(PAGE, "## Order in the queue")) if "`decisions`" in runs]
    assert changed == [CHANGED_PRIORITY]
    order = [int(rank) for _, rank in rows(section(PAGE, "## Order in the queue"))]
    assert order == sorted(order, reverse=True)


@pytest.mark.parametrize("path", ["dagster.yaml", "deploy/dagster.yaml"])
def test_a_slot_is_left_for_a_night(path: str) -> None:
    concurrency = yaml.safe_load(text_of(path))["concurrency"]
    runs = concurrency["runs"]
    limits = {(rule["key"], rule.get("value")): rule["limit"] for rule in runs["tag_concurrency_limits"]}
    assert limits[("llm/gate", "waiting")] == 0
    taken = limits[("dagster/backfill", None)] + limits[("llm/lane", "archive")]
    taken += sum(limits[(WORK, kind)] for kind in (READING, AGAIN, AT_ONCE))
    assert taken < runs["max_concurrent_runs"] <= concurrency["pools"]["default_limit"]


def test_every_figure_is_explained_once() -> None:
    explained = [
        name for names, _, _ in rows(section(PAGE, "## Figures of each night")) for name in coded(names)
    ]
    words = {
        "dagster/column_schema",
        "parked_until",
        "preview",
        "status",
        "prompt",
        "blocked",
        "report",
        "totals",
    }
    of_reading = {"messages", "unreadable", "read_now", "revision"}
    links = {"batches", "continued_in", "report_page", "queue"}
    assert sorted(explained) == sorted(KEPT - words - of_reading - links)
