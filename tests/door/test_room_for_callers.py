"""Beside a night: callers have a share of the provider's limits of their own, take no more than that, and never queue; and what
a death in the middle of a call leaves behind."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from llm_assets.domain.errors import SaturatedError, TransientError
from llm_assets.domain.profile import Lane
from llm_assets.emulator.process.launch import RunningEmulator
from llm_assets.engine.engine import Engine
from llm_assets.steps import STEPS
from llm_assets.usecases.answers.readers import Readers
from llm_assets.usecases.answers.told import Told
from llm_assets.usecases.desk.desk import Desk
from llm_assets.web.answers.errors import refusal_of
from tests.door.conftest import OpenDesk
from tests.support.houses.small_desk import MovableClock, settings
from tests.support.nights.engine_night import Death

PER_MINUTE = 10


def case(number: int) -> Told:
    return Told(f"When will my new card {number} arrive?", f"Card {number}", "Zoe <zoe@posteo.example>")


@contextmanager
def limited_desk(
    tmp_path: Path, answering: RunningEmulator, readers: Readers, urgent_share: float
) -> Iterator[OpenDesk]:
    """At a provider that takes ten calls a minute, of which the night takes nine at most."""
    made, clock = settings(tmp_path, answering), MovableClock()
    config = tmp_path / "config"
    text = (config / "providers.yaml").read_text("utf-8")
    limit = f"online_concurrency: 4, online_requests_per_minute: {PER_MINUTE}"
    (config / "providers.yaml").write_text(text.replace("online_concurrency: 4", limit), "utf-8")
    lanes = f"lanes: {{urgent: {{mode: online, share: {urgent_share}}}}}\n"
    (config / "lanes.yaml").write_text(lanes, "utf-8")
    with Desk(made, STEPS, clock=clock).open() as assembly:
        yield OpenDesk(assembly, readers, clock)


def calls_of_the_night(desk: OpenDesk) -> int:
    """As many as it is let."""
    engine = desk.assembly.engine
    share = engine.lanes.lanes[Lane.NIGHTLY].share
    return [engine.traffic.admit(10, share) > 0 for _ in range(PER_MINUTE)].count(False)


def refused(desk: OpenDesk, told: Told) -> SaturatedError:
    with pytest.raises(SaturatedError) as caught:
        desk.answer(told, "categories")
    assert not desk.assembly.ledger.batches.open_batches(), "nothing waits"
    return caught.value


def test_a_night_that_uses_up_its_share_leaves_callers_theirs(
    tmp_path: Path, answering: RunningEmulator, readers: Readers
) -> None:
    with limited_desk(tmp_path, answering, readers, 1) as desk:
        assert calls_of_the_night(desk) == 9
        assert desk.answer(case(1), "categories").row["status"] == "ok"
        error = refused(desk, case(2))
        assert error.retry_after == pytest.approx(60)
        refusal = refusal_of(error)
        assert refusal.status == 429
        assert refusal.headers["retry-after-ms"] == "60000"
        assert desk.answer(case(1), "categories").row["status"] == "ok", (
            "an answer that is there needs no room"
        )
        desk.clock.now += timedelta(seconds=61)
        assert desk.answer(case(2), "categories").row["status"] == "ok"


def test_callers_take_no_more_than_their_share_of_a_provider_that_has_room(
    tmp_path: Path, answering: RunningEmulator, readers: Readers
) -> None:
    with limited_desk(tmp_path, answering, readers, 0.2) as desk:
        for number in (1, 2):
            assert desk.answer(case(number), "categories").row["status"] == "ok"
        refused(desk, case(3))
        assert calls_of_the_night(desk) == 7


class Failing:
    """The provider, with a call that ends so."""

    def __init__(self, target: Any, end: BaseException) -> None:
        self._target, self._end = target, end

    def __getattr__(self, name: str) -> Any:
        return getattr(self._target, name)

    def ask(self, *_: object) -> Any:
        raise self._end


@contextmanager
def ending(desk: OpenDesk, end: BaseException) -> Iterator[None]:
    engine: Engine = desk.assembly.engine
    desk.assembly.__dict__["engine"] = replace(engine, provider=Failing(engine.provider, end))
    yield
    desk.assembly.__dict__["engine"] = engine


def test_a_death_during_a_call_leaves_the_request_to_whoever_asks_next(open_desk: OpenDesk) -> None:
    with ending(open_desk, Death()), pytest.raises(Death):
        open_desk.answer(case(1), "categories")
    [left] = open_desk.assembly.ledger.batches.open_batches()
    assert left.state == "creating"
    open_desk.clock.now += timedelta(seconds=1)
    found = open_desk.answer(case(1), "categories")
    assert found.row["status"] == "ok"
    assert not open_desk.assembly.ledger.batches.open_batches()
    states = [batch.state for batch in open_desk.assembly.ledger.batches.listed(left.day)]
    assert sorted(states) == ["cancelled", "collected"]
    assert open_desk.assembly.ledger.trail.verify().findings == []


def test_a_failed_call_leaves_nothing_open_and_its_caller_may_come_back(open_desk: OpenDesk) -> None:
    with ending(open_desk, TransientError("no answer")), pytest.raises(TransientError):
        open_desk.answer(case(1), "categories")
    assert not open_desk.assembly.ledger.batches.open_batches()
    open_desk.clock.now += timedelta(seconds=1)
    assert open_desk.answer(case(1), "categories").row["status"] == "ok"
