"""The emulator that serves the case of a test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from llm_assets.emulator import RunningEmulator
from llm_assets.emulator.conformance.case import Case
from tests.support.providers.served_case import Opens, Served, served


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Opens]:
    """Serves a case in `tmp_path/emulator` until the test ends."""
    open_now: list[Served] = []

    def open_(case: Case) -> RunningEmulator:
        open_now.append(served(tmp_path / "emulator", case.scenario))
        return open_now[-1].running

    yield open_
    for one in open_now:
        one.end()
