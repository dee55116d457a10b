"""A desk with an open door, at an emulator that answers online."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from llm_assets.domain.profile import Lane
from llm_assets.emulator.process.launch import RunningEmulator, start
from llm_assets.steps import STEPS
from llm_assets.usecases.answers.answer_now import Answered, answer_now, document_told
from llm_assets.usecases.answers.readers import Readers
from llm_assets.usecases.answers.reading import Reading
from llm_assets.usecases.answers.told import Told, as_mail
from llm_assets.usecases.desk.assembly import Assembly
from llm_assets.usecases.desk.desk import Desk
from resources.settings.environment import SHIPPED_CONFIG
from tests.support.houses.small_desk import MovableClock, settings


@pytest.fixture(scope="session")
def answering(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEmulator]:
    running = start(tmp_path_factory.mktemp("answering") / "state", latency=0.0, exit_with_parent=os.getpid())
    yield running
    running.stop()


@pytest.fixture(scope="session")
def readers() -> Iterator[Readers]:
    found = Readers(1)
    yield found
    found.close()


@dataclass(frozen=True)
class OpenDesk:
    assembly: Assembly
    readers: Readers
    clock: MovableClock

    def answer(
        self,
        told: Told,
        step: str,
        *,
        queue: str = "bank-support",
        seconds: float = 60,
        reading: Reading | None = None,
    ) -> Answered:
        at = self.clock()
        raw = as_mail(told, at)
        day = self.assembly.settings.calendar.day_of(at)
        document = document_told(self.readers.read(raw), raw, self.assembly.queues.named(queue), day, at)
        [wanted] = [each for each in STEPS if each.name == step]
        until = at + timedelta(seconds=seconds)
        return answer_now(self.assembly, document, wanted, Lane.URGENT, {}, until, reading)


def change_queue(folder: Path, **changes: Any) -> None:
    """The shipped queues in a desk's folder, the first one changed."""
    known = yaml.safe_load((SHIPPED_CONFIG / "queues.yaml").read_text("utf-8"))
    known["queues"][0].update(changes)
    (folder / "queues.yaml").write_text(yaml.safe_dump(known, allow_unicode=True), "utf-8")


@pytest.fixture
def open_desk(
    tmp_path: Path, answering: RunningEmulator, readers: Readers, request: pytest.FixtureRequest
) -> Iterator[OpenDesk]:
    """`request.param`: what is changed in the queue bank-support."""
    changes = getattr(request, "param", {})
    made = settings(tmp_path, answering)
    if changes:
        change_queue(tmp_path / "config", **changes)
    clock = MovableClock()
    with Desk(made, STEPS, clock=clock).open() as assembly:
        yield OpenDesk(assembly, readers, clock)
