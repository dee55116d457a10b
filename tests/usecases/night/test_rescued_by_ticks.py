"""A night that nobody processes is rescued before its deadline by what the sensor asks for: parked, and after its run has died."""

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from llm_assets.domain.requests.batch import BatchState
from llm_assets.emulator.process.launch import RunningEmulator, start
from llm_assets.engine.rounds.progress import Progress
from llm_assets.usecases.desk.assembly import Assembly
from llm_assets.usecases.mail.read_day import read_day
from llm_assets.usecases.mail.receive import receive
from llm_assets.usecases.night.batches import batches, cancel
from llm_assets.usecases.night.continue_nights import Gate, gate_of, has_ended
from llm_assets.usecases.night.process_steps import StepRound, rounds_of
from tests.support.houses.house import Emulated
from tests.support.houses.small_desk import DAY, MAILS, NIGHT
from tests.support.nights.morning import Morning

pytestmark = pytest.mark.slow
DEADLINE = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
ASSETS = ["documents", "extracted_fields", "categories", "morning_report"]
STUCK = "batches: [{stuck: in_progress, stuck_share: 0}]"
DEAF = f"{STUCK}\ncalls: [{{when: {{operation: cancel_batch}}, status: 503}}]"


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEmulator]:
    running = start(tmp_path_factory.mktemp("provider") / "home", latency=0.0, exit_with_parent=os.getpid())
    yield running
    running.stop()


@pytest.fixture
def parked(provider: RunningEmulator, tmp_path: Path) -> Callable[[str], Morning]:
    """A night of two mails whose first batches were sent."""

    def sent(trouble: str) -> Morning:
        Emulated(provider).scenario(trouble)
        desk = Morning(tmp_path, provider)
        desk.drop(dict(list(MAILS.items())[:2]))
        with desk.open() as assembly:
            receive(assembly)
            read_day(assembly, DAY)
            assert not processed(assembly).finished
            assert states(assembly) == [BatchState.SUBMITTED] * 2
        return desk

    return sent


def processed(assembly: Assembly) -> Progress:
    """A run until it has to wait."""
    return StepRound(assembly, DAY, rounds_of(assembly.steps)[0]).process(lambda p: not p.under_way)


def states(assembly: Assembly) -> list[BatchState]:
    return [b.state for b in assembly.ledger.batches.listed(DAY) if not b.mode.one_by_one]


def looked(desk: Morning, minutes: int, look: Callable[[Assembly, datetime], object]) -> object:
    desk.clock.now = DEADLINE - timedelta(minutes=minutes)
    with desk.open() as assembly:
        return look(assembly, desk.clock.now + timedelta(seconds=20))


def gate(assembly: Assembly, until: datetime) -> Gate:
    return gate_of(assembly, DAY, ASSETS, NIGHT, until)


def over(assembly: Assembly, until: datetime) -> bool:
    return has_ended(assembly, DAY, until)


def assert_rescued(desk: Morning) -> None:
    with desk.open() as assembly:
        assert processed(assembly).finished
        costs = assembly.ledger.rescue.costs(DAY)
    assert sum(costs.requests.values()) == 4 and costs.extra_usd > 0


@pytest.mark.soak
def test_a_parked_night_continues_once_its_stuck_batches_are_cancelled(
    parked: Callable[[str], Morning],
) -> None:
    desk = parked(STUCK)
    assert looked(desk, 120, gate) is Gate.HOLD
    looked(desk, 55, gate)
    assert looked(desk, 50, gate) is Gate.OPEN
    assert_rescued(desk)


def test_a_parked_night_continues_by_a_race_where_no_cancel_is_confirmed(
    parked: Callable[[str], Morning],
) -> None:
    desk = parked(DEAF)
    assert [looked(desk, minutes, gate) for minutes in (55, 45, 35)] == [Gate.HOLD] * 3
    assert looked(desk, 29, gate) is Gate.OPEN
    assert_rescued(desk)
    with desk.open() as assembly:
        assert states(assembly) == [BatchState.RACED] * 2
        raced = batches(assembly, None)
        assert [b["state"] for b in raced] == ["raced"] * 2
        assert "is raced: emulator was asked to cancel it" in cancel(assembly, raced[0]["id"], by="olga")


def test_a_night_whose_run_died_is_rescued_as_well(parked: Callable[[str], Morning]) -> None:
    desk = parked(STUCK)
    assert not looked(desk, 120, over)
    looked(desk, 55, over)
    assert looked(desk, 50, over), "so that a run is asked for"
    assert_rescued(desk)
