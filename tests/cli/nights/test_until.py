"""A night with a deadline of its own: its report is on disk before that moment, whatever the provider does."""

from datetime import datetime, timedelta

import pytest

from tests.support.houses.house import TODAY, Emulated, House
from tests.support.mail.invented_inbox import DOCUMENTS, ZONE, fill

NEVER_ENDS = "batches: [{latency: 100000}]"


@pytest.mark.parametrize("trouble", [NEVER_ENDS])
def test_the_report_is_there_before_until_and_a_later_run_completes_it(
    house: House, emulated: Emulated, trouble: str
) -> None:
    emulated.scenario(trouble)
    fill(house.home / "inbox", TODAY)
    until = datetime.now(ZONE) + timedelta(seconds=14)
    cut = house.night("--until", until.isoformat())
    assert cut.code == 1, cut.err
    assert datetime.fromisoformat(cut.report["generated_at"]) < until
    totals = cut.report["totals"]
    assert (cut.report["revision"], totals["documents"], totals["open"] > 0) == (1, DOCUMENTS, True)
    assert any("provider" in m["why"] for m in cut.report["missing"]), cut.report["missing"]


@pytest.mark.parametrize("word", ["soon", "2026-11-20T08:00:00", "2020-01-01T08:00:00+05:00"])
def test_a_word_that_is_no_moment_to_come_is_refused(house: House, word: str) -> None:
    refused = house.night("--until", word)
    assert (refused.code, refused.said_one_sentence("--until", word)) == (2, True)
