"""One scenario, measured in this process: `python -m tests.bench.measured NAME PLACE`. Prints its figures as JSON."""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from importlib import import_module

import orjson
import structlog

from llm_assets.domain.night import Rework
from llm_assets.engine.advance import Progress, StepPlan, work
from llm_assets.engine.engine import Engine
from resources.prices import GenaiPrices
from resources.providers import provider_for
from resources.settings import SHIPPED_CONFIG, Settings, load_lanes
from resources.spool import FileSpool
from tests.bench import process
from tests.bench.floor import floor_seconds
from tests.bench.invented_requests import OUTPUTS, tasks
from tests.bench.places import Place
from tests.bench.scenarios import Protocol, Scenario

LATE: dict[Protocol, tuple[str, ...]] = {
    "openai": ("openai.resources.batches", "openai.resources.files"),
    "anthropic": ("anthropic.resources.messages.batches", "anthropic.types.messages"),
}
"""What the work would import on its way; the baseline is to hold it."""
DAY = date(2026, 11, 20)
SHORTEST_PAUSE, LONGEST_PAUSE = 0.02, 0.5


class UnexpectedError(Exception):
    """The night did not end as it should, so its figures mean nothing."""


@dataclass(frozen=True)
class Figures:
    wall_s: float
    cpu_s: float
    peak_rss_mb: float
    baseline_rss_mb: float
    sent: int


def measured(task: Callable[[], Progress]) -> Figures:
    """Runs the task and says what it took of this process; the baseline is taken just before."""
    baseline = process.resident_mb()
    process.forget_peak()
    wall, cpu = time.perf_counter(), time.process_time()
    progress = task()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    if not progress.finished or progress.failure is not None:
        raise UnexpectedError(f"the night did not end: {progress}")
    return Figures(wall, cpu, process.peak_mb(), baseline, progress.sent)


def engine_at(place: Place, scenario: Scenario) -> Engine:
    profile = place.profile(scenario.protocol)
    return Engine(
        ledger=place.ledger(),
        provider=provider_for(profile, timeout_seconds=600),
        prices=GenaiPrices(),
        spool=FileSpool(place.home),
        lanes=load_lanes(Settings(config=SHIPPED_CONFIG)),
        outputs=OUTPUTS,
    )


def patience() -> Callable[[Progress], bool]:
    """Looks often at first, then ever more rarely: the provider's own time is not the engine's."""
    pause = SHORTEST_PAUSE

    def wait(_: Progress) -> bool:
        nonlocal pause
        time.sleep(pause)
        pause = min(LONGEST_PAUSE, pause * 1.3)
        return True

    return wait


def work_through(place: Place, scenario: Scenario) -> Progress:
    engine = engine_at(place, scenario)
    profile = engine.provider.profile
    plan = StepPlan(scenario.size, lambda: tasks(scenario.size, scenario.requests, profile, scenario.run))
    return work(engine, DAY, [plan], Rework.STALE, pause=patience())


def result(scenario: Scenario, place: Place) -> dict[str, object]:
    """The scenario's line. Raises UnexpectedError when what was sent or answered is not what it should be."""
    began = datetime.now(UTC)
    known = place.result_files()
    figures = measured(lambda: work_through(place, scenario))
    _check(scenario, place, figures)
    floor = floor_seconds(scenario, place, since=began, results=sorted(place.result_files() - known))
    return {
        "scenario": scenario.name,
        "requests": figures.sent,
        "wall_s": round(figures.wall_s, 3),
        "cpu_s": round(figures.cpu_s, 3),
        "peak_rss_mb": round(figures.peak_rss_mb, 1),
        "baseline_rss_mb": round(figures.baseline_rss_mb, 1),
        "floor_s": round(floor, 3),
        "ratio_to_floor": round(figures.cpu_s / floor, 2),
    }


def _check(scenario: Scenario, place: Place, figures: Figures) -> None:
    ledger = place.ledger()
    found = ledger.counts(DAY)[scenario.size]
    answered = sum(row.succeeded for row in ledger.usage(DAY))
    ledger.close()
    if figures.sent != scenario.sends or found["ok"] != scenario.requests or answered < scenario.requests:
        raise UnexpectedError(
            f"{scenario.name}: {figures.sent} sent, {answered} answered, cases stand as {found}"
        )


def main(name: str, place: str) -> None:
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(30),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    scenario = Scenario.parse(name)
    assert scenario is not None
    for module in (*LATE[scenario.protocol], "httpx2", "genai_prices.data_snapshot"):
        import_module(module)
    print(orjson.dumps(result(scenario, Place.from_json(orjson.loads(place)))).decode())


if __name__ == "__main__":
    main(*sys.argv[1:])
