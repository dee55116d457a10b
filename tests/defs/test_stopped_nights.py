"""A night in this process that somebody stops: no defect, and told what to do next."""

import os
import signal
from datetime import date

import dagster as dg
import pytest

from llm_assets.defs.in_process import materialize_night
from llm_assets.defs.intake import GROUP
from llm_assets.domain.errors import DeskError

DAY = date(2026, 11, 20)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stopped_night_says_that_it_continues(number: signal.Signals) -> None:
    @dg.asset(group_name=GROUP, partitions_def=dg.DailyPartitionsDefinition("2026-11-01"))
    def documents() -> None:
        os.kill(os.getpid(), number)

    with pytest.raises(DeskError) as said:
        materialize_night(dg.Definitions([documents]), DAY, "auto")
    assert "run the same again" in str(said.value) and "defect" not in str(said.value)
