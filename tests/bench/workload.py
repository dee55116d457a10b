"""What a scenario asks the engine to do, wired as the platform wires it."""

from collections.abc import Iterator

from llm_assets.engine.engine import Engine
from llm_assets.engine.planning.task import StepPlan, Task
from llm_assets.steps.categories.step import CATEGORIES
from resources.prices import GenaiPrices
from resources.providers import provider_for
from resources.settings.environment import SHIPPED_CONFIG, Settings, load_lanes
from resources.spool import FileSpool
from tests.bench.invented_documents import night_at
from tests.bench.invented_requests import OUTPUTS, tasks
from tests.bench.places import Place
from tests.bench.scenarios import Scenario, Size

ALL_OUTPUTS = {**OUTPUTS, CATEGORIES.name: CATEGORIES.output}


LANES = load_lanes(Settings(config=SHIPPED_CONFIG))
"""Read before anything is measured: once an SDK's types are loaded, pydantic looks through all of them for each setting."""


def step_of(size: Size) -> str:
    return CATEGORIES.name if size == "night" else size


def engine_at(place: Place, scenario: Scenario) -> Engine:
    return Engine(
        ledger=place.ledger().ports,
        provider=provider_for(place.profile(scenario.protocol), timeout_seconds=600),
        prices=GenaiPrices(),
        spool=FileSpool(place.home),
        lanes=LANES,
        outputs=ALL_OUTPUTS,
    )


def plan_of(engine: Engine, place: Place, scenario: Scenario) -> StepPlan:
    """What the engine is given to work on. A rerun's tasks are there beforehand, as making them is the bench's own work;
    a first run's are made as they are asked for, so that its memory is what the engine holds."""
    if scenario.size == "night":
        return night_at(place, engine).plan(CATEGORIES)
    if scenario.run != "first":
        made = [*tasks_of(engine, place, scenario)][::-1]
        return StepPlan(
            scenario.size, lambda: _handed_out(made) if made else tasks_of(engine, place, scenario)
        )
    return StepPlan(scenario.size, lambda: tasks_of(engine, place, scenario))


def _handed_out(made: list[Task]) -> Iterator[Task]:
    """Each once, from the last to the first; nothing is kept, as of a stream."""
    while made:
        yield made.pop()


def tasks_of(engine: Engine, place: Place, scenario: Scenario) -> Iterator[Task]:
    """Every task of the night, rendered."""
    if scenario.size == "night":
        return night_at(place, engine).tasks(CATEGORIES)
    return tasks(scenario.size, scenario.requests, engine.provider.profile, scenario.run)
