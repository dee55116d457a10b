"""Real processes at a real emulator, killed between any two effects of a rescue: nothing lost, nothing paid twice but what a race
allows and the one call in whose middle the process died."""

import signal
import time
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import pytest

from llm_assets.domain.clock import system_clock
from llm_assets.domain.desk.night import Rework
from llm_assets.domain.requests.batch import BatchState
from llm_assets.emulator.process.launch import RunningEmulator
from llm_assets.engine.engine import Engine
from llm_assets.engine.planning.task import StepPlan
from llm_assets.engine.rounds.start import start
from resources.ledger import SqlLedger
from tests.support.houses.house import Emulated
from tests.support.killed.dying_ladder import Moment, die_at
from tests.support.nights.real_night import (
    FORK,
    MODELS,
    STEP,
    Place,
    ended,
    engine_at,
    live,
    new_night,
    profile_of,
    tasks,
)

REQUESTS = 3
LASTS = 7200
"""Seconds a batch takes, of the emulator's clock."""
HALF = "{batches: [{stuck: in_progress, stuck_share: 0.4}]}"
DEAF = f"{{batches: [{{latency: {LASTS}}}], calls: [{{when: {{operation: cancel_batch}}, status: 503}}]}}"
UNTIL = timedelta(seconds=25)
"""So near that three calls, one after the other, have to be made at once, and a cancel that is not confirmed is raced."""


class Ladder(NamedTuple):
    name: str
    scenario: str
    raced: bool


CONFIRMED, RACED = Ladder("cancel confirmed", HALF, raced=False), Ladder("raced", DEAF, raced=True)


def late(engine: Engine) -> Engine:
    """As of a night whose report is due soon."""
    now = system_clock()
    return replace(engine, deadline_of=lambda _: now + UNTIL, since=now, report_seconds=1)


def sent(place: Place, day: date) -> None:
    plan = StepPlan(STEP, lambda: tasks(MODELS["openai"], REQUESTS, day))
    assert start(engine_at(place), day, [plan], Rework.STALE).open_batches == 1


def rescued(place: Place, day: date, moment: Moment | None = None) -> None:
    if moment is not None:
        die_at(moment)
    live(place, REQUESTS, day, late(engine_at(place)))


def assert_complete(place: Place, day: date, emulated: Emulated, ladder: Ladder, before: int) -> None:
    ledger = SqlLedger(place.url, place.home)
    for batch in ledger.rescue.raced("openai"):  # five minutes later
        ledger.batches.transition(batch.batch_id, BatchState.RACED, BatchState.RACED, not_before=None)
    emulated.scenario("{}")
    emulated.ask("POST", "/_emulator/advance", f'{{"seconds": {LASTS}}}')
    until = time.monotonic() + 10
    while ladder.raced and ledger.rescue.raced("openai") and time.monotonic() < until:
        assert ended(lambda: live(place, REQUESTS, day)) == 0
        for batch in ledger.rescue.raced("openai"):
            ledger.batches.transition(batch.batch_id, BatchState.RACED, BatchState.RACED, not_before=None)
    assert {k: v for k, v in ledger.work.counts(day)[STEP].items() if v} == {"ok": REQUESTS}
    assert ledger.batches.open_batches(day) == [] == ledger.rescue.raced("openai")
    costs, usage = ledger.rescue.costs(day), ledger.spending.usage(day)
    paid, booked = emulated.answered() - before, sum(u.succeeded for u in usage) + costs.twice
    assert booked <= paid <= booked + 1, f"{paid} were answered and {booked} booked"
    assert sum(u.succeeded for u in usage) == REQUESTS
    assert costs.double_usd == costs.twice_usd <= 1 and costs.twice == (REQUESTS if ladder.raced else 0)
    assert Decimal(0) < costs.extra_usd <= 20
    assert ledger.trail.verify().findings == []
    ledger.close()


def killed_at(number: int, place: Place, running: RunningEmulator, ladder: Ladder) -> bool:
    """Whether the rescue was not over before that moment."""
    emulated, day = Emulated(running), new_night()
    emulated.scenario(ladder.scenario)
    before = emulated.answered()
    assert ended(lambda: sent(place, day)) == 0
    code = ended(lambda: rescued(place, day, Moment("want_cancelled", number)))
    assert code in (0, -signal.SIGKILL)
    assert ended(lambda: rescued(place, day)) == 0
    assert_complete(place, day, emulated, ladder, before)
    return code != 0


@pytest.fixture
def place(tmp_path: Path, migrated: Path, emulator: RunningEmulator) -> Place:
    (tmp_path / "ledger.db").write_bytes(migrated.read_bytes())
    profile = profile_of("openai", emulator, batch_requests=REQUESTS)
    one_by_one = profile.limits.model_copy(update={"online_concurrency": 1})
    profile = profile.model_copy(update={"limits": one_by_one})
    return Place(profile, tmp_path, f"sqlite:///{tmp_path}/ledger.db")


@pytest.mark.slow
@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("database", ["sqlite", "postgres"])
@pytest.mark.parametrize("ladder", [CONFIRMED, RACED], ids=lambda ladder: ladder.name)
def test_a_process_killed_at_any_moment_of_the_ladder_costs_nothing_twice_beyond_the_limit(
    ladder: Ladder, database: str, place: Place, emulator: RunningEmulator, request: pytest.FixtureRequest
) -> None:
    if database == "postgres":
        place = place._replace(url=request.getfixturevalue("postgres").new())
    number = 1
    while killed_at(number, place, emulator, ladder):
        number += 1
    print(ladder.name, database, "moments", number)
    assert number > 30


@pytest.mark.slow
def test_a_process_killed_after_it_has_raced_pays_twice_what_the_race_allows(
    place: Place, emulator: RunningEmulator
) -> None:
    assert killed_at(20, place, emulator, RACED)


@pytest.mark.slow
@pytest.mark.soak
def test_two_processes_that_climb_at_once_race_a_batch_once(place: Place, emulator: RunningEmulator) -> None:
    emulated, day = Emulated(emulator), new_night()
    emulated.scenario(RACED.scenario)
    before = emulated.answered()
    assert ended(lambda: sent(place, day)) == 0
    both = [FORK.Process(target=rescued, args=(place, day)) for _ in range(2)]
    for process in both:
        process.start()
    for process in both:
        process.join(60)
    assert [process.exitcode for process in both] == [0, 0]
    assert_complete(place, day, emulated, RACED, before)
