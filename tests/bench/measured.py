"""One scenario in this process: `python -m tests.bench.measured NAME PLACE with-floor|prepare`.

Measures it and prints its figures as JSON, or only leaves behind what the next run starts from.
"""

import gc
import logging
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module

import orjson
import structlog

from llm_assets.domain.desk.night import Rework
from llm_assets.engine.rounds.progress import Progress
from llm_assets.engine.rounds.work import work
from tests.bench import process
from tests.bench.floor import floor_seconds
from tests.bench.places import DAY, Place
from tests.bench.scenarios import Protocol, Scenario
from tests.bench.workload import engine_at, plan_of, step_of

LATE: dict[Protocol, tuple[str, ...]] = {
    "openai": ("openai.resources.batches", "openai.resources.files"),
    "anthropic": ("anthropic.resources.messages.batches", "anthropic.types.messages"),
}
"""What the work would import on its way; the baseline is to hold it."""
SHORTEST_PAUSE, LONGEST_PAUSE = 0.02, 0.1


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


def patience() -> Callable[[Progress], bool]:
    """Looks often at first, then ever more rarely: the provider's own time is not the engine's."""
    pause = SHORTEST_PAUSE

    def wait(_: Progress) -> bool:
        nonlocal pause
        time.sleep(pause)
        pause = min(LONGEST_PAUSE, pause * 1.3)
        return True

    return wait


def prepared(scenario: Scenario, place: Place) -> Figures:
    """Runs the scenario. Raises UnexpectedError when what was sent or answered is not what it should be.

    Settings, wiring and the looks for garbage that imports cause are over before anything is measured.
    """
    engine = engine_at(place, scenario)
    plan = plan_of(engine, place, scenario)
    gc.collect()
    figures = measured(lambda: work(engine, DAY, [plan], Rework.STALE, pause=patience()))
    _check(scenario, place, figures)
    return figures


def result(scenario: Scenario, place: Place) -> dict[str, object]:
    """The scenario's line."""
    began = datetime.now(UTC)
    known = place.result_files()
    figures = prepared(scenario, place)
    floor = floor_seconds(scenario, place, since=began, results=sorted(place.result_files() - known))
    return {
        "scenario": scenario.name,
        "requests": figures.sent,
        "wall_s": round(figures.wall_s, 4),
        "cpu_s": round(figures.cpu_s, 4),
        "peak_rss_mb": round(figures.peak_rss_mb, 1),
        "baseline_rss_mb": round(figures.baseline_rss_mb, 1),
        "floor_s": round(floor, 4),
        "ratio_to_floor": round(figures.cpu_s / floor, 2),
    }


def _check(scenario: Scenario, place: Place, figures: Figures) -> None:
    ledger = place.ledger()
    found = ledger.work.counts(DAY)[step_of(scenario.size)]
    answered = sum(row.succeeded for row in ledger.spending.usage(DAY))
    ledger.close()
    if figures.sent != scenario.sends or found["ok"] != scenario.requests or answered < scenario.requests:
        raise UnexpectedError(
            f"{scenario.name}: {figures.sent} sent, {answered} answered, cases stand as {found}"
        )


def main(name: str, place: str, floor: str) -> None:
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    scenario = Scenario.parse(name)
    assert scenario is not None
    lake = ("duckdb",) if scenario.size == "night" else ()
    for module in (
        *LATE[scenario.protocol],
        *lake,
        "httpx2",
        "genai_prices.data_snapshot",
        "genai_prices.data",
    ):
        import_module(module)
    at = Place.from_json(orjson.loads(place))
    if floor == "with-floor":
        print(orjson.dumps(result(scenario, at)).decode())
    else:
        prepared(scenario, at)


if __name__ == "__main__":
    main(*sys.argv[1:])
