"""The page of Dagster's names has every asset, schedule, sensor, check and tag that the program makes, once."""

import re

import dagster as dg
import pytest

from llm_assets.definitions import build_defs
from llm_assets.defs import parking
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
    tags = {v for v in vars(parking).values() if isinstance(v, str) and v.startswith("llm/")} | {REWORK_TAG}
    written = [coded(tag)[0] for tag, _, _ in rows(section(PAGE, "## Tags of runs"))]
    assert sorted(written) == sorted(tags)
